"""Find tables: runs of rows whose cells are in the same columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from thresher.service.layout.rows import Row

NUMBER_MAX_CHARS = 200  # code points of a cell that may be a number
NUMBER = re.compile(r"^[^\w]*[A-Za-z]{0,3}[^\w]*\d[\d.,\s:/%-]*[A-Za-z%]{0,3}\W*$")
MIN_ROWS = 3  # with two cells or more

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: rows `[first, last)` of the region, and its columns' x ranges from left to right."""

    first: int
    last: int
    columns: tuple[Span, ...]

    def column(self, x0: float, x1: float) -> int:
        """Return the 0-based column of a cell."""
        shared = [min(x1, b) - max(x0, a) for a, b in self.columns]
        return shared.index(max(shared))


def tables_of(rows: list[Row]) -> list[Grid]:
    """Return the tables of one region, from top to bottom, not overlapping."""
    found: list[Grid] = []
    at = 0
    while at < len(rows):
        grid = _grow(rows, at) if len(rows[at].cells) > 1 else None
        if grid is not None and _is_table(rows[grid.first : grid.last], grid):
            found.append(grid)
            at = grid.last
        else:
            at += 1
    return found


def _grow(rows: list[Row], first: int) -> Grid:
    """Return the longest run of rows from `first` whose columns stay apart."""
    columns, last = column_spans([rows[first]]), first + 1
    for end in range(first + 1, len(rows)):
        row = rows[end]
        if row.box[1] - rows[end - 1].box[3] > 2.5 * row.height:
            break
        wider = column_spans(rows[first : end + 1])
        if len(wider) < max(len(columns), 2) or (len(row.cells) == 1 and _bridges(row, columns)):
            break
        if not _are_apart(row, wider):
            break
        columns = wider
        if len(row.cells) > 1:
            last = end + 1
    return Grid(first, last, tuple(column_spans(rows[first:last])))


def column_spans(rows: list[Row]) -> list[Span]:
    """Return the x ranges that cells cover together, from left to right, not overlapping."""
    spans: list[Span] = []
    for x0, x1 in sorted((cell.box[0], cell.box[2]) for row in rows for cell in row.cells):
        if spans and x0 < spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], x1)
        else:
            spans.append((x0, x1))
    return spans


def _are_apart(row: Row, columns: list[Span]) -> bool:
    """Whether each cell of a row is in a column of its own: two amounts in one cell would be one."""
    grid = Grid(0, 1, tuple(columns))
    return len({grid.column(cell.box[0], cell.box[2]) for cell in row.cells}) == len(row.cells)


def _bridges(row: Row, columns: list[Span]) -> bool:
    """Whether a row covers no column, or more than one."""
    x0, _, x1, _ = row.box
    return sum(min(x1, b) > max(x0, a) for a, b in columns) != 1


def _is_table(rows: list[Row], grid: Grid) -> bool:
    """Whether a grid is filled well enough, or ends in enough numbers, to be a table."""
    full = [row for row in rows if len(row.cells) > 1]
    if len(grid.columns) < 2 or len(full) < (MIN_ROWS if len(grid.columns) == 2 else MIN_ROWS - 1):
        return False
    if len(grid.columns) > 2:
        return sum(len(row.cells) for row in full) >= 0.55 * len(full) * len(grid.columns)
    return sum(is_number(row.cells[-1].text) for row in full) >= 0.6 * len(full)


def is_number(text: str) -> bool:
    """Whether a cell is an amount, a count or a date: digits with little around them.

    >>> [is_number(text) for text in ("RM 12.50", "6%", "7 January", "Total")]
    [True, True, False, False]
    """
    return len(text) <= NUMBER_MAX_CHARS and NUMBER.match(text) is not None


def header_rows(rows: list[list[str]]) -> int:
    """Return 1 where the first row is words over numbers, else 0."""
    if len(rows) < 2 or any(is_number(cell) for cell in rows[0]) or sum(map(bool, rows[0])) < 2:
        return 0
    below = [cell for row in rows[1:] for cell in row if cell]
    return int(sum(map(is_number, below)) >= 0.25 * len(below))
