"""Recognise lines that total what was found, by arithmetic and position, in any language.

A line is a total if its figures are one of these:

- the sum of a stretch of found amounts above or below it;
- the sum or difference of known totals, with amounts found since then;
- a known total again (carried or brought forward);
- a share of such a sum, by a percentage that the line itself prints (a tax).

A figure of few digits counts only if it is the sum of a whole stretch, because it may match by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from thresher.service.records.arithmetic.column_sums import Column
from thresher.service.records.arithmetic.line_amounts import STEPS_PER_UNIT, Figure

MAX_KNOWN_TOTALS = 12  # known totals above a line with which it is compared
TELLING_MIN_DIGITS = 3  # digits from which a figure hardly equals another by chance
PERCENT_STEPS = 100 * int(STEPS_PER_UNIT)
LINES_ABOVE_STRETCH = 3  # lines above the first record of a stretch where one may be missing
MAX_MISSING_LINES = 3  # missing lines that a total may need at once
CENT_STEPS = int(STEPS_PER_UNIT) // 100  # rounding of a share


@dataclass(slots=True)
class Totals:
    """The known totals of a Document; lines must be given from the first to the last."""

    columns: Sequence[Column]
    known: dict[int, list[int]] = field(default_factory=dict)  # by line: its figures that are sums
    shares: dict[int, list[int]] = field(default_factory=dict)  # by line: its figures that are a share of a sum

    def tell(self, line: int, figures: Sequence[Figure], *, whole: bool = False) -> bool:
        """Return whether a line is a total, and remember it.

        `whole`: it looks like a record, so all its figures must be sums.
        """
        amounts = [f for f in figures if not f.is_percent and f.readings != {0}]
        shared = [a for f in amounts for a in f.readings if a in self._shares(line, figures)]
        summed = [a for f in amounts if (a := self._sum(line, f)) is not None]
        count = len(summed) if summed else len(shared)
        if not amounts:
            return bool(figures) and any(f.is_percent for f in figures) and any(f.readings == {0} for f in figures)
        if not count or count < (len(amounts) if whole else len(amounts) / 2):
            return False
        (self.known if summed else self.shares)[line] = summed or shared
        return True

    def last(self) -> int:
        """Return the last line that is a sum; -1 where there is none."""
        return max(self.known, default=-1)

    def _sum(self, line: int, figure: Figure) -> int | None:
        """Return the reading of a figure that is a sum; None where none is."""
        is_telling = figure.digits >= TELLING_MIN_DIGITS
        sums = self._stretches(line)
        near = next((a for a in figure.readings if a in sums), None)
        if near is not None or not is_telling:
            return near
        more = self._of_totals(line)
        return next((a for a in figure.readings if a in more), None)

    def _stretches(self, line: int) -> set[int]:
        """Return the sums of stretches above and below a line, also including the shares printed among them."""
        found: set[int] = set()
        for column in self.columns:
            for first, total in column.ending(line):
                added = sum(min(self.shares[at]) for at in self.shares if first <= at < line)
                found |= {abs(total), abs(total + added)}
            found.update(map(abs, column.beginning(line)))
        return found

    def _of_totals(self, line: int) -> set[int]:
        """Return what known totals add up to: each with the amounts found since, and each pair."""
        near = [(at, a) for at, some in [*self.known.items()][-MAX_KNOWN_TOTALS:] for a in some]
        found = {abs(a) for _, a in near} | {abs(part) for column in self.columns for part in column.parts()}
        for at, a in near:
            added = sum(min(self.shares[s]) for s in self.shares if at < s < line)
            since = [0, *(total for column in self.columns for n, total in [column.since(at, line)] if n)]
            found |= {abs(a + sign * d + more) for d in since for sign in (1, -1) for more in (0, added)}
        pairs = combinations([*(a for _, a in near), *(a for some in self.shares.values() for a in some)], 2)
        return found | {s for a, b in pairs for s in (abs(a + b), abs(a - b))}

    def _shares(self, line: int, figures: Sequence[Figure]) -> set[int]:
        """Return what the line's own percentages make of the sums above it, added to them or contained in them."""
        rates = [r for f in figures if f.is_percent for r in f.readings]
        if not rates:
            return set()
        bases = self._stretches(line) | {a for some in self.known.values() for a in some}
        return {near for rate in rates for base in bases for share in _taxes(base, rate) for near in _rounded(share)}


def _taxes(base: int, rate: int) -> Iterator[int]:
    yield base * rate // PERCENT_STEPS
    yield base * rate // (PERCENT_STEPS + rate)


def _rounded(share: int) -> Iterator[int]:
    """Return a share cut to the cent, and the next cent."""
    cut = share // CENT_STEPS * CENT_STEPS
    return iter((cut, cut + CENT_STEPS))


def lines_needed(
    totals: Totals, line: int, figures: Sequence[Figure], left: Mapping[int, Sequence[Figure]]
) -> frozenset[int]:
    """Return the fewest leftover lines that a printed figure needs to come out as a sum.

    Empty where there are none.

    `left`: figures of leftover lines among found records or right above them, by line. Several lines are tried only where few
    are left over and the figure has many digits.
    """
    told = [f for f in figures if not f.is_percent]
    most = (
        MAX_MISSING_LINES
        if len(left) <= 2 * MAX_MISSING_LINES and any(f.digits > TELLING_MIN_DIGITS for f in told)
        else 1
    )
    wanted = {a for f in told for a in f.readings}
    for column in totals.columns if wanted and left else ():
        stretches = list(column.ending(line, least=1))
        for first, total in (*stretches[:MAX_MISSING_LINES], *stretches[MAX_MISSING_LINES:][-1:]):
            above = {at: figs for at, figs in left.items() if first - LINES_ABOVE_STRETCH <= at < line}
            if found := _fewest({a - total for a in wanted}, above, most):
                return found
    return frozenset()


def _fewest(missing: set[int], left: Mapping[int, Sequence[Figure]], most: int) -> frozenset[int]:
    """Return the fewest lines whose amounts, one of each line, add up to any of the missing sums."""
    options = [(at, a) for at, figs in left.items() for f in figs if not f.is_percent for a in f.readings]
    for size in range(1, min(len(left), most) + 1):
        for chosen in combinations(options, size):
            if sum(a for _, a in chosen) in missing and len(lines := {at for at, _ in chosen}) == size:
                return frozenset(lines)
    return frozenset()
