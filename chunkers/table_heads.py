"""Table heads: what stands above the rows of a table and holds for all of them, told by place alone.

These are the lines above the table (its caption, the unit of its amounts), its column heads (rows above the first one whose
cells are mostly figures), and the last row of one cell above a row, which names a group of rows.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from schemas.document import BlockKind, Document, Table

Range = tuple[int, int]
MOST_ROWS = 6  # rows that head a table
MOST_LINES = 5  # lines above a table that say something of it
MOST_ABOVE = 400  # code points of these
FEWEST_CELLS = 2  # cells that a row of column heads has at least
MOST_PAGES = 50  # over which a table is followed back to its heads
MOST_GROUP = 120  # code points of a row that names a group of rows
_FIGURE = re.compile(r"[^\w]*\d[\d.,'’\s]*[^\w]*")
_YEAR = re.compile(r"(?:19|20)\d\d")


class TableHeads:
    """The heads of one Document's tables; each table is looked at when it is first asked about."""

    def __init__(self, document: Document) -> None:
        """Nothing is looked at yet."""
        self._document = document
        self._lines: dict[int, list[Range]] = {}  # above each table, by where it begins
        self._rows: dict[int, tuple[list[Range], list[Range]]] = {}  # its head rows, and those that name groups

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
        """Return the lines above a table that say something of it."""
        first = table.span()[0]
        if first not in self._lines:
            self._lines[first] = self._above(first)
        return self._lines[first]

    def rows(self, table: Table) -> int:
        """Return how many rows head a table."""
        return len(self._rows_of(table)[0])

    def _rows_of(self, table: Table) -> tuple[list[Range], list[Range]]:
        first = table.span()[0]
        if first not in self._rows:
            self._rows[first] = head_rows(self._document, table), groups(table)
        return self._rows[first]

    def _before(self, table: Table) -> list[Range]:
        """The heads of the table on the page before, where a table without its own goes on with it: as many columns, little between."""
        chain, document = [table], self._document
        while len(chain) <= MOST_PAGES and (last := self._page_before(chain[-1])) is not None:
            chain.append(last)
            if heads := head_rows(document, last):
                return [*self.above(last), *heads]
        return []

    def _page_before(self, table: Table) -> Table | None:
        """The table that ends a page, where another with as many columns and nothing but a page's edge between begins the next."""
        document, start = self._document, table.span()[0]
        i = bisect_left(document.tables, start, key=lambda t: t.span()[0]) - 1
        last = document.tables[i] if i >= 0 and len(document.tables[i]) else None
        if last is None or max(last.column) != max(table.column) or len(document.pages) < 1:
            return None
        end = last.span()[1]
        is_next = document.page_at(start) == (document.page_at(end - 1) or 0) + 1
        between = document.text[end:start]
        return last if is_next and between.count("\n") <= MOST_LINES and len(between) <= MOST_ABOVE else None

    def _above(self, offset: int) -> list[Range]:
        """The lines directly above a table, up to a sentence's end, a row of figures or a heading, which is the first of them."""
        text, found, end = self._document.text, list[Range](), offset - 1
        while end > 0 and len(found) < MOST_LINES:
            start = text.rfind("\n", 0, end) + 1
            line = text[start:end].strip()
            is_apart = not line or line[-1] in ".。" or self._is_row(start)
            if is_apart or offset - start > MOST_ABOVE:
                break
            found.insert(0, (start, end))
            if self._is_heading(start):
                break
            end = start - 1
        return found

    def _is_row(self, start: int) -> bool:
        """Whether a line is a row of a table, and not one that ends it and heads the next."""
        table = self._document.table_at(start)
        if table is None:
            return False
        row = row_at(table, start)
        return filled(table, row) < FEWEST_CELLS or _is_body(self._document, table, row)

    def _is_heading(self, start: int) -> bool:
        blocks = self._document.blocks
        i = bisect_right(blocks.start, start) - 1
        return i >= 0 and blocks.end[i] > start and blocks.kind[i] == BlockKind.HEADING


def head_rows(document: Document, table: Table) -> list[Range]:
    """Return the ranges of a table's rows that head its columns: those the reader names, and those down to the first figures.

    Where the reader names some, a further one leaves the column of labels empty.
    """
    named = min(table.header_rows, len(table))
    body = next((r for r in range(named, min(named + MOST_ROWS, len(table))) if _is_body(document, table, r)), named)
    if named:
        body = next((r for r in range(named, body) if _is_labelled(document, table, r)), body)
    return [place for r in range(body) if (place := table.row_range(r)) != (0, 0)]


def groups(table: Table) -> list[Range]:
    """Return the rows of one cell that stand above a row of several: each names a group, or its text goes on below."""
    rows = range(len(table) - 1)
    found = (table.row_range(r) for r in rows if filled(table, r) == 1 and filled(table, r + 1) > 1)
    return [(start, end) for start, end in found if 0 < end - start <= MOST_GROUP]


def row_at(table: Table, offset: int) -> int:
    """Return the row of a table that holds an offset, 0-based."""
    return max(bisect_right(table.first, bisect_right(table.start, offset) - 1) - 1, 0)


def filled(table: Table, r: int) -> int:
    """Return how many cells of row r hold anything."""
    return sum(end > start for start, end, _ in table.cells(r))


def _is_body(document: Document, table: Table, r: int) -> bool:
    """Whether at least half of a row's cells beside its label are figures, years aside."""
    cells = [text for text, column in _texts(document, table, r) if column > 0 and any(c.isalnum() for c in text)]
    return bool(cells) and 2 * sum(map(_is_figure, cells)) >= len(cells)


def _is_labelled(document: Document, table: Table, r: int) -> bool:
    return any(column == 0 and text for text, column in _texts(document, table, r))


def _texts(document: Document, table: Table, r: int) -> Iterator[tuple[str, int]]:
    return ((document.text[start:end].strip(), column) for start, end, column in table.cells(r))


def _is_figure(text: str) -> bool:
    return _FIGURE.fullmatch(text) is not None and _YEAR.fullmatch(text) is None


def context_of(document: Document, ranges: Sequence[Range], start: int) -> list[Range]:
    """Return the heads of the table at an offset that are not among some ranges yet."""
    return [r for r in TableHeads(document).at(start) if not any(a <= r[0] and r[1] <= b for a, b in ranges)]
