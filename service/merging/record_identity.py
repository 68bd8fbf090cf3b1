"""Decide when two list items are the same: by declared key, by place in the text, or, for bare names, by name.

By place, two items of different answers are one if more than half of the distinctive places of the item that has fewer
agree, and they share the place of the last value of one of them: two rows below one date share the date's place but
remain two. A place that several items of one answer share is not distinctive.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Extraction
from thresher.service.merging.choice_rules import comparable_value
from thresher.service.merging.entity_names import grouped_spellings

LAST_VALUE_MAX_CHARS = 4000  # a last value farther behind the one before it (code points) is not the item's place

Mark = tuple[int, str, int]  # Document, leaf, start


@dataclass(frozen=True, slots=True)
class Part:
    """A value from one Extraction, and its path there."""

    value: Any
    origin: int  # index of the Extraction
    path: str


@dataclass(slots=True)
class _Item:
    part: Part
    key: Hashable = None  # values of its declared keys, or its name, where it has them
    marks: set[Mark] = field(default_factory=set)  # where its values stand
    last: Mark | None = None  # the last of them
    only_lists: bool = False  # whether it has nothing but lists


class ItemGroups:
    """Groups of equal items in text order, in whatever order the answers came; linear in the number of items."""

    def __init__(
        self,
        extractions: list[Extraction],
        evidence: Sequence[Mapping[str, Evidence]],
        keys: list[str],
        witnesses: frozenset[int] = frozenset(),
    ) -> None:
        """Take the answers.

        `keys` are pointers, relative to an item, of the fields that identify it (none: its place does).

        `witnesses` are indices of Documents that repeat the records of the main one, such as the XML in an invoice.
        """
        self._extractions, self._evidence, self._keys, self._witnesses = extractions, evidence, keys, witnesses
        self._spelled: dict[str, str] = {}  # name -> first spelling of its entity
        self._groups: list[list[_Item]] = []
        self._by_key: dict[Hashable, list[int]] = defaultdict(list)
        self._by_mark: dict[Mark, list[int]] = defaultdict(list)
        self._common: set[Mark] = set()

    def of(self, items: list[Part]) -> list[list[Part]]:
        """Return the groups of all items."""
        texts = dict.fromkeys(p.value for p in items if isinstance(p.value, str))
        self._spelled = {name: group[0] for group in grouped_spellings(texts) for name in group}
        known = [self._item(part) for part in items]
        counts = Counter((item.part.origin, mark) for item in known for mark in item.marks)
        self._common = {mark for (_, mark), count in counts.items() if count > 1}
        told = [i for i in known if isinstance(i.part.value, str) or not self._is_witness(i)]
        for item in told:
            self._add(item)
        for item in self._join_witnesses(known) if len(told) < len(known) else ():
            self._add(item)
        return [[item.part for item in group] for group in self._ordered()]

    def _ordered(self) -> list[list[_Item]]:
        """Return the groups of each answer in its own order, those of several answers by where they stand.

        An item stands where its last value stands, because a date printed once above several records is the same place for
        all; one without a place follows the one that came before it.
        """
        answers: dict[int, list[tuple[tuple[int, int], int]]] = defaultdict(list)
        place = (0, -1)
        for number, group in enumerate(self._groups):
            origin = group[0].part.origin
            starts = sorted(mark[2] for mark in group[0].marks)
            place = (self._extractions[origin].document, last_place(starts)) if starts else place
            answers[origin].append((place, number))
        return [self._groups[number] for _, number in heapq.merge(*answers.values())]

    def _is_witness(self, item: _Item) -> bool:
        return self._extractions[item.part.origin].document in self._witnesses

    def _join_witnesses(self, items: list[_Item]) -> Iterator[_Item]:
        """Add each item of a witness to the record that it repeats; yield items that repeat none.

        It is the record with which it shares most values, at least half of those of the shorter one; no two items of one Document
        repeat the same record.
        """
        records = [_values(group[0].part.value) for group in self._groups]
        index: dict[Hashable, list[int]] = defaultdict(list)
        for n, leaf in ((n, leaf) for n, values in enumerate(records) for leaf in values):
            index[leaf].append(n)
        taken: set[tuple[int, int]] = set()
        for item in items:
            if isinstance(item.part.value, str) or not self._is_witness(item):
                continue
            document, values = self._extractions[item.part.origin].document, _values(item.part.value)
            shared = Counter(n for leaf in values for n in index[leaf] if (document, n) not in taken)
            home = max(shared, key=lambda n: (shared[n], -n), default=None)
            if home is None or 2 * shared[home] < min(len(values), len(records[home])):
                yield item
            else:
                taken.add((document, home))
                self._groups[home].append(item)

    def _item(self, part: Part) -> _Item:
        document, evidence = self._extractions[part.origin].document, self._evidence[part.origin]
        leaves = [*_own_leaves(part.value)] or [leaf for leaf, _ in json_pointer.leaves(part.value)]
        found = ((leaf, evidence.get(part.path + leaf)) for leaf in leaves)
        marks = [(document, leaf, e.start) for leaf, e in found if e and e.start is not None and e.match != "judged"]
        last = max(marks, key=lambda m: m[2], default=None)
        key = comparable_value(self._spelled[part.value]) if isinstance(part.value, str) else self._key(part.value)
        only_lists = isinstance(part.value, dict) and not any(True for _ in _own_leaves(part.value))
        return _Item(part, key=key, marks=set(marks), last=last, only_lists=only_lists)

    def _key(self, value: Any) -> Hashable:
        if not self._keys or not isinstance(value, dict):
            return None
        values = [json_pointer.get(value, key) for key in self._keys]
        return None if any(v is None for v in values) else tuple(comparable_value(v) for v in values)

    def _add(self, item: _Item) -> None:
        home = self._home(item)
        if home is None and item.only_lists and item.part.path.endswith("/0"):
            home = self._record_above(item)
        if home is None:
            home = len(self._groups)
            self._groups.append([])
        self._groups[home].append(item)
        if item.key is not None:
            _add_once(self._by_key[item.key], home)
        for mark in item.marks:
            _add_once(self._by_mark[mark], home)

    def _home(self, item: _Item) -> int | None:
        """Return the group that the item belongs to, None for a new one.

        Within one answer only a declared key unites items.
        """
        for group in self._by_key.get(item.key, ()) if item.key is not None else ():
            if not isinstance(item.part.value, str) or self._is_elsewhere(item, group):
                return group
        shared = Counter(g for mark in item.marks - self._common for g in self._by_mark.get(mark, ()))
        for group, _ in sorted(shared.items(), key=lambda c: (-c[1], c[0])):
            if self._is_elsewhere(item, group) and any(self._is_same(item, other) for other in self._groups[group]):
                return group
        return None

    def _record_above(self, item: _Item) -> int | None:
        """Return the group that a first item of lists alone continues, because its Chunk began within a record."""
        first = min(((d, start) for d, _, start in item.marks), default=(0, -1))
        places = {
            n: max((d, start) for d, _, start in group[0].marks)
            for n, group in enumerate(self._groups)
            if group[0].marks and not group[0].only_lists
        }
        above = [n for n, place in places.items() if place[0] == first[0] and place < first]
        return max(above, key=places.__getitem__, default=None)

    def _is_elsewhere(self, item: _Item, group: int) -> bool:
        """Whether no item of the group comes from the same answer."""
        return all(other.part.origin != item.part.origin for other in self._groups[group])

    def _is_same(self, a: _Item, b: _Item) -> bool:
        if a.key is not None and b.key is not None and a.key != b.key:
            return False
        own, others = a.marks - self._common, b.marks - self._common
        shared = own & others
        ends = {a.last, b.last} & (a.marks & b.marks)
        return 2 * len(shared) > min(len(own), len(others)) and bool(ends)


def _own_leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield paths of leaves of an item, not of its lists: another Chunk may have another part of those."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _own_leaves(member, json_pointer.join(path, key))
    elif value is not None and not isinstance(value, list):
        yield path


def _values(value: Any) -> set[Hashable]:
    """Return the values of an item as (leaf, value), each normalised so that spelling does not matter."""
    return {(leaf, comparable_value(json_pointer.get(value, leaf))) for leaf in _own_leaves(value)}


def last_place(starts: list[int]) -> int:
    """Return the last start that is near the one before it: a value found pages away is not part of the record.

    >>> last_place([10, 40, 55]), last_place([10, 40, 55, 90_000]), last_place([10, 90_000])
    (55, 55, 90000)
    """
    while len(starts) > 2 and starts[-1] - starts[-2] > LAST_VALUE_MAX_CHARS:
        starts = starts[:-1]
    return starts[-1]


def _add_once(groups: list[int], group: int) -> None:
    if not groups or (groups[-1] != group and group not in groups):
        groups.append(group)
