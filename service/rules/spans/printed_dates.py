"""Find printed dates, and infer the order of day and month from the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from rapidfuzz.fuzz import ratio

from thresher.schemas.target import Field
from thresher.service.formats.languages import WORD_PATTERN, folded, month_names, month_of
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

MISREAD_MONTH_MIN_RATIO = 80.0  # 0..100; least likeness of a long name with OCR errors to its month
_LONG_MONTHS = tuple(name for name in month_names() if len(name) > 5)
_MONTH = rf"{WORD_PATTERN}\.?"
_YEAR = r"(?:19|20)\d{2}"
_NUMERIC = re.compile(
    r"(?:(?<![\w.,/-])|(?<=[A-Za-z])(?=\d{1,2}[/.\-]\d{1,2}[/.\-]\d))"  # directly after letters only without spaces: no code
    rf"(\d{{1,2}})[ ]?([/.\-])[ ]?(\d{{1,2}})[ ]?\2[ ]?({_YEAR}|\d{{2}}(?!\d))(?![/-]\d)"
)
_ISO = re.compile(rf"(?<![\d/-])({_YEAR})([/.\-])(\d{{1,2}})\2(\d{{1,2}})(?!\d)")
_DAY_FIRST = re.compile(
    rf"(?<![\w/])(\d{{1,2}})(?:st|nd|rd|th|er|\.|ª|º)?[\s-]*(?:day\s+of\s+|of\s+|de\s+|d['’])?({_MONTH})[\s,./-]*(?:de[l]?\s+)?"
    rf"({_YEAR}|['’]?\d{{2}}(?![\d:]))",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(rf"\b({_MONTH})[\s-]*(\d{{1,2}})(?:st|nd|rd|th)?\s*,?[\s-]*({_YEAR})", re.IGNORECASE)
_STATE = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
_US_ADDRESS = re.compile(rf"\b(?:{_STATE})\.?,?\s+\d{{5}}(?:-\d{{4}})?\b")
_DOTTED = re.compile(rf"(?<![\d.])\d{{1,2}}\.\d{{1,2}}\.(?:{_YEAR})(?![\d.])")
_COMMA = re.compile(r"\d,\d{2}(?![\d.,])")
_POINT = re.compile(r"\d\.\d{2}(?![\d.,])")
_RANGE = re.compile(
    rf"(?<![\d.,/-])(\d{{1,2}})[/-](\d{{1,2}})[/-]({_YEAR}|\d{{2}})\s*(?:-|–|—|to|until|through|thru)\s*"
    rf"(\d{{1,2}})[/-](\d{{1,2}})[/-]({_YEAR}|\d{{2}})(?![/\d-])"
)
_DAY_FIRST_PLACES = re.compile(
    r"\bRM\s?\d|\bMYR\b|\bSdn\.?\s?Bhd\b|€|\bEUR\b|£|\bGBP\b|₹|\bINR\b|\bRs\.?\s?\d|\bAUD\b|\bA\$|\bNZD\b|\bSGD\b|\bS\$|\bZAR\b|\bCHF\b|zł|\bPLN\b|\bSEK\b|\bNOK\b|\bDKK\b|R\$"
    r"|\b(?:Malaysia|United Kingdom|England|Scotland|Wales|Ireland|Australia|New Zealand|India|Singapore|South Africa|Germany|Deutschland|France|Italy|Italia|Spain|España"
    r"|Netherlands|Nederland|Belgi\w+|Austria|Österreich|Switzerland|Schweiz|Suisse|Poland|Polska|Portugal|Brasil|Sweden|Sverige|Norway|Norge|Denmark|Danmark|GST)\b"
    r"|\b(?:Rechnung|Facture|Factuur|Fattura|Factura|Faktura|Datum|Fecha|Tarikh|Betrag|Montant|Importe)\b",
    re.IGNORECASE,
)
_RANGE_JOIN = re.compile(r"\s*(?:-|–|—|to|bis|until|through|thru|au|al|tot|a|hasta)\s*", re.IGNORECASE)
_TIME = re.compile(r"[\sT,]*(\d{1,2})[:.h](\d{2})(?::(\d{2}))?\s?([AaPp][Mm])?")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2}))?\s?([AaPp]\.?[Mm])?(?![\d:])")

_ENDS_IN_DATE = re.compile(r"\d[./-]\d{1,2}[./-]\d{2,4}[ ,T]*$")

Found = tuple[int, int, date]


def month_number(name: str) -> int | None:
    """Return the number (1..12) of a month's name or short form; None for another word.

    >>> month_number("Juillet"), month_number("März"), month_number("MAR"), month_number("table"), month_number("market")
    (7, 3, 3, None, None)
    """
    word = folded(name).strip(".")
    known = month_of(word)
    if known or len(word) < 6:
        return known or None
    return month_of(next((m for m in _LONG_MONTHS if ratio(m, word) >= MISREAD_MONTH_MIN_RATIO), "")) or None


@lru_cache(maxsize=32)
def day_first(text: str) -> bool:
    """Whether 03/04 is the third of April in this text; true without any sign."""
    return day_order(text) is not False


@lru_cache(maxsize=32)
def day_order(text: str) -> bool | None:
    """Return whether a text writes the day before the month; None without any sign.

    Decides by dates with only one reading, and by ranges that would otherwise end before they begin; else by dots between
    the figures, which put the day first; else by decimal commas; else by addresses of the United States, and by
    currencies, countries and languages of places that write the day first.

    >>> day_order("03/04/2020, 13/04/2020"), day_order("03/04/2020"), day_order("03/04/2020 Total RM 4.00")
    (True, None, True)
    """
    votes = 0
    for m in _NUMERIC.finditer(text):
        votes += (int(m[1]) > 12) - (int(m[3]) > 12)
    votes = votes or _ranges(text)
    if votes:
        return votes > 0
    if _DOTTED.search(text) or len(_COMMA.findall(text)) > len(_POINT.findall(text)):
        return True
    if _US_ADDRESS.search(text):
        return False
    return True if _DAY_FIRST_PLACES.search(text) else None


def _ranges(text: str) -> int:
    """Count the ranges that are valid only with the day first, minus those valid only with the month first."""
    votes = 0
    for m in _RANGE.finditer(text):
        ends = [
            [_date(d[2], d[1] if first else d[0], d[0] if first else d[1]) for d in (m.groups()[:3], m.groups()[3:])]
            for first in (True, False)
        ]
        day, month_ = (bool(a and b and a <= b) for a, b in ends)
        votes += day - month_
    return votes


def has_two_readings(text: str) -> bool:
    """Whether a printed date is another valid day with day and month swapped.

    >>> has_two_readings("03/04/2020"), has_two_readings("13/04/2020"), has_two_readings("3 April 2020"), has_two_readings("04/04/20")
    (True, False, False, False)
    """
    m = _NUMERIC.match(text)
    return bool(m) and int(m[1]) <= 12 and int(m[3]) <= 12 and int(m[1]) != int(m[3]) if m else False


def parse_dates(text: str, *, first: bool, start: int = 0, end: int | None = None) -> list[Found]:
    """Return (start, end, date) of every date of `text[start:end]`, in order, none overlapping.

    >>> parse_dates("from 30th day of April, 2009 to 14 MAR 2018", first=True)[0][2].isoformat()
    '2009-04-30'
    """
    end = len(text) if end is None else end
    found: list[Found] = []
    for pattern, read in (
        (_ISO, lambda m: (m[1], m[3], m[4])),
        (
            _NUMERIC,
            lambda m: (m[4], m[3], m[1]) if (first and int(m[3]) <= 12) or int(m[1]) > 12 else (m[4], m[1], m[3]),
        ),
        (_DAY_FIRST, lambda m: (m[3], month_number(m[2]), m[1])),
        (_MONTH_FIRST, lambda m: (m[3], month_number(m[1]), m[2])),
    ):
        taken = RangeIndex((a, b) for a, b, _ in found)  # the matches of one pattern do not overlap
        for m in pattern.finditer(text, start, end):
            day = _date(*read(m))
            if day and not taken.overlaps(*m.span()):
                found.append((*m.span(), day))
    return sorted(found)


def dates_of(layout: Layout) -> list[Found]:
    """Return the dates of a Layout, computed once for all fields."""
    if "dates" not in layout.memory:
        first = day_first(layout.text)
        layout.memory["dates"] = parse_dates(layout.text, first=first, start=layout.start, end=layout.end)
    found: list[Found] = layout.memory["dates"]
    return found


def places_of_dates(layout: Layout) -> RangeIndex:
    """Return the ranges of the dates of a Layout, computed once for all fields."""
    if "places of dates" not in layout.memory:
        layout.memory["places of dates"] = RangeIndex((start, end) for start, end, _ in dates_of(layout))
    found: RangeIndex = layout.memory["places of dates"]
    return found


def _date(year: str, month_: str | int | None, day: str) -> date | None:
    number = int(year.lstrip("'’"))
    if number < 100:
        number += 2000 if number < 70 else 1900
    try:
        return date(number, int(month_ or 0), int(day))
    except ValueError:
        return None


def find_dates(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield dates; hints: day, role ("start" or "end" in a range of two dates, else "")."""
    text = layout.text
    found = dates_of(layout)
    for i, (start, end, day) in enumerate(found):
        role = ""
        if i + 1 < len(found) and _RANGE_JOIN.fullmatch(text, end, found[i + 1][0]) and found[i + 1][0] - end < 12:
            role = "start"
        if i and _RANGE_JOIN.fullmatch(text, found[i - 1][1], start) and start - found[i - 1][1] < 12:
            role = "end"
        hints: dict[str, Any] = {"role": role, "day": day}
        if role == "end":
            hints["from"] = found[i - 1][0]
        stop, value = _value(layout, field, (start, end), day)
        yield Span(start=start, end=stop, text=text[start:stop], value=value, hints=hints)


def _value(layout: Layout, field: Field, span: tuple[int, int], day: date) -> tuple[int, Any]:
    start, end = span
    if field.kind == "date":
        return end, day.isoformat()
    if field.kind == "datetime":
        clock = _TIME.match(layout.text, end, min(end + 20, layout.end))
        return (clock.end(), f"{day.isoformat()}T{_hours(clock)}") if clock else (end, f"{day.isoformat()}T00:00:00")
    return end, " ".join(layout.text[start:end].split())


def _hours(m: re.Match[str]) -> str:
    hour, late = int(m[1]), (m[4] or "").lower().replace(".", "")
    hour = hour % 12 + 12 * (late == "pm") if late else hour
    return f"{hour % 24:02}:{m[2]}:{m[3] or '00'}"


def find_times(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield times of day; hints: dated (a date stands next to it, for a field named "time")."""
    for m in _CLOCK.finditer(layout.text, layout.start, layout.end):
        value = _hours(m) if field.kind == "time" else m[0].strip()
        stop = layout.text.find("\n", m.end())
        after = layout.text[m.end() : stop if stop >= 0 else layout.end]
        dated = bool(
            _ENDS_IN_DATE.search(layout.text, max(m.start() - 30, layout.start), m.start()) or _NUMERIC.search(after)
        )
        yield Span(
            start=m.start(), end=m.end(), text=m[0], value=value, hints={"dated": dated and field.name == "time"}
        )
