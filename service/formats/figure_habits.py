"""Find how a text writes figures: "1.200" is 1200 where all its cents stand behind commas, and 1/3 is in March where 25/12 stands."""

from __future__ import annotations

import re
from collections import Counter

from thresher.service.formats.amounts import DecimalMark
from thresher.service.formats.dates import DateOrder

TELLING_MIN_AMOUNTS = 2  # amounts with cents that show what a text's decimal mark is
# a pattern that begins with a figure, and looks behind it then, is searched ten times as fast
_CENTS = re.compile(
    r"\d(?<![\d.,/:]\d)(?:\d{0,2}(?:[., '’]\d{3}){1,12}|\d*)(?P<mark>[.,])\d{2}(?![\d:]|[.,/]\d|\.(?: |$))"
)
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")

_DATE = re.compile(r"(\d(?<![\d/.-]\d)\d?)([/-])(\d{1,2})\2(?:\d{4}|\d{2})(?![\d/])")
MONTHS = 12


def date_order_of(text: str) -> DateOrder | None:
    """Return the order of day and month in dates of figures, by those that have one reading; None where these differ.

    >>> date_order_of("25/12/2024, 01/03/2025"), date_order_of("3/25/24"), date_order_of("25/12/2024, 3/25/24")
    ('dmy', 'mdy', None)
    """
    pairs = [(int(m[1]), int(m[3])) for m in _DATE.finditer(text)]
    day_first = any(a > MONTHS >= b for a, b in pairs)
    if day_first is any(b > MONTHS >= a for a, b in pairs):
        return None
    return "dmy" if day_first else "mdy"


def decimal_point_of(text: str) -> DecimalMark | None:
    """Return the decimal mark of a text's amounts with cents; None where there are few of them, or some with the other mark.

    >>> decimal_point_of("1.045,50 EUR, 28,00 EUR am 12.03.2025"), decimal_point_of("1.50 or 2,50"), decimal_point_of("4.50")
    (',', None, None)
    """
    marks = Counter(m["mark"] for m in _CENTS.finditer(text))
    if len(marks) != 1 or marks.total() < TELLING_MIN_AMOUNTS:
        return None
    return "," if "," in marks else "."


def is_ambiguous(figures: str) -> bool:
    """Whether figures are a thousand or a unit, depending on what the mark means: 1.200."""
    return _AMBIGUOUS.fullmatch(figures) is not None
