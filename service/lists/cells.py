"""Cells: records that are single figures in the rows of a table, as of several years side by side, and those left out.

A row of such a table holds one record a figure. Where the rows of a table are taken whole, but for a few figures here and
there, these were missed. A column that several rows leave out was not wanted, and a figure that a record tells from another
place was told; rows without any record are of no list.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas.document import Document, Table
from schemas.extraction import Extraction
from schemas.target import Target
from service import pointers
from service.lists.claims import record_of


MOST = 0.6  # of the rows of a table that tell any figure, which tell that of a wanted column

LONG = 3  # digits and points of a figure that is not placed by chance
FEW = 3  # rows from which it is known which columns are wanted
_FIGURE = re.compile(r"[\s($€£¥+\-−–—]*\d[\d.,'\s]*[)\s%$€£¥]*")
_NOT_FIGURE = re.compile(r"[^\d.]")

Record = tuple[int, str, str]  # the answer that gave it, its list, its pointer


@dataclass(frozen=True, slots=True)
class _Row:
    """The figures of a row, each with whether a record tells it."""

    line: int
    told: tuple[bool, ...]

    @property
    def lacks(self) -> list[int]:
        """Which are not told."""
        return [i for i, is_told in enumerate(self.told) if not is_told]


def missed_cells(
    document: Document, extractions: Iterable[Extraction], target: Target, starts: Sequence[int]
) -> set[int]:
    """Lines of rows that lack records which are figures of theirs. `starts`: where lines begin."""
    told = _Told(extractions, target)
    return {line for table in document.tables for line in _of_table(document, table, told, starts)}


class _Told:
    """The figures of records: where they stand, whose they are, and how they read."""

    def __init__(self, extractions: Iterable[Extraction], target: Target) -> None:
        self.at: dict[int, Record] = {}
        self._read: set[str] = set()
        for number, extraction in enumerate(extractions):
            for evidence in extraction.evidence:
                record = record_of(evidence.path, target)
                if record is None:
                    continue
                figure = _plain(evidence.quote or str(pointers.get(extraction.data, evidence.path)))
                self._read.add(figure)
                if evidence.start is not None and _FIGURE.fullmatch(evidence.quote) and len(figure) >= LONG:
                    self.at[evidence.start] = (number, *record)
        self._starts = sorted(self.at)
        self._sizes = Counter(name for _, name, _ in self.at.values())

    def whose(self, start: int, end: int) -> Record | None:
        """The record that a figure within a range is of."""
        i = bisect_right(self._starts, start - 1)
        return self.at[self._starts[i]] if i < len(self._starts) and self._starts[i] < end else None

    def reads(self, text: str) -> bool:
        """Whether a record tells this figure, from wherever."""
        return _plain(text) in self._read

    def run_along(self, owners: Sequence[Record]) -> bool:
        """Whether records stand side by side in their row: several of a list, or all that it has."""
        here = Counter(name for _, name, _ in owners)
        return any(n > 1 or n == self._sizes[name] for name, n in here.items())


def _plain(figure: str) -> str:
    """Its digits and point, without zeros that say nothing.

    >>> _plain("$ 1,183.0"), _plain("(2,400)"), _plain("0.50")
    ('1183', '2400', '0.5')
    """
    plain = _NOT_FIGURE.sub("", figure).strip(".")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _of_table(document: Document, table: Table, told: _Told, starts: Sequence[int]) -> Iterator[int]:
    """The lines of one table's rows that lack figures."""
    alike: dict[int, list[_Row]] = defaultdict(list)  # rows of as many figures
    for r in range(table.header_rows, len(table)):
        row = _row(document, table, r, told, starts)
        if row is not None:
            alike[len(row.told)].append(row)
    for rows in alike.values():
        wanted = _wanted(rows)
        yield from (row.line for row in rows if wanted.intersection(row.lacks))


def _row(document: Document, table: Table, r: int, told: _Told, starts: Sequence[int]) -> _Row | None:
    """A row of which a figure is a record of its own, and none of them two of the same one."""
    spans = [(a, b) for a, b, _ in table.cells(r) if _FIGURE.fullmatch(document.text, a, b)]
    owners = [told.whose(a, b) for a, b in spans]
    known = [owner for owner in owners if owner is not None]
    if not known or len(set(known)) < len(known) or not told.run_along(known):
        return None
    is_told = [owner is not None or told.reads(document.text[a:b]) for owner, (a, b) in zip(owners, spans, strict=True)]
    return _Row(bisect_right(starts, spans[0][0]) - 1, tuple(is_told))


def _wanted(rows: Sequence[_Row]) -> set[int]:
    """Columns of which the rows tell most figures."""
    if len(rows) < FEW:
        return set()
    return {i for i in range(len(rows[0].told)) if sum(row.told[i] for row in rows) >= MOST * len(rows)}
