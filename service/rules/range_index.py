"""Tell quickly whether a range overlaps, or lies within, one of many ranges."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

Range = tuple[int, int]  # half-open


class RangeIndex:
    """Ranges in order of their starts. They may overlap; a question takes time logarithmic in their number."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        """Sort the ranges, and note how far those up to each one reach."""
        ordered = sorted(ranges)
        self._starts = [start for start, _ in ordered]
        self._reach = list(accumulate((end for _, end in ordered), max))

    def overlaps(self, start: int, end: int) -> bool:
        """Whether a range overlaps one of these.

        >>> index = RangeIndex([(5, 8), (0, 2)])
        >>> index.overlaps(1, 5), index.overlaps(2, 5), index.overlaps(7, 9)
        (True, False, True)
        """
        i = bisect_left(self._starts, end)
        return i > 0 and self._reach[i - 1] > start

    def holds(self, start: int, end: int) -> bool:
        """Whether one of these begins at or before a range and reaches its end.

        >>> RangeIndex([(5, 8), (0, 2)]).holds(6, 8), RangeIndex([(5, 8), (0, 2)]).holds(1, 3)
        (True, False)
        """
        i = bisect_right(self._starts, start)
        return i > 0 and self._reach[i - 1] >= end
