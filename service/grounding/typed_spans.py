"""Find numbers, dates and months in one text, however they are written; its index is built once, when needed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, chain
from operator import itemgetter
from typing import NamedTuple, TypeVar

from thresher.service.formats.amounts import DecimalMark
from thresher.service.formats.ascii_figures import ascii_figures
from thresher.service.formats.dates import DateOrder, parse_date
from thresher.service.formats.figure_habits import is_ambiguous
from thresher.service.formats.foreign_number_words import folded_by_character
from thresher.service.grounding.date_spans import dates, months, yearless
from thresher.service.grounding.moment_spans import Moments, clocks
from thresher.service.grounding.normalised_text import Range, between, stands_alone
from thresher.service.grounding.number_spans import (
    Figure,
    figure_at,
    figures_of,
    number_candidates,
    scale_heads,
    worded_numbers,
)

_Key = TypeVar("_Key")
THOUSAND = 1_000
SCALED_MIN_FIGURES = 3  # figures that a number must have to be scaled by a heading
_ZERO_MARK = re.compile(r"(?:^|(?<=[\s|;]))(?:[-–—−]{1,3}|nil|NIL|Nil)(?=[\s|;]|$)")  # what stands in a cell for zero


class Habits(NamedTuple):
    """How the document around a text writes figures."""

    powers: frozenset[int] = frozenset()  # powers of ten that headings above give for figures ("in thousands" is 3)
    point: DecimalMark | None = None  # the decimal mark of its amounts, if known
    order: DateOrder | None = None  # the order of day and month in dates of figures, if known


class TypedIndex:
    """One text, searched for numbers and dates."""

    def __init__(self, text: str, without: Sequence[Range] = (), habits: Habits | None = None) -> None:
        """Prepare the search; nothing is indexed yet.

        `without`: ranges, sorted, that interrupt the text, so that dates may run across them.
        """
        self._text, self._without, self._habits = text, without, habits or Habits()

    def number(self, number: Decimal) -> list[Range]:
        """Return where a number stands by itself, else within a word or a reference, else in words, else scaled by its table."""
        if not number.is_finite():
            return []
        alike = self._alike(number)
        found = _reading(number, (f for f in alike if f.sure)) or _reading(number, (f for f in alike if not f.sure))
        return found or self._rare.get(number) or self._rare.get(-number) or self.scaled(number, SCALED_MIN_FIGURES)

    def nothing(self) -> list[Range]:
        """Return where a dash or "nil" stands alone, as for zero."""
        return [m.span() for m in _ZERO_MARK.finditer(self._text)]

    def day(self, readings: frozenset[date]) -> list[Range]:
        """Return where a day could be read.

        A value with several readings itself matches only dates with the same readings.
        """
        if len(readings) != 1:
            return [span for span, found in self._dated if found == readings]
        day = next(iter(readings))
        return self._dates.get(day) or self._without_year(day)

    def clock(self, at: time) -> list[Range]:
        """Return where a time of day is written."""
        return self._clocks.get(at, [])

    def moment(self, at: datetime) -> list[tuple[Range, Range]]:
        """Return where a day stands with a time of day: the ranges of both."""
        return self._moments.find(at)

    def month(self, month: tuple[int, int]) -> list[Range]:
        """Return where a month of a year is written, also within a date."""
        return self._months.get(month, [])

    def _without_year(self, day: date) -> list[Range]:
        """Return where a day is written without its year, if the text names this year somewhere."""
        found = self._yearless.get((day.month, day.day), [])
        return found if found and day.year in self._years else []

    def _alike(self, number: Decimal) -> list[Figure]:
        """Return the numbers of the text with the same figures; only these are parsed."""
        figures = figures_of("".join(map(str, number.as_tuple().digits)))
        return [self._in_habit(figure_at(self._text, a, b)) for a, b in self._figures.get(figures, [])]

    def _in_habit(self, figure: Figure) -> Figure:
        """Return a figure without the reading that the decimal mark of the text excludes: 1.200 among 28,00 is no 1.2."""
        quote = ascii_figures(self._text[figure.start : figure.end]).strip("-+()$€£¥ \u00a0")
        if self._habits.point is None or not is_ambiguous(quote):
            return figure
        groups = quote[-4] != self._habits.point
        return figure._replace(readings=frozenset(r for r in figure.readings if (abs(r) >= THOUSAND) is groups))

    def scaled(self, number: Decimal, least: int = 1) -> list[Range]:
        """Return where a number of at least so many figures stands under a heading that scales it: 1,204 for 1204000."""
        if not number or len(figures_of("".join(map(str, number.as_tuple().digits)))) < least:
            return []
        for power in self._heads:
            sure = (f for f in self._alike(number) if f.sure)
            found = _reading(number.scaleb(-power), sure)
            if found:
                return found
        return []

    @cached_property
    def _heads(self) -> frozenset[int]:
        return scale_heads(self._text) | self._habits.powers

    @cached_property
    def _figures(self) -> dict[str, list[Range]]:
        """Return the ranges of what may be numbers, by their figures."""
        index: dict[str, list[Range]] = defaultdict(list)
        for start, end, figures in number_candidates(self._text):
            index[figures].append((start, end))
        return index

    @cached_property
    def _rare(self) -> dict[Decimal, list[Range]]:
        return _index((f.readings, (f.start, f.end)) for f in worded_numbers(self._text))

    @cached_property
    def _dated(self) -> list[tuple[Range, frozenset[date]]]:
        """Return dates with their ranges, in order: those that something interrupts, those within it; read in the order of the document, if known."""
        return [(span, self._ordered(span, readings)) for span, readings in self._written_dates()]

    def _ordered(self, span: Range, readings: frozenset[date]) -> frozenset[date]:
        day = parse_date(self._text[slice(*span)], order=self._habits.order) if len(readings) > 1 else None
        return frozenset({day}) if day and self._habits.order else readings

    def _written_dates(self) -> list[tuple[Range, frozenset[date]]]:
        if not self._without:
            return list(dates(self._text))
        within = [((a + s, a + e), day) for a, b in self._without for (s, e), day in dates(self._text[a:b])]
        kept = between(self._without, len(self._text))
        ends = list(accumulate(b - a for a, b in kept))
        known = dates("".join(self._text[a:b] for a, b in kept))

        def place(at: int) -> int:
            i = bisect_right(ends, at)
            return kept[i][1] - ends[i] + at

        return sorted(
            [*within, *(((place(start), place(end - 1) + 1), days) for (start, end), days in known)], key=itemgetter(0)
        )

    @cached_property
    def _dates(self) -> dict[date, list[Range]]:
        return _index((readings, span) for span, readings in self._dated)

    @cached_property
    def _months(self) -> dict[tuple[int, int], list[Range]]:
        return _index(([month], span) for span, month in months(self._text))

    @cached_property
    def _clocks(self) -> dict[time, list[Range]]:
        return _index(([at], span) for span, at in clocks(self._text))

    @cached_property
    def _moments(self) -> Moments:
        return Moments(self._text, self._dated)

    @cached_property
    def _yearless(self) -> dict[tuple[int, int], list[Range]]:
        return _index((readings, span) for span, readings in yearless(self._text))

    @cached_property
    def _years(self) -> frozenset[int]:
        figured = (int(m[0]) for m in re.finditer(r"(?<!\d)(?:19|20)\d\d(?!\d)", self._text))
        return frozenset(chain(figured, (day.year for day in self._dates)))


def _reading(number: Decimal, figures: Iterable[Figure]) -> list[Range]:
    """Return where a number can be read, else where its negative can."""
    known = list(figures)
    plain = [(f.start, f.end) for f in known if number in f.readings]
    return plain or [(f.start, f.end) for f in known if -number in f.readings]


def _index(found: Iterable[tuple[Iterable[_Key], Range]]) -> dict[_Key, list[Range]]:
    """Return the ranges by each of their readings, in text order."""
    index: dict[_Key, list[Range]] = defaultdict(list)
    for readings, span in found:
        for reading in readings:
            index[reading].append(span)
    return index


def quantity_spans(text: str, spans: Iterable[Range], words: Sequence[str], unit: str) -> Iterator[Range]:
    """Yield the ranges of a number, in figures or words, that stand before a unit, extended to include it.

    >>> list(quantity_spans("for one (1) year and", [(4, 7)], (), "years")), list(quantity_spans("for two years", [], ("two",), "year"))
    ([(4, 16)], [(4, 13)])
    """
    *first, last = unit.split()
    stem = r"\s+".join([*map(re.escape, first), re.escape(last[: max(len(last) - 1, 3)])])
    after = re.compile(
        rf"[\s-]*(?:\([\w-]+\)[\s-]*)?(?:calendar |full |consecutive )?{stem}\w{{0,2}}(?!\w)", re.IGNORECASE
    )
    said = rf"(?<![\w-])(?:{'|'.join(map(re.escape, words))})(?=[\s(-])" if words else ""
    worded = (m.span() for m in re.finditer(said, folded_by_character(text))) if said else iter(())
    for start, end in sorted({*spans, *worded}):
        found = after.match(text, end)
        if found and stands_alone(text, start, found.end()):
            yield start, found.end()
