"""One PDF from first page to last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from schemas.document import BlockKind, DocumentBuilder
from schemas.errors import Problem, note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.ocr.base import Ocr
from service.readers.base import Reading, Spool
from service.readers.pdf.annotations import annotations_of, write_annotations
from service.readers.pdf.extras import attachments, facts_of, form_of
from service.readers.pdf.frame import Frame, frame_of
from service.readers.pdf.headings import Headings
from service.readers.pdf.hidden import hidden_words
from service.readers.pdf.library import opened
from service.readers.pdf.margins import Margins
from service.readers.pdf.opening import open_document
from service.readers.pdf.page import flow_of
from service.readers.pdf.scans import Scanner, is_picture
from service.readers.pdf.words import PageWords, page_words
from service.readers.pdf.writer import write_flow
from service.readers.pdf.xfa import write_xfa


def read_pdf(source: Source, options: ReadOptions, spool: Spool, engine: Callable[[str], Ocr]) -> Reading:
    """The Document of a PDF, and its attachments as children."""
    builder = DocumentBuilder(source, kind="pdf")
    document = builder.document
    with open_document(source, options) as handle, form_of(handle) as form:
        document.facts |= facts_of(handle)
        pages = _Pages(builder, options, Scanner(builder, options, engine), (handle, form))
        pages.read(pdfium.FPDF_GetPageCount(handle))
        write_xfa(builder, handle)
        children, notes = attachments(handle, source, spool, options)
    document.notes += notes
    pages.margins.mark(document.blocks, len(document.pages))
    pages.headings.mark(document.blocks)
    return Reading(builder.build(), children)


class _Pages:
    """Reads the pages of one open document into one builder."""

    def __init__(
        self, builder: DocumentBuilder, options: ReadOptions, scanner: Scanner, handles: tuple[Any, Any]
    ) -> None:
        """`handles`: the document and its form, both PDFium's."""
        self.builder, self.options, self.scanner = builder, options, scanner
        self.document, self.form = handles
        self.margins, self.headings = Margins(), Headings()
        self.notes = builder.document.notes

    def read(self, count: int) -> None:
        """Read pages until the last, or until there are too many characters."""
        for index in range(count):
            if self.builder.length > self.options.limits.characters:
                self.notes.append(note("too_large", f"pages {index + 1} to {count} were not read", index + 1))
                return
            self._try_page(index)

    def _try_page(self, index: int) -> None:
        known = len(self.builder.document.pages)
        try:
            self._page(index)
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - a damaged page may fail anywhere; it is named and the rest is read
            if len(self.builder.document.pages) == known:
                self.builder.page(0.0, 0.0)
            self.notes.append(note("corrupt_partial", f"page {index + 1} ({type(error).__name__})", index + 1))

    def _page(self, index: int) -> None:
        with self._loaded(index) as (page, found):
            frame = frame_of(page)
            self.builder.page(frame.width, frame.height)
            with opened(pdfium.FPDFText_LoadPage, pdfium.FPDFText_ClosePage, page) as text_page:
                printed = self._content(page, text_page, frame)
            if found:
                write_annotations(self.builder, found, frame, "".join(printed.split()))

    @contextmanager
    def _loaded(self, index: int) -> Iterator[tuple[Any, list[Any]]]:
        """The page, with what is drawn over it made part of it; and its form values and comments."""
        page = pdfium.FPDF_LoadPage(self.document, index)
        if not page:
            raise ValueError("no page")
        try:
            found, drawn = annotations_of(page, self.form) if pdfium.FPDFPage_GetAnnotCount(page) > 0 else ([], False)
            if drawn and pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) == pdfium.FLATTEN_SUCCESS:
                pdfium.FPDF_ClosePage(page)
                page = pdfium.FPDF_LoadPage(self.document, index)
            yield page, found
        finally:
            pdfium.FPDF_ClosePage(page)

    def _content(self, page: Any, text_page: Any, frame: Frame) -> str:
        """Write the page; gives the text of its text layer."""
        words, garbage = page_words(text_page, frame)
        number = len(self.builder.document.pages)
        if garbage and self._scan(page, frame, np.zeros((0, 4), np.float32)):
            return ""
        if garbage:
            self.notes.append(note("decode_loss", f"page {number}", number))
        hidden = hidden_words(page, text_page, words, frame, self.options.limits.pixels) if len(words) else None
        visible = words if hidden is None or not hidden.any() else words.keep(~hidden)
        self._write(visible, text_page, frame)
        if len(visible.start) < 60 and is_picture(page, visible, frame):
            self._scan(page, frame, visible.box)
        if hidden is not None and hidden.any():
            self._hidden(words.keep(hidden), text_page, frame)
        return words.text

    def _write(self, words: PageWords, text_page: Any, frame: Frame) -> None:
        flow = flow_of(words, text_page, frame.height)
        for block, span in write_flow(self.builder, flow, words, len(self.builder.document.pages)):
            if span.margin:
                self.margins.add(block, flow.text(span, words), top=span.margin == "top")
            elif span.kind is BlockKind.HEADING:
                self.headings.add(block, span.size, bold=span.bold)

    def _scan(self, page: Any, frame: Frame, known: Any) -> bool:
        number = len(self.builder.document.pages)
        if self.options.ocr == "off":
            if not len(known):
                self.notes.append(note("no_text", f"page {number}", number))
            return False
        if not self.scanner.read(page, frame, number, known):
            return False
        self.builder.document.pages.ocr[-1] = 1
        return True

    def _hidden(self, words: PageWords, text_page: Any, frame: Frame) -> None:
        number = len(self.builder.document.pages)
        count = int((words.end - words.start).sum())
        self.notes.append(note("hidden_text", f"page {number}, {count} characters", number))
        if self.options.hidden_text:
            flow = flow_of(words, text_page, frame.height, kind=BlockKind.HIDDEN)
            write_flow(self.builder, flow, words, number)
