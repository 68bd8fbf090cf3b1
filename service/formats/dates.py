"""Parse dates and times as documents write them, in the languages of `languages.toml`."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

from thresher.service.formats.cjk_numbers import cjk_number
from thresher.service.formats.languages import (
    CALENDAR_SHIFT_YEARS,
    DATE_WORDS,
    DAY_WORDS,
    ERA_OFFSETS,
    WORD_PATTERN,
    folded,
    has_shifted_years,
    month_of,
)

DateOrder = Literal["dmy", "mdy", "ymd"]

_FILLER_WORDS = DATE_WORDS
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|re|:?e|eme|o|a)(?![a-z])")
_CLOCK = re.compile(
    r"(?<![\d.:])(?P<h>[01]?\d|2[0-3])(?:[:h.](?P<m>[0-5]\d)(?:[:.](?P<s>[0-5]\d|60)(?:[.,](?P<f>\d{1,9}))?)?|(?=\s?(?:[ap]\.?m\.?|uhr)(?![a-z])))(?![\d:])"
    r"(?:\s*(?P<half>[ap]\.?m\.?(?![a-z])))?(?:\s*(?:uhr|hrs|h)(?![a-z]))?"
    r"(?:\s*(?P<zone>z(?![a-z])|(?:(?:utc|gmt)\s*)?[+-]\d{2}:?\d{2}(?!\d)|utc|gmt|[ecmp][sd]t|cest|cet))?(?![a-z])",
    re.IGNORECASE,
)
_BEFORE_CLOCK = re.compile(r"(?:(?<=\d)t|(?<![a-z])(?:at|um|a|alle|om|as))?[ ,-]*$")  # between a day and a time
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2}
_DASHES_AND_QUOTES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("’‘ʼ", "'"))
_COUNT = r"\d{1,4}|[〇零一二三四五六七八九十]{1,4}"
_WITH_CJK_SIGNS = re.compile(
    rf"({'|'.join(map(folded, ERA_OFFSETS))})? ?({_COUNT}|元) ?[年년] ?({_COUNT}) ?[月월] ?({_COUNT}) ?[日号일]?"
)
_ERA_LETTER = re.compile(r"([rhs])(\d{1,2})[./](\d{1,2})[./](\d{1,2})")
_ROMAN = {r: n for n, r in enumerate(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"], 1)}
_PARTS = re.compile(rf"\d+|{WORD_PATTERN}|[^\s\w.,'/()-]")
_DAY_WORDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted((d.replace(' ', '[ -]') for d in DAY_WORDS), key=len, reverse=True))})(?!\w)"
)
LAST_GREGORIAN_YEAR = 2400  # the last plausible Gregorian year; a later one belongs to a calendar that runs ahead
_PIVOT_YEAR = 69  # two-digit years below it are 20xx: POSIX strptime


def parse_date(text: str, *, order: DateOrder | None = None) -> date | None:
    """Return the day that a text writes, or None where it writes none or several, or remains ambiguous.

    Rules for figures, in this order: a four-digit first figure is the year; a figure over 12 is no month; figures
    between points are day.month.year; equal day and month have one reading; otherwise `order` (the document's habit)
    decides, and without it the answer is None. Two-digit years below 69 are 20xx. A time of day is dropped.

    >>> [str(parse_date(t)) for t in ("March 3, 2024", "3. März 2024", "03.04.2024", "31/12/99", "03/04/2024")]
    ['2024-03-03', '2024-03-03', '2024-04-03', '1999-12-31', 'None']
    >>> parse_date("03/04/2024", order="mdy")
    datetime.date(2024, 3, 4)
    """
    found = parse_datetime(text, order=order)
    return found.date() if found else None


def parse_datetime(text: str, *, order: DateOrder | None = None) -> datetime | None:
    """Return the date and time that a text writes; midnight where it has only a day, no zone where it has none.

    >>> parse_datetime("Mon, 4 Mar 2024 10:15:00 +0100").isoformat(), parse_datetime("3.3.24, 9.05 Uhr").isoformat()
    ('2024-03-04T10:15:00+01:00', '2024-03-03T09:05:00')
    """
    bare = _normalised(text)
    day = _day(bare, order)
    if day:
        return datetime.combine(day, time())
    for clock in _CLOCK.finditer(bare):
        rest = f"{_BEFORE_CLOCK.sub('', bare[: clock.start()])} {bare[clock.end() :]}".strip()
        day, at = _day(rest, order), _time(clock)
        if day and at:
            return datetime.combine(day, at)
    return None


def parse_time(text: str) -> time | None:
    """Return the time where a text is a time of day and nothing else; else None.

    >>> [str(parse_time(t)) for t in ("10:15", "3:15 p.m.", "5 pm", "15h30", "9.05 Uhr", "10:15:00Z", "noon")]
    ['10:15:00', '15:15:00', '17:00:00', '15:30:00', '09:05:00', '10:15:00+00:00', 'None']
    """
    clock = _CLOCK.fullmatch(_normalised(text))
    return _time(clock) if clock else None


def _normalised(text: str) -> str:
    """Return the text in lower case, without accents, with one kind of dash and space."""
    plain = text.lower() if text.isascii() else folded(text.translate(_DASHES_AND_QUOTES))
    plain = re.sub(r"\s+", " ", plain).strip(" ,;")
    plain = re.sub(r"'(?=\d\d(?!\d))|(?<=[\u0e00-\u0e7f])\.(?=[\u0e00-\u0e7f])", "", plain)  # '24, Thai initials
    return re.sub(r"(?<=[+-]\d{4}) \([a-z ]+\)$|[()]", "", plain)  # a mail's Date ends in "+0100 (CET)"


def _time(clock: re.Match[str]) -> time | None:
    hour, half = int(clock["h"]), (clock["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    second, micro = min(int(clock["s"] or 0), 59), int((clock["f"] or "0").ljust(6, "0")[:6])
    return time(hour, int(clock["m"] or 0), second, micro, tzinfo=_zone(clock["zone"])) if hour <= 24 else None


def _zone(name: str | None) -> timezone | None:
    if not name:
        return None
    offset = re.search(r"([+-])(\d{2}):?(\d{2})", name)
    if not offset:
        return timezone(timedelta(hours=_ZONES.get(name.upper(), 0)))
    size = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    return timezone(-size if offset[1] == "-" else size) if size < timedelta(days=1) else None


def _day(bare: str, order: DateOrder | None) -> date | None:
    figures = re.fullmatch(
        r"(?:[a-z]{2,10}[.,]? )?(\d{1,4})(?: ?([./-]) ?| )(\d{1,2})(?(2) ?\2 ?| )(\d{4}|\d{1,2})\.?", bare
    )
    if figures and (bare[0].isdigit() or bare.split(maxsplit=1)[0].strip(".,") in _FILLER_WORDS):
        return _from_figures((figures[1], figures[3], figures[4]), figures[2] or " ", order)
    return _from_compact_or_signs(bare) or _from_roman_month(bare) or _from_words(bare)


def _from_compact_or_signs(bare: str) -> date | None:
    """Parse a date whose figures run together, or are separated by the characters for year, month and day.

    The year may be counted in an era.
    """
    compact = re.fullmatch(r"((?:19|20)\d{2})(\d{2})(\d{2})", bare)
    if compact:
        return _date(*(int(g) for g in compact.groups()))
    signs = _WITH_CJK_SIGNS.fullmatch(bare) or _ERA_LETTER.fullmatch(bare)
    if not signs:
        return None
    era, year, month, day = signs.groups()
    return _date(ERA_OFFSETS.get(era, 0) + (1 if year == "元" else _int_of(year)), _int_of(month), _int_of(day))


def _int_of(figures: str) -> int:
    return int(figures) if figures.isdecimal() else int(cjk_number(figures) or 0)


def _from_roman_month(bare: str) -> date | None:
    """Parse a date with a Roman month: 5.III.2024."""
    found = re.fullmatch(r"(\d{1,2})[. /-] ?([ivx]{1,4})[. /-] ?(\d{4})", bare)
    return _date(int(found[3]), _ROMAN.get(found[2], 0), int(found[1])) if found else None


def _from_figures(figures: tuple[str, str, str], mark: str, order: DateOrder | None) -> date | None:
    a, b, c = (int(f) for f in figures)
    sizes = len(figures[0]), len(figures[2])
    if sizes[0] > 2:
        return _date(a, b, c) if sizes[0] == 4 and sizes[1] <= 2 else None
    year_first = _date(_year(figures[0]), b, c) if (sizes == (2, 2) and mark == "-") or order == "ymd" else None
    if year_first and order == "ymd":
        return year_first
    year_last = _by_order(a, b, _year(figures[2]), "dmy" if mark == "." else order) if sizes[1] != 1 else None
    return None if year_first and order is None else year_last


def _by_order(a: int, b: int, year: int, order: DateOrder | None) -> date | None:
    readings = {"dmy": _date(year, b, a), "mdy": _date(year, a, b)}
    possible = {d for d in readings.values() if d}
    if len(possible) == 1:
        return possible.pop()
    return readings.get("dmy" if order == "ymd" else order or "")


def _from_words(bare: str) -> date | None:
    plain = _ORDINAL.sub("", bare.replace("º", "").replace("ª", ""))
    words = [w for w in _PARTS.findall(_DAY_WORDS.sub(_day_word, plain)) if not w.isspace()]
    month = [w for w in words if month_of(w)]
    numbers = [w for w in words if w.isdecimal()]
    others = [w for w in words if not month_of(w) and not w.isdecimal() and w not in _FILLER_WORDS]
    if len(month) != 1 or len(numbers) != 2 or others:
        return None
    day, year = reversed(numbers) if len(numbers[0]) == 4 else numbers
    if len(year) not in {2, 4} or len(day) > 2:
        return None
    late = CALENDAR_SHIFT_YEARS if has_shifted_years(month[0]) and int(year) > LAST_GREGORIAN_YEAR else 0
    return _date(_year(year) - late, month_of(month[0]), int(day))


def _day_word(words: re.Match[str]) -> str:
    return str(DAY_WORDS[re.sub(r"[\s-]+", " ", words[0])])


def _year(figures: str) -> int:
    year = int(figures)
    return year if len(figures) > 2 else year + (2000 if year < _PIVOT_YEAR else 1900)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
