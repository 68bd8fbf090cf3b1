"""Show one Result as HTML: its reasons, its fields in the order of the target, its lists as tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thresher.schemas.result import Reason, Result
from thresher.service.exports.cells import text_of
from thresher.service.exports.columns import Layout, Table
from thresher.service.exports.marks import Marks, marks_of
from thresher.service.exports.report.evidence_places import Place, Places, places_of
from thresher.service.exports.report.html_text import isolated, shown
from thresher.service.exports.reviewed_results import ReviewedResult
from thresher.service.exports.rows import Row, reasons_text, rows_of

ROWS_SHOWN = 300  # of a list, without those that are doubtful or stand for something missing
QUOTE_MAX_CHARS = 160  # shown beside a value; the whole stands on its page
ALTERNATIVES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One Result, ready to be shown. `number` tells it from the others of the file."""

    number: int
    name: str  # of the Result's file in its folder; "" where it has none
    result: Result[Any]
    marks: Marks
    places: Places
    layout: Layout
    rows: dict[str, list[Row]]  # by the name of their table

    @property
    def lists(self) -> list[str]:
        """Return the patterns of the target's lists."""
        return [t.list_path for t in self.layout.tables if t.list_path]

    @property
    def doubtful(self) -> int:
        """Return how many places have a reason that nobody has settled."""
        return sum(path not in self.marks.settled for path in self.marks.exact)


def view_of(number: int, reviewed: ReviewedResult, layout: Layout) -> DocumentView:
    """Return a Result with all that showing it needs; `layout` is that of its target alone."""
    marks = marks_of(reviewed)
    rows: dict[str, list[Row]] = {}
    for table, row in rows_of(reviewed, layout):
        rows.setdefault(table.name, []).append(row)
    return DocumentView(
        number, reviewed.name, reviewed.result, marks, places_of(reviewed.result, marks, str(number)), layout, rows
    )


def heading_of(view: DocumentView, level: int = 2) -> str:
    """Return the name of a document, its status and its reasons."""
    result = view.result
    review = f", {shown(result.review.state)} by {isolated(result.review.by)}" if result.review else ""
    reasons = (reasons_text(same, view.lists) for same in _reasons(view).values())
    items = "".join(f'<li id="r{view.number}-{i}">{isolated(text)}</li>' for i, text in enumerate(reasons, 1))
    return (
        f"<h{level}>{isolated(result.source.path)}</h{level}>\n"
        f'<p><span class="status {shown(result.status)}">{shown(result.status)}</span> '
        f"{isolated(result.target.name)}{review}</p>\n" + (f'<ol class="reasons">{items}</ol>\n' if items else "")
    )


def _reasons(view: DocumentView) -> dict[tuple[str, str], list[Reason]]:
    """Return the reasons, those that say the same together."""
    found: dict[tuple[str, str], list[Reason]] = {}
    for reason in view.result.reasons:
        found.setdefault((reason.code, reason.message), []).append(reason)
    return found


def values_of(view: DocumentView) -> str:
    """Return the fields and the lists of a document."""
    tables = [t for t in view.layout.tables if t.name in view.rows and t.fingerprint]
    fields = "".join(_fields(view, t, row) for t in tables if not t.list_path for row in view.rows[t.name])
    return fields + "".join(_list(view, t, view.rows[t.name]) for t in tables if t.list_path)


def _fields(view: DocumentView, table: Table, row: Row) -> str:
    lines = [_field(view, table.columns[i].name, table.columns[i].path or "", i, row) for i, _ in table.fields]
    lines += [f'<tr><th scope="row">besides</th><td colspan="3">{isolated(note)}</td></tr>' for note in row.notes]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("field", "value", "evidence", "why"))
    return f'<table class="fields"><thead><tr>{head}</tr></thead><tbody>\n{"".join(lines)}</tbody></table>\n'


def _field(view: DocumentView, name: str, path: str, position: int, row: Row) -> str:
    places, value = view.places.of(path), row.cells[position]
    ids = "".join(f'<span id="v{p.id}"></span>' for p in places)
    reasons = view.marks.below.get(path, ()) if path not in view.marks.settled else ()
    why = [*dict.fromkeys(_why(view, r) for r in reasons), *map(isolated, _alternatives(view, path))]
    said = "by a person" if path in view.marks.settled else "not found" if value is None and not why else ""
    explained = "<br>".join(why)
    return (
        f'<tr class="{row.marks.get(position, "")}"><th scope="row">{ids}{isolated(name)}</th><td>{isolated(text_of(value))}</td>'
        f"<td>{'<br>'.join(_evidence(p) for p in places)}</td><td>{explained or said}</td></tr>\n"
    )


def _why(view: DocumentView, reason: Reason) -> str:
    """Return a reason for one field; where several fields share it, its number in the list of reasons."""
    every = _reasons(view)
    key = reason.code, reason.message
    if len(every[key]) == 1:
        return isolated(f"{reason.code}: {reason.message}")
    number = list(every).index(key) + 1
    return f'{shown(reason.code)}, <a href="#r{view.number}-{number}">reason {number}</a>'


def _evidence(place: Place) -> str:
    evidence = place.evidence
    where = f"page {evidence.page}" if evidence.page else evidence.part or "text"
    quote = evidence.quote[:QUOTE_MAX_CHARS] + ("…" if len(evidence.quote) > QUOTE_MAX_CHARS else "")
    if not evidence.quote:
        return shown(
            evidence.method if evidence.match != "derived" else f"derived from {', '.join(evidence.derived_from)}"
        )
    return f'<a href="#e{place.id}">{isolated(where)}</a> <q>{isolated(quote)}</q>{" (struck through)" if evidence.struck else ""}'


def _alternatives(view: DocumentView, path: str) -> Iterable[str]:
    """Yield the other values that the document gives for a field."""
    for conflict in view.result.conflicts:
        if conflict.path == path:
            for one in conflict.candidates[:ALTERNATIVES_SHOWN]:
                where = f" (page {one.evidence.page})" if one.evidence.page else ""
                yield f"candidate: {text_of(one.value)}{where}"


def _list(view: DocumentView, table: Table, rows: list[Row]) -> str:
    doubtful = [row.gap or any(m != "corrected" for m in row.marks.values()) for row in rows]
    picked = [row for i, row in enumerate(rows) if i < ROWS_SHOWN or (doubtful[i] and i < 4 * ROWS_SHOWN)]
    own = _shown_columns(view, table, picked)
    names = [*(table.columns[i].name for i in own), *(c.name for _, c in table.fields), "notes"]
    head = "".join(f'<th scope="col">{isolated(n)}</th>' for n in names)
    body = "".join(_list_row(view, table, row, own) for row in picked)
    left = len(rows) - len(picked)
    more = (
        f'<p class="said">{left} more rows are not shown here; the tables have them all (thresher export).</p>\n'
        if left
        else ""
    )
    title = f"{table.name}: {len(rows)} row{'s' if len(rows) != 1 else ''}"
    return (
        f'<h3>{isolated(title)}</h3>\n<div class="wide" tabindex="0" role="group" aria-label="{shown(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>\n{more}"
    )


def _shown_columns(view: DocumentView, table: Table, rows: list[Row]) -> list[int]:
    """Return the positions of the first columns that tell something: not empty, and not the document's own name."""
    own = [i for i, c in enumerate(table.columns[:-1]) if c.path is None]
    return [i for i in own if any(row.cells[i] not in (None, view.result.source.path) for row in rows)]


def _list_row(view: DocumentView, table: Table, row: Row, own: list[int]) -> str:
    cells = [f'<td class="{row.marks.get(i, "")}">{isolated(text_of(row.cells[i]))}</td>' for i in own]
    for i, column in table.fields:
        places = view.places.of(row.path + (column.path or "")) if row.path else []
        value = isolated(text_of(row.cells[i]))
        ids = "".join(f'<span id="v{p.id}"></span>' for p in places)
        linked = f'<a href="#e{places[0].id}">{value}</a>' if value and any(p.evidence.quote for p in places) else value
        cells.append(f'<td class="{row.marks.get(i, "")}">{ids}{linked}</td>')
    notes = isolated("; ".join(row.notes))
    return f'<tr class="{"gap" if row.gap else ""}">{"".join(cells)}<td>{notes}</td></tr>\n'
