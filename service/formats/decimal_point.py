"""Find the decimal mark of a text: "1.200" is 1200 where all its cents stand behind commas."""

from __future__ import annotations

import re
from collections import Counter

from thresher.service.formats.amounts import DecimalMark

TELLING_MIN_AMOUNTS = 2  # amounts with cents that show what a text's decimal mark is
_CENTS = re.compile(r"(?<![\d.,/:])(?:\d{1,3}(?:[., '’]\d{3})+|\d+)(?P<mark>[.,])\d{2}(?![\d:]|[.,/]\d|\.(?: |$))")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


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
