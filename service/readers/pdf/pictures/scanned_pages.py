"""Read pages whose text must come from their picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import Problem, SetupProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.ocr.base import OcrEngine
from thresher.service.readers.base import Spool
from thresher.service.readers.page_pictures import LONG_SIDE_PIXELS
from thresher.service.readers.pdf.layout.page_frame import PageFrame, frame_of
from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.objects import count_paths, page_objects_of, top_objects, user_boxes
from thresher.service.readers.pdf.pictures.raster import picture, render

if TYPE_CHECKING:
    from PIL.Image import Image

_DPI = 200
_STAMP_MAX_CHARS = 300  # a text layer this small over a scan is a stamp
_SCAN_MIN_AREA = 0.5  # of the page's area: an image this large is a scan
_OUTLINES_MIN_PATHS = 4  # exclusive: a page without text and with more may have letters drawn as outlines or by hand


def is_picture_of_text(page: Any, ink: int, words: Floats, frame: PageFrame) -> bool:
    """Whether the page may be a picture of text that its text layer lacks.

    `ink` is the number of visible characters of the layer, `words` are the boxes of its words.
    """
    if ink > _STAMP_MAX_CHARS:
        return False
    objects = top_objects(page)
    layers = page_objects_of(objects)
    boxes = frame.show(user_boxes([one for _, one in layers.images()], layers.forms.places))
    if not ink:
        return len(boxes) > 0 or count_paths(objects) > _OUTLINES_MIN_PATHS
    area = (np.minimum(boxes[:, 2], frame.width) - np.maximum(boxes[:, 0], 0)).clip(0) * (
        np.minimum(boxes[:, 3], frame.height) - np.maximum(boxes[:, 1], 0)
    ).clip(0)
    return bool(area.sum() > _SCAN_MIN_AREA * frame.width * frame.height) and not _is_spread_over(words, boxes)


def _is_spread_over(words: Floats, boxes: Floats) -> bool:
    """Whether the words spread over the picture as an OCR layer does."""
    tall = float(words[:, 3].max() - words[:, 1].min())
    picture_height = float(boxes[:, 3].max() - boxes[:, 1].min())
    return len(words) > 12 and tall > 0.3 * picture_height


def drawn_page(document: Any, number: int, most: int) -> Image | None:
    """Render a page (1-based) as a model is shown it; None where that fails."""
    page = pdfium.FPDF_LoadPage(document, number - 1)
    if not page:
        return None
    try:
        frame = frame_of(page)
        pixels, _ = render(page, frame, LONG_SIDE_PIXELS * 72 / max(frame.width, frame.height, 1.0), most)
        return picture(pixels)
    except (Problem, ValueError):
        return None
    finally:
        pdfium.FPDF_ClosePage(page)


@dataclass(slots=True)
class ScannedPages:
    """A reader of pages as pictures, with the engine of the options, which is loaded at the first page."""

    builder: DocumentBuilder
    options: ReadOptions
    spool: Spool
    engine: Callable[[str], OcrEngine]
    children: list[Source] = field(default_factory=list)  # pictures for a vision model to read later

    missing: bool = False  # whether no OCR engine is installed

    def read(self, page: Any, frame: PageFrame, number: int, known: Floats) -> bool:
        """Write page `number` from its picture, without what is under the boxes in `known`.

        Returns False, with a Note, where no text was found.
        """
        from thresher.service.readers.scanned_page import Scanner  # noqa: PLC0415 - only scans need it

        if self.missing:
            self.builder.document.notes.append(note("no_text", f"page {number}", number))
            return False
        before = len(self.builder.document.words)
        scanner = Scanner(self.builder.document.source, self.options, self.spool, self.children, self.engine)
        try:
            pixels, scale = render(page, frame, _DPI, self.options.limits.pixels)
            notes = scanner.write(
                self.builder, picture(pixels), scale=1 / scale, page=number, known=(known * scale).tolist()
            )
        except Problem as problem:
            self._note_failure(problem, number)
            return False
        self.builder.document.notes += notes
        return len(self.builder.document.words) > before

    def _note_failure(self, problem: Problem, number: int) -> None:
        """Note a failure; a missing engine is noted once."""
        notes = self.builder.document.notes
        if isinstance(problem, SetupProblem):
            self.missing = True
            notes += [problem.note(), note("no_text", f"page {number}", number)]
        else:
            notes.append(problem.note(number))
