"""Group rows outside tables into paragraphs, headings and list items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from thresher.schemas.document import BlockKind
from thresher.service.layout.rows import Row

ITEM = re.compile(r"^(?:[•·●○▪■◦*–-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+\S", re.IGNORECASE)
HEADING_MIN_HEIGHT = 1.3  # in heights of the page's ordinary words
TITLE_MIN_HEIGHT = 1.7  # the same, for a heading of level 1
HEADING_MAX_CHARS = 90


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Rows of one Block."""

    rows: tuple[Row, ...]
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0


def body_height(rows: list[Row]) -> float:
    """Return the height of the page's ordinary words: a median over rows weighted by their characters."""
    heights = sorted((row.height, len(row.text)) for row in rows)
    half, total = sum(size for _, size in heights) / 2, 0
    for height, size in heights:
        total += size
        if total >= half:
            return height
    return 0.0


def paragraphs_of(rows: list[Row], body: float) -> list[Paragraph]:
    """Return the Blocks of consecutive rows, from top to bottom."""
    groups: list[list[Row]] = []
    pitch = _pitch(rows)
    for row in rows:
        if groups and _goes_on(groups[-1], row, pitch):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_paragraph(group, body) for group in groups]


def _pitch(rows: list[Row]) -> float:
    """Return the median distance between neighbouring rows, middle to middle; 0 for fewer than two."""
    steps = [b.cells[0].middle - a.cells[0].middle for a, b in pairwise(rows)]
    return median(steps) if steps else 0.0


def _goes_on(group: list[Row], row: Row, pitch: float) -> bool:
    """Whether a row belongs to the same paragraph as the rows above it."""
    before = group[-1]
    if ITEM.match(row.text):
        return False
    step = row.cells[0].middle - before.cells[0].middle
    alike = 0.75 < row.height / max(before.height, 1e-6) < 1 / 0.75
    return alike and step < max(1.35 * pitch, 1.2 * before.height) and step < 3.5 * max(before.height, row.height)


def _paragraph(group: list[Row], body: float) -> Paragraph:
    """Return rows as a heading, a list item or a paragraph."""
    rows = tuple(group)
    text = "\n".join(row.text for row in rows)
    height = median(row.height for row in rows)
    letters = sum(c.isalpha() for c in text)
    if (
        len(text) <= HEADING_MAX_CHARS
        and len(rows) <= 3
        and height > HEADING_MIN_HEIGHT * body
        and letters > len(text) / 2
    ):
        return Paragraph(rows, BlockKind.HEADING, 1 if height > TITLE_MIN_HEIGHT * body else 2)
    if ITEM.match(text):
        return Paragraph(rows, BlockKind.LIST_ITEM, 1)
    return Paragraph(rows)
