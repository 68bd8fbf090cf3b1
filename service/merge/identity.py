"""When two list items are the same: by declared key, by place in the text, or, for bare names, by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.extraction import Evidence, Extraction
from service import pointers
from service.merge.rules import same


@dataclass(frozen=True, slots=True)
class Part:
    """A value from one Extraction, and where it stands there."""

    value: Any
    origin: int  # index of the Extraction
    path: str


class Groups:
    """Items grouped as they come, each group in the order in which it first appeared; linear in the items."""

    def __init__(
        self, extractions: list[Extraction], evidence: Sequence[Mapping[str, Evidence]], keys: list[str]
    ) -> None:
        """`keys` are pointers, relative to an item, of the fields that identify it; none: its place does."""
        self._extractions, self._evidence, self._keys = extractions, evidence, keys
        self._groups: list[list[Part]] = []
        self._index: dict[Hashable, list[int]] = defaultdict(list)

    def of(self, items: list[Part]) -> list[list[Part]]:
        """The groups of all items."""
        for item in items:
            marks = self._marks(item)
            home = self._home(item, marks)
            if home is None:
                home = len(self._groups)
                self._groups.append([])
            self._groups[home].append(item)
            for mark in marks:
                if home not in self._index[mark]:
                    self._index[mark].append(home)
        return self._groups

    def _marks(self, item: Part) -> list[Hashable]:
        """What the item can be recognised by."""
        if not isinstance(item.value, dict):
            return [same(item.value)]
        if self._keys:
            values = [pointers.get(item.value, key) for key in self._keys]
            return [tuple(same(v) for v in values)] if all(v is not None for v in values) else []
        evidence, document = self._evidence[item.origin], self._extractions[item.origin].document
        found = ((leaf, evidence.get(item.path + leaf)) for leaf, _ in pointers.leaves(item.value))
        return [(document, leaf, e.start) for leaf, e in found if e is not None]

    def _home(self, item: Part, marks: list[Hashable]) -> int | None:
        """The first group that shares most marks with the item; within one answer only a key unites."""
        shared = Counter(g for mark in marks for g in self._index.get(mark, ()))
        for group, count in sorted(shared.items()):
            other = self._groups[group][0]
            if self._keys and isinstance(item.value, dict):
                return group
            if other.origin != item.origin and 2 * count > min(len(marks), len(self._marks(other))):
                return group
        return None
