"""Make the rows of one Result for the tables of its target.

Nothing that the Result holds is left out: values for which the target has no column stand in `notes`; what was dropped,
not claimed or not read has a row of its own, marked by its status.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Unsupported
from thresher.schemas.numbers import write_json
from thresher.schemas.result import Reason, Result
from thresher.service.exports.columns import DOCUMENT, REASONS, Column, Layout, Table, dotted, list_of
from thresher.service.exports.marks import Mark, Marks, marks_of
from thresher.service.exports.reviewed_results import ReviewedResult

RowStatus = Literal["found", "doubtful", "corrected", "dropped", "unclaimed", "unresolved", "unread"]
"""found: nothing speaks against it. doubtful: it, or its whole list, has a reason. corrected: by a person. dropped: it was
given, and the document does not hold it. unclaimed: a line that looks like a row and is in none. unresolved: pages that may
hold rows had no answer. unread: the list was not looked for, or not everywhere."""
ABOUT_MISSING_ROWS = frozenset({"unclaimed", "unread", "absent", "unresolved", "unsupported"})
"""Codes of a reason for a whole list that speak of rows that are not there, and not of those that are."""


@dataclass(slots=True)
class Row:
    """The cells of one row in the order of the table's columns, as JSON values; the last one is `notes`."""

    cells: list[Any]
    marks: dict[int, Mark] = field(default_factory=dict)  # by the position of the cell
    notes: list[str] = field(default_factory=list)
    gap: bool = False  # the row stands for something that is missing
    path: str = ""  # of the list item that the row shows


def rows_of(reviewed: ReviewedResult, layout: Layout) -> Iterator[tuple[Table, Row]]:
    """Yield the rows of a Result in all tables, each with its table."""
    result, marks = reviewed.result, marks_of(reviewed)
    tables = layout.of(result.target.fingerprint)
    lists = [t.list_path for t in tables if t.list_path]
    shared = layout.tables[0]
    for table in tables:
        if table.list_path:
            yield from ((table, row) for row in _list_rows(result, table, marks, lists))
        else:
            yield table, _document_row(result, table, marks, lists)
    if not tables and shared.fingerprint:
        yield shared, _row_of_another_target(result, shared)
    if shared not in tables and not shared.fingerprint:
        whole = _document_row(result, tables[0], marks, lists) if tables else None
        yield shared, _shared_row(result, shared, whole)
    if REASONS in layout.tables:
        yield from ((REASONS, row) for row in _reason_rows(result, lists))


def _shared_row(result: Result[Any], table: Table, whole: Row | None) -> Row:
    """Return the row in the table of all targets: the same first cells, without the data."""
    if whole is None:
        return Row([*_own_cells(result, [], ""), None], gap=result.status == "failed")
    own = len(table.columns) - 1
    return Row([*whole.cells[:own], None], {i: m for i, m in whole.marks.items() if i < own}, gap=whole.gap)


def _row_of_another_target(result: Result[Any], table: Table) -> Row:
    """Return the row of a Result whose target has no table: its values stand in the notes, so that none is lost in silence."""
    cells = _own_cells(result, [], "")
    notes = [f"of another target, {result.target.name}", *_uncovered(result.values, "", set(), set())]
    return Row([*cells, *[None] * (len(table.columns) - len(cells))], notes=notes, gap=True)


def _document_row(result: Result[Any], table: Table, marks: Marks, lists: list[str]) -> Row:
    row = Row([], gap=result.status in {"failed", "abstained"})
    values = _fill(row, table.fields, result.values, "", marks)
    doubtful = ", ".join([*_marked_names(row, table), *_marked_lists(marks, lists)])
    row.cells = [*_own_cells(result, lists, doubtful), *values, None]
    row.notes += _uncovered(result.values, "", {c.path or "" for _, c in table.fields}, set(lists))
    messages = [r.message for r in result.reasons]
    row.notes += [f"{p.code}: {p.message}" for p in result.problems if not any(p.message in t for t in messages)]
    if result.status == "partial":
        row.marks[STATUS] = "doubtful"
    return row


def _own_cells(result: Result[Any], lists: list[str], doubtful: str) -> list[Any]:
    review = result.review.state if result.review else None
    reasons = reasons_text(result.reasons, lists)
    return [result.source.path, result.target.name, result.status, review, reasons or None, doubtful or None]


def reasons_text(reasons: Iterable[Reason], lists: list[str]) -> str:
    """Return reasons as one text; places with the same reason stand together: "unsure due, total: found by rules"."""
    places: dict[tuple[str, str], list[str]] = {}
    for reason in reasons:
        places.setdefault((reason.code, reason.message), []).append(place_of(reason.path, lists))
    return "; ".join(
        f"{code} {', '.join(dict.fromkeys(filter(None, where)))}".rstrip() + f": {message}"
        for (code, message), where in places.items()
    )


def place_of(path: str, lists: list[str]) -> str:
    """Return a path as people read it; rows count from 1 as in the tables.

    >>> place_of("/lines/3/amount", ["/lines"]), place_of("/seller/name", []), place_of("/lines/-", ["/lines"])
    ('lines row 4 amount', 'seller.name', 'lines, a row left out')
    """
    found: list[str] = []
    names: list[str] = []
    pattern = ""
    for part in path.split("/")[1:]:
        if pattern in lists and (part.isdecimal() or part == "-"):
            here = ".".join(names)
            found.append(f"{here} row {int(part) + 1}" if part.isdecimal() else f"{here}, a row left out")
            pattern, names = f"{pattern}/*", []
        else:
            pattern = f"{pattern}/{part}"
            names += [n for n in json_pointer.parts(f"/{part}") if n != "*"]
    return " ".join([*found, ".".join(names)]).strip()


def _fill(row: Row, columns: list[tuple[int, Column]], record: Any, base: str, marks: Marks) -> list[Any]:
    """Return the values of a record for its columns, and enter their marks."""
    values = []
    for position, column in columns:
        path = column.path or ""
        value = json_pointer.get(record, path) if path else None if isinstance(record, dict) else record
        values.append(value)
        if mark := marks.of_cell(base + path, value, base):
            row.marks[position] = mark
    return values


def _marked_names(row: Row, table: Table) -> list[str]:
    return [table.columns[i].name for i, mark in row.marks.items() if mark != "corrected"]


def _marked_lists(marks: Marks, lists: list[str]) -> list[str]:
    """Return the lists with something doubtful, each with the number of its reasons."""
    counts = Counter(
        next((p for p in sorted(lists, key=len, reverse=True) if _pattern(path).startswith(p)), "")
        for path, reasons in marks.exact.items()
        for reason in reasons
        if reason.path not in marks.settled
    )
    return [f"{dotted(p)} ({counts[p]})" for p in lists if counts[p]]


def _pattern(path: str) -> str:
    return "/".join("*" if p.isdecimal() or p == "-" else p for p in path.split("/"))


def _list_rows(result: Result[Any], table: Table, marks: Marks, lists: list[str]) -> Iterator[Row]:
    """Yield the rows of a list in order, then those of what was left out, not claimed and not resolved."""
    for base, numbers, item in _items(result.values, table.list_path):
        yield _item_row(result, table, marks, (base, numbers, item), lists)
    yield from _dropped_rows(result, table, lists)
    yield from _other_gaps(result, table, marks, lists)
    if "/*/" not in table.list_path:
        yield from _unread_rows(result, table, marks, lists)


def _items(values: Any, pattern: str) -> Iterator[tuple[str, list[int], Any]]:
    """Yield (pointer, row numbers from 1 of the item and of the items above it, item) of a list's items."""
    found: list[tuple[str, list[int], Any]] = [("", [], values)]
    for part in pattern.split("/*/"):
        step = part if part.startswith("/") else f"/{part}"
        found = [
            (f"{base}{step}/{i}", [*numbers, i + 1], item)
            for base, numbers, record in found
            if isinstance(items := json_pointer.get(record, step), list)
            for i, item in enumerate(items)
        ]
    yield from found


STATUS = [c.name for c in DOCUMENT].index("status")
WHOLE_LIST = "/the whole list"
Item = tuple[str, list[int], Any]


def _item_row(result: Result[Any], table: Table, marks: Marks, at: Item, lists: list[str]) -> Row:
    base, numbers, item = at
    row, fields = Row([], path=base), table.fields
    inner = {"/" + p.removeprefix(f"{table.list_path}/*/") for p in lists if p.startswith(f"{table.list_path}/*/")}
    values = _fill(row, fields, item, base, marks)
    own_reasons = [(r.path.removeprefix(base), r) for r in marks.of_row(base)]
    reasons = [(path, r) for path, r in own_reasons if not list_of(_pattern(path), inner)]
    whole = marks.exact.get(base[: base.rindex("/")], ())
    reasons += [(WHOLE_LIST, r) for r in whole if r.code not in ABOUT_MISSING_ROWS]
    status: RowStatus = "doubtful" if reasons else "corrected" if "corrected" in row.marks.values() else "found"
    if status == "doubtful":
        row.marks[[c.name for c in table.columns].index("status")] = "doubtful"
    stands = marks.stands.get(base)
    row.cells = [
        result.source.path,
        *numbers,
        (stands and stands.source) or result.source.path,
        stands.page if stands else None,
        stands.part if stands else None,
        status,
        "; ".join(f"{dotted(path)}: {r.message}" if path else r.message for path, r in reasons) or None,
        *values,
        None,
    ]
    row.notes += _item_notes(item, {c.path for _, c in fields}, inner)
    return row


def _item_notes(item: Any, columns: set[str | None], inner: set[str]) -> Iterator[str]:
    """Yield a note for each value of a list item that no column and no table holds."""
    if isinstance(item, dict):
        yield from _uncovered(item, "", {c for c in columns if c}, inner)
    elif item is not None and "" not in columns:
        yield f"value = {write_json(item)}"


def _dropped_rows(result: Result[Any], table: Table, lists: list[str]) -> Iterator[Row]:
    """Yield a row for each value that was taken out of this list with its row."""
    depth = table.list_path.count("/") + 1
    for one in result.unsupported:
        if list_of(_pattern(one.path), lists) != table.list_path:
            continue
        parts = one.path.split("/")
        base, inner = "/".join(parts[: depth + 1]), "".join(f"/{p}" for p in parts[depth + 1 :])
        if not inner or json_pointer.get(result.values, base) is None:
            yield _dropped_row(result, table, one, inner)


def _dropped_row(result: Result[Any], table: Table, one: Unsupported, inner: str) -> Row:
    row = Row([], gap=True)
    given = _nested(inner, one.value)
    values = _fill(row, table.fields, given, "/-", Marks())
    row.notes += _item_notes(given, {c.path for _, c in table.fields}, set())
    row.cells = [*_gap_cells(result, table, "dropped", one.reason), *values, None]
    return row


def _nested(path: str, value: Any) -> Any:
    """Return a record that holds only the value at a pointer."""
    for key in reversed(json_pointer.parts(path)):
        value = {key: value}
    return value


def _other_gaps(result: Result[Any], table: Table, marks: Marks, lists: list[str]) -> Iterator[Row]:
    """Yield a row for each reason about a row of this list that is not in the data, other than its values dropped."""
    for path, reasons in marks.exact.items():
        if "-" in path.split("/") and list_of(_pattern(path), lists) == table.list_path:
            why = reasons_text((r for r in reasons if r.code != "unsupported"), lists)
            yield from [_gap_row(result, table, "dropped", why)] if why else []


def _unread_rows(result: Result[Any], table: Table, marks: Marks, lists: list[str]) -> Iterator[Row]:
    """Yield a row for each line that may belong to this list, and for each part of the document without an answer."""
    for reason in marks.exact.get(table.list_path, ()):
        if reason.code in {"unread", "absent"}:
            yield _gap_row(result, table, "unread", reason.message)
    known = [p for p in lists if any(r.code == "unclaimed" for r in marks.exact.get(p, ()))]
    if not known or table.list_path in known:
        for line in result.coverage.unclaimed:
            why = "looks like a row and is in none" if known else "looks like a row of one of the lists and is in none"
            row = _gap_row(result, table, "unclaimed", f"{why}: {line.text!r}")
            _stand(row, table, line.source or result.source.path, line.page)
            yield row
    for left in result.unresolved:
        pages = f"pages {left.pages[0]} to {left.pages[1]}: " if left.pages else ""
        row = _gap_row(result, table, "unresolved", f"{pages}{left.code}: {left.reason}")
        _stand(row, table, left.source or result.source.path, left.pages[0] if left.pages else None)
        yield row


def _gap_row(result: Result[Any], table: Table, status: RowStatus, why: str) -> Row:
    return Row([*_gap_cells(result, table, status, why), *(None for _ in table.fields), None], gap=True)


def _gap_cells(result: Result[Any], table: Table, status: RowStatus, why: str) -> list[Any]:
    numbers = sum(c.name == "row" or c.name.endswith(".row") for c in table.columns if c.path is None)
    return [result.source.path, *(None for _ in range(numbers)), result.source.path, None, None, status, why]


def _stand(row: Row, table: Table, document: str, page: int | None) -> None:
    """Enter the document and page of a row."""
    names = [c.name for c in table.columns if c.path is None]
    row.cells[names.index("document")], row.cells[names.index("page")] = document, page


def _reason_rows(result: Result[Any], lists: list[str]) -> Iterator[Row]:
    pages = {e.path: e.page for e in reversed(result.evidence) if e.page}
    for reason in result.reasons:
        place = place_of(reason.path, lists) or None
        cells = [
            result.source.path,
            reason.code,
            place,
            pages.get(reason.path),
            reason.message,
            reason.path or None,
            None,
        ]
        yield Row(cells)


def _uncovered(value: Any, path: str, covered: set[str], lists: set[str]) -> Iterator[str]:
    """Yield a note for each value that no column and no table holds."""
    if path in covered or (path in lists and isinstance(value, list)) or value is None:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _uncovered(member, json_pointer.join(path, key), covered, lists)
    elif value != []:
        yield f"{dotted(path)} = {write_json(value)}"
