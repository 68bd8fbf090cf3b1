"""Read one PDF from first page to last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pypdfium2.raw as pdfium

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import Problem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.ocr.base import OcrEngine
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.page_pictures import store_pictures
from thresher.service.readers.pdf.forms.annotations import Annotation, annotations_of
from thresher.service.readers.pdf.forms.attachments_and_facts import Attachments, facts_of, form_of
from thresher.service.readers.pdf.forms.xfa import write_xfa
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.opening import open_document
from thresher.service.readers.pdf.page_batch import lay_out
from thresher.service.readers.pdf.page_handle import OpenPage, PageContent, read_pages
from thresher.service.readers.pdf.page_writer import PageWriter
from thresher.service.readers.pdf.pictures.picture_text import PictureReader
from thresher.service.readers.pdf.pictures.scanned_pages import ScannedPages, drawn_page, is_picture_of_text
from thresher.service.readers.pdf.pictures.unusable_text_layer import is_unusable
from thresher.service.readers.pdf.pypdf_fallback import fields_not_shown, xmp_facts
from thresher.service.readers.pdf.text.file_search import FileSearch
from thresher.service.readers.pdf.text.font_names import font_names_of
from thresher.service.readers.pdf.text.garbage_text import is_garbage
from thresher.service.readers.pdf.text.unmapped_characters import are_many, regions_of_words, replaced

_READ_PAGES = 4  # pages that are kept open and read together
_LAID_OUT_PAGES = 64  # pages that are laid out together


def read_pdf(source: Source, options: ReadOptions, spool: Spool, engine: Callable[[str], OcrEngine]) -> Reading:
    """Return the Document of a PDF, and its attachments as children."""
    builder = DocumentBuilder(source, kind="pdf")
    document = builder.document
    pictures = ScannedPages(builder, options, spool, engine)
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
        if options.pictures != "none":
            store_pictures(builder.build(), options, lambda page: drawn_page(handle, page, options.limits.pixels))
        if form is not None:
            _write_unseen(builder, list(fields_not_shown(source, options, pages.fields)), shown=options.hidden_text)
    document.notes += attachments.notes
    if not builder.length and not document.notes:
        document.notes.append(note("no_text", "no page holds any"))
    document.pages.fonts += [pages.fonts.get(number, "") for number in range(1, len(document.pages) + 1)]
    pages.writer.mark_blocks()
    return Reading(builder.build(), attachments.children + pictures.children)


def _write_unseen(builder: DocumentBuilder, fields: list[tuple[str, str]], *, shown: bool) -> None:
    """Note values of form fields that no page shows; append them where hidden text is `shown`."""
    if fields:
        builder.document.notes.append(note("hidden_text", f"{len(fields)} values of form fields that no page shows"))
    for label, value in fields if shown else ():
        builder.block(f"{label}: {value}", BlockKind.HIDDEN)


def _is_scan(one: OpenPage) -> bool:
    """Whether the page will be read from its picture as a whole."""
    seen = one.seen
    return one.is_poor(len(seen)) and is_picture_of_text(one.held.page, one.ink, seen, one.frame)


class _Pages:
    """A reader of one open document's pages into one builder, a few at a time."""

    def __init__(
        self,
        builder: DocumentBuilder,
        options: ReadOptions,
        pictures: ScannedPages,
        attachments: Attachments,
        handles: tuple[Any, Any],
    ) -> None:
        """Begin with no page; `handles` are PDFium's handles of the document and of its form."""
        self.builder, self.options, self.attachments = builder, options, attachments
        self.document, self.form = handles
        self.fields: set[str] = set()  # full names of the form fields on pages
        self.fonts: dict[int, str] = {}  # by page number
        self.writer = PageWriter(builder, options, pictures)
        self.search = FileSearch(builder.document.source.blob)
        self.regions = PictureReader(options, pictures.engine, builder.document.notes)
        self.notes = builder.document.notes
        self.loaded: list[PageContent] = []  # loaded, not yet read
        self.queue: list[OpenPage] = []  # read, not yet written
        self.pending = 0  # characters of the pages in both lists
        self.queue_size, self.batch_size = (1, 1) if options.hidden_text else (_LAID_OUT_PAGES, _READ_PAGES)

    def read(self, count: int) -> None:
        """Read pages until the last, or until there are too many characters."""
        try:
            for number in range(1, count + 1):
                if self.builder.length + self.pending > self.options.limits.characters:
                    self._finish_loaded()
                    self.notes.append(note("too_large", f"pages {number} to {count} were not read", number))
                    return
                self._try_page(number)
            self._finish_loaded()
        finally:
            for one in [*self.loaded, *(one.held for one in self.queue)]:
                one.close()

    def _try_page(self, number: int) -> None:
        """Load a page, and read the loaded ones when they are enough; a damaged page is noted."""
        held = PageContent(self.document, number, self.search, self.form)
        try:
            self._load(held)
        except Exception as error:  # noqa: BLE001 - a damaged page may fail anywhere; it is noted and the rest is read
            held.close()
            self._finish_loaded()
            self.writer.note_failure(number, error, PageFrame(0.0, 0.0))
            return
        self.loaded.append(held)
        self.pending += held.length
        if held.found or len(self.loaded) >= self.batch_size:
            self._read_loaded()

    def _load(self, held: PageContent) -> None:
        """Load a page: read its form values and comments, and flatten what is drawn over it."""
        if pdfium.FPDFPage_GetAnnotCount(held.page) > 0:
            found, drawn = self._annotations(held.page)
            held.unseen = [one.text for one in found if one.hidden and one.value]
            held.found = [one for one in found if one.ticked is None and one.text and not one.hidden]
            held.buttons = [
                (one.box, one.ticked, one.text) for one in found if one.ticked is not None and not one.hidden
            ]
            if drawn and pdfium.FPDFPage_Flatten(held.page, pdfium.FLAT_NORMALDISPLAY) == pdfium.FLATTEN_SUCCESS:
                held.close()
        held.load()
        self.fonts[held.number] = font_names_of(held.text)

    def _read_loaded(self) -> None:
        """Read the loaded pages together; where that fails, one by one."""
        try:
            opened = read_pages(self.loaded, self.options.limits.pixels)
        except Exception:  # noqa: BLE001 - each page will be tried by itself, and the failing one noted
            while self.loaded:
                self._read_one(self.loaded[0])
                del self.loaded[0]
            return
        while self.loaded:
            self._enqueue(opened.pop(0))
            del self.loaded[0]

    def _read_one(self, held: PageContent) -> None:
        """Read one loaded page; a damaged one is noted."""
        try:
            opened = read_pages([held], self.options.limits.pixels)
        except Exception as error:  # noqa: BLE001 - a damaged page may fail anywhere; it is noted and the rest is read
            held.close()
            self._flush()
            self.writer.note_failure(held.number, error, PageFrame(0.0, 0.0))
        else:
            self._enqueue(opened[0])

    def _enqueue(self, one: OpenPage) -> None:
        """Queue a page after OCR of its regions; write the queue when it is full or the page has more than words."""
        units = one.sheet.units
        garbage = is_garbage(units) or (one.is_scan and is_unusable(units))
        garbage = garbage or (self.options.ocr != "off" and one.unmapped is not None and are_many(one.unmapped))
        if one.regions or one.unmapped is not None:
            one = self._with_regions(one, skipped=garbage or _is_scan(one))
        if garbage:
            self._flush()
        self.queue.append(one)
        if garbage:
            self._write_garbage(one)
        elif one.is_special or len(self.queue) >= self.queue_size:
            self._flush()

    def _with_regions(self, one: OpenPage, *, skipped: bool) -> OpenPage:
        """Return the page with the words in its pictures.

        A page is `skipped` that will be read from its picture as a whole.
        """
        regions, boxes = list(one.regions), one.boxes
        if one.unmapped is not None and self.options.ocr != "off":
            regions += regions_of_words(boxes[one.unmapped])
        try:
            if skipped:
                return one
            found = self.regions.read(one.held, one.frame, (regions, one.seen))
            instead = None if one.unmapped is None else replaced(one.unmapped, boxes, found)
            return replace(one, recognised=found, replaced=instead)
        except Exception as error:  # noqa: BLE001 - a damaged picture may fail anywhere; it is noted, its page is read
            detail = f"pictures on page {one.number} ({type(error).__name__})"
            self.notes.append(note("picture_unread", detail, one.number))
            return one
        finally:
            if not one.is_special:
                one.held.close()

    def _finish_loaded(self) -> None:
        """Read and write all pages that were loaded."""
        self._read_loaded()
        self._flush()

    def _annotations(self, page: Any) -> tuple[list[Annotation], bool]:
        """Read a page's annotations; add its form fields' names and its attached files."""
        found, drawn = annotations_of(page, self.form)
        self.fields |= {one.name for one in found}
        self.attachments.pinned(page)
        return found, drawn

    def _flush(self) -> None:
        """Write the queued pages; where that fails, one by one."""
        pages = self.queue
        if len(pages) < 2 or not self._write_together(pages):
            for one in pages:
                self._write_one(one)
        for one in pages:
            one.held.close()
            self.pending -= len(one.sheet.units)
        self.queue = []

    def _write_together(self, pages: list[OpenPage]) -> bool:
        """Write pages together, and return True.

        Returns False, with nothing written, where one before the last may be a picture of text.
        """
        try:
            laid = lay_out(pages)
        except Exception:  # noqa: BLE001 - each page will be tried by itself, and the failing one noted
            return False
        if any(one.is_poor(count) for one, count in zip(pages[:-1], laid.counts(), strict=False)):
            return False
        self.writer.write(laid)
        return True

    def _write_one(self, one: OpenPage) -> None:
        """Write one page; a damaged one is noted."""
        try:
            self.writer.write(lay_out([one]))
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - a damaged page may fail anywhere; it is noted and the rest is read
            self.writer.note_failure(one.number, error, one.frame)

    def _write_garbage(self, one: OpenPage) -> None:
        """Write a page whose text layer is unusable: from its picture, or else as it is with a Note."""
        if self.writer.write_from_picture(one):
            self.queue = []
            one.held.close()
            return
        self.notes.append(note("decode_loss", f"page {one.number}", one.number))
        self._flush()
