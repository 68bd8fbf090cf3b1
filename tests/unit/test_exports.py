"""Tables of Results: columns from the target, rows with marks, nothing left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from tests.exported import SCHEMA, doubtful, result, target
from thresher.schemas.numbers import write_json
from thresher.schemas.result import TargetFacts
from thresher.schemas.review import ReviewEvent
from thresher.service.exports.columns import Column, ColumnKind, layout_of
from thresher.service.exports.csv_tables import inert
from thresher.service.exports.reviewed_results import ReviewedResult, reviewed
from thresher.service.exports.rows import Row, rows_of
from thresher.service.exports.target_fields import TargetFields, inferred_target
from thresher.service.exports.xlsx_cells import CELL_MAX_UNITS, cell_of, pieces, utf16_units
from thresher.service.exports.xlsx_tables import sheet_name

LAYOUT = layout_of([TargetFields.of(target())])


def rows(one: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of a Result by table, each cell by its column's name; notes and gaps with them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, row in rows_of(one if isinstance(one, ReviewedResult) else reviewed(one), LAYOUT):
        named = {c.name: v for c, v in zip(table.columns, row.cells, strict=True)}
        marks = {table.columns[i].name: m for i, m in row.marks.items()}
        found.setdefault(table.name, []).append(named | {"notes": row.notes, "gap": row.gap, "marks": marks})
    return found


def test_columns_are_those_of_the_schema_whatever_the_data() -> None:
    """Names in the schema's order, with its types; a name that the table has itself is not taken twice."""
    tables = {t.name: [(c.name, c.kind) for c in t.columns if c.path is not None] for t in LAYOUT.tables}
    kinds = dict(tables["results"])
    assert list(kinds)[:3] == ["number", "data.status", "day"]
    assert (kinds["total"], kinds["ratio"], kinds["count"], kinds["paid"]) == (
        "decimal",
        "number",
        "integer",
        "boolean",
    )
    assert (kinds["day"], kinds["sent"], kinds["extra"]) == ("date", "datetime", "any")
    assert list(tables) == ["results", "lines", "lines.parts", "reasons"]
    assert [c.name for c in LAYOUT.tables[2].columns][:3] == ["source", "lines.row", "row"]


def test_what_is_doubtful_missing_or_left_out_stands_there_marked() -> None:
    """Marks on cells, a column that lists them, and rows for what was dropped, not claimed and not read."""
    found = rows(doubtful())
    whole, lines = found["results"][0], found["lines"]
    assert whole["doubtful"] == "total, lines (3)"
    assert whole["marks"] == {"total": "doubtful", "status": "doubtful"}
    assert [(r["status"], r["row"], r["page"]) for r in lines] == [
        ("found", 1, 3), ("doubtful", 2, None), ("dropped", None, None), ("unclaimed", None, 2), ("unresolved", None, 9),
    ]  # fmt: skip
    assert lines[1]["marks"]["amount"] == "missing"
    assert (lines[2]["item"], lines[2]["amount"], lines[2]["gap"]) == ("Ghost", 5, True)
    assert "Sofa 3.00" in lines[3]["why"]
    assert [(r["lines.row"], r["row"], r["code"]) for r in found["lines.parts"] if not r["gap"]] == [
        (1, 1, "x"),
        (1, 2, "y"),
    ]
    assert whole["notes"] == ['more = "kept"']
    assert [r["place"] for r in found["reasons"]] == ["total", "lines row 2 amount", "lines, a row left out", "lines"]


def test_a_result_of_another_target_is_not_left_out() -> None:
    """It has a row of its own, in which its values stand as notes: an export that names one target loses no document."""
    other = doubtful().model_copy(update={"target": TargetFacts(name="Other", fingerprint="f" * 16)})
    (row,) = rows(other)["results"]
    assert (row["source"], row["gap"], row["notes"][0]) == (other.source.path, True, "of another target, Other")
    assert any(note.startswith("number = ") for note in row["notes"])


def test_corrected_values_are_used_and_are_no_longer_doubtful() -> None:
    """An edit changes the cell, an acceptance settles the doubt; both are marked as a person's."""
    events = [
        ReviewEvent(
            seq=1, at="2026-01-01T00:00:00Z", by="ann", path="/total", action="accept", old="42.00", new="42.00"
        ),
        ReviewEvent(seq=2, at="2026-01-01T00:00:01Z", by="ann", path="/lines/1/amount", action="edit", new=8.5),
    ]
    found = rows(reviewed(doubtful(), events))
    assert found["results"][0]["marks"]["total"] == "corrected"
    assert found["results"][0]["doubtful"] == "lines (2)"
    line = found["lines"][1]
    assert (line["amount"], line["status"], line["marks"]) == (8.5, "corrected", {"amount": "corrected"})
    assert found["results"][0]["review"] == "open"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab=\n", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SCHEMA["properties"], "zz"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@many(120)
@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "zz"]), JSON, max_size=6))
def test_no_value_is_lost(data: dict[str, Any]) -> None:
    """Whatever shape the data has, each of its texts stands in a cell or in a note."""
    marked = _numbered(data, iter(range(1000)))
    told = []
    for _, row in rows_of(reviewed(result(write_json(marked))), LAYOUT):
        told += [write_json(c) for c in row.cells] + row.notes
    text = "\n".join(told)
    assert [leaf for leaf in _texts(marked) if leaf not in text] == []


def _numbered(value: Any, numbers: Any) -> Any:
    """The same data with each leaf as a text that occurs once."""
    if isinstance(value, dict):
        return {k: _numbered(v, numbers) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbered(v, numbers) for v in value]
    return None if value is None else f"<{next(numbers)}>"


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        return [t for v in (value.values() if isinstance(value, dict) else value) for t in _texts(v)]
    return [value] if value is not None else []


@pytest.mark.parametrize(
    ("kind", "value", "how", "written"),
    [
        ("decimal", "42.00", "number", 42.0),
        ("decimal", "12345678901234.56", "text", "12345678901234.56"),
        ("integer", 10**18, "number", 10**18),
        ("integer", 2**60 + 1, "text", str(2**60 + 1)),
        ("date", "1899-12-31", "text", "1899-12-31"),
        ("date", "next week", "text", "next week"),
        ("boolean", "yes", "text", "yes"),
        ("number", 1e-20, "number", 1e-20),
        ("text", "=cmd()", "text", "=cmd()"),
    ],
)
def test_excel_gets_a_type_only_where_it_holds_the_value_exactly(
    kind: ColumnKind, value: Any, how: str, written: Any
) -> None:
    """Else it is text, and a note says why."""
    cell = cell_of(Column(name="x", kind=kind, path="/x"), value)
    assert (cell.how, cell.value) == (how, written)
    assert bool(cell.note) == (how == "text" and kind != "text")


@many(60)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**14), max_value=10**14))
def test_a_number_in_excel_is_the_number(number: Decimal) -> None:
    """What is written as a number reads back as the same decimal number, to 15 digits."""
    cell = cell_of(Column(name="x", kind="decimal", path="/x"), str(number))
    if cell.how == "number":
        assert Decimal(f"{cell.value:.15g}") == number


@many(60)
@given(st.text(max_size=40), st.integers(2, 9))
def test_pieces_fit_and_join(text: str, most: int) -> None:
    """Pieces of a long text fit their cells, and together are the text."""
    found = pieces(text, most)
    assert "".join(found) == text
    assert all(utf16_units(p) <= most for p in found)
    assert CELL_MAX_UNITS == 32_767


@many(60)
@given(st.lists(st.text(max_size=40), max_size=6))
def test_sheet_names_are_those_that_excel_takes(names: list[str]) -> None:
    """At most 31 characters, none forbidden, each once."""
    taken: set[str] = set()
    made = [sheet_name(n, taken) for n in names]
    assert len({m.casefold() for m in made}) == len(names)
    assert all(1 <= utf16_units(m) <= 31 and not set(m) & set("[]:*?/\\") and m.strip("'") == m for m in made)


def test_formulas_are_inert_in_csv() -> None:
    """A text that begins like a formula gets a quote; a number does not."""
    assert [inert(t) for t in ("=1", "+1", "-1", "@a", "\t=1", "＝1", "a=1")] == [
        "'=1", "'+1", "'-1", "'@a", "'\t=1", "'＝1", "a=1",
    ]  # fmt: skip


def test_columns_of_a_target_that_is_not_known_come_from_the_data() -> None:
    """The last resort names every field and list that is there."""
    fields = inferred_target([result()])
    assert {"/number", "/buyer/name", "/lines/*/item", "/more"} <= {f.path for f in fields.fields}
    assert set(fields.lists) == {"/lines", "/lines/*/parts"}
    assert isinstance(next(iter(rows_of(reviewed(result()), layout_of([fields]))))[1], Row)
