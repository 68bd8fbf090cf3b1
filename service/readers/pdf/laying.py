"""Open pages laid out together: their words, what of them is hidden, and the Blocks that the rest makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.document import BlockKind
from service.readers.pdf.flow import Flow, Lines
from service.readers.pdf.hidden import Mask, covered, unprinted
from service.readers.pdf.opened import OpenPage
from service.readers.pdf.page import flow_of, hidden_flow
from service.readers.pdf.paragraphs import Span, Style, spans_of
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


def laid_out(pages: list[OpenPage], most: int) -> Laid:
    """Lay out pages; `most` is the limit of pixels that may be drawn to see what is hidden."""
    frames = [one.frame for one in pages]
    words = words_of([one.sheet for one in pages], frames)
    hidden = _hidden(pages, words, most)
    seen = words.keep(~hidden) if hidden.any() else words
    flow = flow_of(seen, [frame.height for frame in frames])
    lines = flow.lines()
    style = Style(flow, lines, seen, lambda page, unit: pages[page].is_bold(unit))
    return Laid(pages, seen, words.keep(hidden), flow, lines, spans_of(style))


def laid_hidden(words: PageWords) -> tuple[Flow, Lines, list[Span]]:
    """The hidden words of one page as Blocks of their own."""
    flow = hidden_flow(words)
    lines = flow.lines()
    spans = [Span(i, i + 1, flow.parts[i], BlockKind.HIDDEN) for i in range(len(flow.parts))]
    return flow, lines, spans


def _hidden(pages: list[OpenPage], words: PageWords, most: int) -> Mask:
    hidden = unprinted(words, [one.frame for one in pages])
    for i, one in enumerate(pages):
        if one.scene is None:
            continue
        at = np.flatnonzero((words.page == i) & ~hidden)
        if len(at):
            mine = words if len(at) == len(words) else words.keep(_mask(at, len(words)))
            hidden[at] = covered(one.scene, (one.held.page, one.held.text), mine, one.frame, most)
    return hidden


def _mask(at: Any, length: int) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[at] = True
    return mask
