"""Finds what a text writes as numbers and dates, with every way each could be read.

A span is kept with all its readings ("1.204" is 1204 or 1.204; "03/04/2024" is a day in March or in April), because
grounding asks only whether a value could have been read there. Figures of any script count; ranges are those of the
text as given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from service.grounding.letters import Range, is_spaced
from service.notation.amounts import Point
from service.notation.dates import Order
from service.notation.month_names import month_of
from service.notation.number_words import number_of, worded
from service.notation.values import parse_currency, parse_date, parse_number

LONGEST_MONTH = 32  # characters of a month's name and the blanks after it
BEFORE, AFTER = 8, 12  # characters beside a number that tell whether it stands by itself
_FIGURES = re.compile(r"\d")
_NUMBER = re.compile(  # its first look ahead is for speed: most characters begin no number
    r"(?=[-(+−$€£¥\d.,])(?<!\d)(?<!\d[.,])(?:\( ?)?[-+−]?(?:[$€£¥][ \u00a0]?)?[-−]?"
    r"(?:(?<!\d[-./:])(?:(?<![^\W\d_])|(?<=EUR)|(?<=USD)|(?<=CHF)|(?<=kr)|(?<=Fr)|(?<=Rs))\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?![\d])(?:[.,]\d+)?|\d[\d.,]*\d|\d|(?<!\w)[.,]\d+)(?: ?\)|-(?!\w))?(?!\d)"
)
_SCALED = re.compile(
    r"(?<![\d.,])\d[\d.,]*[ \u00a0\n]?(?:thousand|million|billion|tsd|mio|mrd|bn|mn|millions|millionen|milliarden)\b\.?"
    r"|(?<![\d.,])\d[\d.,]*\s?%",
    re.IGNORECASE,
)
_UNITS = re.compile(r"(?<=\bin )(?:thousands|millions|billions)\b", re.IGNORECASE)  # over a table: amounts in millions
_SCALES = {"millionen": "million", "milliarden": "billion"}
_SUFFIX = re.compile(
    r"(?:st|nd|rd|th|er|x|k|m|mm|cm|km|g|kg|mg|t|l|ml|h|hrs?|min|s|kb|mb|gb|tb|kw|kwh|w|v|a|pt|px|pcs?|stk|st|u|ea|yrs?|mos?|bn|mn|mio)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_MARKS = {"No", "Nr", "Rs", "R", "Fr", "kr", "x", "RM", "S", "Rp"}  # letters that may touch a number in front
_MONTH = (
    r"jan|feb|f[eé]v|m[aä]r|mrz|mrt|maa|apr|abr|avr|ma[iyg]|jui|jun|jul|giu|lug|gen|ene|ag[uo]|aug|ao[uû]|se[pt]|"
    r"okt|oct|out|ott|nov|de[czsé]|d[ée]c|dic|dez|janvier"
)
# Each form begins with a set of characters, its look-behind after it: so the search skips to those at C's speed.
_CENTURY = r"(?:(?<=1)9|(?<=2)0)"
_DATES = (
    re.compile(r"\d(?<!\d\d)\d{3}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}\s?日?(?!\d)"),
    re.compile(r"\d(?<![\d.,]\d)\d?\s?[-./]\s?\d{1,2}\s?[-./]\s?(?:\d{4}|\d{2})(?!\d)"),
    re.compile(rf"[12](?<!\d[12]){_CENTURY}\d{{6}}(?!\d)"),
    re.compile(
        rf"\d(?<!\w\d)\d?(?:st|nd|rd|th|er|º|\.)?[ \-/\n]*(?:day of |de |of )?(?:{_MONTH})\w*\.?,?[ \-/\n]*(?:de |del )?,?\s?"
        r"(?:\d{4}|\d{2})(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(rf"[12](?<!\w[12]){_CENTURY}\d\d[- ](?:{_MONTH})\w*[- ]\d{{1,2}}(?!\d)", re.IGNORECASE),
)
_MONTH_NAME = re.compile(rf"(?<!\w)(?:{_MONTH})\w*\.?\s+\Z", re.IGNORECASE)
_DAY_YEAR = re.compile(r"\d(?<!\w\d)\d?\s?(?:st|nd|rd|th)?\s?,?\s+\d{4}(?!\d)", re.IGNORECASE)
_FOREIGN_DATE = re.compile(r"(\d(?<!\d\d)\d?)\.?(?:η|ης|-го)?\s+([^\W\d_]{3,})[.,]?\s+(\d{4})(?!\d)", re.IGNORECASE)
_POWERS = {"thousands": 3, "millions": 6, "billions": 9}
_KANJI_DATE = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_KANJI = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0}
_MARKS_ASCII = {0x66B: ".", 0x66C: ",", 0xFF0C: ",", 0xFF0E: ".", 0xFF0D: "-", 0xFF0F: "/", 0x2212: "-"}


class Figure(NamedTuple):
    """A number in a text, its possible readings, and whether it stands by itself and not in a word or a reference."""

    start: int
    end: int
    readings: frozenset[Decimal]
    sure: bool


def numbers(text: str) -> Iterator[Figure]:
    """The numbers of a text, in order.

    >>> [(f.start, f.end, sorted(map(str, f.readings)), f.sure) for f in numbers("a 1.204 of A-1")]
    [(2, 7, ['1.204', '1204'], True), (13, 14, ['1'], False)]
    """
    found = (figure_at(text, start, end) for start, end, _ in quotes(text))
    return (figure for figure in found if figure.readings)


def quotes(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, figures) of whatever in a text may be a number, in order; figures as `figures_of` gives them."""
    plain = _plain(text)
    for match in _NUMBER.finditer(plain):
        start, end = match.span()
        if plain[start] in "-−" and start and plain[start - 1].isalnum():
            start += 1  # a hyphen, not a sign
        yield start, end, figures_of("".join(_FIGURES.findall(match.group())))


def figures_of(figures: str) -> str:
    """Figures without zeros at either end: the same for every way to write a number."""
    return figures.strip("0")


def figure_at(text: str, start: int, end: int) -> Figure:
    """What stands at a range of `quotes`, read; it may have no readings."""
    left = max(start - BEFORE, 0)
    near = _plain(text[left : end + AFTER])
    own = near[start - left : end - left]
    return Figure(start, end, _readings(own), _is_sure(near, start - left, end - left))


@lru_cache(1024)
def _readings(quote: str) -> frozenset[Decimal]:
    points: tuple[Point, ...] = (".", ",") if "." in quote or "," in quote else (".",)
    found = {parse_number(quote, point=p) for p in points}
    if re.fullmatch(r"\(\s?\d{1,3}\s?\)", quote):  # three (3) months, or a loss of 3
        found.add(parse_number(quote.strip("() ")))
    return frozenset(r for r in found if r is not None)


def _is_sure(text: str, start: int, end: int) -> bool:
    before = re.search(r"[^\W\d_]*\Z", text[max(start - BEFORE, 0) : start])
    lead = before[0] if before else ""
    if lead and is_spaced(lead[-1]) and not (lead in _MARKS or parse_currency(lead)):
        return False
    if start > 1 and text[start - 1] in "-‐‑" and is_spaced(text[start - 2]):
        return False
    after = text[end : end + AFTER]
    if after[:1] and is_spaced(after[0]) and not _is_unit(after):
        return False
    return not re.match(r"[-‐‑][A-Z]{1,2}(?![^\W_])", after)


def _is_unit(after: str) -> bool:
    word = re.match(r"[^\W\d_]+", after)
    return bool(_SUFFIX.match(after) or (word and parse_currency(word[0])))


def worded_numbers(text: str) -> Iterator[Figure]:
    """Numbers written with a scale word, as a share in percent, or in words.

    >>> text = "EUR 1.5 million, 19 % of it within twenty-one days"
    >>> [(text[f.start : f.end], sorted(map(str, f.readings))) for f in worded_numbers(text)]
    [('1.5 million', ['1500000.0']), ('19 %', ['0.19']), ('twenty-one', ['21'])]
    """
    plain = _plain(text)
    for match in _SCALED.finditer(plain):
        readings = _scaled(match.group())
        if readings:
            yield Figure(*match.span(), readings, sure=True)
    for match in _UNITS.finditer(plain):
        yield Figure(*match.span(), frozenset({Decimal(10) ** _POWERS[match.group().casefold()]}), sure=True)
    for start, end in worded(plain):
        number = number_of(plain[start:end])
        if number is not None:
            yield Figure(start, end, frozenset({Decimal(number)}), sure=True)


def _scaled(quote: str) -> frozenset[Decimal]:
    share = quote.endswith("%")
    word = re.sub(r"[a-z]+", lambda m: _SCALES.get(m[0], m[0]), quote.casefold())
    found = {parse_number(word, point=p) for p in (".", ",")}
    return frozenset(r / 100 if share else r for r in found if r is not None)


def dates(text: str) -> Iterator[tuple[Range, frozenset[date]]]:
    """Ranges of the dates in a text, each with its possible readings.

    >>> [sorted(map(str, r)) for _, r in dates("due 03/04/2024, signed the 5th day of May, 2023")]
    [['2024-03-04', '2024-04-03'], ['2023-05-05']]
    >>> [(s, str(*r)) for s, r in dates("２０２４年３月５日, 二〇二四年十二月二十五日, 5 марта 2024")]
    [((0, 9), '2024-03-05'), ((11, 23), '2024-12-25'), ((25, 37), '2024-03-05')]
    """
    plain = _plain(text)
    spans = (match.span() for form in _DATES for match in form.finditer(plain))
    for start, end in chain(spans, _month_first(plain)):
        readings = _days(plain[start:end])
        if readings:
            yield (start, end), readings
    yield from _foreign_dates(plain)


def _month_first(text: str) -> Iterator[Range]:
    """Ranges of what may be dates whose month comes first: found by their ends, for figures are rarer than letters."""
    for match in _DAY_YEAR.finditer(text):
        day = match.start()
        month = _MONTH_NAME.search(text, max(day - LONGEST_MONTH, 0), day)
        if month:
            yield month.start(), match.end()


@lru_cache(1024)
def _days(quote: str) -> frozenset[date]:
    orders: tuple[Order, ...] = ("dmy", "mdy", "ymd")
    return frozenset(d for o in orders if (d := parse_date(quote, order=o)) is not None)


def _foreign_dates(text: str) -> Iterator[tuple[Range, frozenset[date]]]:
    for match in _KANJI_DATE.finditer(text):
        year = int("".join(str(_KANJI[c]) for c in match[1]))
        yield from _day(match.span(), year, _kanji(match[2]), _kanji(match[3]))
    for match in _FOREIGN_DATE.finditer(text):
        yield from _day(match.span(), int(match[3]), month_of(match[2]), int(match[1]))


def _day(span: Range, year: int, month: int, day: int) -> Iterator[tuple[Range, frozenset[date]]]:
    try:
        yield span, frozenset({date(year, month, day)})
    except ValueError:
        return


def _kanji(text: str) -> int:
    """A number below 100: 二十五 is 25."""
    tens, ten, ones = text.rpartition("十")
    return (10 * _KANJI.get(tens, 1) if ten else 0) + (_KANJI.get(ones, 0) if ones else 0)


class _Plain(dict[int, str]):
    """Figures and marks of any script as ASCII has them, one character for one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = str(unicodedata.decimal(char)) if char.isdecimal() else _MARKS_ASCII.get(code, char)
        return self[code]


_PLAIN = _Plain()


def _plain(text: str) -> str:
    return text if text.isascii() else text.translate(_PLAIN)
