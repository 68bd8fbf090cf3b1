"""Pages whose text must come from their picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from schemas.document import DocumentBuilder
from schemas.errors import InputProblem, Problem, SetupProblem, note
from schemas.policy import ReadOptions
from service.ocr.base import Ocr, PrintedLine
from service.readers.pdf.frame import Frame
from service.readers.pdf.library import Floats
from service.readers.pdf.objects import images, strokes, top_objects, user_boxes
from service.readers.pdf.raster import picture, render
from service.readers.pdf.words import PageWords

_DPI = 200
_UNSURE = 0.6  # mean confidence under which a page is noted
_FEW = 300  # characters: a text layer this small over a scan is a stamp
_LARGE = 0.5  # of the page's area: an image this large is a scan
_DRAWN = 4  # paths: a page without text and with more may have letters drawn as outlines or by hand


def is_picture(page: Any, words: PageWords, frame: Frame) -> bool:
    """Whether the page is, or holds, a picture of text that its text layer does not give."""
    ink = int((words.end - words.start).sum())
    if ink > _FEW:
        return False
    objects = top_objects(page)
    boxes = frame.show(user_boxes(images(objects)))
    if not ink:
        return len(boxes) > 0 or strokes(objects) > _DRAWN
    area = (np.minimum(boxes[:, 2], frame.width) - np.maximum(boxes[:, 0], 0)).clip(0) * (
        np.minimum(boxes[:, 3], frame.height) - np.maximum(boxes[:, 1], 0)
    ).clip(0)
    return bool(area.sum() > _LARGE * frame.width * frame.height) and not _over(words, boxes)


def _over(words: PageWords, boxes: Floats) -> bool:
    """Whether the words spread over the picture as an OCR layer does."""
    tall = float(words.box[:, 3].max() - words.box[:, 1].min())
    picture_height = float(boxes[:, 3].max() - boxes[:, 1].min())
    return len(words) > 12 and tall > 0.3 * picture_height


@dataclass(slots=True)
class Scanner:
    """Reads pictures of pages with one OCR engine, which is loaded at the first of them."""

    builder: DocumentBuilder
    options: ReadOptions
    engine: Callable[[str], Ocr]
    missing: bool = field(default=False)

    def read(self, page: Any, frame: Frame, number: int, known: Floats) -> bool:
        """Write page `number` from its picture; what lies under the boxes in `known` is left out.

        False, with a Note, where no text could be had.
        """
        before = len(self.builder.document.words)
        try:
            lines, size, scale = self._lines(page, frame)
        except Problem as problem:
            self._failed(problem, number)
            return False
        lines = [line for line in lines if not _is_known(line, known * scale)]
        from service.layout import write_page  # noqa: PLC0415 - only scans need it

        write_page(self.builder, lines, width=size[0], height=size[1], scale=1 / scale)
        self._doubt(before, number)
        return len(self.builder.document.words) > before

    def _lines(self, page: Any, frame: Frame) -> tuple[list[PrintedLine], tuple[int, int], float]:
        if self.missing:
            raise InputProblem("no_text")
        engine = self.engine(self.options.ocr)
        pixels, scale = render(page, frame, _DPI, self.options.limits.pixels)
        return engine.read(picture(pixels)), (pixels.shape[1], pixels.shape[0]), scale

    def _failed(self, problem: Problem, number: int) -> None:
        notes = self.builder.document.notes
        if isinstance(problem, SetupProblem):
            self.missing = True
            notes.append(problem.note())
        notes.append(note("no_text", f"page {number}", number) if self.missing else problem.note(number))

    def _doubt(self, before: int, number: int) -> None:
        found = self.builder.document.words.confidence[before:]
        if found and sum(found) < 100 * _UNSURE * len(found):
            self.builder.document.notes.append(note("ocr_low_confidence", f"page {number}", number))


def _is_known(line: PrintedLine, known: Floats) -> bool:
    """Whether the text layer already has this line."""
    x, y = (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
    return bool(((known[:, 0] <= x) & (x <= known[:, 2]) & (known[:, 1] <= y) & (y <= known[:, 3])).any())
