"""Find missed records in tables where each figure is a record, such as several years side by side.

The rows with records show which columns are wanted; such a row without a record for a wanted column lost one.
A figure that any record has, wherever its evidence stands, is not missed. Rows without any record, and rows that no list
runs along, are ignored: a record there may be chance.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from thresher.schemas import json_pointer
from thresher.schemas.document import Document, Table
from thresher.schemas.extraction import Extraction
from thresher.schemas.target import Target
from thresher.service.records.record_lines import record_of

MIN_ROWS = 3  # rows that show which columns are wanted
WANTED_SHARE = 0.6  # share of these rows that must have a record in a wanted column
FIGURE_MIN_CHARS = 3  # digits and points of a figure that matches hardly by chance
_FIGURE = re.compile(r"[\s($€£¥+\-−–—]*\d(?:[\d.,'\s]*[\d.,'])?[)\s%$€£¥]*")
_NOT_FIGURE = re.compile(r"[^\d.]")

Record = tuple[int, str, str]  # the answer that gave it, its list, its pointer


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of figures."""

    line: int
    make: tuple[bool, ...]  # which of its figures are percentages
    stated: tuple[bool, ...]  # whether any record has each figure
    owners: tuple[Record, ...]  # the records that stand in it

    @property
    def along(self) -> set[str]:
        """Return the lists of which it has several records."""
        return {name for name, n in Counter(name for _, name, _ in self.owners).items() if n > 1}


def missed_cells(
    document: Document, extractions: Iterable[Extraction], target: Target, starts: Sequence[int]
) -> set[int]:
    """Return the numbers of the lines of rows that lack a record for one of their figures.

    `starts`: where lines begin.
    """
    stated = _RecordFigures(extractions, target)
    alike: dict[tuple[bool, ...], list[list[_Row]]] = defaultdict(list)  # rows of each table, by their layout
    for table in document.tables:
        rows = list(_rows(document, table, stated, starts))
        for make in {row.make for row in rows}:
            alike[make].append([row for row in rows if row.make == make])
    return {row.line for tables in alike.values() for row in _incomplete_rows(tables)}


class _RecordFigures:
    """The figures of records: where they stand, whose they are, and how they are written."""

    def __init__(self, extractions: Iterable[Extraction], target: Target) -> None:
        places: dict[int, list[Record]] = defaultdict(list)
        self._figures: dict[Record, str] = {}
        self._read: set[str] = set()
        for number, extraction in enumerate(extractions):
            for evidence in extraction.evidence:
                record = record_of(evidence.path, target)
                if record is None:
                    continue
                figure = _normalised(evidence.quote or str(json_pointer.get(extraction.data, evidence.path)))
                self._read.add(figure)
                if evidence.start is not None and _FIGURE.fullmatch(evidence.quote) and len(figure) >= FIGURE_MIN_CHARS:
                    places[evidence.start].append((number, *record))
                    self._figures[(number, *record)] = figure
        self._starts = sorted(places)
        self._sizes = Counter(name for records in places.values() for _, name, _ in records)
        self.at = {at: min(records, key=lambda r: self._sizes[r[1]]) for at, records in places.items()}

    def whose(self, start: int, end: int) -> Record | None:
        """Return the record whose figure stands within a range; None where there is none."""
        i = bisect_right(self._starts, start - 1)
        return self.at[self._starts[i]] if i < len(self._starts) and self._starts[i] < end else None

    def reads(self, text: str) -> bool:
        """Whether a record has this figure, wherever it stands."""
        return _normalised(text) in self._read

    def figures(self, owners: Iterable[Record]) -> Iterator[str]:
        """Return the normalised figures of records."""
        return (self._figures[owner] for owner in owners)

    def is_all(self, owners: Sequence[Record]) -> bool:
        """Whether some records include all that one list has."""
        here = Counter(name for _, name, _ in owners)
        return any(n == self._sizes[name] for name, n in here.items())


def _normalised(figure: str) -> str:
    """Return the digits and the point of a figure, without trailing zeros after the point.

    >>> _normalised("$ 1,183.0"), _normalised("(2,400)"), _normalised("0.50")
    ('1183', '2400', '0.5')
    """
    plain = _NOT_FIGURE.sub("", figure).strip(".")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _rows(document: Document, table: Table, stated: _RecordFigures, starts: Sequence[int]) -> Iterator[_Row]:
    """Yield the rows of a table that lists run along, and rows in which records have all figures.

    A list runs along rows where some row has several of its records, or one row has all of them.
    """
    cells = [_figures(document, table, r) for r in range(table.header_rows, len(table))]
    printed = Counter(_normalised(document.text[a:b]) for row in cells for a, b in row)
    rows = [_row(document, row, stated, starts) for row in cells if row]
    known = [row for row in rows if len(set(row.owners)) == len(row.owners) > 0]
    along = {name for row in known for name in row.along}
    for row in known:
        once = row.along or any(printed[figure] == 1 for figure in stated.figures(row.owners))
        runs = once and any(name in along for _, name, _ in row.owners)
        if runs or stated.is_all(row.owners) or (all(row.stated) and len(row.stated) > 1):
            yield row


def _figures(document: Document, table: Table, row: int) -> list[tuple[int, int]]:
    """Return where the figures of a row stand."""
    return [(a, b) for a, b, _ in table.cells(row) if _FIGURE.fullmatch(document.text, a, b)]


def _row(document: Document, spans: Sequence[tuple[int, int]], stated: _RecordFigures, starts: Sequence[int]) -> _Row:
    texts = [document.text[a:b] for a, b in spans]
    owners = [stated.whose(a, b) for a, b in spans]
    is_stated = [owner is not None or stated.reads(text) for owner, text in zip(owners, texts, strict=True)]
    known = tuple(owner for owner in owners if owner is not None)
    return _Row(bisect_right(starts, spans[0][0]) - 1, tuple("%" in t for t in texts), tuple(is_stated), known)


def _incomplete_rows(tables: Sequence[Sequence[_Row]]) -> Iterator[_Row]:
    """Yield rows that have no record for a wanted column; all rows have the same layout, grouped by table.

    Where a table has too few rows to know its columns, all tables decide; then records must have half of the row's figures.
    """
    everywhere = _wanted_columns([row for rows in tables for row in rows])
    for rows in tables:
        is_known = len(rows) >= MIN_ROWS
        wanted = _wanted_columns(rows) if is_known else everywhere
        some = [row for row in rows if is_known or 2 * sum(row.stated) >= len(row.stated)]
        yield from (row for row in some if any(not row.stated[i] for i in wanted))


def _wanted_columns(rows: Sequence[_Row]) -> set[int]:
    """Return the columns in which most rows have a record."""
    if len(rows) < MIN_ROWS:
        return set()
    return {i for i in range(len(rows[0].stated)) if sum(row.stated[i] for row in rows) >= WANTED_SHARE * len(rows)}
