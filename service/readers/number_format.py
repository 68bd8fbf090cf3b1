"""Cell values as a spreadsheet shows them, for the number formats that say so simply.

Dates and times become ISO 8601 (a format of a locale would be ambiguous: 01/02/2024). Numbers get the decimals, thousands
separators (always "," and "."), per cent signs, literal signs and brackets of their format. A format that does more
(fractions, exponents, conditions) gives the plain number, up to 15 significant digits, which is what the file holds.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

_QUOTED = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|_.|\*.|\[[^\]]*\]')
_PLAIN = re.compile(r"([^#0?]*?)([#0?,]*[#0?])(?:\.([#0?]+))?(,*)([^#0?]*)")
_TIME = re.compile(r"h|s|am/pm", re.IGNORECASE)
_DATE = re.compile(r"[dy]|mmm", re.IGNORECASE)
_SAFE = {"#": "\ue000", "0": "\ue001", "?": "\ue002", ",": "\ue003", ".": "\ue004", "%": "\ue005", ";": "\ue006"}
_BACK = str.maketrans({v: k for k, v in _SAFE.items()})


class Shape(NamedTuple):
    """One section of a number format."""

    before: str
    after: str
    least: int  # decimals
    most: int
    digits: int  # least digits before the point
    grouped: bool
    scale: int  # power of ten that the number is multiplied by: 2 for per cent, -3 for thousands


def shown(value: object, form: str = "General") -> str:
    """A cell's value as text.

    >>> shown(1234.5, "#,##0.00"), shown(0.195, "0.0%"), shown(-3, '"EUR" 0.00;("EUR" 0.00)'), shown(0.1 + 0.2)
    ('1,234.50', '19.5%', '(EUR 3.00)', '0.3')
    >>> shown(dt.datetime(2024, 2, 1), "dd/mm/yyyy"), shown(dt.datetime(2024, 2, 1, 9, 5), "d.m. hh:mm")
    ('2024-02-01', '2024-02-01 09:05:00')
    """
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return _number(value, form)
        case dt.datetime():
            return _moment(value, form)
        case dt.date() | dt.time():
            return value.isoformat()
    return str(value)


def _moment(value: dt.datetime, form: str) -> str:
    bare = _QUOTED.sub("", form)
    midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
    if midnight and not (_TIME.search(bare) and _DATE.search(bare)):
        return value.date().isoformat()
    return value.replace(microsecond=0).isoformat(sep=" ")


def _number(value: float, form: str) -> str:
    sections = _sections(form)
    section = sections[0] if sections else None
    if value < 0 and len(sections) > 1 and sections[1] is not None:
        section, value = sections[1], -value
    elif value == 0 and len(sections) > 2 and sections[2] is not None:
        section = sections[2]
    if section is None or value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
        return general(value)
    return _written(value, section)


def general(value: float) -> str:
    """A number up to 15 significant digits, never with an exponent where it can be written out.

    >>> general(12.0), general(1e15 / 3), general(2.5e-7), general(4.4000000000000004)
    ('12', '333333333333333', '0.00000025', '4.4')
    """
    text = f"{value:.15g}"
    if "e" in text and 1e-12 < abs(value) < 1e20:
        text = f"{Decimal(text):f}"
    return text


LONGEST = 26  # figures that a number is written with: Decimal's own precision is 28


def _written(value: float, s: Shape) -> str:
    exact = Decimal(f"{value:.15g}").scaleb(s.scale)
    if not -20 < exact.adjusted() < 30 or exact.adjusted() + s.most > LONGEST:
        return general(value)
    text = f"{abs(exact).quantize(Decimal(1).scaleb(-s.most), ROUND_HALF_UP):f}"
    whole, _, decimals = text.partition(".")
    while len(decimals) > s.least and decimals.endswith("0"):
        decimals = decimals[:-1]
    whole = whole.lstrip("0").rjust(s.digits, "0")
    if s.grouped and whole:
        whole = f"{int(whole):,}".rjust(s.digits, "0")
    sign = "-" if exact < 0 and any(c not in "0." for c in text) else ""
    return f"{sign}{s.before}{whole}{'.' if decimals else ''}{decimals}{s.after}".strip() or "0"


@lru_cache(maxsize=512)
def _sections(form: str) -> tuple[Shape | None, ...]:
    if form in {"General", "@", ""}:
        return ()
    bare = _QUOTED.sub(lambda m: "".join(_SAFE.get(c, c) for c in (m[1] or m[2] or m[3] or "")), form)
    return tuple(_shape(section) for section in bare.split(";")[:3])


def _shape(section: str) -> Shape | None:
    match = _PLAIN.fullmatch(section)
    if match is None or re.search(r"[eE][+-]|/", section) or "General" in section:
        return None
    before, whole, decimals, thousands, after = match.groups(default="")
    return Shape(
        before=before.translate(_BACK),
        after=after.translate(_BACK),
        least=decimals.count("0"),
        most=len(decimals),
        digits=whole.count("0"),
        grouped="," in whole,
        scale=2 * (before + after).count("%") - 3 * len(thousands),
    )
