"""Convert JSON values to the types of their columns; what does not fit exactly is said so, never rounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from thresher.schemas.numbers import write_json
from thresher.service.exports.columns import Column, ColumnKind

NUMBER_MAX_DIGITS = 1_000  # before or behind the point


class UnfitError(ValueError):
    """A value does not have the type of its column; the message says so for people."""


def typed(value: Any, kind: ColumnKind) -> Any:
    """Return a JSON value that is not null as an instance of its column's type. Raises UnfitError.

    >>> typed("2024-02-29", "date"), typed("42.00", "decimal"), typed(7, "integer")
    (datetime.date(2024, 2, 29), Decimal('42.00'), 7)
    """
    try:
        return _TYPES[kind](value)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise UnfitError(f"no {kind}") from error


def text_of(value: Any) -> str:
    """Return a value as the text of a cell: numbers with their digits, objects as JSON, plain lists joined by "; ".

    >>> text_of(True), text_of(["a", 1]), text_of({"a": 1})
    ('true', 'a; 1', '{"a": 1}')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(v, dict | list) for v in value):
        return "; ".join(text_of(v) for v in value if v is not None)
    return "" if value is None else write_json(value)


def note_of(column: Column, value: Any, why: str) -> str:
    """Return the note on a value that its cell does not hold as it is."""
    return f"{column.name} = {write_json(value)}: {why}" if why else f"{column.name} = {write_json(value)}"


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        number = _decimal(value)
        if number != number.to_integral_value():
            raise ValueError
        return int(number)
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    made = Decimal(str(value))
    is_plain = str(value) == str(value).strip() and "_" not in str(value)
    if not made.is_finite() or abs(made.adjusted()) > NUMBER_MAX_DIGITS or not is_plain:  # "1e99999999" has too many
        raise ValueError
    return made


def _number(value: Any) -> float:
    exact = _decimal(value)
    made = float(exact)
    if Decimal(repr(made)) != exact:
        raise ValueError
    return made


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_TYPES: dict[ColumnKind, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "any": text_of,
}
