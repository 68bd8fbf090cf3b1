"""Values as people type them: one reading is taken, several are asked about, none is invented."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.schemas.errors import InputProblem
from thresher.schemas.numbers import Number
from thresher.schemas.target import Field
from thresher.service.reviews.typed_values import typed_value

DECIMAL = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}


def typed(kind: Any, given: Any, old: Any = None, **more: Any) -> Any:
    """The value that is taken for a field of a kind."""
    return typed_value(given, Field(path="/x", kind=kind, **more), old)


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("number", "1.234,56", "1234.56"),
        ("number", "1,234.50", "1234.50"),
        ("number", "(12,00)", "-12.00"),
        ("number", "€ 42,00", "42.00"),
        ("number", Number("42.00"), "42.00"),
        ("number", 7, "7"),
        ("integer", "1.234", "1234"),
        ("date", "3. März 2024", "2024-03-03"),
        ("date", "31/12/99", "1999-12-31"),
        ("date", "2024-03-03", "2024-03-03"),
        ("datetime", "3.3.24, 9.05 Uhr", "2024-03-03T09:05:00"),
        ("time", "3:15 p.m.", "15:15:00"),
        ("boolean", "ja", "True"),
        ("text", "  Tern Boatyard  ", "Tern Boatyard"),
    ],
)
def test_what_has_one_reading_is_taken(kind: Any, given: Any, wanted: str) -> None:
    """In the person's own habit, with all digits."""
    assert str(typed(kind, given)) == wanted


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("number", "1.234", "write 1.2340 or 1234"),
        ("number", "12.03.2024", "a number is expected"),
        ("integer", "12.5", "whole number"),
        ("integer", Number("12.5"), "whole number"),
        ("date", "03/04/2024", "2024-04-03 or 2024-03-04"),
        ("date", "soon", "as 2024-03-31"),
        ("boolean", "maybe", "yes or no"),
        ("text", "  ", "mark it as absent"),
        ("text", 12, "a text is expected"),
    ],
)
def test_what_has_several_readings_or_none_is_asked_about(kind: Any, given: Any, told: str) -> None:
    """The Problem says what it could be."""
    with pytest.raises(InputProblem, match=told) as refused:
        typed(kind, given)
    assert refused.value.code == "value_not_understood"


def test_a_choice_is_one_of_the_targets() -> None:
    """In any spelling of case; anything else is told the choices."""
    assert typed("enum", "eur", choices=("EUR", "GBP")) == "EUR"
    with pytest.raises(InputProblem, match='"EUR", "GBP"'):
        typed("enum", "USD", choices=("EUR", "GBP"))


def test_a_decimal_of_the_target_stays_text() -> None:
    """Pydantic's Decimal is text in JSON, and so is its correction."""
    assert typed("number", "1.204,50", schema=DECIMAL) == "1204.50"
    assert typed("number", "1.204,50", old="1.00") == "1204.50"


def test_without_a_target_the_old_value_says_the_kind() -> None:
    """A number stays a number, a text a text."""
    assert str(typed_value("1.204,50", None, Number("1.00"))) == "1204.50"
    assert typed_value("1.204,50", None, "x") == "1.204,50"


def test_a_number_beyond_all_numbers_is_no_value() -> None:
    """JSON can write 1e999999: the person hears of it, and nothing breaks."""
    for kind in ("number", "integer", "any"):
        with pytest.raises(InputProblem, match="of this size"):
            typed(kind, float("inf"))
