"""Give values of one record that were found at one place a place each, where its lines print them more than once.

    Office chair    1    70.00    70.00

states a price and an amount, both of which are first found in the third cell; a quantity of 3 is found in the "3m" of its
product's name. What is evidence for one value is none for another while the record's own lines have a place left.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cmp_to_key
from itertools import combinations, pairwise

from thresher.schemas import json_pointer
from thresher.service.grounding.companion_values import column_of
from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.record_items import Leaf, Record

LINE_MAX_PLACES = 50  # places of one value on a line that are compared
BELOW_MAX_LINES = 3  # lines of a record below its first one
Columns = dict[str, Counter[int]]


class OwnPlaces:
    """The records of one list in one text."""

    def __init__(self, text: str, records: Sequence[Record]) -> None:
        """Prepare for the records; how their fields follow each other is learned when it is first needed."""
        self._text, self._records = text, records
        self._anchors = sorted(r.anchor.start for r in records if r.anchor)
        self._columns: Columns = {}
        self._order: Counter[tuple[str, str]] = Counter()

    def part(self) -> Iterator[tuple[str, Place]]:
        """Move values that share a place and yield the path and the new place of each."""
        crowded = [(record, group) for record in self._records for group in _overlapping(record)]
        if crowded:
            self._learn()
        for record, group in sorted(crowded, key=lambda c: len(c[1])):
            yield from self._spread(record, group)
            self._note({leaf.path: record.placed[leaf.path] for leaf in group})

    def _learn(self) -> None:
        """Learn in which column each field stands, and which of two fields of a record comes first."""
        for record in self._records:
            alone = dict(record.placed)
            for group in _overlapping(record):
                for leaf in group:
                    alone.pop(leaf.path, None)
            self._note(alone)

    def _note(self, placed: Mapping[str, Place]) -> None:
        """Note the columns and the order of values of one record."""
        known = {json_pointer.pattern(path): place for path, place in placed.items()}
        for pattern, place in known.items():
            column = column_of(self._text, place)
            if column is not None:
                self._columns.setdefault(pattern, Counter())[column] += 1
        for (a, first), (b, second) in combinations(known.items(), 2):
            if first.start != second.start:
                self._order[(a, b) if first.start < second.start else (b, a)] += 1

    def _spread(self, record: Record, group: list[Leaf]) -> Iterator[tuple[str, Place]]:
        """Yield a place of its own for each value of a group; the longest value, which may contain the others, stays."""
        longest = max(group, key=lambda leaf: _length(record.placed[leaf.path]))
        size = _length(record.placed[longest.path])
        stays = [longest] if any(_length(record.placed[leaf.path]) < size for leaf in group) else []
        moving = sorted((leaf for leaf in group if leaf not in stays), key=cmp_to_key(self._follows))
        paths = {leaf.path for leaf in moving}
        taken = [place for path, place in record.placed.items() if path not in paths]
        for leaf in moving:
            place = self._free(record, leaf, taken)
            if place is not None:
                taken.append(place)
                if place != record.placed[leaf.path]:
                    record.placed[leaf.path] = place
                    yield leaf.path, place

    def _follows(self, a: Leaf, b: Leaf) -> int:
        """Return a negative number where the first field mostly comes first; zero where no record shows it."""
        first, second = json_pointer.pattern(a.path), json_pointer.pattern(b.path)
        return self._order[second, first] - self._order[first, second]

    def _free(self, record: Record, leaf: Leaf, taken: Sequence[Place]) -> Place | None:
        """Return the first free place of a value on its line or on the record's, in the field's column where there is one.

        After these come the lines below, up to the next record.
        """
        current = record.placed[leaf.path]
        lines = {self._line(p.start) for p in (current, record.anchor) if p}
        below = self._below(record)
        near = (p for line in [*sorted(lines), below] for p in _within(leaf.places, *line))
        free = [p for p in near if not any(_overlap(p, other) for other in taken)]
        known = self._columns.get(json_pointer.pattern(leaf.path))
        column = known.most_common(1)[0][0] if known else None
        fitting = [p for p in free if column is not None and column_of(self._text, p) == column]
        return next(iter(fitting or free), None)

    def _below(self, record: Record) -> tuple[int, int]:
        """Return the range of the lines between a record's first one and the next record's; empty for the last record."""
        start = end = self._line(record.anchor.start)[1] if record.anchor else 0
        i = bisect_right(self._anchors, start)
        for _ in range(BELOW_MAX_LINES if i < len(self._anchors) else 0):
            end = self._line(min(end + 1, len(self._text)))[1]
        return start, min([end, *(self._line(at)[0] for at in self._anchors[i : i + 1])])

    def _line(self, offset: int) -> tuple[int, int]:
        end = self._text.find("\n", offset)
        return self._text.rfind("\n", 0, offset) + 1, end if end >= 0 else len(self._text)


def _overlapping(record: Record) -> Iterator[list[Leaf]]:
    """Yield the values of a record whose places overlap, group by group."""
    placed = sorted((leaf for leaf in record.leaves if leaf.path in record.placed), key=lambda x: record.placed[x.path])
    if not any(b.start < a.end for a, b in pairwise(record.placed[leaf.path] for leaf in placed)):
        return
    group: list[Leaf] = []
    end = 0
    for leaf in placed:
        place = record.placed[leaf.path]
        if group and place.start >= end:
            yield from [group] if len(group) > 1 else []
            group, end = [], 0
        group, end = [*group, leaf], max(end, place.end)
    yield from [group] if len(group) > 1 else []


def _within(places: list[Place], start: int, end: int) -> list[Place]:
    """Return the places in a range, up to a limit; `places` are in text order."""
    first = bisect_left(places, (start,))
    return [p for p in places[first : first + LINE_MAX_PLACES] if p.end <= end]


def _overlap(a: Place, b: Place) -> bool:
    return a.start < b.end and b.start < a.end


def _length(place: Place) -> int:
    return place.end - place.start
