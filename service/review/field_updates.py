"""Combine a new reading of a list with what was found before, value by value.

A new value replaces the old one only where a failed check names it, or where nothing was found before; values that the
new reading leaves out stay. So a reading adds and corrects, and removes nothing. A value that was refused before, when more
of the text was seen, is not taken again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Extraction
from thresher.service.merging.choice_rules import comparable_value

Pair = tuple[int | None, int | None]  # numbers of an item of before and of one of the new reading: the same record
Placed = tuple[Any, str]  # a value, and its path
NO_VALUE: Placed = (None, "/-")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousList:
    """What was found before for one list that is read again."""

    name: str  # pointer of the list
    items: Sequence[int]  # numbers of those of its items that are read again
    data: Any  # the whole
    evidence: Sequence[Evidence]  # of the whole
    wrong: frozenset[str]  # places that failed a check
    refused: frozenset[tuple[str, str]] = frozenset()  # places and values that were not found in the text
    whole: bool  # whether all that stands there was read again: then what the reading does not tell is none


def filled_in(before: PreviousList, reading: Extraction) -> Extraction:
    """Return a reading with what it leaves out of the items of a list filled in from before."""
    name = before.name
    old, new = json_pointer.get(before.data, name) or [], json_pointer.get(reading.data, name) or []
    combination = _Combination(before, reading.evidence)
    found: list[Any] = []
    for i, j in combination.pairs(old, new):
        was = NO_VALUE if i is None else (old[i], f"{name}/{i}")
        now = NO_VALUE if j is None else (new[j], f"{name}/{j}")
        made = combination.value(was, now, f"{name}/{len(found)}")
        found += [] if made is None else [made]
    whole = json_pointer.copied(reading.data)
    json_pointer.put(whole, name, found)
    beside = tuple(e for e in reading.evidence if not _is_at(e.path, name))
    unsupported = tuple(u for u in reading.unsupported if not _is_at(u.path, name))
    return reading.model_copy(
        update={"data": whole, "evidence": (*beside, *combination.combined_evidence), "unsupported": unsupported}
    )


@dataclass(slots=True)
class _Combination:
    """Combine old and new values, and collect the evidence of the result."""

    before: PreviousList
    new_evidence: Sequence[Evidence]
    combined_evidence: list[Evidence] = field(default_factory=list)

    def pairs(self, old: list[Any], new: list[Any]) -> list[Pair]:
        """Return which items are the same record: those that share most positions in the text, else by their order."""
        left, found = list(self.before.items), dict[int, int]()
        for j in range(len(new)):
            shared = {i: self._shared(i, j) for i in left}
            best = max(shared, key=lambda i: shared[i], default=None)
            if best is not None and shared[best]:
                left.remove(best)
                found[j] = best
        alone = [j for j in range(len(new)) if j not in found]
        if len(alone) == len(left):
            found |= dict(zip(alone, left, strict=True))
            left = []
        made: list[Pair] = [(found.get(j), j) for j in range(len(new))]
        kept: list[Pair] = [] if self.before.whole and new else [(i, None) for i in left if i < len(old)]
        return [*made, *kept]

    def _shared(self, i: int, j: int) -> int:
        """Return how many positions in the text two items share."""
        name = self.before.name
        first, second = (
            {(e.start, e.end) for e in known if e.start is not None and _is_at(e.path, f"{name}/{n}")}
            for n, known in ((i, self.before.evidence), (j, self.new_evidence))
        )
        return len(first & second)

    def value(self, old: Placed, new: Placed, path: str) -> Any:
        """Return the value at a path after the combination, and collect its evidence."""
        (was, was_at), (now, now_at) = old, new
        if isinstance(now, dict) and (was is None or isinstance(was, dict)):
            return self._object(old, new, path)
        if isinstance(now, list) and (not was or (isinstance(was, list) and len(was) == len(now))):
            return self._list(old, new, path)
        is_wrong = was is None or any(_is_at(was_at, place) for place in self.before.wrong)
        is_refused = (was_at, comparable_value(now)) in self.before.refused
        is_new = now is not None and is_wrong and not is_refused and self._is_shown(now_at)
        at, known = (now_at, self.new_evidence) if is_new else (was_at, self.before.evidence)
        self.combined_evidence += [e.moved(path + e.path.removeprefix(at)) for e in known if _is_at(e.path, at)]
        return now if is_new else was

    def _object(self, old: Placed, new: Placed, path: str) -> Any:
        (was, was_at), (now, now_at) = old, new
        found = {}
        for key in {**(was or {}), **now}:
            a = (was[key], json_pointer.join(was_at, key)) if was and key in was else NO_VALUE
            found[key] = self.value(a, (now.get(key), json_pointer.join(now_at, key)), json_pointer.join(path, key))
        return None if was is None and all(v in (None, []) for v in found.values()) else found

    def _list(self, old: Placed, new: Placed, path: str) -> list[Any]:
        (was, was_at), (now, now_at) = old, new
        found: list[Any] = []
        for i, member in enumerate(now):
            a = (was[i], f"{was_at}/{i}") if was else NO_VALUE
            made = self.value(a, (member, f"{now_at}/{i}"), f"{path}/{len(found)}")
            found += [] if made is None else [made]
        return found

    def _is_shown(self, path: str) -> bool:
        return any(_is_at(e.path, path) and e.match != "none" for e in self.new_evidence)


def _is_at(path: str, place: str) -> bool:
    """Whether a path is another one or lies below it; the root contains every path."""
    return path == place or path.startswith(f"{place}/")
