"""Headers and footers: rows at the edge of pages that repeat from page to page."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from schemas.document import BlockKind, Blocks
from service.readers.pdf.rows import Row

_ZONE = 0.12  # of the page's height: where a header or footer may stand
_MOST = 3  # rows
_APART = 0.5  # in font sizes: least distance from the body
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[\s\-–—|]*(?:page|seite|p\.)?[\s\-–—]*(?:#|[ivxl]{1,6})(?:\s*(?:of|/|von|de)\s*#)?[\s\-–—|]*", re.IGNORECASE
)


def peel(rows: list[Row], height: float) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows (top to bottom) at the top edge, in the body, at the bottom edge."""
    a, b = _edge(rows, height), len(rows)
    mirrored = [Row(r.segments, r.x0, height - r.y1, r.x1, height - r.y0) for r in rows[: a - 1 if a else None : -1]]
    b -= _edge(mirrored, height)
    return rows[:a], rows[a:b], rows[b:]


def _edge(rows: list[Row], height: float) -> int:
    """How many rows from the edge stand apart from the rest."""
    best = 0
    for i in range(min(_MOST, len(rows))):
        if rows[i].y1 > _ZONE * height:
            break
        apart = best == i if i + 1 == len(rows) else rows[i + 1].y0 - rows[i].y1 > _APART * rows[i].size
        if apart:
            best = i + 1
    return best


@dataclass(slots=True)
class Margins:
    """What stood at the edges of the pages, to be judged when all pages are known."""

    block: list[int] = field(default_factory=list)
    key: list[int] = field(default_factory=list)  # hash of the text, numbers left out
    top: list[bool] = field(default_factory=list)
    numbered: list[bool] = field(default_factory=list)  # nothing but a page number
    seen: Counter[int] = field(default_factory=Counter)

    def add(self, block: int, text: str, *, top: bool) -> None:
        """Remember one Block at an edge."""
        plain = _DIGITS.sub("#", " ".join(text.split()))
        key = hash((plain, top))
        self.block.append(block)
        self.key.append(key)
        self.top.append(top)
        self.numbered.append(bool(_PAGE_NUMBER.fullmatch(plain)))
        self.seen[key] += 1

    def mark(self, blocks: Blocks, pages: int) -> None:
        """Make those that repeat HEADER or FOOTER Blocks."""
        least = 2 if pages < 6 else 3
        for block, key, top, numbered in zip(self.block, self.key, self.top, self.numbered, strict=True):
            if self.seen[key] >= least or (numbered and pages > 1):
                blocks.kind[block] = BlockKind.HEADER if top else BlockKind.FOOTER
