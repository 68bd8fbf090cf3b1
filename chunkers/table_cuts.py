"""Decide where a text may be cut at a table, and where not.

A table that takes at most half of a Chunk's budget is not cut, unless its list goes on in the table before or after it,
and stays with the lines above it. In a longer one, a row is not separated from the heads of the table, nor from a row
of one cell above it, which names a group or begins its label.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from thresher.chunkers.table_heads import MOST_ABOVE, TableHeads, row_at
from thresher.schemas.document import Document, Table

NO_CUT = -1  # strength of a cut inside something that should stay whole, less than any other
RUN_MAX_ROWS = 4  # successive rows of one cell that stay with the row below them


class TableCuts:
    """The cuts at one Document's tables."""

    def __init__(
        self, document: Document, heads: TableHeads, records: Sequence[int], is_short: Callable[[str], bool]
    ) -> None:
        """Take the tables.

        `records`: where records begin, sorted; `is_short`: whether a table of that text should stay whole.
        """
        self._document, self._heads, self._records, self._is_short = document, heads, records, is_short
        self._whole: dict[int, bool] = {}
        lines = [([a for a, _ in heads.above(t)] or [t.span()[0]], t) for t in document.tables if len(t)]
        self._leads = {starts[0]: table for starts, table in lines}
        self._led = {start for starts, _ in lines for start in starts[1:]}

    def strength(self, offset: int, own: int, record: int) -> int:
        """Return the strength of the cut before a piece.

        `own` is that by all other rules, `record` that before a record.
        """
        if (table := self._leads.get(offset)) is not None:
            begins = self._holds(*table.span()) and not self._goes_on(table)
            return max(own, record) if begins else own
        table = self._document.table_at(offset)
        if table is None:
            return NO_CUT if offset in self._led else own
        first, last = self._unit(table, offset)
        if offset <= table.span()[0] or self._is_whole(table) or first != offset:
            return NO_CUT
        return max(own, record if self._holds(first, last + 1) else own)

    def _holds(self, start: int, end: int) -> bool:
        """Whether a record begins in a range."""
        i = bisect_left(self._records, start)
        return i < len(self._records) and self._records[i] < end

    def _is_whole(self, table: Table) -> bool:
        """Whether a table must not be cut: it is short, and no list continues in it or after it."""
        start, end = table.span()
        if start not in self._whole:
            below = self._heads.beside(table, 1)
            is_part = self._goes_on(table) or (below is not None and self._goes_on(below))
            self._whole[start] = not is_part and self._is_short(self._document.text[start:end])
        return self._whole[start]

    def _goes_on(self, table: Table) -> bool:
        """Whether a list may continue in a table.

        It has as many columns as the table that ends the page before, or its first row begins no record though others do.
        """
        if not self._records:
            return False
        above = self._heads.beside(table, -1)
        end = above.span()[1] if above else table.span()[0] - MOST_ABOVE
        rows, groups = range(self._heads.rows(table), len(table)), self._heads.kinds(table)[1]
        first = next((r for r in rows if not groups[r]), 0)
        begins = self._holds(end, table.row_range(first)[0] + 1)
        return self._heads.page_before(table) is not None or (not begins and self._holds(*table.span()))

    def _unit(self, table: Table, offset: int) -> tuple[int, int]:
        """Return where the first and the last of the rows begin that must stay with the row at an offset."""
        row = row_at(table, offset)
        heads = self._heads.rows(table)
        if 0 < row <= heads:
            return table.row_range(0)[0], table.row_range(min(heads, len(table) - 1))[0]
        full, groups = self._heads.kinds(table)
        if full[row] and not (row and groups[row - 1]):  # as most rows
            return (start := table.row_range(row)[0]), start
        first, last = self._run(table, row)
        return table.row_range(first)[0], table.row_range(last)[0]

    def _run(self, table: Table, row: int) -> tuple[int, int]:
        """Return the rows of one cell above a row of several, and that row; the row itself where there is no such run."""
        below = range(row, min(row + RUN_MAX_ROWS, len(table)))
        full = self._heads.kinds(table)[0]
        last = next((r for r in below if full[r]), None)
        first = row if last is None else last
        while last is not None and first > 0 and last - first < RUN_MAX_ROWS and self._opens(table, first - 1):
            first -= 1
        return (row, row) if last is None or first > row else (first, last)

    def _opens(self, table: Table, row: int) -> bool:
        """Whether a row names a group or begins a label; where records are known, one must begin with it."""
        if not self._heads.kinds(table)[1][row]:
            return False
        start = table.row_range(row)[0]
        return not self._holds(*table.span()) or self._holds(start, start + 1)
