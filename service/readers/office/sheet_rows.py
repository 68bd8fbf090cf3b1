"""Write sheets of any spreadsheet format into the builder, row by row, with true row and column numbers."""

from __future__ import annotations

from typing import NamedTuple

from thresher.schemas.document import BlockKind, DocumentBuilder, Table
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits

_GAP_MAX_CELLS = 20  # empty cells written as such; a longer gap becomes one tab (column numbers stay true)
_HEADER_SAMPLE_ROWS = 12  # rows that are searched for column names


class Cell(NamedTuple):
    """One filled cell."""

    column: int  # 0-based
    text: str
    is_value: bool = False  # a number, date or truth value, not text


class SheetWriter:
    """Writes one sheet's Table, row by row; it keeps only the text and the offsets of cells."""

    def __init__(self, builder: DocumentBuilder, name: str, limits: Limits) -> None:
        """Begin a sheet; its name labels the part, and is a heading once there are rows."""
        self.builder, self.limits = builder, limits
        self.table = Table(name=name, is_sheet=True)
        self._first: list[tuple[int, bool]] = []  # of the first rows: count of filled cells, and whether one is a value
        self._start = 0
        builder.part(name)

    def row(self, number: int, cells: list[Cell]) -> None:
        """Append one row by its 1-based number; a row without text is left out."""
        cells = [Cell(c.column, " ".join(c.text.split()), c.is_value) for c in cells]
        filled = [c for c in cells if c.text]
        if not filled:
            return
        if self.builder.length > self.limits.characters:
            raise InputProblem("too_large", f"more than {self.limits.characters} characters of text")
        if not len(self.table):
            self.builder.block(self.table.name or "", BlockKind.HEADING, 1)
        self.builder.newline()
        if not len(self.table):
            self._start = self.builder.length
        self._write(number, filled)
        if len(self._first) < _HEADER_SAMPLE_ROWS:
            self._first.append((len(filled), any(c.is_value for c in filled)))

    def _write(self, number: int, filled: list[Cell]) -> None:
        pieces, ranges, at, last = [], [], self.builder.length, -1
        for cell in filled:
            gap = range(last + 1, cell.column) if cell.column - last - 1 <= _GAP_MAX_CELLS else range(0)
            for column in gap:
                ranges.append((at, at, column))
                pieces.append("\t")
                at += 1
            if not gap and cell.column - last > 1:
                pieces.append("\t")
                at += 1
            ranges.append((at, at + len(cell.text), cell.column))
            pieces += [cell.text, "\t"]
            at += len(cell.text) + 1
            last = cell.column
        self.table.add_row(ranges, number)
        self.builder.write("".join(pieces[:-1]))

    def close(self) -> int:
        """End the sheet and return its number of rows."""
        if len(self.table):
            self.table.header_rows = header_rows(self._first)
            self.builder.document.tables.append(self.table)
            self.builder.document.blocks.add(self._start, self.builder.length, BlockKind.TABLE)
        return len(self.table)


def header_rows(first: list[tuple[int, bool]]) -> int:
    """Return the number of rows up to the column names: the first row of two or more texts with a row as wide below.

    >>> header_rows([(1, False), (4, False), (4, True), (4, True)]), header_rows([(2, True), (2, True)])
    (2, 0)
    """
    widest = max((cells for cells, _ in first), default=0)
    for i, (cells, has_value) in enumerate(first[:-1]):
        below, values_below = first[i + 1]
        if cells >= 2 and not has_value and 2 * cells > widest and (values_below or below >= cells):
            return i + 1
        if has_value and cells > 2:
            return 0
    return 0
