"""Check that the Bates ranges of a million documents are sound and do not overlap, in compact memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from thresher.service.discovery.loadfiles.bates import Bates, page_count, parse

NO_SERIES = -1
PAGES_MAX = (1 << 31) - 1  # of one document, as an array of 32 bits takes it


class BatesRanges:
    """Ranges in the order of the rows; overlaps are looked for only in a series that is out of order."""

    def __init__(self) -> None:
        """Begin with no ranges."""
        self._begins, self._ends, self._series = array("q"), array("q"), array("i")  # by ordinal of the document
        self._numbers: dict[tuple[str, int], int] = {}  # prefix and width to a number of the series
        self._highest: list[int] = []  # end of each series so far
        self._unordered: set[int] = set()
        self._usual = ("", 0, NO_SERIES)  # prefix, length and number of the series of the row before

    def add(self, begin: str, end: str) -> int | None:
        """Add the next document's range; return its pages, 0 where it has no readable number, None for a range that is none."""
        prefix, length, series = self._usual
        at, one = len(prefix), not end or end == begin
        if (
            len(begin) == length
            and begin.startswith(prefix)
            and (one or (len(end) == length and end.startswith(prefix)))
        ):
            first, last = begin[at:], begin[at:] if one else end[at:]
            if first.isdecimal() and last.isdecimal() and (low := int(first)) <= (high := int(last)):
                self._keep(low, high, series)
                return min(high - low + 1, PAGES_MAX) if end else 0
        return self._add_other(begin, begin if one else end, has_end=bool(end))

    def _add_other(self, begin: str, end: str, *, has_end: bool) -> int | None:
        """Add a range that is not of the series of the one before, or unusual."""
        first, last = parse(begin), parse(end)
        if first is None or last is None:
            self._keep(0, 0, NO_SERIES)
            return 0 if first is None and begin == end else None
        pages = page_count(first, last)
        if pages is None or first.suffix or pages > PAGES_MAX:  # suffixes number the pages of one number
            self._keep(0, 0, NO_SERIES)
        else:
            series = self._numbers.setdefault((first.prefix, first.width), len(self._highest))
            if series == len(self._highest):
                self._highest.append(-1)
            self._usual = (first.prefix, len(begin), series)
            self._keep(first.number, last.number, series)
        return min(pages, PAGES_MAX) if has_end and pages else pages and 0

    def _keep(self, first: int, last: int, series: int) -> None:
        self._begins.append(first)
        self._ends.append(last)
        self._series.append(series)
        if series != NO_SERIES:
            if first <= self._highest[series]:
                self._unordered.add(series)
            self._highest[series] = max(self._highest[series], last)

    def gaps(self, most: int) -> tuple[int, list[tuple[str, str]]]:
        """Return how many runs of numbers no document has, between those that have one, and the first and last of `most` runs."""
        count, found = 0, list[tuple[str, str]]()
        series = np.frombuffer(self._series, dtype=np.int32)
        for (prefix, width), number in sorted(self._numbers.items()):
            rows = series == number
            begins = np.frombuffer(self._begins, dtype=np.int64)[rows]
            ends = np.frombuffer(self._ends, dtype=np.int64)[rows]
            order = np.argsort(begins, kind="stable")
            highest, begins = np.maximum.accumulate(ends[order]), begins[order]
            before = np.flatnonzero(begins[1:] > highest[:-1] + 1)
            count += len(before)
            for i in before[: most - len(found)].tolist():
                both = int(highest[i]) + 1, int(begins[i + 1]) - 1
                found.append((str(Bates(prefix, both[0], "", width)), str(Bates(prefix, both[1], "", width))))
        return count, found

    def overlaps(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of documents, each with an earlier one whose range holds its first number."""
        series = np.frombuffer(self._series, dtype=np.int32)
        for number in sorted(self._unordered):
            rows = np.flatnonzero(series == number)
            begins = np.frombuffer(self._begins, dtype=np.int64)[rows]
            ends = np.frombuffer(self._ends, dtype=np.int64)[rows]
            order = np.argsort(begins, kind="stable")
            highest = np.maximum.accumulate(ends[order])
            for i in np.flatnonzero(begins[order][1:] <= highest[:-1]).tolist():
                before = int(np.argmax(ends[order][: i + 1]))
                yield int(rows[order[i + 1]]), int(rows[order[before]])
