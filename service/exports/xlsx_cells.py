"""Decide how a value stands in a cell of Excel: with its type where Excel holds it exactly, else as text with a note.

Limits from "Excel specifications and limits" (Microsoft): 15 digits in a number, 32,767 characters in a cell, counted in
UTF-16 units. Excel takes 1900 for a leap year, so that days before 1 March 1900 differ between programs: they are text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from thresher.service.exports.cells import UnfitError, text_of, typed
from thresher.service.exports.columns import Column

CELL_MAX_UNITS = 32_767  # UTF-16 units of a text in one cell
NUMBER_MAX_DIGITS = 15
NUMBER_MAX_PLACES = 15  # decimals that are shown
FIRST_DAY = date(1900, 3, 1)
LARGEST = Decimal("1e307")
MILLISECOND = 1000  # in microseconds: the finest time Excel keeps


@dataclass(frozen=True, slots=True)
class Cell:
    """What is written: the value, how, the format of its display, and a note where the value is not all of it."""

    value: Any
    how: Literal["blank", "text", "number", "boolean", "moment"]
    form: str = ""
    note: str = ""


def cell_of(column: Column, value: Any) -> Cell:
    """Return the cell of a JSON value."""
    if value is None:
        return Cell(None, "blank")
    if column.many or column.kind in {"text", "any"}:
        return _loose(value) if column.kind == "any" else Cell(text_of(value), "text")
    try:
        made = typed(value, column.kind)
    except UnfitError as error:
        return Cell(text_of(value), "text", note=f"as text: {error}")
    if isinstance(made, bool):
        return Cell(made, "boolean")
    if isinstance(made, int | float | Decimal):
        return _number(made if isinstance(made, int) else Decimal(str(value)), text_of(value))
    return _moment(made, text_of(value))


def _loose(value: Any) -> Cell:
    """Return the cell of a value whose type the target leaves open: that of the JSON value."""
    if isinstance(value, bool):
        return Cell(value, "boolean")
    if isinstance(value, int | float):
        return _number(Decimal(str(value)), text_of(value))
    return Cell(text_of(value), "text")


def _number(number: int | Decimal, text: str) -> Cell:
    """Return a number with as many decimals as the document gives it."""
    exact = Decimal(number)
    digits, exponent = exact.as_tuple()[1:]
    significant = len("".join(map(str, digits)).rstrip("0")) if exact else 1
    places = max(-int(exponent), 0)
    if significant > NUMBER_MAX_DIGITS or places > NUMBER_MAX_PLACES or abs(exact) >= LARGEST:
        return Cell(text, "text", note=f"as text: Excel keeps {NUMBER_MAX_DIGITS} digits")
    return Cell(number if isinstance(number, int) else float(exact), "number", f"0.{'0' * places}" if places else "0")


def _moment(moment: date | datetime | time, text: str) -> Cell:
    """Return a date or a time; the time zone, which Excel does not have, becomes a note."""
    if isinstance(moment, time):
        plain, form = moment.replace(tzinfo=None), "hh:mm:ss"
    elif isinstance(moment, datetime):
        plain, form = moment.replace(tzinfo=None), "yyyy-mm-dd hh:mm:ss"
    else:
        return Cell(moment, "moment", "yyyy-mm-dd") if moment >= FIRST_DAY else _early(text)
    if isinstance(plain, datetime) and plain.date() < FIRST_DAY:
        return _early(text)
    if plain.microsecond % MILLISECOND:
        return Cell(text, "text", note="as text: Excel keeps milliseconds")
    zone = moment.tzinfo
    return Cell(plain, "moment", form + (".000" if plain.microsecond else ""), f"time zone {zone}" if zone else "")


def _early(text: str) -> Cell:
    return Cell(text, "text", note="as text: Excel has no days before March 1900")


def utf16_units(text: str) -> int:
    """Return the length of a text as Excel counts it."""
    return len(text) + sum(c > "\uffff" for c in text)


def pieces(text: str, most: int = CELL_MAX_UNITS) -> list[str]:
    """Return a text in pieces that each fit a cell.

    >>> pieces("abc", 2)
    ['ab', 'c']
    """
    found, begin, units = [], 0, 0
    for i, character in enumerate(text):
        size = 2 if character > "\uffff" else 1
        if units + size > most:
            found.append(text[begin:i])
            begin, units = i, 0
        units += size
    return [*found, text[begin:]]
