"""Values as they are printed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.simulation.generator.layout import Layout
from tests.simulation.generator.nouns import Value

DATES = {
    "iso": "%Y-%m-%d",
    "dots": "%d.%m.%Y",
    "slashes": "%d/%m/%Y",  # the day first, always
    "month": "%d %b %Y",
    "long": "%d %B %Y",
    "us_words": "%B %d, %Y",
}
_MARKS = {"en": ",.", "de": ".,", "plain": "\0.", "swiss": "'."}
_MINUS = {"minus": "-{}", "trailing": "{}-", "crdr": "{} DR", "sh": "{} S"}
_PLUS = {"minus": "+{}", "trailing": "{}+", "crdr": "{} CR", "sh": "{} H"}


def show(value: Value, layout: Layout, *, signed: bool = False) -> str:
    """A value as a layout prints it; "" for None."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime(DATES[layout.dates])
    if isinstance(value, Decimal):
        shown = _grouped(f"{abs(value):,.2f}", layout)
        return (_MINUS if value < 0 else _PLUS)[layout.signs].format(shown) if signed else shown
    return _grouped(f"{value:,}", layout) if isinstance(value, int) else value


def _grouped(shown: str, layout: Layout) -> str:
    """English grouping turned into the layout's."""
    group, point = tuple(_MARKS[layout.numbers])
    return shown.replace(".", "\1").replace(",", group.strip("\0")).replace("\1", point)


def plain(value: Value) -> str | int | float | None:
    """A value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
