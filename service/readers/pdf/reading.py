"""One PDF from first page to last."""

from __future__ import annotations

from typing import Any

import pypdfium2.raw as pdfium

from schemas.document import DocumentBuilder
from schemas.errors import note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Reading, Spool
from service.readers.pdf.frame import frame_of
from service.readers.pdf.library import opened
from service.readers.pdf.margins import Margins
from service.readers.pdf.opening import open_document
from service.readers.pdf.page import flow_of
from service.readers.pdf.words import page_words
from service.readers.pdf.writer import write_flow


def read_pdf(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Document of a PDF and its attachments."""
    builder = DocumentBuilder(source, kind="pdf")
    with open_document(source, options) as document:
        pages = _PageReader(builder, document, options)
        for index in range(pdfium.FPDF_GetPageCount(document)):
            pages.read(index)
    pages.margins.mark(builder.document.blocks, len(builder.document.pages))
    return Reading(builder.build())


class _PageReader:
    """Reads the pages of one open document into one builder."""

    def __init__(self, builder: DocumentBuilder, document: Any, options: ReadOptions) -> None:
        self.builder, self.document, self.options = builder, document, options
        self.margins = Margins()

    def read(self, index: int) -> None:
        try:
            with opened(pdfium.FPDF_LoadPage, pdfium.FPDF_ClosePage, self.document, index) as page:
                self._page(page, index + 1)
        except ValueError:
            self.builder.page(0.0, 0.0)
            self.builder.document.notes.append(note("corrupt_partial", f"page {index + 1}", index + 1))

    def _page(self, page: Any, number: int) -> None:
        frame = frame_of(page)
        self.builder.page(frame.width, frame.height)
        with opened(pdfium.FPDFText_LoadPage, pdfium.FPDFText_ClosePage, page) as text_page:
            words = page_words(text_page, frame)
            flow = flow_of(words, text_page, frame.height)
        written = write_flow(self.builder, flow, words, number)
        for block, span in written.blocks:
            if span.margin:
                self.margins.add(block, _content(flow, words, span), top=span.margin == "top")


def _content(flow: Any, words: Any, span: Any) -> str:
    segments = flow.items[span.first : span.last]
    first, last = flow.segments.first, flow.segments.last
    return " ".join(words.text[words.start[first[s]] : words.end[last[s]]] for s in segments)
