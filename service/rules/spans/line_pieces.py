"""Split printed lines into pieces, and find the pieces left of and above each, with or without boxes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from thresher.schemas.document import Box, Document

GAP_MAX_LINE_HEIGHTS = 1.1  # line heights; a wider gap between words separates two pieces
WIDE_ROW_PIECES = 40  # pieces; a wider row is searched by position
ROWS_ABOVE = 6  # rows searched above for a label
CHAR_POINTS, LINE_POINTS = 6.0, 12.0  # points; assumed size of a character and a line without boxes
_CUT = re.compile(r"\t+| {3,}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words of one printed line without a wide gap: `[start, end)`, its page, row and box."""

    start: int
    end: int
    page: int  # 1-based in its Document, even if that is part of a file; 1 where the format has no pages
    box: Box
    row: int = 0  # 0-based, down the whole text
    column: int = 0  # 0-based, from the left of its row

    @property
    def height(self) -> float:
        """Return the height in points, at least 1."""
        return max(self.box[3] - self.box[1], 1.0)

    @property
    def middle(self) -> float:
        """Return the vertical position of the middle on the page, in points."""
        return (self.box[1] + self.box[3]) / 2


@dataclass(slots=True)
class Layout:
    """The pieces of a range of a Document, in text order, and their rows."""

    document: Document
    start: int
    end: int
    pieces: list[Piece] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)  # indices of pieces, left to right
    starts: list[int] = field(default_factory=list)
    memory: dict[Any, Any] = field(default_factory=dict)  # results shared by all fields, by the name of their user

    @property
    def text(self) -> str:
        """Return the Document's full text."""
        return self.document.text

    def words(self, i: int) -> str:
        """Return the text of piece i."""
        return self.text[self.pieces[i].start : self.pieces[i].end]

    def text_of(self, i: int, chars: int) -> str:
        """Return the first characters of piece i, or the last ones where `chars` is negative."""
        start, end = self.pieces[i].start, self.pieces[i].end
        return self.text[start : min(end, start + chars)] if chars > 0 else self.text[max(start, end + chars) : end]

    def at(self, offset: int) -> int:
        """Return the index of the piece at a character, or of the last piece before it; -1 before the first."""
        return bisect_right(self.starts, offset) - 1

    def left(self, i: int) -> Iterator[int]:
        """Yield the pieces of the same row to the left, nearest first."""
        row = self.rows[self.pieces[i].row]
        yield from (row[c] for c in range(self.pieces[i].column - 1, -1, -1))

    def right(self, i: int) -> Iterator[int]:
        """Yield the pieces of the same row to the right, nearest first."""
        row = self.rows[self.pieces[i].row]
        yield from (row[c] for c in range(self.pieces[i].column + 1, len(row)))

    def above(self, i: int, rows: int = ROWS_ABOVE) -> Iterator[int]:
        """Yield the pieces above this one, nearest first, at most one a row."""
        here = self.pieces[i]
        for r in range(here.row - 1, max(here.row - 1 - rows, -1), -1):
            over = [j for j in self._near(r, here) if _overlap(self.pieces[j], here)]
            if self.rows[r] and self.pieces[self.rows[r][0]].page != here.page:
                return
            if over:
                yield max(over, key=lambda j: _overlap(self.pieces[j], here))

    def _near(self, r: int, here: Piece) -> list[int]:
        """Return the pieces of row r that may stand above or below a piece: of a wide row only those about there."""
        row = self.rows[r]
        if len(row) <= WIDE_ROW_PIECES:
            return row
        if ("sides", r) not in self.memory:
            boxes = [self.pieces[j].box for j in row]
            self.memory["sides", r] = [b[0] for b in boxes], list(accumulate((b[2] for b in boxes), max))
        lefts, reach = self.memory["sides", r]
        return row[bisect_right(reach, here.box[0]) : bisect_left(lefts, here.box[2])]


def last_column(layout: Layout, row: int, pattern: re.Pattern[str]) -> int:
    """Return the column of the last piece of a row that a pattern occurs in, -1 without one; searched once."""
    key = ("last column", row, pattern)
    if key not in layout.memory:
        found = (c for c, i in enumerate(layout.rows[row]) if pattern.search(layout.words(i)))
        layout.memory[key] = max(found, default=-1)
    column: int = layout.memory[key]
    return column


def _overlap(a: Piece, b: Piece) -> float:
    if a.page != b.page:
        return 0.0
    return max(0.0, min(a.box[2], b.box[2]) - max(a.box[0], b.box[0]))


def lay_out(document: Document, start: int, end: int) -> Layout:
    """Return the Layout of `[start, end)` of a Document."""
    pieces = list(
        _pieces_with_boxes(document, start, end)
        if _has_boxes(document, start, end)
        else _pieces_without_boxes(document, start, end)
    )
    layout = Layout(document, start, end)
    layout.pieces = _in_rows(pieces, layout.rows)
    layout.starts = [p.start for p in layout.pieces]
    return layout


def _has_boxes(document: Document, start: int, end: int) -> bool:
    lines = document.lines
    i = bisect_left(lines.start, start)
    return i < len(lines) and lines.start[i] < end


def _pieces_with_boxes(document: Document, start: int, end: int) -> Iterator[Piece]:
    lines = document.lines
    for i in range(bisect_left(lines.end, start + 1), len(lines)):
        if lines.start[i] >= end:
            return
        x0, y0, x1, y1 = lines.box[4 * i : 4 * i + 4]
        for a, b, left, right in _runs(document, i, (x0, x1), GAP_MAX_LINE_HEIGHTS * max(y1 - y0, 1.0)):
            if a >= start and b <= end:
                yield Piece(a, b, lines.page[i] - document.pages.first + 1, (left, y0, right, y1))


def _runs(
    document: Document, line: int, sides: tuple[float, float], gap: float
) -> Iterator[tuple[int, int, float, float]]:
    words, start, end = document.words, document.lines.start[line], document.lines.end[line]
    first, last = bisect_left(words.start, start), bisect_left(words.start, end)
    if last - first < 2:
        yield from _cut(document.text, start, end, sides)
        return
    begin = first
    for w in range(first + 1, last + 1):
        if w == last or words.x0[w] - words.x1[w - 1] > gap or "\t" in document.text[words.end[w - 1] : words.start[w]]:
            yield words.start[begin], words.end[w - 1], words.x0[begin], words.x1[w - 1]
            begin = w


def _cut(text: str, start: int, end: int, sides: tuple[float, float]) -> Iterator[tuple[int, int, float, float]]:
    width = (sides[1] - sides[0]) / max(end - start, 1)
    for a, b in _parts(text, start, end):
        yield a, b, sides[0] + (a - start) * width, sides[0] + (b - start) * width


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for cut in [*_CUT.finditer(text, start, end), None]:
        stop = cut.start() if cut else end
        body = text[at:stop]
        if body.strip():
            yield at + len(body) - len(body.lstrip()), at + len(body.rstrip())
        at = cut.end() if cut else end


def _pieces_without_boxes(document: Document, start: int, end: int) -> Iterator[Piece]:
    at = start
    for number, line in enumerate(document.text[start:end].split("\n")):
        top, tabs, counted = number * LINE_POINTS, 0, at
        for a, b in _parts(document.text, at, at + len(line)):
            tabs, counted = tabs + document.text.count("\t", counted, a), a
            left = tabs * 40 * CHAR_POINTS if tabs else (a - at) * CHAR_POINTS
            page = (document.page_at(a) or document.pages.first) - document.pages.first + 1
            yield Piece(a, b, page, (left, top, left + (b - a) * CHAR_POINTS, top + LINE_POINTS))
        at += len(line) + 1


def _in_rows(pieces: list[Piece], rows: list[list[int]]) -> list[Piece]:
    order = sorted(range(len(pieces)), key=lambda i: (pieces[i].page, pieces[i].middle))
    head: Piece | None = None
    for i in order:
        p = pieces[i]
        if head is None or p.page != head.page or p.middle - head.middle > 0.5 * min(p.height, head.height):
            rows.append([])
            head = p
        rows[-1].append(i)
    for row in rows:
        row.sort(key=lambda i: pieces[i].box[0])
    places = {i: (r, c) for r, row in enumerate(rows) for c, i in enumerate(row)}
    return [Piece(p.start, p.end, p.page, p.box, *places[i]) for i, p in enumerate(pieces)]
