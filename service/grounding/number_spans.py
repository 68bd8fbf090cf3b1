"""Find numbers in a text, with all their possible readings.

A span has all its readings ("1.204" is 1204 or 1.204), because grounding asks only whether a value could have been read
there. Figures of any script count; ranges are offsets in the given text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from thresher.service.formats.amounts import DecimalMark
from thresher.service.formats.ascii_figures import ascii_figures
from thresher.service.formats.cjk_numbers import CJK_NUMBERS, cjk_number
from thresher.service.formats.displayed_values import parse_currency, parse_number
from thresher.service.formats.foreign_number_words import folded_by_character, foreign_numbers
from thresher.service.formats.languages import SCALES
from thresher.service.formats.number_words import number_in_words, number_word_ranges
from thresher.service.grounding.normalised_text import Range, is_spaced

CHARS_BEFORE, CHARS_AFTER = 8, 12  # characters around a number that decide whether it stands by itself
_FIGURES = re.compile(r"\d")
_NUMBER = re.compile(  # the first lookahead is for speed: most characters begin no number
    r"(?=[-(+−$€£¥\d.,])(?<!\d)(?<!\d[.,])(?:\( ?)?[-+−]?(?:[$€£¥][ \u00a0]?)?[-−]?"
    r"(?:(?<!\d[-./:])(?:(?<![^\W\d_])|(?<=EUR)|(?<=USD)|(?<=CHF)|(?<=kr)|(?<=Fr)|(?<=Rs))\d{1,3}(?:[ \u00a0\u2000-\u200a\u202f\u205f'’‘ʼ´`′]\d{3})+(?![\d])(?:[.,]\d+)?|\d[\d.,]*\d|\d|(?<!\w)[.,]\d+)(?: ?\)|-(?!\w))?(?!\d)"
)
_UNIT = r"(?:€|EUR|CHF|USD|US\$|\$|£|GBP)"
_SCALED = re.compile(
    rf"(?<![\d.,])\d[\d.,]*(?:[ \u00a0\n]?(?:{'|'.join(sorted(SCALES, key=len, reverse=True))})(?!\w)\.?|(?:mm|[mb]n?)(?!\w)|\s?[TkM](?:€|EUR|CHF|USD|GBP)(?!\w))"
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
_UNIT_SCALE = re.compile(r"\s?([TkM])(?:€|EUR|CHF|USD|GBP)$")
_FRACTIONS = re.compile(
    r"(?<![\d.,/])(?:\d{1,3}[ \u00a0]?)?[¼½¾⅕⅖⅗⅘⅛⅜⅝⅞]|(?<![\d.,/])\d{1,3} [1-9]/(?:2|4|5|8|16)(?![\d/])"
)
_HOURS = re.compile(
    r"(?<![\w.,:])(?P<h>\d{1,3})\s?(?:h|hrs?|hours?|std\.?|stunden?|heures?|horas?|ore|uur)\s?(?:(?:and|und|et|y|e|en)\s)?"
    r"(?P<m>[0-5]?\d)(?:\s?(?:m|mins?|minut\w{0,2}|min\.)(?!\w)|(?!\w))",
    re.IGNORECASE,
)
MINUTES_PER_HOUR = 60
_POWER = re.compile(r"(?:(?<!\d)(?P<factor>\d+(?:[.,]\d+)?)\s?[×x·*]\s?)?(?<![\d.,])10(?P<power>[⁰¹²³⁴-⁹]{1,2})")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_YEAR_BEFORE = re.compile(r"[^\W\d][.,;:*_\"'”’»)\]]{0,3} \Z")  # a word and one blank: no cell of a table begins here
_BRACKETED_YEAR = re.compile(r"\((?:1[5-9]|20)\d\d\)(?![ \t]*[-(+−$€£¥\d])")
_WRAPPED_YEARS = re.compile(r"(?:1[5-9]|20)\d\d-\n(?:1[5-9]|20)\d\d(?!\d|[.,]\d)")
_SUFFIX = re.compile(
    r"(?:st|nd|rd|th|er|x|k|m|mm|cm|km|g|kg|mg|t|l|ml|h|hrs?|min|s|kb|mb|gb|tb|kw|kwh|w|v|a|pt|px|pcs?|stk|st|u|ea|yrs?|mos?|bn|mn|mio)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_LIKE_POINTS = (
    "\u201a\u00b7\u2024\u2027\u2e33\ufe52\ufe50\u02d9\u00b8\ua78f\u1427\u16eb\u2396\u066b\u066c\u060c\u0387"
    "\u201b\u2044\u2219\u22c5\u2800\u2e31\u2e32\u2e34\u2e41\u3002\u318d\ua4f8\ua4f9\ufe10\ufe12\uff61"
)
_LIKE_FIGURES = "lIO\u0399\u039f\u0406\u041e\u04c0\u04cf\uff29\uff2c\uff2f\uff4c"  # a 1 or 0 to a person, in many fonts
_BULLETS = "\uf0b7\uf0a7\uf0d8\uf0fc\uf076\uf0a8\uf0e0"  # of the fonts Symbol and Wingdings, as offices write them
_MARKS = {"No", "Nr", "Rs", "R", "Fr", "kr", "x", "RM", "S", "Rp"}  # letters that may directly precede a number


class Figure(NamedTuple):
    """A number in a text, its possible readings, and whether it stands by itself and not in a word or a reference."""

    start: int
    end: int
    readings: frozenset[Decimal]
    sure: bool


def numbers(text: str) -> Iterator[Figure]:
    """Yield the numbers of a text, in order.

    >>> [(f.start, f.end, sorted(map(str, f.readings)), f.sure) for f in numbers("a 1.204 of A-1")]
    [(2, 7, ['1.204', '1204'], True), (13, 14, ['1'], False)]
    """
    found = (figure_at(text, start, end) for start, end, _ in number_candidates(text))
    return (figure for figure in found if figure.readings)


def number_candidates(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, figures) of everything that may be a number, in order; `figures` as from `figures_of`."""
    plain = ascii_figures(text)
    for match in _NUMBER.finditer(plain):
        start, end = match.span()
        if plain[start] in "-−" and start and plain[start - 1].isalnum():
            start += 1  # a hyphen, not a sign
        start, end = _unbracketed(plain, start, end)
        figures = figures_of("".join(_FIGURES.findall(match.group())))
        yield start, end, figures
        if " " in match.group():  # two columns, or thousands separated by a blank
            yield from _columns(plain, start, end)


def _unbracketed(text: str, start: int, end: int) -> Range:
    """Return a range without a single bracket at its edge, whose pair encloses more than the number: (@5.79)."""
    opened, closed = text[start] == "(", text[end - 1] == ")"
    if opened == closed:
        return start, end
    shift = 2 if text[start + 1 : start + 2] == " " else 1
    return (start + shift, end) if opened else (start, end - 1 - (text[end - 2] == " "))


def _columns(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield the single numbers of a range with blanks, where the last has decimals, as amounts in columns do."""
    parts = [(start + m.start(), start + m.end()) for m in re.finditer(r"[\d.,]+", text[start:end])]
    if len(parts) > 1 and re.search(r"[.,]\d\d$", text[slice(*parts[-1])]):
        yield from ((a, b, figures_of("".join(_FIGURES.findall(text[a:b])))) for a, b in parts)


def figures_of(figures: str) -> str:
    """Return figures without zeros at either end: the same for every way to write a number."""
    return figures.strip("0")


def figure_at(text: str, start: int, end: int) -> Figure:
    """Return the Figure at a range of `number_candidates`; it may have no readings."""
    left = max(start - CHARS_BEFORE, 0)
    near = ascii_figures(text[left : end + CHARS_AFTER])
    if _goes_on(text, start, end) or (
        not text.isascii() and (_is_mixed(text[start:end]) or _is_marked(text, start, end))
    ):
        return Figure(start, end, frozenset(), sure=False)
    own = near[start - left : end - left]
    readings = _readings(own)
    if _is_year(near, start - left, end - left):
        readings = readings | _readings(own.strip("()-"))
    return Figure(start, end, readings, _is_sure(near, start - left, end - left))


def _is_year(text: str, start: int, end: int) -> bool:
    r"""Whether the brackets or the hyphen of a number are a year's: words (2018), or 2020- and a year in the next line.

    >>> [_is_year(t, 4, 10) for t in ("Art (2018)", "Art	(2018)", "Art (2018) (1905)", "Art (3018)")]
    [True, False, False, False]
    """
    if text[start] == "(":
        return bool(_YEAR_BEFORE.search(text[:start]) and _BRACKETED_YEAR.match(text, start))
    return text[end - 1] == "-" and bool(_WRAPPED_YEARS.match(text, start))


def _goes_on(text: str, start: int, end: int) -> bool:
    r"""Whether a sign that a person takes for a figure stands beside a number, and in no word: the l of l250, a numeral, a private sign.

    >>> _goes_on("l250", 1, 4), _goes_on("9²50", 2, 4), _goes_on("9\ue004250", 2, 5), _goes_on("kill250", 4, 7)
    (True, True, True, False)
    """
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if before in _LIKE_FIGURES and before and not text[max(start - 2, 0) : start - 1].isalpha():
        return True
    if after and after != "l" and after in _LIKE_FIGURES and not text[end + 1 : end + 2].isalpha():
        return True
    if before in _BULLETS and not text[max(start - 2, 0) : start - 1].strip():
        before = ""
    if before.isascii() and after.isascii():
        return False
    return unicodedata.category(before or " ") in {"No", "Nl", "Co"} or unicodedata.category(after or " ") == "Co"


def _is_marked(text: str, start: int, end: int) -> bool:
    """Whether a combining mark, or a sign that looks like a point or comma, joins a number to what stands beside it."""
    if any(
        unicodedata.combining(c) or unicodedata.category(c) == "Me"
        for c in text[max(start - 1, 0) : start] + text[end : end + 1]
    ):
        return True
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    joined = (before[-1:], before[:-1]), (after[:1], after[1:])
    return any(sign and sign in _LIKE_POINTS and beyond.isdecimal() for sign, beyond in joined)


def _is_mixed(quote: str) -> bool:
    """Whether a number has figures of several scripts (UTS 39, 5.3): a Bengali 4 looks like an 8.

    >>> _is_mixed("\u09ea00.00"), _is_mixed("\uff112,000"), _is_mixed("\u0661\u0662")
    (True, False, False)
    """
    if quote.isascii():
        return False
    plain = unicodedata.normalize("NFKC", quote)
    return len({ord(c) - unicodedata.decimal(c) for c in plain if c.isdecimal()}) > 1


@lru_cache(1024)
def _readings(quote: str) -> frozenset[Decimal]:
    points: tuple[DecimalMark, ...] = (".", ",") if "." in quote or "," in quote else (".",)
    found = {parse_number(quote, point=p) for p in points}
    if re.fullmatch(r"\(\s?\d{1,3}\s?\)", quote):  # three (3) months, or a loss of 3
        found.add(parse_number(quote.strip("() ")))
    return frozenset(r for r in found if r is not None)


def _is_sure(text: str, start: int, end: int) -> bool:
    before = re.search(r"[^\W\d_]*\Z", text[max(start - CHARS_BEFORE, 0) : start])
    lead = before[0] if before else ""
    if lead and is_spaced(lead[-1]) and not (lead in _MARKS or parse_currency(lead)):
        return False
    if start > 1 and text[start - 1] in "-‐‑" and is_spaced(text[start - 2]):
        return False
    after = text[end : end + CHARS_AFTER]
    if after[:1] and is_spaced(after[0]) and not _is_unit(after):
        return False
    return not re.match(r"[-‐‑][A-Z]{1,2}(?![^\W_])", after)


def _is_unit(after: str) -> bool:
    word = re.match(r"[^\W\d_]+", after)
    return bool(_SUFFIX.match(after) or (word and parse_currency(word[0])))


def worded_numbers(text: str) -> Iterator[Figure]:
    """Yield numbers written with a scale word, as a percentage, or in words.

    >>> text = "EUR 1.5 million, 19 % of it within twenty-one days"
    >>> [(text[f.start : f.end], sorted(map(str, f.readings))) for f in worded_numbers(text)]
    [('1.5 million', ['1500000.0']), ('19 %', ['0.19']), ('twenty-one', ['21'])]
    """
    plain = ascii_figures(text)
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
    for match in _HOURS.finditer(plain):
        minutes = Decimal(match["h"]) * MINUTES_PER_HOUR + int(match["m"])
        yield Figure(*match.span(), frozenset({minutes, minutes / MINUTES_PER_HOUR}), sure=True)
    yield from _worded(plain)


def _worded(plain: str) -> Iterator[Figure]:
    """Yield numbers in words, as powers of ten, and in Chinese and Japanese characters."""
    for start, end in number_word_ranges(plain):
        number = number_in_words(plain[start:end])
        if number is not None:
            yield Figure(start, end, frozenset({Decimal(number)}), sure=True)
    for start, end, number in foreign_numbers(folded_by_character(plain)):
        yield Figure(start, end, frozenset({Decimal(number)}), sure=True)
    for match in () if plain.isascii() else _POWER.finditer(plain):
        factor = parse_number(match["factor"] or "1")
        power = int(match["power"].translate(_RAISED))
        yield from [Figure(*match.span(), frozenset({factor.scaleb(power)}), sure=True)] if factor is not None else []
    for match in () if plain.isascii() else CJK_NUMBERS.finditer(plain):
        own = cjk_number(match.group())
        yield from [Figure(*match.span(), frozenset({own}), sure=True)] if own is not None else []


def scale_heads(text: str) -> frozenset[int]:
    """Return the powers of ten in which a text says that its figures are given: "in thousands", TEUR, (000).

    >>> sorted(scale_heads("Accounts in thousands")), sorted(scale_heads("(EUR 000)")), sorted(scale_heads("a thousand"))
    ([3], [3], [])
    """
    powers = set()
    for match in _HEADS.finditer(ascii_figures(text)):
        word = next(g for g in match.groups() if g is not None).casefold()
        known = _HEAD_POWERS.get(word) or SCALES.get(word) or (6 if ",000" in word else 3)
        powers.add(known)
    return frozenset(powers)


def _scaled(quote: str) -> frozenset[Decimal]:
    share = quote.endswith("%")
    word = re.sub(r"(?<=\d)[bB]$", "bn", re.sub(r"(?<=\d)(?:m|mm|MM)$", "M", quote))
    word = _UNIT_SCALE.sub(lambda m: "M" if m[1] == "M" else "k", word)
    found = {parse_number(word, point=p) for p in (".", ",")}
    return frozenset(r / 100 if share else r for r in found if r is not None)
