"""Finds what a text writes as numbers and dates, with every way each could be read.

A span is kept with all its readings ("1.204" is 1204 or 1.204; "03/04/2024" is a day in March or in April), because
grounding asks only whether a value could have been read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from service.values import parse_date, parse_number

Range = tuple[int, int]

_NUMBER = re.compile(
    r"(?<![\w.,])(?:\(\s?)?[-+−]?(?:[$€£¥]\s?)?[-−]?(?:\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?|\d[\d.,]*\d|\d|[.,]\d+)"
    r"(?:\s?\)|-(?!\w))?(?![\d])"
)
_MONTHS = (
    r"jan|feb|f[eé]v|m[aä]r|mrz|mrt|maa|apr|abr|avr|ma[iyg]|jui|jun|jul|giu|lug|gen|ene|ag[uo]|aug|ao[uû]|se[pt]|"
    r"okt|oct|out|ott|nov|de[czsé]|d[ée]c|dic|dez|janvier"
)
_DATES = (
    re.compile(r"(?<!\d)\d{4}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}日?(?!\d)"),
    re.compile(r"(?<![\d.,])\d{1,2}\s?[-./]\s?\d{1,2}\s?[-./]\s?(?:\d{4}|\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?:19|20)\d{6}(?!\d)"),
    re.compile(
        rf"(?<!\w)\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?[ \-/]*(?:day of |de |of )?(?:{_MONTHS})\w*\.?,?[ \-/]*(?:de |del )?,?\s?"
        r"(?:\d{4}|\d{2})(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<!\w)(?:{_MONTHS})\w*\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\s?,?\s+\d{{4}}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<!\w)(?:19|20)\d\d[- ](?:{_MONTHS})\w*[- ]\d{{1,2}}(?!\d)", re.IGNORECASE),
)


def numbers(text: str) -> Iterator[tuple[Range, frozenset[Decimal]]]:
    """Ranges of the numbers in a text, in order, each with its possible readings.

    >>> [(t, sorted(map(str, r))) for t, r in ((("a 1.204 b")[s:e], r) for (s, e), r in numbers("a 1.204 b"))]
    [('1.204', ['1.204', '1204'])]
    """
    for match in _NUMBER.finditer(text):
        quote = match.group()
        readings = {parse_number(quote, point=p) for p in (".", ",")} - {None}
        if readings:
            yield match.span(), frozenset(r for r in readings if r is not None)


def dates(text: str) -> Iterator[tuple[Range, frozenset[date]]]:
    """Ranges of the dates in a text, each with its possible readings.

    >>> [sorted(map(str, r)) for _, r in dates("due 03/04/2024, signed the 5th day of May, 2023")]
    [['2024-03-04', '2024-04-03'], ['2023-05-05']]
    """
    for form in _DATES:
        for match in form.finditer(text):
            readings = {parse_date(match.group(), order=o) for o in ("dmy", "mdy", "ymd")} - {None}
            if readings:
                yield match.span(), frozenset(r for r in readings if r is not None)
