"""Records of statements, claims and registers, set in columns or in sentences.

A record begins where its key stands (a date, the number of a claim or a folio) and goes on until the next one begins;
furniture in between is stepped over. What stands before the first beginning is the rest of a record whose beginning
is not shown: it is told with null for what can not be seen.
"""

from __future__ import annotations

import re

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.nouns import Column
from tests.simulation.reader.cells import Cell, cells, is_known, read_count, read_date, read_sum
from tests.simulation.reader.furniture import is_furniture
from tests.simulation.reader.records import Record, Scalar, some
from tests.simulation.reader.sentences import has_phrase, is_begun, is_whole, read_rest, read_sentence

MONEY = frozenset({"money", "signed"})
_BLANKS = re.compile(r"\s+")


def table_records(text: str, kind: str) -> list[Record]:
    """All records shown in a text, in its order."""
    return _Tables(kind).read(text)


class _Tables:
    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._columns = KINDS[kind].columns
        self._key = KINDS[kind].key
        self._text = KINDS[kind].wrapped
        self._found: list[Record | None] = []
        self._open: Record | None = None  # the record that a further line may belong to
        self._prose = False  # whether that record is a sentence
        self._refused = False  # inside a paragraph that is none

    def read(self, text: str) -> list[Record]:
        for line in text.split("\n"):
            bare = line.strip()
            if not bare or is_furniture(line):
                self._refused = False
            elif is_begun(self._kind, bare):
                self._begin(Record(lines=[line]), prose=True)
            elif (found := cells(line, self._kind)) and self._has_key(found):
                self._begin(Record(lines=[line]), prose=False)
                self._assign(found)
            elif not self._refused:
                self._go_on(line, found)
        self._close()
        return some(self._found)

    def _begin(self, record: Record, *, prose: bool) -> None:
        self._close()
        self._open, self._prose, self._refused = record, prose, False

    def _close(self) -> None:
        if self._open is not None and self._prose:
            self._open.values = self._told(self._open)
        self._found.append(self._open)
        self._open = None

    def _go_on(self, line: str, found: list[Cell]) -> None:
        """A line that begins nothing: it goes on with the open record, or is the rest of one that is not shown."""
        first = self._open is None and not self._found
        if self._open is None and not first:
            self._refused = True
        elif first and has_phrase(self._kind, line):
            self._open, self._prose = Record(lines=[line]), True
        elif self._prose and self._open is not None:
            self._refused = is_whole(self._kind, _flat(self._open))
            if not self._refused:
                self._open.lines.append(line)
        elif all(c.kind != "text" or (is_known(c.text) and not c.text.endswith(".")) for c in found):
            self._open = self._open or Record()
            self._open.lines.append(line)
            self._assign(found)
        else:
            self._refused = True

    def _has_key(self, found: list[Cell]) -> bool:
        kind = next(c.kind for c in self._columns if c.name == self._key)
        return any(c.kind == kind for c in found)

    def _told(self, record: Record) -> dict[str, Scalar]:
        text = _flat(record)
        begun = is_begun(self._kind, text)
        said = read_sentence(self._kind, text) if begun else read_rest(self._kind, text)
        columns = {c.name: c for c in self._columns}
        return {name: _value(columns[name].kind, shown) for name, shown in said.items()}

    def _assign(self, found: list[Cell]) -> None:
        """Give each cell of a line its column: equal kinds in the target's order, text that goes on to the wrapped one."""
        assert self._open is not None
        values = self._open.values
        rest = self._key not in values and not self._has_key(found)
        sums = [c for c in found if c.kind in MONEY]
        for cell in found:
            column = self._column(cell, values, rest=rest, sums=sums)
            if column is None or cell.kind == "text":
                self._open.add(column.name if column else self._text, cell.text)
            else:
                values[column.name] = _value(cell.kind, cell.text)

    def _column(self, cell: Cell, values: dict[str, Scalar], *, rest: bool, sums: list[Cell]) -> Column | None:
        fitting = [c for c in self._columns if c.kind == cell.kind or (cell.kind in MONEY and c.kind in MONEY)]
        if cell.kind == "money" and any(c.kind == "signed" for c in fitting) and len(sums) == 1:
            fitting = fitting[-1:]
        free = [c for c in fitting if values.get(c.name) is None]
        if rest and cell.kind in MONEY and cell.kind != "signed":
            free = free[-(len(sums) - sums.index(cell)) :]
        if rest and cell.kind == "text":
            free = [c for c in free if c.name == self._text]
        return free[0] if free else None


def _flat(record: Record) -> str:
    return _BLANKS.sub(" ", record.text).strip()


def _value(kind: str, text: str) -> Scalar:
    if kind == "date":
        return read_date(text)
    if kind in MONEY:
        return float(read_sum(text))
    return read_count(text) if kind == "count" else text
