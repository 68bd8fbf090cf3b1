"""Sum up the amounts of found records, column by column, over stretches that a total may add up.

A column is one field of the records of one list, in line order. A stretch begins at the first record, or after a line
without values (a heading, a sub-total, a page's edge).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Extraction
from thresher.schemas.target import Target
from thresher.service.records.arithmetic.line_amounts import YEARS, steps_of
from thresher.service.records.record_lines import record_of

MAX_STRETCHES = 50  # stretches on either side whose sums are compared with a figure
SUM_MIN_AMOUNTS = 2  # amounts that make a sum


@dataclass(frozen=True, slots=True)
class Column:
    """The amounts of one field, in steps."""

    lines: Sequence[int]  # the line of each, sorted
    sums: Sequence[int]  # of the amounts before each one, and last of all
    begins: Sequence[int]  # indices of the amounts with which stretches begin, sorted; the first is 0

    def above(self, line: int) -> int:
        """Return how many amounts are above a line."""
        return bisect_left(self.lines, line)

    def since(self, line: int, end: int) -> tuple[int, int]:
        """Return how many amounts are from one line up to another (exclusive), and their sum."""
        first, last = bisect_left(self.lines, line), bisect_left(self.lines, end)
        return last - first, self.sums[last] - self.sums[first]

    def ending(self, line: int, least: int = SUM_MIN_AMOUNTS) -> Iterator[tuple[int, int]]:
        """Yield the first line and the sum of each stretch that ends above a line, the shortest first.

        `least`: amounts that it must have. All amounts from the first one are always among them.
        """
        end = self.above(line)
        near = self.begins[: bisect_left(self.begins, end)][::-1][:MAX_STRETCHES]
        for first in (*near, *((0,) if near and near[-1] else ())):
            if end - first >= least:
                yield self.lines[first], self.sums[end] - self.sums[first]

    def beginning(self, line: int) -> Iterator[int]:
        """Yield the sum of each stretch that begins below a line, the shortest first."""
        first = self.above(line)
        at = bisect_left(self.begins, first + 1)
        for end in (*self.begins[at : at + MAX_STRETCHES], len(self.lines)):
            if end - first >= SUM_MIN_AMOUNTS:
                yield self.sums[end] - self.sums[first]

    def parts(self) -> Iterator[int]:
        """Yield the sum of each part between one beginning of a stretch and the next."""
        ends = (*self.begins[1:], len(self.lines))
        return (self.sums[b] - self.sums[a] for a, b in zip(self.begins, ends, strict=True) if b - a >= SUM_MIN_AMOUNTS)


def columns_of(
    extractions: Iterable[Extraction], target: Target, starts: Sequence[int], between: Sequence[int]
) -> list[Column]:
    """Return the columns of all lists of a Document.

    `starts`: where its lines begin; `between`: numbers of the non-blank lines without values, sorted.
    """
    amounts: dict[str, set[tuple[int, int]]] = defaultdict(set)  # by the pattern of the field: (offset, amount)
    for extraction in extractions:
        for evidence in extraction.evidence:
            record = record_of(evidence.path, target) if evidence.start is not None else None
            if record is None or evidence.start is None:
                continue
            amount = steps_of(json_pointer.get(extraction.data, evidence.path))
            if amount is not None:
                amounts[record[0] + evidence.path.removeprefix(record[1])].add((evidence.start, amount))
    return [
        _column(sorted(some), starts, between)
        for some in amounts.values()
        if len(some) >= SUM_MIN_AMOUNTS and not _are_years(some)
    ]


def _are_years(amounts: Iterable[tuple[int, int]]) -> bool:
    """Whether all amounts of a field are years, which are never added up."""
    return all(amount in YEARS for _, amount in amounts)


def _column(amounts: Sequence[tuple[int, int]], starts: Sequence[int], between: Sequence[int]) -> Column:
    lines = [bisect_left(starts, at + 1) - 1 for at, _ in amounts]
    sums = list(accumulate((amount for _, amount in amounts), initial=0))
    gaps = [bisect_left(between, line) for line in lines]
    begins = [i for i, gap in enumerate(gaps) if not i or gap > gaps[i - 1]]
    return Column(lines, sums, begins)
