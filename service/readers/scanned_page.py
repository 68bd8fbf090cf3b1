"""Write the image of a page into a Document by the chosen OCR engine; used by the image and PDF readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL.Image import Image

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import InputProblem, Note, Problem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.layout import write_page
from thresher.service.layout.sheets import sheets_of
from thresher.service.ocr import engine
from thresher.service.ocr.base import OcrEngine, PrintedLine
from thresher.service.ocr.codes import barcodes_in, write_barcodes
from thresher.service.ocr.scripts import UNREADABLE_MIN_SHARE, unread_share
from thresher.service.ocr.vision import page_png
from thresher.service.readers.base import Spool
from thresher.service.readers.worker_process import widen_memory

UNSURE_MEAN_CONFIDENCE = (
    0.9  # mean confidence of a page's characters below which a Note asks to check values against the image
)


@dataclass(slots=True)
class Scanner:
    """Read images of pages of one Source; `children` are those stored for a vision model, in page order."""

    source: Source
    options: ReadOptions
    spool: Spool
    children: list[Source] = field(default_factory=list)
    engine: Callable[[str], OcrEngine] = engine

    def __post_init__(self) -> None:
        """Raise the memory limit of the process before the first image is decoded."""
        widen_memory()

    def write(
        self, builder: DocumentBuilder, image: Image, *, scale: float, page: int, known: Sequence[Sequence[float]] = ()
    ) -> list[Note]:
        """Write the text of a page that has been begun, and return Notes on what is doubtful.

        `scale` is points a pixel, `page` 1-based. Lines whose middle is in a box of `known` (in pixels) are left out,
        as they are written already. Raises SetupProblem(extra_missing).
        """
        if self.options.ocr == "off":
            return [note("no_text", "the page is an image and OCR is off", page)]
        if self.options.ocr == "vision":
            self._write_boxes(builder, image, scale=scale, page=page)
            return [self._store_picture(image, page)]
        try:
            found = self.engine(self.options.ocr).read(image)
        except InputProblem as problem:
            return [problem.note(page)]
        codes = barcodes_in(image)
        known = [*known, *(code.box for code in codes)]
        lines = [line for line in found if line.words and not _is_known(line, known)]
        for sheet in sheets_of(lines, np.asarray(image.convert("L"))):
            write_page(builder, sheet, width=image.width, height=image.height, scale=scale)
        write_barcodes(builder, codes, page, scale)
        return _doubts(found, page)

    def _write_boxes(self, builder: DocumentBuilder, image: Image, *, scale: float, page: int) -> None:
        """Write what a local engine reads, where there is one: it gives the boxes for the vision model's words."""
        try:
            found = self.engine("auto").read(image)
        except Problem:
            return
        lines = [line for line in found if line.words]
        write_page(builder, lines, width=image.width, height=image.height, scale=scale)
        write_barcodes(builder, barcodes_in(image), page, scale)

    def _store_picture(self, image: Image, page: int) -> Note:
        """Store the page's image as a child: this process has no network to ask a model."""
        self.children.append(
            self.spool.child(
                self.source,
                page_png(image),
                name=f"page-{page}.png",
                ordinal=len(self.children),
                relation="inline",
                declared_type="image/png",
            )
        )
        return note("no_text", "the page waits for a vision model", page)


def _is_known(line: PrintedLine, known: Sequence[Sequence[float]]) -> bool:
    """Whether the middle of a line is in one of the boxes."""
    x, y = (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in known)


def _doubts(lines: list[PrintedLine], page: int) -> list[Note]:
    """Return a Note where the text of a page is missing, in an unreadable script, of low confidence, or lacks lines."""
    if unread_share(lines) >= UNREADABLE_MIN_SHARE:
        return [note("script_unreadable", f"page {page}", page)]
    words = [word for line in lines for word in line.words]
    letters = sum(len(word.text) for word in words)
    if not letters:
        return [note("no_text", "OCR found none", page)]
    mean = sum(word.confidence * len(word.text) for word in words) / letters
    if mean < UNSURE_MEAN_CONFIDENCE:
        return [note("ocr_low_confidence", f"mean confidence {mean:.2f}", page)]
    lost = sum(not line.words for line in lines)
    return [note("ocr_low_confidence", f"lines that were found and not read: {lost}", page)] if lost else []
