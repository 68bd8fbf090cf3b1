"""Find where a text states a day with a time of day, however they are written and whatever is between them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from operator import itemgetter

from thresher.service.formats.ascii_figures import ascii_figures
from thresher.service.formats.dates import parse_time
from thresher.service.grounding.normalised_text import Range

APART_CHARS = 200  # code points that may lie between a day and its time of day
_CLOCK = re.compile(  # a point parts hours and minutes only where a word says that it is a time
    r"(?:(?<![\w.,:])|(?<=\dT))(?:\d{1,2}[:h][0-5]\d(?::[0-5]\d)?(?:\s?[ap]\.?m\.?(?!\w)|\s?(?:uhr|hrs|h)(?!\w))?|\d{1,2}(?:[.][0-5]\d)?\s?(?:[ap]\.?m\.?(?!\w)|(?:uhr|hrs|h)(?!\w)))(?![\d:])",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"(?:[.,]\d{1,9})?\s?(?:Z(?!\w)|(?:(?:UTC|GMT)\s?)?[+-]\d{4}(?!\d)|(?:UTC|GMT)(?!\w))|[+-]\d\d:\d\d(?![\d:])"
)
Dated = Sequence[tuple[Range, frozenset[date]]]


def clocks(text: str) -> Iterator[tuple[Range, time]]:
    """Yield the ranges of the times of day in a text.

    >>> [str(at) for _, at in clocks("from 9:05 a.m. or 9 am to 14h30, for 8 h, 2024-03-05T06:41:15Z, version 3:1")]
    ['09:05:00', '09:00:00', '14:30:00', '06:41:15']
    """
    plain = ascii_figures(text)
    for match in _CLOCK.finditer(plain):
        at = parse_time(match[0])
        if at is not None:
            yield match.span(), at


class Moments:
    """The days of one text that have a time of day near them."""

    def __init__(self, text: str, dated: Dated) -> None:
        """Index the times of day by the days before and behind them; `dated` are the dates of the text."""
        self._plain = ascii_figures(text)
        self._local: dict[datetime, list[tuple[Range, Range]]] = defaultdict(list)  # by the printed minute
        self._instants: dict[datetime, list[tuple[Range, Range]]] = defaultdict(list)
        self._zoned: set[Range] = set()  # times of day with a printed zone
        self._second: dict[Range, int | None] = {}  # of a time of day, where it is printed
        written = list(_written(dated))
        starts = [days[0][0][0] for days in written]
        for clock, at in clocks(text):
            i = bisect_right(starts, clock[0])
            for day, readings in (d for days in written[max(i - 1, 0) : i + 1] for d in days):
                if max(clock[0] - day[1], day[0] - clock[1]) <= APART_CHARS:
                    self._add(day, readings, clock, at)

    def find(self, value: datetime) -> list[tuple[Range, Range]]:
        """Return the day and the time of day wherever they state a moment, by the printed zone if there is one."""
        if value.tzinfo is not None and (same := self._instants.get(value.astimezone(UTC).replace(microsecond=0))):
            return same
        printed = self._local.get(value.replace(second=0, microsecond=0, tzinfo=None), [])
        zoned = self._zoned if value.tzinfo is not None else set[Range]()
        return [m for m in printed if m[1] not in zoned and value.second in (0, self._second[m[1]])]

    def _add(self, day: Range, readings: frozenset[date], clock: Range, at: time) -> None:
        has_seconds = self._plain.count(":", *clock) > 1
        zone = _ZONE.match(self._plain, clock[1])
        zoned = parse_time(self._plain[clock[0] : zone.end()]) if zone else None
        clock = (clock[0], zone.end() if zone and zoned else clock[1])
        self._second[clock] = at.second if has_seconds else None
        for reading in readings:
            self._local[datetime.combine(reading, at.replace(second=0))].append((day, clock))
            if zoned is not None and zoned.tzinfo is not None:
                self._zoned.add(clock)
                instant = datetime.combine(reading, zoned).astimezone(UTC).replace(microsecond=0)
                for known in {instant, instant.replace(second=0)}:
                    self._instants[known].append((day, clock))


def _written(dated: Dated) -> Iterator[list[tuple[Range, frozenset[date]]]]:
    """Yield the dates of a text in order, those that overlap together."""
    together: list[tuple[Range, frozenset[date]]] = []
    for span, readings in sorted(dated, key=itemgetter(0)):
        if together and span[0] >= max(end for (_, end), _ in together):
            yield together
            together = []
        together.append((span, readings))
    if together:
        yield together
