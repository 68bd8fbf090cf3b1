"""Hold pages of PDFium, and read everything from them that layout needs.

A page that PDFium keeps open pushes others out of the processor's caches: keeping 16 costs a tenth of the reading
time. So a few are loaded, read together, and closed; one that is needed again is loaded again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.service.readers.pdf.layout.page_frame import PageFrame, frame_of
from thresher.service.readers.pdf.library import Floats, address, owners_of
from thresher.service.readers.pdf.marks.check_boxes import CheckBox
from thresher.service.readers.pdf.marks.drawn_lines import MAX_PATHS, DrawnShapes, paths_on, shapes_of
from thresher.service.readers.pdf.objects import (
    PageObjects,
    page_objects_of,
    restore_flat_text,
    top_objects,
)
from thresher.service.readers.pdf.pictures.drawn_figures import drawn_figures_of
from thresher.service.readers.pdf.pictures.recognised_words import RecognisedWords
from thresher.service.readers.pdf.pictures.textless_regions import TextlessRegion, textless_regions_of
from thresher.service.readers.pdf.pictures.unusable_text_layer import is_scan
from thresher.service.readers.pdf.tables.ruled_cells import split_at_lines
from thresher.service.readers.pdf.text.actual_text import ReplacementText, false_replacements, remove_texts
from thresher.service.readers.pdf.text.clipped_words import mark_clipped
from thresher.service.readers.pdf.text.file_search import FileSearch
from thresher.service.readers.pdf.text.fonts import BoldWords, bold_characters, bold_words
from thresher.service.readers.pdf.text.hidden_words import (
    Mask,
    WordBoxes,
    off_page_or_tiny,
    unseen_words,
)
from thresher.service.readers.pdf.text.hiding_objects import HidingObjects, hiding_objects_of
from thresher.service.readers.pdf.text.text_extraction import PageText, page_texts_of
from thresher.service.readers.pdf.text.unmapped_characters import unmapped_words
from thresher.service.readers.pdf.text.words import Shown, displayed_boxes

FEW_WORDS = 60  # a page with fewer may be a picture of text with a stamp on it


@dataclass(slots=True)
class PageContent:
    """A page and its text, loaded at first use. `number` is 1-based."""

    document: Any
    number: int
    search: FileSearch
    form: Any = None
    found: list[Any] = field(default_factory=list)  # form values and comments
    buttons: list[tuple[Floats, bool, str]] = field(default_factory=list)  # of forms: box in user space, state, label
    unseen: list[str] = field(default_factory=list)  # form values and comments that the page does not show
    false: set[ReplacementText] = field(default_factory=set)  # replacement texts that differ from their glyphs
    _page: Any = None
    _text: Any = None
    _content: PageObjects | None = None

    @property
    def page(self) -> Any:
        """Return PDFium's page. Raises ValueError where there is none."""
        if not self._page:
            self._page = pdfium.FPDF_LoadPage(self.document, self.number - 1)
            if not self._page:
                raise ValueError("no page")
            if self.form:
                pdfium.FORM_OnAfterLoadPage(self._page, self.form)
        return self._page

    @property
    def content(self) -> PageObjects:
        """Return the page's objects, without replacement texts that differ from their glyphs."""
        if self._content is None:
            self._content = page_objects_of(top_objects(self.page))
            self.false = self.false or false_replacements(self.page, self._content, self.search)
            if self.false:  # all marks were removed: load the page again for the true ones
                self.close()
                self._content = page_objects_of(top_objects(self.page))
                remove_texts(self._content, self.false)
        return self._content

    @property
    def text(self) -> Any:
        """Return PDFium's text of the page. Raises ValueError where there is none."""
        if not self._text:
            restore_flat_text(self.content)
            self._text = pdfium.FPDFText_LoadPage(self.page)
            if not self._text:
                raise ValueError("no text page")
        return self._text

    def load(self) -> None:
        """Load page and text. Raises ValueError where there is none."""
        _ = self.text

    @property
    def length(self) -> int:
        """Return the number of characters of the text."""
        return max(int(pdfium.FPDFText_CountChars(self.text)), 0)

    def close(self) -> None:
        """Close page and text."""
        if self._text:
            pdfium.FPDFText_ClosePage(self._text)
        if self._page:
            if self.form:
                pdfium.FORM_OnBeforeClosePage(self._page, self.form)
            pdfium.FPDF_ClosePage(self._page)
        self._page = self._text = self._content = None


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page, and what was read from it."""

    held: PageContent
    frame: PageFrame
    sheet: PageText
    shown: Shown  # the boxes of all its words
    hidden: Mask | None  # words that cannot be seen; None where there can be none
    pictured: bool  # whether it has images, shadings or form XObjects
    is_scan: bool  # whether a picture covers most of it
    drawn: DrawnShapes | None  # lines and boxes
    ticks: list[CheckBox]  # of forms
    bold: BoldWords  # its bold words
    regions: tuple[TextlessRegion, ...] = ()  # that may contain text, where it has words, too
    recognised: RecognisedWords | None = None  # the words in them
    unmapped: Mask | None = None  # words with unmapped characters; None for none
    replaced: Mask | None = None  # those of them that OCR read instead
    crowded: bool = False  # whether it has more drawings than are looked at
    figures: tuple[tuple[float, float, float, float], ...] = ()  # what is drawn beside figures of its text

    @property
    def number(self) -> int:
        """Return the page number, counted from 1."""
        return self.held.number

    @property
    def boxes(self) -> Floats:
        """Return the boxes of all its words, as displayed."""
        return self.shown[0]

    @property
    def has_boxes(self) -> bool:
        """Whether there may be check boxes, of a form or drawn ones."""
        return bool(self.ticks) or (self.drawn is not None and len(self.drawn.small) > 0)

    @property
    def is_special(self) -> bool:
        """Whether more than its words may have to be written."""
        codes = self.recognised is not None and bool(self.recognised.codes)
        held = self.held.found or self.held.buttons or self.held.unseen or self.held.false
        return codes or bool(held) or self.is_poor(len(self.sheet.start))

    def is_poor(self, words: int) -> bool:
        """Whether a page that shows so many words may be a picture of text."""
        return not words or (self.pictured and words < FEW_WORDS)

    @property
    def seen(self) -> Floats:
        """Return the boxes of its visible words without unmapped characters, as displayed."""
        shown = np.ones(len(self.sheet.start), np.bool_)
        for unseen in (self.hidden, self.unmapped):
            if unseen is not None:
                shown &= ~unseen
        return self.boxes[shown]

    @property
    def ink(self) -> int:
        """Return the number of characters of its visible words."""
        sizes = self.sheet.end - self.sheet.start
        return int(sizes.sum() if self.hidden is None else sizes[~self.hidden].sum())

    def is_bold(self, unit: int) -> bool:
        """Whether a character is bold, by PDFium's index."""
        if unit < 0:  # a word from a picture
            return False
        known = self.bold.at(unit)
        return bold_characters(address(self.held.text), [unit])[0] if known is None else known


def read_pages(pages: list[PageContent], most: int) -> list[OpenPage]:
    """Read a few pages, and close those that need not be read further.

    `most` is the limit of pixels that may be rendered to find hidden words.
    """
    sheets = page_texts_of([held.text for held in pages])
    opened = [_read_page(held, sheet, most) for held, sheet in zip(pages, sheets, strict=True)]
    for one in opened:
        # a page with regions stays loaded, as they refer to its objects
        if not one.is_special and not one.regions and one.unmapped is None:
            one.held.close()
    return opened


def _read_page(held: PageContent, sheet: PageText, most: int) -> OpenPage:
    """Read one page: its frame, words, hidden words, drawings, check boxes and regions of pictures."""
    frame, layers = frame_of(held.page), held.content
    shown = displayed_boxes(sheet, frame)
    handle = address(held.text)
    owners = owners_of(handle, sheet.start.tolist())
    scene = hiding_objects_of(layers, owners, frame, optional=held.search.layers)
    if scene is not None:
        sheet = replace(sheet, hidden=_hidden(scene, held, WordBoxes(owners, shown[0]), frame, most))
    sheet, owners = mark_clipped(layers, held.text, (sheet, owners), shown[0], frame)
    shown = shown if len(sheet.start) == len(shown[0]) else displayed_boxes(sheet, frame)  # words may have been split
    paths = paths_on(layers) if layers.others else []
    drawn = shapes_of(paths, frame)
    if drawn is not None:
        sheet, owners = split_at_lines((sheet, owners), handle, (shown[0], drawn.down), frame)
        shown = shown if len(sheet.start) == len(shown[0]) else displayed_boxes(sheet, frame)
    ticks = [CheckBox(_shown(frame, place), ticked, label) for place, ticked, label in held.buttons]
    pictured = layers.has_pictures
    scan = pictured and is_scan(layers, frame)
    bold = bold_words(handle, sheet.start, owners)
    one = OpenPage(
        held, frame, sheet, shown, sheet.hidden, pictured, scan, drawn, ticks, bold,
        unmapped=unmapped_words(sheet), crowded=len(paths) > MAX_PATHS,
    )  # fmt: skip
    if layers.others and len(sheet.start):
        regions = textless_regions_of(layers, lambda: one.seen, frame)
        return replace(one, regions=tuple(regions), figures=() if scan else _figures(one))
    return one


def _figures(one: OpenPage) -> tuple[tuple[float, float, float, float], ...]:
    """Return the places where something small is drawn beside a figure of a page's visible words."""
    units, at = one.sheet.units, np.arange(len(one.sheet.start)) if one.hidden is None else np.flatnonzero(~one.hidden)
    ends = units[one.sheet.start[at]], units[one.sheet.end[at] - 1]
    return tuple(drawn_figures_of(one.held.content, one.boxes[at], ends, one.frame))


def _shown(frame: PageFrame, box: Floats) -> tuple[float, float, float, float]:
    """Return a box (1, 4) in user space as displayed."""
    x0, y0, x1, y1 = frame.show(box)[0].tolist()
    return x0, y0, x1, y1


def _hidden(scene: HidingObjects, held: PageContent, words: WordBoxes, frame: PageFrame, most: int) -> Mask:
    """Return which words are covered; words off the page are not rendered, and count as not covered."""
    hidden = np.zeros(len(words), np.bool_)
    at = np.flatnonzero(~off_page_or_tiny(words.box, np.array([[frame.width, frame.height]], np.float32)))
    hidden[at] = unseen_words(scene, held.page, WordBoxes(words.ink[at], words.box[at]), frame, most)
    return hidden
