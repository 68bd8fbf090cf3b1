"""Finds what a text writes as numbers and dates, with every way each could be read.

A span is kept with all its readings ("1.204" is 1204 or 1.204; "03/04/2024" is a day in March or in April), because
grounding asks only whether a value could have been read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from service.amounts import Point
from service.dates import Order
from service.values import parse_date, parse_number

Range = tuple[int, int]

_KNOWN = 4096  # texts whose readings are remembered: the same ones stand on page after page
_FIGURES = re.compile(r"\d")
_ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")

_NUMBER = re.compile(
    r"(?<![\w.,])(?:\(\s?)?[-+−]?(?:[$€£¥]\s?)?[-−]?(?:\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?|\d[\d.,]*\d|\d|[.,]\d+)"
    r"(?:\s?\)|-(?!\w))?(?![\d])"
)
_MONTHS = (
    r"jan|feb|f[eé]v|m[aä]r|mrz|mrt|maa|apr|abr|avr|ma[iyg]|jui|jun|jul|giu|lug|gen|ene|ag[uo]|aug|ao[uû]|se[pt]|"
    r"okt|oct|out|ott|nov|de[czsé]|d[ée]c|dic|dez|janvier"
)
# Each form begins with a set of characters, its look-behind after it: the search skips to those at C speed.
_CENTURY = r"(?:(?<=1)9|(?<=2)0)"
_DATES = (
    re.compile(r"\d(?<!\d\d)\d{3}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}日?(?!\d)"),
    re.compile(r"\d(?<![\d.,]\d)\d?\s?[-./]\s?\d{1,2}\s?[-./]\s?(?:\d{4}|\d{2})(?!\d)"),
    re.compile(rf"[12](?<!\d[12]){_CENTURY}\d{{6}}(?!\d)"),
    re.compile(
        rf"\d(?<!\w\d)\d?(?:st|nd|rd|th|er|º|\.)?[ \-/]*(?:day of |de |of )?(?:{_MONTHS})\w*\.?,?[ \-/]*(?:de |del )?,?\s?"
        r"(?:\d{4}|\d{2})(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(rf"[12](?<!\w[12]){_CENTURY}\d\d[- ](?:{_MONTHS})\w*[- ]\d{{1,2}}(?!\d)", re.IGNORECASE),
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w)(?:{_MONTHS})\w*\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\s?,?\s+\d{{4}}(?!\d)", re.IGNORECASE
)
_DAY_YEAR = re.compile(r"\d(?<!\d\d)\d?(?:st|nd|rd|th)?\s?,?\s+\d{4}(?!\d)", re.IGNORECASE)  # its end, found fast


def numbers(text: str) -> Iterator[tuple[Range, frozenset[Decimal]]]:
    """Ranges of the numbers in a text, in order, each with its possible readings.

    >>> [(t, sorted(map(str, r))) for t, r in ((("a 1.204 b")[s:e], r) for (s, e), r in numbers("a 1.204 b"))]
    [('1.204', ['1.204', '1204'])]
    """
    for match in _NUMBER.finditer(text):
        readings = number_readings(match.group())
        if readings:
            yield match.span(), readings


def number_quotes(text: str) -> Iterator[tuple[Range, str]]:
    """Ranges of what may be numbers, in order, each with its figures as `figures_of` gives them."""
    for match in _NUMBER.finditer(text):
        yield match.span(), figures_of(match.group())


def figures_of(quote: str) -> str:
    """The figures of a number without zeros at either end: the same for every way to write it.

    >>> {figures_of(q) for q in ("1.204,50", "1204.5", "(1 204.5)", "-001204.500")}
    {'12045'}
    """
    figures = "".join(_FIGURES.findall(quote))
    return (figures if figures.isascii() else "".join(str(int(c)) for c in figures)).strip("0")


@lru_cache(maxsize=_KNOWN)
def number_readings(quote: str) -> frozenset[Decimal]:
    """Every number that a text could be read as."""
    points: tuple[Point, ...] = (".", ",") if "." in quote or "," in quote else (".",)
    return frozenset(r for p in points if (r := parse_number(quote, point=p)) is not None)


def dates(text: str) -> Iterator[tuple[Range, frozenset[date]]]:
    """Ranges of the dates in a text, each with its possible readings.

    >>> [sorted(map(str, r)) for _, r in dates("due 03/04/2024, signed the 5th day of May, 2023")]
    [['2024-03-04', '2024-04-03'], ['2023-05-05']]
    """
    forms = (*_DATES, _MONTH_FIRST) if _DAY_YEAR.search(text) else _DATES
    for form in forms:
        for match in form.finditer(text):
            readings = date_readings(match.group())
            if readings:
                yield match.span(), readings


@lru_cache(maxsize=_KNOWN)
def date_readings(quote: str) -> frozenset[date]:
    """Every day that a text could be read as."""
    return frozenset(r for o in _ORDERS if (r := parse_date(quote, order=o)) is not None)
