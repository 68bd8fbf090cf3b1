"""Describe each page of a Document: its rows of text, sizes, codes, and the rows at its edges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median

from thresher.schemas.document import Document

EDGE_ROWS = 5  # rows at the top and at the foot that are searched for running titles and page numbers
_HEAD_LINES = 8
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_CODE = re.compile(r"(?=\w{0,200}\d)[\w/.#-]{5,}")  # numbers of invoices, cases, orders; dates and amounts too


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """One page, as the boundary signals need it."""

    width: float  # points, as displayed
    height: float
    ocr: bool
    rows: tuple[str, ...]  # of text in reading order, none empty
    fonts: frozenset[str]  # names; empty where unknown
    words: tuple[str, ...]  # in lower case, with repetitions
    codes: frozenset[str]  # tokens with digits
    size: float  # median height of its printed lines in points; 0 where there are none
    head: float  # height of the tallest of its first lines, in points
    row_length: float  # mean characters of a row, at least 1
    left: float  # left edge of its text, as a share of the width
    bottom: float  # bottom edge of its text, as a share of the height; 0 where there is none

    @property
    def top_rows(self) -> tuple[str, ...]:
        """Return the rows where a running title may stand."""
        return self.rows[:EDGE_ROWS]

    @property
    def foot_rows(self) -> tuple[str, ...]:
        """Return the rows where a running foot may stand."""
        return self.rows[-EDGE_ROWS:]


def page_views(document: Document) -> list[PageView]:
    """Return a view of each page of a Document, in order."""
    pages, first_line = document.pages, 0
    ends = [*pages.start[1:], len(document.text)]
    views = []
    for i, (start, end) in enumerate(zip(pages.start, ends, strict=True)):
        last_line = first_line
        while last_line < len(document.lines) and document.lines.start[last_line] < end:
            last_line += 1
        views.append(_view(document, i, document.text[start:end], range(first_line, last_line)))
        first_line = last_line
    return views


def _view(document: Document, index: int, text: str, lines: range) -> PageView:
    pages, box = document.pages, document.lines.box
    width, height = max(pages.width[index], 1.0), max(pages.height[index], 1.0)
    lefts = [box[4 * i] for i in lines]
    heights = [box[4 * i + 3] - box[4 * i + 1] for i in lines]
    rows = tuple(row for line in text.split("\n") if (row := line.strip()))
    return PageView(
        width=width,
        height=height,
        ocr=bool(pages.ocr[index]),
        rows=rows,
        fonts=frozenset(pages.fonts[index].split("|")) - {""} if index < len(pages.fonts) else frozenset(),
        words=tuple(_WORD.findall(text.lower())),
        codes=frozenset(_CODE.findall(text)),
        size=median(heights) if heights else 0.0,
        head=max(heights[:_HEAD_LINES], default=0.0),
        row_length=max(sum(map(len, rows)) / max(len(rows), 1), 1.0),
        left=median(lefts) / width if lefts else 0.0,
        bottom=max((box[4 * i + 3] for i in lines), default=0.0) / height,
    )


def masked(row: str) -> str:
    """Replace the numbers of a row by "#" and normalise its spaces, so that running titles of all pages are equal.

    >>> masked("Page 3 of  12")
    'page # of #'
    """
    return _DIGITS.sub("#", " ".join(row.lower().split()))
