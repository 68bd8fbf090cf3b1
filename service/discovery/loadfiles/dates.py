"""Dates as load files write them; whether day or month comes first is decided for a whole column.

Seen: 5/21/2001, 5/21/2001 3:48 PM, 20010521, ISO 8601, and 00/00/0000 for none. 5/6/2001 alone tells nothing; one 21/5/2001 in the
column does. Where nothing tells, the job's `date_order` decides, and without it the value stays unknown: none is invented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import Literal

DateOrder = Literal["MDY", "DMY"]
SEEN_MAX = 50_000  # distinct texts remembered for a column; days of a century are fewer
_PARTED = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_SLASHED_ISO = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?[Mm]?\.?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?")
_COMPACT_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})?()(Z)?")
_NONE = re.compile(r"[0\s/.\-:]*")
DATE_LIKE = re.compile(rf"(?:{_PARTED.pattern}|\d{{8}}|\d{{4}}-\d{{2}}-\d{{2}})(?:[ T].*)?", re.DOTALL)
FIRST_YEAR = 1000  # 1/1/0001 and the like stand for no date
PIVOT_YEAR = 70  # two-digit years from here on are of the 20th century


def _day(text: str, order: DateOrder) -> date | None:
    """Return a date written in digits; None where it is none in that order."""
    if found := _ISO.fullmatch(text) or _SLASHED_ISO.fullmatch(text):
        return _date(*map(int, found.groups()))
    if found := _PARTED.fullmatch(text):
        first, second, year = map(int, found.groups())
        if len(found[3]) == 2:
            year += 1900 if year >= PIVOT_YEAR else 2000
        month, day = (first, second) if order == "MDY" else (second, first)
        return _date(year, month, day)
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year > FIRST_YEAR else None  # what programs write that know no date
    except ValueError:
        return None


def split_date(text: str) -> tuple[str, str]:
    """Return the texts of day and time of day.

    >>> split_date("5/21/2001 3:48 PM"), split_date("2001-05-21T15:48:00Z"), split_date("20010521")
    (('5/21/2001', '3:48 PM'), ('2001-05-21', '15:48:00Z'), ('20010521', ''))
    """
    day, _, rest = text.strip().partition(" ")
    if not rest and "T" in day:
        day, _, rest = day.partition("T")
    return day, rest.strip()


def is_none(text: str) -> bool:
    """Whether a text stands for no date: empty, or zeros alone."""
    return _NONE.fullmatch(text) is not None


def time_of_day(text: str) -> tuple[time, tzinfo | None] | None:
    """Return a time and the zone written with it; None for text that is no time."""
    found = _TIME.fullmatch(text.strip()) or _COMPACT_TIME.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if found[4] in "Pp" else 0) if 1 <= hour <= 12 else 99
    try:
        return time(hour, minute, second), _zone(found[5])
    except ValueError:
        return None


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo


@dataclass(slots=True)
class DateColumn:
    """What all values of a column tell about the order of day and month."""

    monthly_first: int = 0  # distinct days that are dates with the month first alone
    daily_first: int = 0
    open: int = 0  # days that are different dates in both orders
    bad: dict[str, None] = field(default_factory=dict)  # day texts that are no date in any order, at most SEEN_MAX
    _seen: set[str] = field(default_factory=set)

    def add(self, texts: set[str]) -> bool:
        """Note the day texts of some values; return whether one of them is no date."""
        for text in texts - self._seen:
            self._note(text)
        if len(self._seen) > SEEN_MAX:
            self._seen.clear()
        self._seen |= texts
        return not self.bad.keys().isdisjoint(texts)

    def _note(self, text: str) -> None:
        monthly, daily = _day(text, "MDY"), _day(text, "DMY")
        if monthly is None and daily is None:
            if not is_none(text) and len(self.bad) < SEEN_MAX:
                self.bad[text] = None
        elif monthly != daily:
            self.monthly_first += daily is None
            self.daily_first += monthly is None
            self.open += None not in (monthly, daily)

    def order(self, chosen: DateOrder | None = None) -> DateOrder | None:
        """Return the column's order: what its values settle, else what the job chose, else None."""
        if bool(self.monthly_first) != bool(self.daily_first):
            return "MDY" if self.monthly_first else "DMY"
        return chosen

    def is_ambiguous(self, chosen: DateOrder | None = None) -> bool:
        """Whether the column has days that could be read both ways, and nothing decides."""
        return self.open > 0 and self.order(chosen) is None


def parse_day(text: str, order: DateOrder | None) -> date | None:
    """Return a day by its column's order; without one, only a day that has one reading.

    >>> parse_day("5/21/2001", None), parse_day("5/6/2001", None), parse_day("5/6/2001", "DMY")
    (datetime.date(2001, 5, 21), None, datetime.date(2001, 6, 5))
    """
    if order:
        return _day(text, order)
    monthly, daily = _day(text, "MDY"), _day(text, "DMY")
    if monthly is None or daily is None:
        return monthly or daily
    return monthly if monthly == daily else None
