"""Find dates, months and days without a year in a text, with all their possible readings.

"03/04/2024" is a day in March or in April: grounding asks only whether a value could have been read there. Ranges are
offsets in the given text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import chain

from thresher.service.formats.ascii_figures import ascii_figures
from thresher.service.formats.cjk_numbers import cjk_number
from thresher.service.formats.dates import DateOrder
from thresher.service.formats.displayed_values import parse_date
from thresher.service.formats.languages import DAY_WORDS, ERA_OFFSETS, WORD_PATTERN, month_of
from thresher.service.grounding.normalised_text import Range

MONTH_MAX_CHARS = 32  # characters of a month's name and the blanks after it
# Each form begins with a set of characters, with its look-behind after it, so that the regex engine skips to them fast.
_CENTURY = r"(?:(?<=1)9|(?<=2)0)"
_YEAR = r"(?:\d{4}|['’]?\d{2})(?!\d)"
_COUNT = r"(?:\d{1,3}|[〇零一二三四五六七八九十]{1,3})"
_NAMED_ERAS = "|".join(name for name in ERA_OFFSETS if not name.isascii())
_DATES = (
    re.compile(r"\d(?<!\d\d)\d{3}\s?[-./年년]\s?\d{1,2}\s?[-./月월]\s?\d{1,2}\s?[日일]?(?!\d)"),
    re.compile(rf"[12](?<!\d[12]){_CENTURY}\d{{6}}(?!\d)"),
    re.compile(r"\d(?<!\w\d)\d?[./ -] ?[IVX]{1,4}[./ -] ?\d{4}(?!\d)"),
    re.compile(rf"(?:{_NAMED_ERAS}) ?(?:{_COUNT}|元)年 ?{_COUNT}月 ?{_COUNT}日"),
    re.compile(r"[RHS](?<!\w[RHS])\d{1,2}[./]\d{1,2}[./]\d{1,2}(?![\d./])"),
)
_DAY_FIRST = (
    re.compile(  # the rest of the date is a lookahead, so that an amount before it, "28.99- 01.10.2021", hides none
        rf"\d(?<![\d.,]\d)(?=(\d?\s?[-./]\s?\d{{1,2}}\s?[-./]\s?{_YEAR}))"
    )
)
_WORD_DATES = (  # the rest of the date is a lookahead, so that "6 this 23rd of June" hides none; group 2 is the month
    re.compile(
        rf"\d(?<!\w\d)(?=(\d?(?:st|nd|rd|th|er|:e|º|η|ης|-го|\.)?(?: \(\w+\))?[ ·\-/\n]*(?:day\s+of\s+|de\s+|of\s+)?"
        rf"({WORD_PATTERN}(?:\.[\u0e00-\u0e7f]+)?)\.?,?[ ·\-/\n]*"
        rf"(?:de |del |of |in the year )?,?\s?{_YEAR}))",
        re.IGNORECASE,
    ),
    re.compile(rf"[12](?<!\w[12])(?=({_CENTURY}\d\d\.?[- ]({WORD_PATTERN})\.?[- ]\d{{1,2}}(?!\d)))", re.IGNORECASE),
)
_MONTH_NAME = re.compile(rf"(?<!\w)({WORD_PATTERN})\.?[\s-]+(?:the\s)?\Z", re.IGNORECASE)
_DAY_YEAR = re.compile(rf"\d(?<!\w\d)\d?\s?(?:st|nd|rd|th)?(?:\s?,\s*|\s+|-){_YEAR}", re.IGNORECASE)
_DAY_WORDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted((d.replace(' ', '[ -]') for d in DAY_WORDS), key=len, reverse=True))})"
    rf"(?:\s+day)?\s+(?:of\s+|de\s+)?({WORD_PATTERN}),?\s+(?:de\s+)?\d{{4}}(?!\d)",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(
    rf"(?<!\w)({WORD_PATTERN})\.?,?(?:\s+|[/’'-])(?:de\s+|del\s+|of\s+)?((?:19|20)\d\d)(?!\d)", re.IGNORECASE
)
_MONTH_FIGURES = re.compile(
    r"(?<![\d./-])(?:(?P<m>0?[1-9]|1[0-2])[/.-](?P<y>(?:19|20)\d\d)(?![\d]|[/.-]\d)"
    r"|(?P<y2>(?:19|20)\d\d)(?:[/.-](?P<m2>0[1-9]|1[0-2])(?![\d]|[/.-]\d)|\s?[年년]\s?(?P<m3>\d{1,2})\s?[月월]))"
)
_YEARLESS = (
    re.compile(r"(?<![\d.,/-])(\d{1,2})\.(\d{1,2})\.(?!\d)"),
    re.compile(r"(?<![^\t\n|])[ ]*(\d{1,2})[./-](\d{1,2})(?=[ \t]|\n|\Z)"),  # where a line or a cell begins
    re.compile(rf"(?<![\d.,/-])(\d{{1,2}})(?:st|nd|rd|th|\.)?[ -](?:of )?({WORD_PATTERN})(?!\w)", re.IGNORECASE),
    re.compile(rf"(?<!\w)({WORD_PATTERN})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?![\d.,:/-]\d|\d)", re.IGNORECASE),
)
_KANJI_DATE = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)


def dates(text: str) -> Iterator[tuple[Range, frozenset[date]]]:
    r"""Yield the ranges of the dates in a text, each with its possible readings.

    >>> [sorted(map(str, r)) for _, r in dates("due 03/04/2024, signed the 5th day of May, 2023")]
    [['2024-03-04', '2024-04-03'], ['2023-05-05']]
    >>> [(s, str(*r)) for s, r in dates("２０２４年３月５日, 二〇二四年十二月二十五日, 5 марта 2024")]
    [((0, 9), '2024-03-05'), ((25, 37), '2024-03-05'), ((11, 23), '2024-12-25')]
    >>> [span for span, _ in dates("28.99-\t01.10.2021")]
    [(7, 17)]
    """
    plain = ascii_figures(text)
    figured = (match.span() for form in _DATES for match in form.finditer(plain))
    day_first = ((match.start(), match.end(1)) for match in _DAY_FIRST.finditer(plain))
    worded = ((m.start(), m.end(1)) for form in _WORD_DATES for m in form.finditer(plain) if month_of(m[2]))
    in_words = (match.span() for match in _DAY_WORDS.finditer(plain) if month_of(match[1]))
    for start, end in chain(figured, day_first, worded, _month_first(plain), in_words):
        readings = _days(plain[start:end])
        if readings:
            yield (start, end), readings
    for match in () if plain.isascii() else _KANJI_DATE.finditer(plain):
        year, month, day = (int(cjk_number(g) or 0) for g in match.groups())
        yield from _day(match.span(), year, month, day)


def _month_first(text: str) -> Iterator[Range]:
    """Yield ranges that may be dates with the month first.

    They are found by their ends, since figures are rarer than letters.
    """
    for match in _DAY_YEAR.finditer(text):
        day = match.start()
        month = _MONTH_NAME.search(text, max(day - MONTH_MAX_CHARS, 0), day)
        if month and month_of(month[1]):
            yield month.start(), match.end()


@lru_cache(1024)
def _days(quote: str) -> frozenset[date]:
    orders: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")
    return frozenset(d for o in orders if (d := parse_date(quote, order=o)) is not None)


def _day(span: Range, year: int, month: int, day: int) -> Iterator[tuple[Range, frozenset[date]]]:
    try:
        yield span, frozenset({date(year, month, day)})
    except ValueError:
        return


def months(text: str) -> Iterator[tuple[Range, tuple[int, int]]]:
    """Yield the ranges of months with a year in a text, also within dates, each as (year, month).

    >>> list(months("September 2010 to 03/2012, 2015-06, 5 May 2016"))
    [((0, 14), (2010, 9)), ((38, 46), (2016, 5)), ((18, 25), (2012, 3)), ((27, 34), (2015, 6))]
    """
    plain = ascii_figures(text)
    for match in _MONTH_YEAR.finditer(plain):
        if number := month_of(match[1]):
            yield match.span(), (int(match[2]), number)
    for match in _MONTH_FIGURES.finditer(plain):
        year, month = match["y"] or match["y2"], match["m"] or match["m2"] or match["m3"]
        yield match.span(), (int(year), int(month))


def yearless(text: str) -> Iterator[tuple[Range, frozenset[tuple[int, int]]]]:
    """Yield the ranges of days without a year, each with its readings as (month, day).

    >>> [(s, sorted(r)) for s, r in yearless("03.01. Feed, 5 March, Jan 7")]
    [((0, 6), [(1, 3), (3, 1)]), ((13, 20), [(3, 5)]), ((22, 27), [(1, 7)])]
    """
    plain = ascii_figures(text)
    for match in chain(_YEARLESS[0].finditer(plain), _YEARLESS[1].finditer(plain)):
        a, b = int(match[1]), int(match[2])
        readings = frozenset((m, d) for m, d in ((b, a), (a, b)) if 1 <= m <= 12 and 1 <= d <= 31)
        if readings:
            yield (match.start(1), match.end()), readings
    for form, day, name in ((_YEARLESS[2], 1, 2), (_YEARLESS[3], 2, 1)):
        for match in form.finditer(plain):
            if month := month_of(match[name]):
                yield match.span(), frozenset({(month, int(match[day]))})
