"""Give expressions access to the data of a whole and to the tables of its documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document, Table
from thresher.schemas.numbers import decimal_of
from thresher.service.derivation.evaluator import MissingError, Row, Value
from thresher.service.derivation.expression_language import Column, Path
from thresher.service.formats.displayed_values import normal_text, parse_date, parse_number

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
TOTAL_MIN_ROWS = 2  # rows that can have a total below them


@dataclass(slots=True)
class SourcesRead:
    """What an expression read."""

    paths: dict[str, None] = field(default_factory=dict)  # of the data
    table: tuple[int, int, int] | None = None  # index of the Document, start and end of the row of headings


@dataclass(slots=True)
class _Item:
    """An item of one list or of several nested ones: an index for each `*`, in order."""

    scope: DataScope
    indices: tuple[str, ...]

    def value(self, term: Path | Column) -> Value | None:
        if not isinstance(term, Path):
            raise MissingError("a column and a list do not run together")
        return self.scope.read(_filled(self.scope.bound(term.path), self.indices))


@dataclass(slots=True)
class _TableRow:
    """A row of a table."""

    cells: Mapping[str, str]  # by normalised heading

    def value(self, term: Path | Column) -> Value | None:
        if not isinstance(term, Column):
            raise MissingError("a list and a column do not run together")
        return term_of_cell(self.cells.get(normal_text(term.heading), ""))


@dataclass(slots=True)
class DataScope:
    """The data of a whole, seen from one path in it, and its Documents' tables.

    `home` is that path. In another path with the same beginning, `*` is the item that `home` is in; `lists` are the target's.
    """

    data: Any
    home: str
    tables: Tables
    lists: tuple[str, ...] = ()
    rests: SourcesRead = field(default_factory=SourcesRead)

    def is_single(self, path: str) -> bool:
        """Whether a path names one place, as seen from `home`."""
        return "*" not in self.bound(path).split("/")

    def single(self, path: str) -> Value | None:
        """Return the value at a path without lists, as seen from `home`; None where there is none."""
        return self.read(self.bound(path))

    def rows(self, terms: tuple[Path | Column, ...]) -> list[Row]:
        """Return the items or table rows over which terms run together.

        Raises MissingError where these are not one choice.
        """
        columns = [t.heading for t in terms if isinstance(t, Column)]
        paths = [self.bound(t.path) for t in terms if isinstance(t, Path)]
        if columns and paths:
            raise MissingError("columns and lists do not run together")
        if not paths and (columns or not self._only_list()):
            return list(self._table(columns))
        longest = max(paths or [f"{self._only_list()}/*"], key=lambda p: p.count("*"))
        above = longest.rpartition("*")[0]
        if any(not above.startswith(p.rpartition("*")[0]) for p in paths):
            raise MissingError("these lists do not run together")
        return [_Item(self, indices) for indices in _indices(self.data, json_pointer.parts(f"{above}*"))]

    def read(self, path: str) -> Value | None:
        """Return the value at a path without `*`, and record the path as read."""
        value = term_of_leaf(json_pointer.get(self.data, path))
        if value is not None:
            self.rests.paths[path] = None
        return value

    def bound(self, path: str) -> str:
        """Return the path with the indices of `home` for its first `*`, as far as both have the same keys."""
        own, parts = self.home.split("/"), path.split("/")
        for i, (here, there) in enumerate(zip(own, parts, strict=False)):
            if there == "*" and here.isdigit():
                parts[i] = here
            elif here != there:
                break
        return "/".join(parts)

    def _only_list(self) -> str | None:
        outer = [x for x in self.lists if "*" not in x]
        return outer[0] if len(outer) == 1 else None

    def _table(self, columns: list[str]) -> Iterator[Row]:
        document, heading, rows = self.tables.with_columns(columns)
        self.rests.table = (document, *heading)
        return iter(rows)


class Tables:
    """Tables of Documents, by their headings; those with the same headings are one."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """Take the Documents of the Unit; nothing is read yet."""
        self._documents = documents

    def headings(self) -> set[str]:
        """Return the headings of all tables, as they are written."""
        return {h for groups in self._known for h in groups for h in self._written.get(h, ())}

    def with_columns(self, columns: Sequence[str]) -> tuple[int, tuple[int, int], list[_TableRow]]:
        """Return the Document's index, the range of the headings and the rows of the only table that has all columns.

        Raises MissingError where there is none, or several.
        """
        wanted = {normal_text(c) for c in columns}
        found = [(g, made) for g, made in self._known.items() if wanted <= set(g)]
        if len({g for g, _ in found}) != 1 or not found[0][1]:
            raise MissingError("no one table has these columns")
        tables = found[0][1]
        first = tables[0][0]
        same = [t for d, t in tables if d == first]
        rows = [row for table in same for row in self._rows(first, table)]
        return (
            first,
            same[0].row_range(_head(self._documents[first], same[0]) or 0),
            _without_totals(rows, wanted or set(found[0][0])),
        )

    @cached_property
    def _known(self) -> dict[tuple[str, ...], list[tuple[int, Table]]]:
        known: dict[tuple[str, ...], list[tuple[int, Table]]] = {}
        for i, document in enumerate(self._documents):
            for table in document.tables:
                head = _head(document, table)
                if head is not None and len(table) > head + 1:
                    cells = _texts(document, table, head)
                    known.setdefault(tuple(normal_text(c) for c in cells.values()), []).append((i, table))
        return known

    @cached_property
    def _written(self) -> dict[str, list[str]]:
        written: dict[str, list[str]] = {}
        for tables in self._known.values():
            for i, table in tables[:1]:
                for text in _texts(self._documents[i], table, _head(self._documents[i], table) or 0).values():
                    written.setdefault(normal_text(text), []).append(text)
        return written

    def _rows(self, document: int, table: Table) -> Iterator[_TableRow]:
        head = _head(self._documents[document], table) or 0
        texts = _texts(self._documents[document], table, head)
        named = {column: normal_text(text) for column, text in texts.items()}
        repeated = {named[column]: text for column, text in texts.items()}  # headings repeated on the next page
        for r in range(head + 1, len(table)):
            cells = _texts(self._documents[document], table, r)
            row = {named[c]: text for c, text in cells.items() if c in named}
            if any(text.strip() for text in row.values()) and row != repeated:
                yield _TableRow(row)


def _head(document: Document, table: Table) -> int | None:
    """Return the row of headings: the one that the reader knows, else a first row of words alone.

    None where there is none.
    """
    if table.header_rows:
        return table.header_rows - 1
    first = list(_texts(document, table, 0).values()) if len(table) else []
    words = all(t.strip() and not any(c.isdigit() for c in t) for t in first)
    return 0 if first and words and len(set(first)) == len(first) else None


def _texts(document: Document, table: Table, row: int) -> dict[int, str]:
    """Return the cells of a row by their column."""
    return {column: document.text[a:b] for a, b, column in table.cells(row)}


def _without_totals(rows: list[_TableRow], columns: set[str]) -> list[_TableRow]:
    """Return the rows without a last one whose figures are the sums of those above it."""
    if len(rows) <= TOTAL_MIN_ROWS:
        return rows
    *above, last = rows
    sums = []
    for column in columns:
        total = term_of_cell(last.cells.get(column, ""))
        parts = [term_of_cell(row.cells.get(column, "")) for row in above]
        numbers = [p for p in parts if isinstance(p, Decimal)]
        if isinstance(total, Decimal) and len(numbers) >= TOTAL_MIN_ROWS:
            sums.append(sum(numbers) == total)
    return above if sums and all(sums) else rows


def term_of_leaf(value: Any) -> Value | None:
    """Return a leaf of the data as a term: numbers as Decimal, dates in ISO form as dates, other texts as they are."""
    if value is None or isinstance(value, (dict, list)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return decimal_of(value)
    text = str(value).strip()
    if _ISO.match(text):
        return parse_date(text) or text
    number = decimal_of(text)
    return text or None if number is None else number


def term_of_cell(text: str) -> Value | None:
    """Return a cell of a table as a term; None for an empty one."""
    text = text.strip()
    if not text:
        return None
    number = parse_number(text)
    if number is not None:
        return number
    day: date | None = parse_date(text)
    return day or text


def _filled(path: str, indices: tuple[str, ...]) -> str:
    left = iter(indices)
    return "/".join(next(left, p) if p == "*" else p for p in path.split("/"))


def _indices(value: Any, parts: list[str], known: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the indices of every item that a path with `*` names."""
    if not parts:
        yield known
        return
    first, *rest = parts
    if first != "*":
        yield from _indices(json_pointer.get(value, json_pointer.join("", first)), rest, known)
        return
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from _indices(member, rest, (*known, str(key)))
