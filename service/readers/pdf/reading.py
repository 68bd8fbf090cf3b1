"""One PDF from first page to last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from schemas.document import BlockKind, DocumentBuilder
from schemas.errors import Problem, note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.ocr.base import Ocr
from service.readers.base import Reading, Spool
from service.readers.pdf.annotations import Annotation, annotations_of, write_annotations
from service.readers.pdf.extras import Attachments, facts_of, form_of
from service.readers.pdf.fonts import fonts_of
from service.readers.pdf.frame import Frame, frame_of
from service.readers.pdf.garbage import is_garbage
from service.readers.pdf.gather import sheet_of
from service.readers.pdf.headings import Headings
from service.readers.pdf.hidden import scene_of
from service.readers.pdf.laying import FEW, Laid, OpenPage, laid_hidden, laid_out
from service.readers.pdf.lenient import unseen_fields, xmp_facts
from service.readers.pdf.library import Floats
from service.readers.pdf.margins import Margins
from service.readers.pdf.opening import open_document
from service.readers.pdf.scans import Pictures, is_picture
from service.readers.pdf.writer import begin_pages, write_flow
from service.readers.pdf.xfa import write_xfa

_AT_ONCE = 16  # pages that are kept open and laid out together


def read_pdf(source: Source, options: ReadOptions, spool: Spool, engine: Callable[[str], Ocr]) -> Reading:
    """The Document of a PDF, and its attachments as children."""
    builder = DocumentBuilder(source, kind="pdf")
    document = builder.document
    pictures = Pictures(builder, options, spool, engine)
    attachments = Attachments(source, spool, options)
    with open_document(source, options) as (handle, notes), form_of(handle) as form:
        document.notes += notes
        document.facts |= facts_of(handle)
        if not document.facts.keys() & {"title", "author", "created"}:
            document.facts |= xmp_facts(source, options)
        attachments.named(handle)
        pages = _Pages(builder, options, pictures, attachments, (handle, form))
        pages.read(pdfium.FPDF_GetPageCount(handle))
        write_xfa(builder, handle)
        if form is not None:
            _write_unseen(builder, unseen_fields(source, options, pages.fields))
    document.notes += attachments.notes
    if not builder.length and not document.notes:
        document.notes.append(note("no_text", "no page holds any"))
    document.pages.fonts += [pages.fonts.get(number, "") for number in range(1, len(document.pages) + 1)]
    pages.margins.mark(document.blocks, len(document.pages))
    pages.headings.mark(document.blocks)
    return Reading(builder.build(), attachments.children + pictures.children)


def _write_unseen(builder: DocumentBuilder, fields: Iterable[tuple[str, str]]) -> None:
    """Append values of form fields that no page shows; they have no box."""
    for label, value in fields:
        builder.block(f"{label}: {value}", BlockKind.FORM)


class _Pages:
    """Reads the pages of one open document into one builder, a few at a time."""

    def __init__(
        self,
        builder: DocumentBuilder,
        options: ReadOptions,
        pictures: Pictures,
        attachments: Attachments,
        handles: tuple[Any, Any],
    ) -> None:
        """`handles`: the document and its form, both PDFium's."""
        self.builder, self.options, self.pictures, self.attachments = builder, options, pictures, attachments
        self.document, self.form = handles
        self.fields: set[str] = set()  # full names of the form fields met on pages
        self.fonts: dict[int, str] = {}  # by page number
        self.margins, self.headings = Margins(), Headings()
        self.notes = builder.document.notes
        self.waiting: list[OpenPage] = []
        self.most = 1 if options.hidden_text else _AT_ONCE

    def read(self, count: int) -> None:
        """Read pages until the last, or until there are too many characters."""
        try:
            for number in range(1, count + 1):
                ahead = sum(len(one.sheet.units) for one in self.waiting)
                if self.builder.length + ahead > self.options.limits.characters:
                    self._flush()
                    self.notes.append(note("too_large", f"pages {number} to {count} were not read", number))
                    return
                self._try_page(number)
            self._flush()
        finally:
            for one in self.waiting:
                one.close()

    def _try_page(self, number: int) -> None:
        try:
            one = self._opened(number)
        except Exception as error:  # noqa: BLE001 - a damaged page may fail anywhere; it is named and the rest is read
            self._flush()
            self._failed(number, error, Frame(0.0, 0.0))
            return
        garbage = is_garbage(one.sheet.units)
        if garbage:
            self._flush()
        self.waiting.append(one)
        if garbage:
            self._garbage(one)
        elif one.is_special or len(self.waiting) >= self.most:
            self._flush()

    def _opened(self, number: int) -> OpenPage:
        """The page, with what is drawn over it made part of it; its form values and comments."""
        page = _loaded(self.document, number)
        text = None
        try:
            found, drawn = self._annotations(page) if pdfium.FPDFPage_GetAnnotCount(page) > 0 else ([], False)
            if drawn and pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) == pdfium.FLATTEN_SUCCESS:
                pdfium.FPDF_ClosePage(page)
                page = _loaded(self.document, number)
            text = _text_of(page)
            self.fonts[number] = fonts_of(text)
            frame, sheet = frame_of(page), sheet_of(text)
            return OpenPage(number, page, text, frame, sheet, found, scene_of(page, frame))
        except BaseException:
            pdfium.FPDFText_ClosePage(text)
            pdfium.FPDF_ClosePage(page)
            raise

    def _annotations(self, page: Any) -> tuple[list[Annotation], bool]:
        found, drawn = annotations_of(page, self.form)
        self.fields |= {one.name for one in found}
        self.attachments.pinned(page)
        return [one for one in found if one.text], drawn

    def _failed(self, number: int, error: Exception, frame: Frame) -> None:
        if len(self.builder.document.pages) < number:
            self.builder.page(frame.width, frame.height)
        self.notes.append(note("corrupt_partial", f"page {number} ({type(error).__name__})", number))

    def _flush(self) -> None:
        """Write the pages that wait; where that fails, each by itself."""
        pages = self.waiting
        if len(pages) < 2 or not self._written(pages):
            for one in pages:
                self._write_one(one)
        for one in pages:
            one.close()
        self.waiting = []

    def _written(self, pages: list[OpenPage]) -> bool:
        """Write pages together; False, with nothing written, where another than the last needs more care."""
        try:
            laid = laid_out(pages, self.options.limits.pixels)
        except Exception:  # noqa: BLE001 - each page will be tried by itself, and the failing one named
            return False
        if min(laid.counts()[:-1]) < FEW:
            return False
        self._write(laid)
        return True

    def _write_one(self, one: OpenPage) -> None:
        try:
            self._write(laid_out([one], self.options.limits.pixels))
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - a damaged page may fail anywhere; it is named and the rest is read
            self._failed(one.number, error, one.frame)

    def _garbage(self, one: OpenPage) -> None:
        """A page whose text layer means nothing: its picture is read, or it is noted."""
        self.builder.page(one.frame.width, one.frame.height)
        if self._scan(one, np.zeros((0, 4), np.float32)):
            self.waiting = []
            one.close()
            return
        self.notes.append(note("decode_loss", f"page {one.number}", one.number))
        self._flush()

    def _write(self, laid: Laid) -> None:
        starts, blocks = write_flow(self.builder, laid.flow, laid.words, (laid.lines, laid.spans), laid.pages[0].number)
        begin_pages(self.builder, [one.frame for one in laid.pages], (laid.lines, starts), laid.pages[0].number)
        for block, span in zip(blocks, laid.spans, strict=True):
            if span.part.margin:
                self.margins.add(block, laid.text(span), top=span.part.margin == "top")
            elif span.kind is BlockKind.HEADING:
                self.headings.add(block, span.size, bold=span.bold)
        self._finish(laid)

    def _finish(self, laid: Laid) -> None:
        """What is beside the words: a picture of text, hidden words, form values. It belongs to the last of the pages."""
        last = len(laid.pages) - 1
        one = laid.pages[last]
        if laid.counts()[last] < FEW:
            seen = laid.visible(last)
            if is_picture(one.page, seen, one.frame):
                self._scan(one, seen.box)
        if len(laid.hidden):
            self._hidden(laid)
        if one.found:
            write_annotations(self.builder, one.found, one.frame, laid.printed(last))

    def _scan(self, one: OpenPage, known: Floats) -> bool:
        if self.options.ocr == "off":
            if not len(known):
                self.notes.append(note("no_text", f"page {one.number}", one.number))
            return False
        if not self.pictures.read(one.page, one.frame, one.number, known):
            return False
        self.builder.document.pages.ocr[-1] = 1
        return True

    def _hidden(self, laid: Laid) -> None:
        sizes = np.bincount(laid.hidden.page, weights=laid.hidden.end - laid.hidden.start, minlength=len(laid.pages))
        for one, size in zip(laid.pages, sizes.tolist(), strict=True):
            if size:
                self.notes.append(note("hidden_text", f"page {one.number}, {size:.0f} characters", one.number))
        if self.options.hidden_text:
            flow, lines, spans = laid_hidden(laid.hidden)
            write_flow(self.builder, flow, laid.hidden, (lines, spans), laid.pages[0].number)


def _text_of(page: Any) -> Any:
    text = pdfium.FPDFText_LoadPage(page)
    if not text:
        raise ValueError("no text page")
    return text


def _loaded(document: Any, number: int) -> Any:
    page = pdfium.FPDF_LoadPage(document, number - 1)
    if not page:
        raise ValueError("no page")
    return page
