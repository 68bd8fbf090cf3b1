"""Find the lines and rows above the rows of a table that hold for all of them, by position alone.

These are the lines above the table (its caption, the unit of its amounts), its column heads (rows above the first one with
figures, years aside), and the last row of one cell above a row, which names a group of rows.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from thresher.schemas.document import BlockKind, Document, Table

Range = tuple[int, int]
MAX_ROWS = 6  # rows that head a table
MAX_LINES = 5  # lines above a table that may belong to it
MOST_ABOVE = 400  # code points of these
HEAD_MIN_CELLS = 2  # cells that a row of column heads has at least
GROUPS_MAX_SHARE = 0.25  # share of a table's rows that may name groups
MAX_PAGES = 50  # pages over which a table is followed back to its heads
GROUP_MAX_CHARS = 120  # code points of a row that names a group of rows
FIGURE_MAX_CHARS = 200  # code points of a cell that may be a figure
_FIGURE = re.compile(r"[^\w]*\d[\d.,'’\s]*[%)\]€$£¥*\s]*")
_AMOUNT = re.compile(r"\d[.,]\d")  # a line with one is rather a record than a caption
_YEAR = re.compile(r"(?:19|20)\d\d")


class TableHeads:
    """The heads of one Document's tables; each table is analysed when it is first asked for: use `document.once(TableHeads)`."""

    def __init__(self, document: Document) -> None:
        """Take the Document; nothing is analysed yet."""
        self._document = document
        self._lines: dict[int, list[Range]] = {}  # lines above each table, by where it begins
        self._rows: dict[int, tuple[list[Range], list[Range]]] = {}  # its head rows, and those that name groups
        self._kinds: dict[int, tuple[bytes, bytes]] = {}  # for each of its rows whether it is full, and a group

    def at(self, offset: int) -> list[Range]:
        """Return the ranges that hold for the row at an offset and stand before it, in text order."""
        table = self._document.table_at(offset)
        if table is None:
            return []
        heads, named = self._rows_of(table)
        i = bisect_right(named, (offset, -1)) - 1
        nearest = [named[i]] if i >= 0 and named[i] not in heads else []
        before = [] if heads else self._before(table)
        return [r for r in (*before, *self.above(table), *heads, *nearest) if r[1] <= offset]

    def above(self, table: Table) -> list[Range]:
        """Return the lines above a table that belong to it."""
        first = table.span()[0]
        if first not in self._lines:
            self._lines[first] = self._above(first)
        return self._lines[first]

    def rows(self, table: Table) -> int:
        """Return how many rows head a table."""
        return len(self._rows_of(table)[0])

    def kinds(self, table: Table) -> tuple[bytes, bytes]:
        """Return for each row of a table whether several of its cells are filled, and whether it is a group; looked at once."""
        first = table.start[0] if table.start else 0
        if first not in self._kinds:
            self._kinds[first] = _kinds(self._document, table)
        return self._kinds[first]

    def _rows_of(self, table: Table) -> tuple[list[Range], list[Range]]:
        first = table.span()[0]
        if first not in self._rows:
            self._rows[first] = head_rows(self._document, table), self._group_rows(table)
        return self._rows[first]

    def _group_rows(self, table: Table) -> list[Range]:
        """Return the rows of one cell, in the column of labels, above a row of several: each names a group of rows.

        Where there are many, they are parts of labels, and none is returned.
        """
        full, groups = self.kinds(table)
        rows = [r for r in range(len(table) - 1) if groups[r] and full[r + 1]]
        found = [table.row_range(r) for r in rows] if len(rows) <= GROUPS_MAX_SHARE * len(table) else []
        return [(start, end) for start, end in found if 0 < end - start <= GROUP_MAX_CHARS]

    def _before(self, table: Table) -> list[Range]:
        """Return the heads that hold for a table without its own: those on the nearest earlier page that has heads.

        Empty where there is none.
        """
        chain, document = [table], self._document
        while len(chain) <= MAX_PAGES and (last := self.page_before(chain[-1])) is not None:
            chain.append(last)
            if heads := head_rows(document, last):
                return [*self.above(last), *heads]
        return []

    def page_before(self, table: Table) -> Table | None:
        """Return the table on the page before that a table continues; None where there is none.

        Both have the same number of columns, and only a page's edge is between them.
        """
        document, last = self._document, self.beside(table, -1)
        if last is None or max(last.column) != max(table.column) or len(document.pages) < 1:
            return None
        is_next = document.page_at(table.span()[0]) == (document.page_at(last.span()[1] - 1) or 0) + 1
        return last if is_next else None

    def beside(self, table: Table, by: int) -> Table | None:
        """Return the table before (-1) or after (1) another, if there is little text between."""
        tables, start = self._document.tables, table.span()[0]
        i = bisect_left(tables, start, key=lambda t: t.span()[0]) + by
        other = tables[i] if 0 <= i < len(tables) and len(tables[i]) else None
        if other is None:
            return None
        first, second = sorted((table.span(), other.span()))
        between = self._document.text[first[1] : second[0]]
        return other if between.count("\n") <= MAX_LINES and len(between) <= MOST_ABOVE else None

    def _above(self, offset: int) -> list[Range]:
        """Return the lines directly above a table that belong to it.

        They end at a sentence, a row or an amount, which are left out, or at a heading, which is included.
        """
        text, found, end = self._document.text, list[Range](), offset - 1
        while end > 0 and len(found) < MAX_LINES:
            start = text.rfind("\n", 0, end) + 1
            line = text[start:end].strip()
            is_apart = not line or line[-1] in ".。" or _AMOUNT.search(line) or self._is_row(start, offset)
            if is_apart or offset - start > MOST_ABOVE:
                break
            found.insert(0, (start, end))
            if self._is_heading(start):
                break
            end = start - 1
        return found

    def _is_row(self, start: int, below: int) -> bool:
        """Whether a line has cells, unless it ends one table and heads the one that begins at `below`."""
        table, under = self._document.table_at(start), self._document.table_at(below)
        if table is None or under is None:
            return table is not None or "\t" in self._document.text[start : self._document.text.find("\n", start)]
        row = row_at(table, start)
        heads = filled_cells(table, row) >= HEAD_MIN_CELLS and may_head(
            self._document, table, row, last=row == len(table) - 1
        )
        return not (heads and heads_cover_figures(self._document, (table, [row]), (under, 0)))

    def _is_heading(self, start: int) -> bool:
        blocks = self._document.blocks
        i = bisect_right(blocks.start, start) - 1
        return i >= 0 and blocks.end[i] > start and blocks.kind[i] == BlockKind.HEADING


def _kinds(document: Document, table: Table) -> tuple[bytes, bytes]:
    """Return for each row whether several of its cells are filled, and whether it is a group.

    Most rows have text in their first and last cells: they need no further look.
    """
    text, start, end, full, groups = document.text, table.start, table.end, bytearray(), bytearray()
    for r, (a, behind) in enumerate(pairwise(table.first)):
        z = behind - 1
        filled = z > a and end[a] > start[a] and end[z] > start[z]
        is_usual = filled and not text[start[a]].isspace() and not text[start[z]].isspace()
        full.append(is_usual or filled_cells(table, r) > 1)
        groups.append(not is_usual and is_group(document, table, r))
    return bytes(full), bytes(groups)


def head_rows(document: Document, table: Table) -> list[Range]:
    """Return the ranges of a table's rows that head its columns.

    These are the rows that the reader marked, and below them the rows before the first with figures. Each of the latter
    (but the last, where the reader marked none) has an empty first column or one cell; together all have words above at
    least half of the columns with figures.
    """
    named = min(table.header_rows, len(table))
    most = range(named, min(named + MAX_ROWS, len(table)))
    body = next((r for r in most if _figures(document, table, r)), named)
    more = range(named, body)
    alike = all(may_head(document, table, r, last=r == body - 1 and not named) for r in more)
    if not alike or not more or not heads_cover_figures(document, (table, [*range(body)]), (table, body)):
        body = named
    return [place for r in range(body) if (place := table.row_range(r)) != (0, 0)]


def may_head(document: Document, table: Table, r: int, *, last: bool) -> bool:
    """Return whether a row may head columns.

    It has no figures but years and, unless it is the last such row, no label beside other cells.
    """
    is_labelled = any(column == 0 and text for text, column in _texts(document, table, r))
    return not _figures(document, table, r) and (last or not is_labelled or filled_cells(table, r) == 1)


def heads_cover_figures(document: Document, heads: tuple[Table, Sequence[int]], body: tuple[Table, int]) -> bool:
    """Return whether rows of a table have words above at least half of the columns in which a row has figures."""
    figured = _figures(document, *body)
    worded = {column for r in heads[1] for text, column in _texts(document, heads[0], r) if text}
    return bool(figured) and 2 * len(figured & worded) >= len(figured)


def is_group(document: Document, table: Table, r: int) -> bool:
    """Return whether a row has one cell, in the column of labels, that does not begin with a small letter."""
    label = ""
    for i in range(table.first[r], table.first[r + 1]):
        if text := document.text[table.start[i] : table.end[i]].strip():
            if label or table.column[i] != 0:
                return False
            label = text
    return bool(label) and not label[0].islower()


def row_at(table: Table, offset: int) -> int:
    """Return the row of a table that contains an offset, 0-based."""
    return max(bisect_right(table.first, bisect_right(table.start, offset) - 1) - 1, 0)


def filled_cells(table: Table, r: int) -> int:
    """Return how many cells of row r are not empty."""
    return table.filled(r)


def _figures(document: Document, table: Table, r: int) -> set[int]:
    """Return the columns in which a row has figures other than years."""
    return {column for text, column in _texts(document, table, r) if _is_figure(text)}


def _texts(document: Document, table: Table, r: int) -> Iterator[tuple[str, int]]:
    return ((document.text[start:end].strip(), column) for start, end, column in table.cells(r))


def _is_figure(text: str) -> bool:
    return len(text) <= FIGURE_MAX_CHARS and _FIGURE.fullmatch(text) is not None and _YEAR.fullmatch(text) is None


def context_of(document: Document, ranges: Sequence[Range], start: int) -> list[Range]:
    """Return the heads of the table at an offset that are not within some ranges."""
    return [r for r in document.once(TableHeads).at(start) if not any(a <= r[0] and r[1] <= b for a, b in ranges)]
