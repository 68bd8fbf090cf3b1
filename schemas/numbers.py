"""Numbers that keep the digits they were written with: 42.00 stays 42.00 from an answer to the JSON of the Result.

A float has no trailing zeros and about 16 digits. A `Number` is a float in calculations, and its own text
in output. Neither `json` nor pydantic can write a number as a given text, so it is written as a text that
only this process knows how to mark, and the marks and their quotes are taken off the finished JSON.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from decimal import Decimal
from typing import Annotated, Any, Self

import jiter
from pydantic import PlainSerializer, SerializationInfo

_MARK = f"number:{secrets.token_hex(12)}:"  # a new one in each process: no document can hold it
_MARKED = re.compile(rf'"{_MARK}([^"]*)"')
_JSON_NUMBER = re.compile(
    r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?"
)  # 1e-999999999 has a thousand million digits
_PLAIN_FIGURES = re.compile(r"[+-]?\d{1,18}(\.\d{1,12})?")
WRITING = object()
"""The context of a dump whose marks are taken off; any other dump writes plain numbers."""


class Number(float):
    """A float that remembers how it was written.

    >>> Number("42.00"), Number("42.00") == 42, Number("42.00").decimal
    (42.00, True, Decimal('42.00'))
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Make a Number from the text of a JSON number. Raises ValueError on other text, or if no float can hold it."""
        made = super().__new__(cls, text)
        if not math.isfinite(made) or not _JSON_NUMBER.fullmatch(text):
            raise ValueError(text)
        made.text = text
        return made

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        """Pickle and copy with the text, so that no digit is lost."""
        return type(self), (self.text,)

    def __repr__(self) -> str:
        """Return the digits as they were written; `Decimal(str(number))` is exact."""
        return self.text

    __str__ = __repr__

    @property
    def decimal(self) -> Decimal:
        """Return the exact value, with its decimals."""
        return Decimal(self.text)


def number_of(value: Decimal) -> Number:
    """Convert a Decimal to a Number, with its decimals and without an exponent.

    >>> number_of(Decimal("1E+2")), number_of(Decimal("0.00"))
    (100, 0.00)
    """
    return Number(format(value, "f"))


def decimal_of(value: Any) -> Decimal | None:
    """Return the number that a leaf of JSON is, or that its text is in plain figures; None for anything else.

    >>> decimal_of(42.5), decimal_of(" 1204.50 "), decimal_of("1,204.50"), decimal_of(True), decimal_of(float("nan"))
    (Decimal('42.5'), Decimal('1204.50'), None, None, None)
    """
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = Decimal(str(value))
        return number if number.is_finite() else None
    text = value.strip() if isinstance(value, str) else ""
    return Decimal(text) if _PLAIN_FIGURES.fullmatch(text) else None


def read_json(text: str | bytes, *, partial: bool = False) -> Any:
    """Parse JSON; numbers with a point or an exponent become Numbers. Raises ValueError.

    `partial`: of a text that was cut short, all that is whole.

    >>> read_json('{"a": 42.00, "b": [7, "x", "cut o', partial=True)
    {'a': 42.00, 'b': [7, 'x']}
    """
    body = text.encode() if isinstance(text, str) else text
    return _kept(jiter.from_json(body, partial_mode=partial, float_mode="lossless-float"))


def has_doubled_keys(text: str) -> bool:
    """Whether an object of a JSON text has two members of one name.

    >>> has_doubled_keys('{"a": 1, "a": 2}'), has_doubled_keys('{"a": [{"b": 1}, {"b": 2}]}')
    (True, False)
    """
    try:
        jiter.from_json(text.encode(), catch_duplicate_keys=True)
    except ValueError as error:
        return "duplicate key" in str(error)
    return False


def _kept(value: Any) -> Any:
    """Replace jiter's texts of numbers in the tree by Numbers."""
    if isinstance(value, dict):
        return {key: _kept(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_kept(member) for member in value]
    return _number(str(value)) if isinstance(value, jiter.LosslessFloat) else value


def _number(text: str) -> float:
    try:
        return Number(text)
    except ValueError:
        return float(text)


def _written(value: Any, info: SerializationInfo[Any]) -> Any:
    return _marked(value) if info.context is WRITING else value


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_marked(member) for member in value]
    return f"{_MARK}{value.text}" if isinstance(value, Number) else value


def without_marks(text: str) -> str:
    """Return a JSON text that was made in the context WRITING, with its marked Numbers as plain numbers."""
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def write_json(value: Any) -> str:
    """Return a JSON value as text on one line, its Numbers with their own digits.

    >>> write_json({"a": Number("42.00")})
    '{"a": 42.00}'
    """
    return without_marks(json.dumps(_marked(value), ensure_ascii=False))


JsonValue = Annotated[Any, PlainSerializer(_written)]
"""A field of a model that holds any JSON value, and may hold Numbers."""
