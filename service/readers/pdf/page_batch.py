"""Lay out open pages together: their words, which of them are hidden, and the Blocks of the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from thresher.schemas.document import STRUCK, BlockKind
from thresher.service.readers.pdf.layout.page_flow import FlowLines, PageFlow
from thresher.service.readers.pdf.layout.paragraphs import BlockSpan, TextStyles, spans_of
from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.marks.added_words import AddedWord, with_added_words
from thresher.service.readers.pdf.marks.check_boxes import CheckBox, drawn_check_boxes, mark_words, placed_check_boxes
from thresher.service.readers.pdf.marks.struck_words import struck_words
from thresher.service.readers.pdf.page import flow_of, hidden_flow
from thresher.service.readers.pdf.page_handle import OpenPage
from thresher.service.readers.pdf.pictures.recognised_words import with_recognised_words
from thresher.service.readers.pdf.tables.ruled_cells import left_rules
from thresher.service.readers.pdf.text.double_printing import repeated_by_visible_words, repeated_words
from thresher.service.readers.pdf.text.hidden_words import Mask, off_page_or_tiny, too_small_to_read
from thresher.service.readers.pdf.text.spread_characters import spread_characters
from thresher.service.readers.pdf.text.words import PageWords, words_of

_UNMAPPED = re.compile("[\ufffd\ue000-\uf8ff]")


@dataclass(frozen=True, slots=True)
class PageBatchLayout:
    """The layout of some pages."""

    pages: list[OpenPage]
    words: PageWords  # the visible ones
    hidden: PageWords
    flow: PageFlow
    lines: FlowLines
    spans: list[BlockSpan]
    alone: list[CheckBox]  # check boxes of forms that have no word beside them

    def visible(self, page: int) -> PageWords:
        """Return the visible words of one page (0-based in this batch)."""
        return self.words if len(self.pages) == 1 else self.words.keep(self.words.page == page)

    def text(self, span: BlockSpan) -> str:
        """Return the words of a Block."""
        words, segments = self.words, self.flow.segments
        chosen = self.lines.items[self.lines.first[span.first] : self.lines.first[span.last]].tolist()
        return " ".join(words.text[words.start[segments.first[i]] : words.end[segments.last[i]]] for i in chosen)

    def lost(self) -> list[int]:
        """Return for each page how many words have unmapped characters.

        Single signs do not count, as they are bullets.
        """
        found = [0] * len(self.pages)
        if _UNMAPPED.search(self.words.text):
            starts, ends = self.words.start.tolist(), self.words.end.tolist()
            for a, b, page in zip(starts, ends, self.words.page.tolist(), strict=True):
                found[page] += b - a > 1 and _UNMAPPED.search(self.words.text, a, b) is not None
        return found

    def counts(self) -> list[int]:
        """Return how many words each page shows."""
        counts: list[int] = np.bincount(self.words.page, minlength=len(self.pages)).tolist()
        return counts


def lay_out(pages: list[OpenPage]) -> PageBatchLayout:
    """Lay out pages together: drop hidden and repeated words, add check boxes and OCR words, and order the rest."""
    frames = [one.frame for one in pages]
    words = words_of([one.sheet for one in pages], frames)
    size = np.array([(frame.width, frame.height) for frame in frames], np.float32)
    hidden = off_page_or_tiny(words.box, size[words.page]) | too_small_to_read(words.box, words.page)
    if any(one.hidden is not None for one in pages):
        hidden |= np.concatenate([_mask(one.hidden, one) for one in pages])
    instead = np.concatenate([_mask(one.replaced, one) for one in pages])
    seen, alone = _with_drawings(_cleared(words.without(hidden | instead)), pages)
    rules = _rules(seen, pages)
    seen = with_recognised_words(seen, [one.recognised for one in pages])
    seen.rule = left_rules(seen, {i: one.drawn.down for i, one in enumerate(pages) if one.drawn and i in rules})
    flow = flow_of(seen, [frame.height for frame in frames], rules)
    lines = flow.lines()
    style = TextStyles(flow, lines, seen, lambda page, unit: pages[page].is_bold(unit))
    return PageBatchLayout(
        pages, seen, words.keep(hidden & ~repeated_by_visible_words(words, hidden)), flow, lines, spans_of(style), alone
    )


def _rules(words: PageWords, pages: list[OpenPage]) -> dict[int, Floats]:
    """Return by page its ruled lines; nothing for pages whose text does not run as displayed."""
    turned = set() if words.flat is words.box else set(words.page[(words.flat != words.box).any(axis=1)].tolist())
    return {i: one.drawn.rules for i, one in enumerate(pages) if one.drawn and i not in turned}


def _cleared(words: PageWords) -> PageWords:
    """Return words without repeated printings, and with words set character by character joined."""
    words = words.without(repeated_words(words))
    return words.joined(spread_characters(words))


def _with_drawings(words: PageWords, pages: list[OpenPage]) -> tuple[PageWords, list[CheckBox]]:
    """Return words with signs for what is drawn around and beside them.

    Also returns the check boxes of forms that have no word beside them.
    """
    own = _ranges(words, len(pages))
    ticks = {i: _ticks(one, words.keep(own[i])) for i, one in enumerate(pages) if one.has_boxes}
    marks = np.zeros(len(words), np.bool_)
    for i, found in ticks.items():
        marks[own[i]][mark_words(words.keep(own[i]), found)] = True
    words = words.without(marks)
    own = _ranges(words, len(pages))
    extras: list[AddedWord] = []
    alone: list[CheckBox] = []
    around: dict[int, tuple[str, str]] = {}
    for i, one in enumerate(pages):
        if one.drawn:
            around |= _around(struck_words(words.box[own[i]], one.drawn.across), own[i].start)
        if ticks.get(i):
            more, rest = placed_check_boxes(words.keep(own[i]), ticks[i], own[i].start)
            extras += more
            alone += [tick for tick in rest if tick.label]
    return with_added_words(words, extras, around), alone


def _ranges(words: PageWords, pages: int) -> list[slice]:
    """Return the words of each page."""
    bounds = np.searchsorted(words.page, np.arange(pages + 1)).tolist()
    return list(map(slice, bounds, bounds[1:]))


def _ticks(one: OpenPage, words: PageWords) -> list[CheckBox]:
    """Return the check boxes of a page: those of its form, and drawn ones."""
    return [*one.ticks, *(drawn_check_boxes(one.drawn, words, one.ticks) if one.drawn else [])]


def _around(runs: list[Ints], base: int) -> dict[int, tuple[str, str]]:
    """Return by word the strike-through signs to write before and behind it.

    `runs` are counted from the word `base` on.
    """
    found: dict[int, tuple[str, str]] = {}
    for struck in runs:
        for part in np.split(struck, np.flatnonzero(np.diff(struck) > 1) + 1):
            first, last = base + int(part[0]), base + int(part[-1])
            if not any(word in found for word in range(first, last + 1)):
                found |= dict.fromkeys(range(first, last + 1), ("", ""))
                found[first] = (STRUCK, STRUCK * (first == last))
                found[last] = (STRUCK * (first == last), STRUCK)
    return found


def _mask(chosen: Mask | None, one: OpenPage) -> Mask:
    """Return a mask of a page's words; all False for None."""
    return np.zeros(len(one.sheet.start), np.bool_) if chosen is None else chosen


def lay_out_hidden(words: PageWords) -> tuple[PageFlow, FlowLines, list[BlockSpan]]:
    """Return the hidden words of one page as Blocks of kind HIDDEN."""
    flow = hidden_flow(words)
    lines = flow.lines()
    spans = [BlockSpan(i, i + 1, flow.parts[i], BlockKind.HIDDEN) for i in range(len(flow.parts))]
    return flow, lines, spans
