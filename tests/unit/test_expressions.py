"""Expressions: a closed language, evaluated in Decimal over data and tables, and compared with what was printed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.schemas.target import Field
from thresher.service.derivation.derived_fields import agrees, matching_paths
from thresher.service.derivation.described_expressions import described_expression
from thresher.service.derivation.evaluator import PRECISION_DIGITS, MissingError, date_shifted, evaluate
from thresher.service.derivation.expression_language import Column, ExpressionError, Path, parse_expression
from thresher.service.derivation.scopes import DataScope, Tables
from thresher.service.extraction.expression_questions import terms
from thresher.service.records.arithmetic.field_relations import computed_within_records

NUMBERS = st.decimals(-10_000, 10_000, allow_nan=False, allow_infinity=False, places=3)


def table(rows: list[list[str]]) -> Document:
    """A document of one table whose first row has the headings."""
    builder = DocumentBuilder(Source(path="a.csv", blob="", sha256="0", size=0, name="a.csv"), kind="sheet")
    builder.table(rows, header_rows=1)
    return builder.build()


def value(text: str, data: Any = None, *, home: str = "/x", documents: list[Document] | None = None) -> Any:
    """What an expression comes to, seen from a place in data whose one list is "/lines"."""
    scope = DataScope(data or {}, home, Tables(documents or []), ("/lines",) if data else ())
    return evaluate(parse_expression(text), scope).value


def written(number: Decimal) -> str:
    """A number in the language: a negative one in brackets."""
    return f"{number:f}" if number >= 0 else f"(-{abs(number):f})"


@given(NUMBERS, NUMBERS, NUMBERS)
def test_arithmetic_is_that_of_decimal(a: Decimal, b: Decimal, c: Decimal) -> None:
    """Products before sums, from left to right, exact to fifty figures, whatever the numbers."""
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        wanted = a + b * c - (a - b) * c
    assert value(f"{written(a)} + {written(b)} * {written(c)} - ({written(a)} - {written(b)}) * {written(c)}") == wanted
    assert getcontext().prec != PRECISION_DIGITS


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_functions_are_those_of_python(numbers: list[Decimal]) -> None:
    """Sum, average, least, greatest and count over a list are what Python's Decimal gives."""
    data = {"lines": [{"amount": str(n)} for n in numbers]}
    assert value("sum(/lines/*/amount)", data) == sum(numbers)
    assert value("minimum(/lines/*/amount)", data) == min(numbers)
    assert value("maximum(/lines/*/amount)", data) == max(numbers)
    assert value("count(/lines/*/amount)", data) == value("count()", data) == len(numbers)
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        assert value("average(/lines/*/amount)", data) == sum(numbers) / len(numbers)


@given(NUMBERS, NUMBERS)
def test_a_quotient_is_decimal_or_nothing(a: Decimal, b: Decimal) -> None:
    """A division by nought comes to nothing, and raises nothing else."""
    if b == 0:
        with pytest.raises(MissingError):
            value(f"{written(a)} / {written(b)}")
        return
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        assert value(f"{written(a)} / {written(b)}") == a / b


@given(st.dates(date(1950, 1, 1), date(2080, 1, 1)), st.integers(0, 4000))
def test_days_are_those_of_the_calendar(day: date, days: int) -> None:
    """A date and days are a date; two dates are days."""
    later = day + timedelta(days=days)
    data = {"from": day.isoformat(), "to": later.isoformat()}
    assert value(f"/from + {days} days", data) == later
    assert value(f"/to - {days} days", data) == day
    assert value("/to - /from", data) == days


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    """Nothing but ExpressionError comes of a text that is none."""
    try:
        parse_expression(text)
    except ExpressionError:
        return


@given(st.text(alphabet="()/*-+[]'0123456789. absumcountwhere,=<>", max_size=80))
def test_what_parses_evaluates_or_is_missing(text: str) -> None:
    """Whatever parses comes to a value or to nothing."""
    try:
        expression = parse_expression(text)
    except ExpressionError:
        return
    try:
        evaluate(expression, DataScope({}, "/x", Tables([]), ()))
    except MissingError:
        return


ROWS = [
    ["Customer", "Units", "Price", "State"],
    ["Ada", "12", "9.50", "late"],
    ["Bo", "7", "9.50", "on time"],
    ["Cem", "30", "8.75", "Late"],
]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sum([Units])", "49"),
        ("sum([Units] * [Price])", "443.00"),
        ("100 * count(where [State] = 'late') / count()", str(Decimal(200) / 3)[:12]),
        ("average([Units] where [Price] > 9)", "9.5"),
        ("maximum([units])", "30"),
        ("count(where [State] = 'late' and [Units] >= 30)", "1"),
        ("round(sum([Price]) / 3, 1)", "9.3"),
    ],
)
def test_columns_of_a_table(text: str, wanted: str) -> None:
    """A column goes by its heading, in any case; a filter keeps rows."""
    assert str(value(text, documents=[table(ROWS)])).startswith(wanted)


def test_a_row_of_totals_is_no_row() -> None:
    """A last row whose figures are the sums of those above it is left out, in any language."""
    rows = [["Was", "Menge"], ["Stühle", "4"], ["Tische", "5"], ["Lampen", "2"], ["", "11"]]
    assert value("sum([Menge])", documents=[table(rows)]) == 11
    assert value("count()", documents=[table(rows)]) == 3


def test_a_first_row_of_words_is_the_headings() -> None:
    """A table whose reader knows no headings; with figures in its first row it has none."""
    builder = DocumentBuilder(Source(path="a", blob="", sha256="0", size=0, name="a"), kind="html")
    builder.table([["Units", "State"], ["4", "late"], ["6", "late"]])
    builder.block("between")
    builder.table([["7", "late"], ["8", "late"]])
    assert value("sum([Units])", documents=[builder.build()]) == 10


def test_a_column_that_no_one_table_has_is_missing() -> None:
    """Nothing is reckoned with a column that is not there, or that two kinds of tables have."""
    with pytest.raises(MissingError):
        value("sum([Weight])", documents=[table(ROWS)])
    with pytest.raises(MissingError):
        value("sum([Units])", documents=[table(ROWS), table([["Units", "Other"], ["1", "2"], ["3", "4"]])])


def test_a_path_of_the_own_item_is_that_item() -> None:
    """In a record, `*` of the record's own list is the record."""
    data = {"lines": [{"gross": 12, "tax": 2}, {"gross": 24, "tax": 4}]}
    assert value("/lines/*/gross - /lines/*/tax", data, home="/lines/1/net") == 20
    assert value("sum(/lines/*/gross)", data, home="/total") == 36
    with pytest.raises(MissingError):
        value("/lines/*/gross - 1", data, home="/total")


def test_lists_within_lists() -> None:
    """An order's total is that of its own lines; a filter on the order holds for its lines."""
    data = {
        "orders": [
            {"state": "open", "lines": [{"a": 1}, {"a": 2}]},
            {"state": "shut", "lines": [{"a": 5}]},
        ]
    }
    assert value("sum(/orders/*/lines/*/a)", data, home="/orders/0/total") == 3
    assert value("sum(/orders/*/lines/*/a)", data, home="/total") == 8
    assert value("sum(/orders/*/lines/*/a where /orders/*/state = 'open')", data, home="/total") == 3


def test_what_lacks_a_value_is_left_out_and_told() -> None:
    """A sum goes over the items that have the value, and says that it is not whole."""
    scope = DataScope({"lines": [{"a": 1}, {"a": None}]}, "/x", Tables([]), ("/lines",))
    found = evaluate(parse_expression("sum(/lines/*/a)"), scope)
    assert found.value == Decimal(1)
    assert not found.complete
    assert list(scope.rests.paths) == ["/lines/0/a"]


@pytest.mark.parametrize(
    "text", ["", "sum(", "eval(1)", "__import__('os')", "1 +", "sum()", "/a b", "[a", "1 2", "count(where 1)", "(" * 40]
)
def test_what_is_not_listed_does_not_exist(text: str) -> None:
    """The language is closed."""
    with pytest.raises(ExpressionError):
        parse_expression(text)


def test_a_stroke_divides_where_a_value_came_before() -> None:
    """After a value a stroke divides, else it begins a path; a path may hold hyphens and any script."""
    assert terms(parse_expression("/total / /count")) == [Path("/total"), Path("/count")]
    assert terms(parse_expression("/due-date - /größe")) == [Path("/due-date"), Path("/größe")]
    assert terms(parse_expression("sum([Unit  price])")) == [Column("Unit price")]


def test_months_end_where_they_end() -> None:
    """A month after the 31st is the last day of the next."""
    assert date_shifted(date(2023, 12, 31), 2, "months") == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("given_value", "computed", "same"),
    [
        (14.33, "14.3333", True),
        (14.34, "14.3333", False),
        (15, "15.0", True),
        (14, "14.4", True),
        (129, "120", False),
        ("37.5", "37.5", True),
        (0.13, "0.125", True),
        (2.3, "2.39", True),
    ],
)
def test_a_value_agrees_to_its_own_precision(given_value: Any, computed: str, *, same: bool) -> None:
    """As many decimals as are given are compared; they may have been rounded or cut."""
    assert agrees(given_value, Decimal(computed)) is same


def test_places_of_a_pattern() -> None:
    """A place counts though nothing stands there; an object that is not there has none."""
    data = {"lines": [{"a": 1}, None, {}], "more": None}
    assert list(matching_paths(data, "/lines/*/a")) == ["/lines/0/a", "/lines/2/a"]
    assert list(matching_paths(data, "/more/a")) == []


@pytest.mark.parametrize(
    ("description", "wanted"),
    [
        ("Number of data rows (computed)", "count()"),
        ("Sum over all rows of Units times Price (computed)", "sum([Units] * [Price])"),
        ("Rows whose State is late, in percent of all rows", "100 * count(where [State] = 'late') / count()"),
        ("Sum of the hours of all rentals.", "sum([hours])"),
        ("Number of nights between arrival and departure, computed.", "[departure] - [arrival]"),
        ("Total of the invoice", ""),
        ("Number of the invoice", ""),
        ("Sum of the fees, less what was paid before, plus interest since March", ""),
    ],
)
def test_plain_descriptions_need_no_question(description: str, wanted: str) -> None:
    """An operation and what it goes over, and nothing else, is an expression by itself."""
    assert described_expression(Field(path="/x", kind="number", description=description)) == wanted


def bill(*rows: tuple[Any, ...]) -> dict[str, Any]:
    """Lines of quantity, price and amount."""
    return {"lines": [dict(zip(("n", "each", "amount"), row, strict=True)) for row in rows]}


def made(data: Any, *lost: str) -> set[str]:
    """Which of the values that were not found others of their record make."""
    located = {f"/lines/{i}/{k}" for i, line in enumerate(data["lines"]) for k in line} - set(lost)
    return set(computed_within_records(data, lost, located))


def test_a_price_that_is_amount_over_quantity() -> None:
    """What comes out to the cent is made; a price that does not come out is not."""
    right = bill((4, 46.51, 186.04), (1, 33.46, 33.46), (4, 8.29, 33.16))
    assert made(right, "/lines/0/each", "/lines/2/each") == {"/lines/0/each", "/lines/2/each"}
    wrong = bill((4, 47.51, 186.04), (1, 33.46, 33.46), (4, 8.29, 33.16))
    assert made(wrong, "/lines/0/each") == set()


def test_no_chance_makes_a_value() -> None:
    """One small figure that happens to be the sum of two others proves nothing; nor does anything times one."""
    assert made(bill((2, 3, 5)), "/lines/0/amount") == set()
    assert made(bill((1, 33.46, 33.46)), "/lines/0/each") == set()
    assert made(bill((3, 4, 12), (5, 6, 30)), "/lines/0/amount", "/lines/1/amount") == {
        "/lines/0/amount",
        "/lines/1/amount",
    }


def test_what_is_made_rests_on_what_was_found() -> None:
    """A value that was not found makes no other."""
    assert made(bill((4, 46.51, 186.04)), "/lines/0/each", "/lines/0/n") == set()
