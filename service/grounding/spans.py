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
from service.notation.cjk_numbers import NUMBERS, cjk_number
from service.notation.dates import Order
from service.notation.foreign_words import foreign_numbers, narrowed
from service.notation.languages import DAYS, ERAS, SCALES, WORD, month_of
from service.notation.number_words import number_of, worded
from service.notation.values import parse_currency, parse_date, parse_number

LONGEST_MONTH = 32  # characters of a month's name and the blanks after it
BEFORE, AFTER = 8, 12  # characters beside a number that tell whether it stands by itself
_FIGURES = re.compile(r"\d")
_NUMBER = re.compile(  # its first look ahead is for speed: most characters begin no number
    r"(?=[-(+−$€£¥\d.,])(?<!\d)(?<!\d[.,])(?:\( ?)?[-+−]?(?:[$€£¥][ \u00a0]?)?[-−]?"
    r"(?:(?<!\d[-./:])(?:(?<![^\W\d_])|(?<=EUR)|(?<=USD)|(?<=CHF)|(?<=kr)|(?<=Fr)|(?<=Rs))\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?![\d])(?:[.,]\d+)?|\d[\d.,]*\d|\d|(?<!\w)[.,]\d+)(?: ?\)|-(?!\w))?(?!\d)"
)
_UNIT = r"(?:€|EUR|CHF|USD|US\$|\$|£|GBP)"
_SCALED = re.compile(
    rf"(?<![\d.,])\d[\d.,]*(?:[ \u00a0\n]?(?:{'|'.join(sorted(SCALES, key=len, reverse=True))})(?!\w)\.?|[mb]n?(?!\w))"
    r"|(?<![\d.,])\d[\d.,]*\s?%",
    re.IGNORECASE,
)
_SCALE_FIRST = re.compile(
    rf"(?<!\w)(?:(?P<k>T|k)\s?{_UNIT}|(?P<m>M|Mio\.?)\s?{_UNIT}"
    rf"|\(?(?:in\s)?{_UNIT}?\s?(?P<zeros>'?000(?:,000)?)'?s?\)?(?:\s?{_UNIT})?)\s?(?P<number>\d[\d.,]*)",
)
_UNITS = re.compile(r"(?<=\bin )(?:thousands|millions|billions)\b", re.IGNORECASE)  # over a table: amounts in millions
_HEADS = re.compile(
    r"(?<=\bin )(?P<in>thousands?|millions?|billions?|tausend|tsd|mio|millionen|mrd|milliarden|migliaia|milioni)(?!\w)"
    r"|(?<=\ben )(?P<en>milliers|millions|millones|miles)(?!\w)"
    rf"|(?<![\w.,])(?P<unit>T|k|M)(?:€|EUR|CHF|USD)(?!\w)|(?P<zeros>(?<![\d.,])(?:{_UNIT}|\()\s?'?000(?:,000)?)'?s?(?=[\s)])"
    r"|(?<=単位[::])(?P<cjk>千|百万|億)円?|(?<=[((])(?P<cjk2>千|百万|億)円?(?=[))])",
    re.IGNORECASE,
)
_HEAD_POWERS = {"migliaia": 3, "milliers": 3, "miles": 3, "t": 3, "k": 3, "m": 6, "千": 3, "百万": 6, "億": 8}
_FRACTIONS = re.compile(r"(?<![\d.,/])\d{0,3}\s?[¼½¾⅕⅖⅗⅘⅛⅜⅝⅞]|(?<![\d.,/])\d{1,3} [1-9]/(?:2|4|5|8|16)(?![\d/])")
_SUFFIX = re.compile(
    r"(?:st|nd|rd|th|er|x|k|m|mm|cm|km|g|kg|mg|t|l|ml|h|hrs?|min|s|kb|mb|gb|tb|kw|kwh|w|v|a|pt|px|pcs?|stk|st|u|ea|yrs?|mos?|bn|mn|mio)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_MARKS = {"No", "Nr", "Rs", "R", "Fr", "kr", "x", "RM", "S", "Rp"}  # letters that may touch a number in front
# Each form begins with a set of characters, its look-behind after it: so the search skips to those at C's speed.
_CENTURY = r"(?:(?<=1)9|(?<=2)0)"
_YEAR = r"(?:\d{4}|['’]?\d{2})(?!\d)"
_DATES = (
    re.compile(r"\d(?<!\d\d)\d{3}\s?[-./年년]\s?\d{1,2}\s?[-./月월]\s?\d{1,2}\s?[日일]?(?!\d)"),
    re.compile(r"\d(?<![\d.,]\d)\d?\s?[-./]\s?\d{1,2}\s?[-./]\s?(?:\d{4}|\d{2})(?!\d)"),
    re.compile(rf"[12](?<!\d[12]){_CENTURY}\d{{6}}(?!\d)"),
    re.compile(r"\d(?<!\w\d)\d?[./ -] ?[IVX]{1,4}[./ -] ?\d{4}(?!\d)"),
    re.compile(rf"(?:{'|'.join(ERAS)}) ?(?:\d{{1,3}}|元)年 ?\d{{1,2}}月 ?\d{{1,2}}日"),
)
_WORD_DATES = (  # with the month's name: the first group
    re.compile(
        rf"\d(?<!\w\d)\d?(?:st|nd|rd|th|er|º|η|ης|-го|\.)?[ \-/\n]*(?:day of |de |of )?({WORD})\.?,?[ \-/\n]*"
        rf"(?:de |del |of )?,?\s?{_YEAR}",
        re.IGNORECASE,
    ),
    re.compile(rf"[12](?<!\w[12]){_CENTURY}\d\d\.?[- ]({WORD})\.?[- ]\d{{1,2}}(?!\d)", re.IGNORECASE),
)
_MONTH_NAME = re.compile(rf"(?<!\w)({WORD})\.?[\s-]+\Z", re.IGNORECASE)
_DAY_YEAR = re.compile(rf"\d(?<!\w\d)\d?\s?(?:st|nd|rd|th)?(?:\s?,?\s+|-){_YEAR}", re.IGNORECASE)
_DAY_WORDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted((d.replace(' ', '[ -]') for d in DAYS), key=len, reverse=True))})"
    rf"(?:\s+day)?\s+(?:of\s+|de\s+)?({WORD}),?\s+(?:de\s+)?\d{{4}}(?!\d)",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"({WORD})\.?,?(?:\s+|[/’'-])(?:de\s+|del\s+|of\s+)?((?:19|20)\d\d)(?!\d)", re.IGNORECASE)
_MONTH_FIGURES = re.compile(
    r"(?<![\d./-])(?:(?P<m>0?[1-9]|1[0-2])[/.-](?P<y>(?:19|20)\d\d)(?![\d]|[/.-]\d)"
    r"|(?P<y2>(?:19|20)\d\d)(?:[/.-](?P<m2>0[1-9]|1[0-2])(?![\d]|[/.-]\d)|\s?[年년]\s?(?P<m3>\d{1,2})\s?[月월]))"
)
_YEARLESS = (
    re.compile(r"(?<![\d.,/-])(\d{1,2})([./-])(\d{1,2})(?:\.(?!\d)|(?=[\s|;)]|$))(?!\s?[%€$£])"),
    re.compile(rf"(?<![\d.,/-])(\d{{1,2}})(?:st|nd|rd|th|\.)?[ -](?:of )?({WORD})(?!\w)", re.IGNORECASE),
    re.compile(rf"(?<!\w)({WORD})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?![\d.,:/-]\d|\d)", re.IGNORECASE),
)
_KANJI_DATE = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
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
        start, end = _unbracketed(plain, start, end)
        figures = figures_of("".join(_FIGURES.findall(match.group())))
        yield start, end, figures
        if " " in match.group():  # two columns, or thousands set apart
            yield from _columns(plain, start, end)


def _unbracketed(text: str, start: int, end: int) -> Range:
    """A range without a bracket at its end whose other half stands before more than the number: (@5.79)."""
    opened, closed = text[start] == "(", text[end - 1] == ")"
    if opened == closed:
        return start, end
    shift = 2 if text[start + 1 : start + 2] == " " else 1
    return (start + shift, end) if opened else (start, end - 1 - (text[end - 2] == " "))


def _columns(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """The numbers of a range that blanks part, where the last has decimals, as amounts in columns do."""
    parts = [(start + m.start(), start + m.end()) for m in re.finditer(r"[\d.,]+", text[start:end])]
    if len(parts) > 1 and re.search(r"[.,]\d\d$", text[slice(*parts[-1])]):
        yield from ((a, b, figures_of("".join(_FIGURES.findall(text[a:b])))) for a, b in parts)


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
    for match in _SCALE_FIRST.finditer(plain):
        power = 6 if match["m"] or "," in (match["zeros"] or "") else 3
        readings = frozenset(r.scaleb(power) for r in _readings(match["number"]))
        yield Figure(*match.span(), readings, sure=True)
    for match in _UNITS.finditer(plain):
        yield Figure(*match.span(), frozenset({Decimal(10) ** SCALES[match.group().casefold()]}), sure=True)
    for match in _FRACTIONS.finditer(text):
        number = parse_number(match.group())
        yield from [Figure(*match.span(), frozenset({number}), sure=True)] if number is not None else []
    yield from _worded(plain)


def _worded(plain: str) -> Iterator[Figure]:
    """Numbers in words, and in characters of Chinese and Japanese."""
    for start, end in worded(plain):
        number = number_of(plain[start:end])
        if number is not None:
            yield Figure(start, end, frozenset({Decimal(number)}), sure=True)
    for start, end, number in foreign_numbers(narrowed(plain)):
        yield Figure(start, end, frozenset({Decimal(number)}), sure=True)
    for match in () if plain.isascii() else NUMBERS.finditer(plain):
        own = cjk_number(match.group())
        yield from [Figure(*match.span(), frozenset({own}), sure=True)] if own is not None else []


def scale_heads(text: str) -> frozenset[int]:
    """Powers of ten that a text says its figures are given in: over a table, "in thousands", TEUR, (000).

    >>> sorted(scale_heads("Accounts in thousands")), sorted(scale_heads("(EUR 000)")), sorted(scale_heads("a thousand"))
    ([3], [3], [])
    """
    powers = set()
    for match in _HEADS.finditer(_plain(text)):
        word = next(g for g in match.groups() if g is not None).casefold()
        known = _HEAD_POWERS.get(word) or SCALES.get(word) or (6 if ",000" in word else 3)
        powers.add(known)
    return frozenset(powers)


def _scaled(quote: str) -> frozenset[Decimal]:
    share = quote.endswith("%")
    word = re.sub(r"(?<=\d)[bB]$", "bn", re.sub(r"(?<=\d)m$", "M", quote))
    found = {parse_number(word, point=p) for p in (".", ",")}
    return frozenset(r / 100 if share else r for r in found if r is not None)


def dates(text: str) -> Iterator[tuple[Range, frozenset[date]]]:
    """Ranges of the dates in a text, each with its possible readings.

    >>> [sorted(map(str, r)) for _, r in dates("due 03/04/2024, signed the 5th day of May, 2023")]
    [['2024-03-04', '2024-04-03'], ['2023-05-05']]
    >>> [(s, str(*r)) for s, r in dates("２０２４年３月５日, 二〇二四年十二月二十五日, 5 марта 2024")]
    [((0, 9), '2024-03-05'), ((25, 37), '2024-03-05'), ((11, 23), '2024-12-25')]
    """
    plain = _plain(text)
    figured = (match.span() for form in _DATES for match in form.finditer(plain))
    worded = (match.span() for form in _WORD_DATES for match in form.finditer(plain) if month_of(match[1]))
    in_words = (match.span() for match in _DAY_WORDS.finditer(plain) if month_of(match[1]))
    for start, end in chain(figured, worded, _month_first(plain), in_words):
        readings = _days(plain[start:end])
        if readings:
            yield (start, end), readings
    for match in () if plain.isascii() else _KANJI_DATE.finditer(plain):
        year, month, day = (int(cjk_number(g) or 0) for g in match.groups())
        yield from _day(match.span(), year, month, day)


def _month_first(text: str) -> Iterator[Range]:
    """Ranges of what may be dates whose month comes first: found by their ends, for figures are rarer than letters."""
    for match in _DAY_YEAR.finditer(text):
        day = match.start()
        month = _MONTH_NAME.search(text, max(day - LONGEST_MONTH, 0), day)
        if month and month_of(month[1]):
            yield month.start(), match.end()


@lru_cache(1024)
def _days(quote: str) -> frozenset[date]:
    orders: tuple[Order, ...] = ("dmy", "mdy", "ymd")
    return frozenset(d for o in orders if (d := parse_date(quote, order=o)) is not None)


def _day(span: Range, year: int, month: int, day: int) -> Iterator[tuple[Range, frozenset[date]]]:
    try:
        yield span, frozenset({date(year, month, day)})
    except ValueError:
        return


def months(text: str) -> Iterator[tuple[Range, tuple[int, int]]]:
    """Ranges of the months of a year in a text, also within dates, each as (year, month).

    >>> list(months("September 2010 to 03/2012, 2015-06, 5 May 2016"))
    [((0, 14), (2010, 9)), ((38, 46), (2016, 5)), ((18, 25), (2012, 3)), ((27, 34), (2015, 6))]
    """
    plain = _plain(text)
    for match in _MONTH_YEAR.finditer(plain):
        if number := month_of(match[1]):
            yield match.span(), (int(match[2]), number)
    for match in _MONTH_FIGURES.finditer(plain):
        year, month = match["y"] or match["y2"], match["m"] or match["m2"] or match["m3"]
        yield match.span(), (int(year), int(month))


def yearless(text: str) -> Iterator[tuple[Range, frozenset[tuple[int, int]]]]:
    """Ranges of days that name no year, each with its readings as (month, day).

    >>> [(s, sorted(r)) for s, r in yearless("03.01. Feed, 5 March, Jan 7")]
    [((0, 6), [(1, 3), (3, 1)]), ((13, 20), [(3, 5)]), ((22, 27), [(1, 7)])]
    """
    plain = _plain(text)
    for match in _YEARLESS[0].finditer(plain):
        a, b = int(match[1]), int(match[3])
        readings = frozenset((m, d) for m, d in ((b, a), (a, b)) if 1 <= m <= 12 and 1 <= d <= 31)
        if readings:
            yield match.span(), readings
    for form, day, name in ((_YEARLESS[1], 1, 2), (_YEARLESS[2], 2, 1)):
        for match in form.finditer(plain):
            if month := month_of(match[name]):
                yield match.span(), frozenset({(month, int(match[day]))})


class _Plain(dict[int, str]):
    """Figures and marks of any script as ASCII has them, one character for one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = str(unicodedata.decimal(char)) if char.isdecimal() else _MARKS_ASCII.get(code, char)
        return self[code]


_PLAIN = _Plain()


def _plain(text: str) -> str:
    return text if text.isascii() else text.translate(_PLAIN)
