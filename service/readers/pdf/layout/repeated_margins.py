"""Find headers and footers: rows at the edge of pages that repeat from page to page."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from thresher.schemas.document import BlockKind, Blocks

_MARGIN_MAX_SHARE = 0.12  # of the page's height, from its edge: the zone of headers and footers
_MARGIN_MAX_ROWS = 3
_BODY_MIN_GAP = 0.5  # in font sizes: distance from the body
_SMALLER_MIN_RATIO = 1.2  # type of the body / that of a header in small type, as browsers print it
_SMALLER_MIN_GAP = 0.25  # in font sizes: its distance from the body
_DIGITS = re.compile(r"\d+")
NUMBER_MAX_CHARS = 200  # code points of a line that may be a page's number
_PAGE_NUMBER = re.compile(
    r"[\s\-–—|]*(?:page|seite|p\.)?[\s\-–—]*(?:#|[ivxl]{1,6})(?:\s*(?:of|/|von|de)\s*#)?[\s\-–—|]*", re.IGNORECASE
)


def body_range(top: list[float], bottom: list[float], height: float) -> tuple[int, int]:
    """Return the range of the rows (top to bottom) that are the body.

    Rows at the edges that are set apart from it are left out.
    """
    first = _edge(top, bottom, height)
    known = max(first, len(top) - _MARGIN_MAX_ROWS - 1)
    ends = [height - y for y in reversed(bottom[known:])], [height - y for y in reversed(top[known:])]
    return first, len(top) - _edge(*ends, height)


def _edge(top: list[float], bottom: list[float], height: float) -> int:
    """Return how many rows at the edge are set apart from the rest."""
    best = 0
    for i in range(min(_MARGIN_MAX_ROWS, len(top))):
        if bottom[i] > _MARGIN_MAX_SHARE * height:
            break
        alone = i + 1 == len(top)
        if best == i if alone else top[i + 1] - bottom[i] > _least_gap(bottom[i] - top[i], bottom[i + 1] - top[i + 1]):
            best = i + 1
    return best


def _least_gap(size: float, below: float) -> float:
    """Return the distance that sets a row apart from the one below it; less where that one's type is larger."""
    return size * (_SMALLER_MIN_GAP if below > _SMALLER_MIN_RATIO * size else _BODY_MIN_GAP)


@dataclass(slots=True)
class MarginBlocks:
    """Blocks at the edges of pages, to be judged when all pages are known."""

    block: list[int] = field(default_factory=list)
    key: list[int] = field(default_factory=list)  # hash of the text, numbers left out
    top: list[bool] = field(default_factory=list)
    numbered: list[bool] = field(default_factory=list)  # nothing but a page number
    seen: Counter[int] = field(default_factory=Counter)

    def add(self, block: int, text: str, *, top: bool) -> None:
        """Add one Block at an edge."""
        plain = _DIGITS.sub("#", " ".join(text.split()))
        key = hash((plain, top))
        self.block.append(block)
        self.key.append(key)
        self.top.append(top)
        self.numbered.append(len(plain) <= NUMBER_MAX_CHARS and bool(_PAGE_NUMBER.fullmatch(plain)))
        self.seen[key] += 1

    def mark(self, blocks: Blocks, pages: int) -> None:
        """Turn Blocks that repeat, or are page numbers, into HEADER or FOOTER Blocks."""
        least = 2 if pages < 6 else 3
        for block, key, top, numbered in zip(self.block, self.key, self.top, self.numbered, strict=True):
            if self.seen[key] >= least or (numbered and pages > 1):
                blocks.kind[block] = BlockKind.HEADER if top else BlockKind.FOOTER
