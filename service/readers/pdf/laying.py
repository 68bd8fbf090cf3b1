"""Open pages laid out together: their words, what of them is hidden, and the Blocks that the rest makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.document import BlockKind
from service.readers.pdf.flow import Flow, Lines
from service.readers.pdf.hidden import Mask, unprinted
from service.readers.pdf.opened import OpenPage
from service.readers.pdf.page import flow_of, hidden_flow
from service.readers.pdf.paragraphs import Span, Style, spans_of
from service.readers.pdf.recognised import with_recognised
from service.readers.pdf.words import PageWords, words_of


@dataclass(frozen=True, slots=True)
class Laid:
    """The layout of some pages."""

    pages: list[OpenPage]
    words: PageWords  # those to be seen
    hidden: PageWords
    flow: Flow
    lines: Lines
    spans: list[Span]

    def visible(self, page: int) -> PageWords:
        """The words to be seen on one page (0-based among these)."""
        return self.words if len(self.pages) == 1 else self.words.keep(self.words.page == page)

    def text(self, span: Span) -> str:
        """The words of a Block."""
        words, segments = self.words, self.flow.segments
        chosen = self.lines.items[self.lines.first[span.first] : self.lines.first[span.last]].tolist()
        return " ".join(words.text[words.start[segments.first[i]] : words.end[segments.last[i]]] for i in chosen)

    def printed(self, page: int) -> str:
        """All that a page (0-based) shows, without white space."""
        words = self.visible(page)
        return "".join(words.text[a:b] for a, b in zip(words.start.tolist(), words.end.tolist(), strict=True))

    def counts(self) -> list[int]:
        """How many words each page shows."""
        counts: list[int] = np.bincount(self.words.page, minlength=len(self.pages)).tolist()
        return counts


def laid_out(pages: list[OpenPage]) -> Laid:
    """Lay out pages."""
    frames = [one.frame for one in pages]
    words = words_of([one.sheet for one in pages], frames)
    size = np.array([(frame.width, frame.height) for frame in frames], np.float32)
    hidden = unprinted(words.box, size[words.page])
    if any(one.hidden is not None for one in pages):
        hidden |= np.concatenate([_mask(one) for one in pages])
    seen = words.keep(~hidden) if hidden.any() else words
    seen = with_recognised(seen, [one.recognised for one in pages])
    flow = flow_of(seen, [frame.height for frame in frames])
    lines = flow.lines()
    style = Style(flow, lines, seen, lambda page, unit: pages[page].is_bold(unit))
    return Laid(pages, seen, words.keep(hidden), flow, lines, spans_of(style))


def _mask(one: OpenPage) -> Mask:
    return np.zeros(len(one.sheet.start), np.bool_) if one.hidden is None else one.hidden


def laid_hidden(words: PageWords) -> tuple[Flow, Lines, list[Span]]:
    """The hidden words of one page as Blocks of their own."""
    flow = hidden_flow(words)
    lines = flow.lines()
    spans = [Span(i, i + 1, flow.parts[i], BlockKind.HIDDEN) for i in range(len(flow.parts))]
    return flow, lines, spans
