"""Write the pages of a PDF that were read: their words, and what is beside them."""

from __future__ import annotations

import numpy as np

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.page_pictures import PLACEHOLDER
from thresher.service.readers.pdf.forms.annotations import parted_by_page, write_annotations, write_check_boxes
from thresher.service.readers.pdf.layout.heading_levels import Headings
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.layout.repeated_margins import MarginBlocks
from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.page_batch import PageBatchLayout, lay_out_hidden
from thresher.service.readers.pdf.page_handle import OpenPage
from thresher.service.readers.pdf.pictures.scanned_pages import ScannedPages, is_picture_of_text
from thresher.service.readers.pdf.writer import begin_pages, write_flow


class PageWriter:
    """A writer of one document's pages into one builder; it collects their margins and headings."""

    def __init__(self, builder: DocumentBuilder, options: ReadOptions, pictures: ScannedPages) -> None:
        """Begin with no page."""
        self.builder, self.options, self.pictures = builder, options, pictures
        self.notes = builder.document.notes
        self.margins, self.headings = MarginBlocks(), Headings()

    def mark_blocks(self) -> None:
        """Mark the repeated margins and the levels of the headings, after the last page."""
        document = self.builder.document
        self.margins.mark(document.blocks, len(document.pages))
        self.headings.mark(document.blocks)

    def write(self, laid: PageBatchLayout) -> None:
        """Write laid out pages, and collect their margins and headings."""
        starts, blocks = write_flow(self.builder, laid.flow, laid.words, (laid.lines, laid.spans), laid.pages[0].number)
        begin_pages(self.builder, [one.frame for one in laid.pages], (laid.lines, starts), laid.pages[0].number)
        for block, span in zip(blocks, laid.spans, strict=True):
            if span.part.margin:
                self.margins.add(block, laid.text(span), top=span.part.margin == "top")
            elif span.kind is BlockKind.HEADING:
                self.headings.add(block, span.size, bold=span.bold)
        self._finish(laid)

    def write_from_picture(self, one: OpenPage) -> bool:
        """Begin a page whose text layer is unusable, and read it from its picture; False where no text was found."""
        self.builder.page(one.frame.width, one.frame.height)
        return self._read_picture(one, np.zeros((0, 4), np.float32))

    def note_failure(self, number: int, error: Exception, frame: PageFrame) -> None:
        """Note a page that could not be read; keep its number with an empty page."""
        if len(self.builder.document.pages) < number:
            self.builder.page(frame.width, frame.height)
        self.notes.append(note("corrupt_partial", f"page {number} ({type(error).__name__})", number))

    def _finish(self, laid: PageBatchLayout) -> None:
        """Write what is beside the words of pages: a picture of text, codes, hidden words, form values.

        Notes and hidden words are of every page; the rest is of the last, as a page that has more ends its batch.
        """
        self._note_words(laid)
        last = len(laid.pages) - 1
        one = laid.pages[last]
        if one.recognised is None and one.is_poor(laid.counts()[last]):
            seen = laid.visible(last)
            if is_picture_of_text(one.held.page, int((seen.end - seen.start).sum()), seen.box, one.frame):
                read = self._read_picture(one, seen.box)
                if not read and not len(seen) and self.options.pictures != "none":
                    self.builder.block(PLACEHOLDER.format(one.number))
        if one.recognised is not None and one.recognised.codes:
            from thresher.service.ocr.codes import write_barcodes  # noqa: PLC0415 - Pillow loads only for pages with codes

            write_barcodes(self.builder, one.recognised.codes, one.number, 1.0)
        if len(laid.hidden):
            self._write_hidden(laid)
        if one.held.found:
            seen = laid.visible(last)
            shown, unseen = parted_by_page(one.held.found, seen, one.frame)
            one.held.unseen += [value.text for value in unseen]
            write_annotations(self.builder, shown, one.frame, seen)
        write_check_boxes(self.builder, laid.alone)
        if one.held.unseen or one.held.false:
            self._write_unseen_values(one)

    def _note_words(self, laid: PageBatchLayout) -> None:
        """Note for each page words with corrected letters, with unmapped characters, and with marks that were not looked for."""
        for one, lost in zip(laid.pages, laid.lost(), strict=True):
            mended = len(one.sheet.mended) + (0 if one.replaced is None else int(one.replaced.sum()))
            if mended:
                self.notes.append(note("decode_mended", f"page {one.number}, {mended} words", one.number))
            if lost:
                self.notes.append(
                    note("decode_loss", f"page {one.number}, {lost} words with unknown characters", one.number)
                )
            if one.crowded and len(one.sheet.start):
                self.notes.append(note("marks_unread", f"page {one.number}", one.number))

    def _read_picture(self, one: OpenPage, known: Floats) -> bool:
        """Read a page from its picture. Returns False, with a Note if needed, where no text was found."""
        if self.options.ocr == "off":
            if not len(known):
                self.notes.append(note("no_text", f"page {one.number}", one.number))
            return False
        if not self.pictures.read(one.held.page, one.frame, one.number, known):
            return False
        self.builder.document.pages.ocr[-1] = 1
        return True

    def _write_hidden(self, laid: PageBatchLayout) -> None:
        """Note the hidden characters of each page, and append them where wanted."""
        sizes = np.bincount(laid.hidden.page, weights=laid.hidden.end - laid.hidden.start, minlength=len(laid.pages))
        for one, size in zip(laid.pages, sizes.tolist(), strict=True):
            if size:
                self.notes.append(note("hidden_text", f"page {one.number}, {size:.0f} characters", one.number))
        if self.options.hidden_text:
            flow, lines, spans = lay_out_hidden(laid.hidden)
            write_flow(self.builder, flow, laid.hidden, (lines, spans), laid.pages[0].number)

    def _write_unseen_values(self, one: OpenPage) -> None:
        """Note hidden form values and comments, and false replacement texts; append them where wanted."""
        false = dict.fromkeys(text for _, text in sorted(one.held.false))
        for what, found in (
            ("form values and comments", one.held.unseen),
            ("texts that differ from what is shown", false),
        ):
            if found:
                self.notes.append(
                    note("hidden_text", f"page {one.number}, {what} that are hidden: {len(found)}", one.number)
                )
            for text in found if self.options.hidden_text else ():
                self.builder.block(text, BlockKind.HIDDEN)
