"""Make one table of Results of several targets, by a map of columns.

# columns.toml: the name of a column = where its values are: target, point, field
Supplier = ["invoice.seller.name", "receipt.merchant.name"]   # one place, or one for each target
Date     = ["invoice.issued", "receipt.date"]
Item     = ["invoice.lines.description", "receipt.items.description"]

The names are those of the single tables' columns. A place in a list makes a row for each of its items; a document without
items, or of a target that the map does not name, has one row. Each target may have places in one list, and in those above it.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from thresher.schemas.errors import InputProblem
from thresher.service.exports.columns import NOTES, REASONS, Column, ColumnKind, Layout, Table, dotted, layout_of
from thresher.service.exports.reviewed_results import ReviewedResult
from thresher.service.exports.rows import Row, rows_of
from thresher.service.exports.target_fields import TargetFields

MAX_COLUMNS = 10_000  # fewer than a sheet of Excel has
OWN = (
    *(Column(name=n) for n in ("source", "target", "status", "review", "reasons", "document")),
    Column(name="page", kind="integer"), Column(name="row", kind="integer"), Column(name="row_status"), Column(name="why"),
    Column(name="doubtful"),
)  # fmt: skip
Place = tuple[Table, int]  # a column of one of the target's own tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where the cells of one target's rows come from: for each column of the map its place, None for none."""

    layout: Layout  # the target's own tables
    places: tuple[Place | None, ...]
    rows: Table  # the table that each row of the map is a row of


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The one table, and how each target fills it."""

    table: Table
    plans: dict[str, Plan]  # by the fingerprint of the target
    unused: tuple[str, ...] = ()  # columns that none of the targets fills

    @property
    def layout(self) -> Layout:
        """Return the tables of the export."""
        return Layout((self.table, REASONS))

    def rows(self, reviewed: ReviewedResult) -> Iterator[tuple[Table, Row]]:
        """Yield the rows of a Result in the one table, and its reasons."""
        plan = self.plans[reviewed.result.target.fingerprint]
        found = list(rows_of(reviewed, plan.layout))
        whole = next(row for table, row in found if table == plan.layout.tables[0])
        records = [(table, row) for table, row in found if table == plan.rows]
        above = {(t.list_path, _numbers(t, row)): row for t, row in found if t.list_path}
        for table, row in records or [(plan.layout.tables[0], whole)]:
            yield self.table, self._row(plan, whole, (table, row), above)
        yield from ((table, row) for table, row in found if table == REASONS)

    def _row(self, plan: Plan, whole: Row, at: tuple[Table, Row], above: dict[Any, Row]) -> Row:
        """Return one row; `above` are the rows of the lists by their path and row numbers."""
        made = Row(_own_cells(plan.layout.tables[0], whole, *at), gap=at[1].gap)
        for place in plan.places:
            found = _row_of(place, whole, at, above)
            if found and place and (mark := found.marks.get(place[1])):
                made.marks[len(made.cells)] = mark
            made.cells.append(found.cells[place[1]] if found and place else None)
        doubtful = [self.table.columns[i].name for i, mark in made.marks.items() if mark != "corrected"]
        made.cells[len(OWN) - 1] = ", ".join(doubtful) or None
        if not any(plan.places):
            made.notes.append("the map has no column for this target")
        made.cells.append(None)
        return made


def _row_of(place: Place | None, whole: Row, at: tuple[Table, Row], above: dict[Any, Row]) -> Row | None:
    """Return the row of a target's own table that a cell comes from."""
    if place is None or not place[0].list_path:
        return whole if place else None
    table, record = at
    if place[0] == table:
        return record
    return above.get((place[0].list_path, _numbers(table, record)[: place[0].list_path.count("/*/") + 1]))


def _numbers(table: Table, row: Row) -> tuple[int | None, ...]:
    """Return the row numbers of a list's row, the outermost list's first."""
    return tuple(
        cell for c, cell in zip(table.columns, row.cells, strict=True)
        if table.list_path and c.path is None and (c.name == "row" or c.name.endswith(".row"))
    )  # fmt: skip


def _own_cells(documents: Table, whole: Row, table: Table, record: Row) -> list[Any]:
    of_document = dict(zip((c.name for c in documents.columns if c.path is None), whole.cells, strict=False))
    of_row = (
        {c.name: v for c, v in zip(table.columns, record.cells, strict=True) if c.path is None}
        if table.list_path
        else {}
    )
    row = {"document": of_row.get("document"), "page": of_row.get("page"), "row": of_row.get("row"),
           "row_status": of_row.get("status"), "why": of_row.get("why")}  # fmt: skip
    return [row[c.name] if c.name in row else of_document.get(c.name) for c in OWN]


def load_column_map(file: Path, targets: Sequence[TargetFields]) -> ColumnMap:
    """Load a map for Results of these targets. Raises InputProblem(columns_invalid), which names the wrong line."""
    try:
        lines = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputProblem("columns_invalid", f"{file}: {error}") from error
    wanted = {name: _places(file, name, line) for name, line in lines.items()}
    if not wanted or len(wanted) > MAX_COLUMNS:
        _refuse(f"{file}: a map has 1 to {MAX_COLUMNS} columns")
    plans = {t.fingerprint: _plan(file, t, wanted) for t in targets}
    own = {c.name for c in (*OWN, NOTES)}
    columns = [
        Column(name=name if name not in own else f"data.{name}", kind=kind, many=many, path=f"/{i}")
        for i, name in enumerate(wanted)
        for kind, many in [_kind([p.places[i] for p in plans.values()])]
    ]
    unused = [n for i, n in enumerate(wanted) if not any(p.places[i] for p in plans.values())]
    return ColumnMap(Table(name="results", columns=(*OWN, *columns, NOTES)), plans, tuple(unused))


def _places(file: Path, name: str, line: Any) -> list[str]:
    places = [line] if isinstance(line, str) else line
    if not isinstance(places, list) or not places or not all(isinstance(p, str) for p in places):
        _refuse(f'{file}: {name!r} needs a place: {name} = "invoice.total", or a list of places')
    return places


def _plan(file: Path, target: TargetFields, wanted: dict[str, list[str]]) -> Plan:
    layout = layout_of([target])
    tables = [t for t in layout.tables if t != REASONS]
    known = {_place_name(t, c): (t, i) for t in tables for i, c in t.fields}
    places = tuple(_place(file, name, line, target, known) for name, line in wanted.items())
    used = sorted({p[0].list_path for p in places if p}, key=len)
    deepest = used[-1] if used else ""
    for path in used:
        if path and path != deepest and not deepest.startswith(f"{path}/*/"):
            _refuse(
                f"{file}: of {target.name} it names {dotted(path)} and {dotted(deepest)}; one table has the rows of one list"
            )
    return Plan(layout=layout, places=places, rows=next(t for t in tables if t.list_path == deepest))


def _place_name(table: Table, column: Column) -> str:
    """Return the name of a column as the map writes it: from the document down."""
    return dotted(f"{table.list_path}{column.path}") if column.path else dotted(table.list_path)


def _place(file: Path, name: str, line: list[str], target: TargetFields, known: dict[str, Place]) -> Place | None:
    """Return the place that a line of the map names in a target; None where it names none."""
    found = [rest for p in line if (rest := _within(p, target.name)) is not None]
    if not found:
        return None
    if found[0] not in known:
        close = difflib.get_close_matches(found[0], known, 1)
        _refuse(
            f"{file}: {name!r}: {target.name} has no field {found[0]!r}{f'; did you mean {close[0]!r}?' if close else ''}"
        )
    return known[found[0]]


def _within(place: str, target: str) -> str | None:
    """Return what follows the name of a target in a place; None where it begins with another name.

    >>> _within("bank_statement.bookings.amount", "BankStatement"), _within("invoice.total", "Receipt")
    ('bookings.amount', None)
    """
    plain = target.replace("_", "").casefold()
    for i, character in enumerate(place):
        if character == "." and place[:i].replace("_", "").casefold() == plain:
            return place[i + 1 :]
    return None


def _kind(places: Sequence[Place | None]) -> tuple[ColumnKind, bool]:
    """Return the type that a column has at all its places; open where they differ."""
    kinds = {(p[0].columns[p[1]].kind, p[0].columns[p[1]].many) for p in places if p}
    return kinds.pop() if len(kinds) == 1 else ("any", False)


def _refuse(reason: str) -> NoReturn:
    raise InputProblem("columns_invalid", reason)
