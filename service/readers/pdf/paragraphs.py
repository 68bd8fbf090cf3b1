"""Rows of running text into paragraphs, headings and list items."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from schemas.document import BlockKind
from service.readers.pdf.rows import Row

_MARKER = re.compile(r"(?:[•●○◦▪■□‣⁃∙·➢✓–—*-]\s+|\(?(?:[0-9]{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s+)(?=\S)")
_NUMBERED = re.compile(
    r"(?:(?:ARTICLE|SECTION|CHAPTER|PART|Article|Section|Chapter|Part|§)\s*[0-9IVX]+|[0-9]{1,2}(?:\.[0-9]{1,2})*\.?\s+[A-Z])"
)
_LETTERS = re.compile(r"(?:[^\W\d_].*?){3}")
_SENTENCE_END = (".", ":", ";", "?", "!")
_LONGEST_HEADING = 120  # characters


@dataclass(slots=True)
class Paragraph:
    """Rows that belong together, and what they are."""

    rows: list[Row]
    kind: BlockKind = BlockKind.PARAGRAPH
    size: float = 0.0
    bold: bool = False


@dataclass(slots=True)
class Style:
    """What the paragraph rules may ask about a page."""

    text: Callable[[Row], str]
    bold: Callable[[Row], bool]
    body: float  # font size of most rows


def paragraphs_of(rows: list[Row], style: Style) -> list[Paragraph]:
    """Group the rows of one column."""
    if not rows:
        return []
    right = max(r.x1 for r in rows)
    leading = _leading(rows)
    texts = [style.text(r) for r in rows]
    found = [Paragraph([rows[0]])]
    starts = [0]
    for i in range(1, len(rows)):
        if _breaks(rows[i - 1], rows[i], leading, right) or _turns(texts[i - 1], texts[i], rows[i - 1], right):
            found.append(Paragraph([]))
            starts.append(i)
        found[-1].rows.append(rows[i])
    for paragraph, start in zip(found, starts, strict=True):
        _classify(paragraph, texts[start], style)
    return found


def _leading(rows: list[Row]) -> float:
    """Usual distance between the tops of neighbouring rows."""
    steps = [b.y0 - a.y0 for a, b in pairwise(rows) if b.y0 > a.y0]
    return median(steps) if steps else 0.0


def _breaks(above: Row, below: Row, leading: float, right: float) -> bool:
    """Whether the places of two rows say that a new paragraph begins."""
    size = max(above.y1 - above.y0, 1.0)
    other = max(below.y1 - below.y0, 1.0)
    gap = below.y0 - above.y1
    if gap > 0.9 * size or gap < -size:
        return True
    if below.y0 - above.y0 > 1.25 * leading and gap > 0.35 * size:
        return True
    if not 0.83 < other / size < 1.2:
        return True
    return below.x0 > above.x0 + size and above.x1 < right - 3 * size


def _turns(above: str, below: str, row: Row, right: float) -> bool:
    """Whether the words of two rows say that a new paragraph begins."""
    if _MARKER.match(below):
        return True
    short = row.x1 < right - 0.2 * (right - row.x0)
    return short and above.endswith(_SENTENCE_END)


def _classify(paragraph: Paragraph, text: str, style: Style) -> None:
    rows = paragraph.rows
    paragraph.size = median(r.y1 - r.y0 for r in rows)
    if len(rows) <= 3 and _is_heading(paragraph, text, style):
        paragraph.kind = BlockKind.HEADING
    elif _MARKER.match(text):
        paragraph.kind = BlockKind.LIST_ITEM


def _is_heading(paragraph: Paragraph, text: str, style: Style) -> bool:
    if len(text) > _LONGEST_HEADING or text.endswith((",", ";")) or _LETTERS.search(text) is None:
        return False
    if paragraph.size > 1.17 * style.body:
        return True
    if text.endswith(".") and not _NUMBERED.match(text):
        return False
    paragraph.bold = all(style.bold(r) for r in paragraph.rows)
    if paragraph.bold:
        return True
    return len(paragraph.rows) == 1 and bool(_NUMBERED.match(text)) and len(text) < 80 and text.isupper()
