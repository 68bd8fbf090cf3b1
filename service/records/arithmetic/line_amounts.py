"""Read the figures that a line prints, in whole steps of 1/10,000, so that their sums are exact."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from thresher.service.formats.amounts import parse_number
from thresher.service.formats.ascii_figures import ascii_figures

STEPS_PER_UNIT = Decimal(10_000)  # steps per unit; no amount is printed finer
YEARS = frozenset(n * int(STEPS_PER_UNIT) for n in range(1900, 2101))  # in steps
CACHED_LINES = 1 << 12  # lines whose figures are cached
POINTS: tuple[Literal[".", ","], ...] = (".", ",")
_FIGURE = re.compile(
    r"(?<![\w.,:/'’])(?<!\w[-−–])(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d[\d.,'’]*\d|\d)-?(?P<percent>\s?%)?(?![\w:/]|[-.,]\w)"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a line, without its sign."""

    readings: frozenset[int]  # in steps; several where either point or comma may be the decimal separator
    digits: int  # without leading and trailing zeros; more digits match less by chance
    is_percent: bool
    size: int  # count of all its digits


@lru_cache(maxsize=CACHED_LINES)
def figures(line: str) -> tuple[Figure, ...]:
    """Return the figures of a line from left to right, without dates, times and parts of codes.

    >>> [sorted(f.readings) for f in figures("Summe am 31.12.2024  50.550,00")], figures("Ward 10/B, A-17")
    ([[505500000]], ())
    >>> [(sorted(f.readings), f.is_percent) for f in figures("VAT at 20 %   (39.20)")]
    [([200000], True), ([392000], False)]
    """
    return tuple(
        f for m in _FIGURE.finditer(ascii_figures(line)) if (f := _figure(m[0], is_percent=bool(m["percent"]))).readings
    )


def steps_of(value: Any) -> int | None:
    """Return the number of a value in steps; None where it is no number, or finer than a step.

    >>> steps_of(12.5), steps_of("1.204,50"), steps_of("Ada"), steps_of(True)
    (125000, 12045000, None, None)
    """
    if isinstance(value, str):
        value = parse_number(value) if value[:1].isdigit() or value[:1] in "-(+$€£¥" else None
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    whole = Decimal(str(value)) * STEPS_PER_UNIT
    return int(whole) if whole.is_finite() and whole == whole.to_integral_value() else None


def _figure(text: str, *, is_percent: bool) -> Figure:
    number = text.rstrip("%- \u00a0").replace("\u00a0", " ").replace("\u202f", " ")
    found = {steps_of(parse_number(number, point=point)) for point in POINTS}
    digits = re.sub(r"\D", "", number)
    return Figure(frozenset(n for n in found if n is not None), len(digits.strip("0")), is_percent, len(digits))
