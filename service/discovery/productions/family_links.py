"""Families of a production as its rows give them: parents, group ids and ranges, in this order of trust.

Built for a million rows: a document is its ordinal in the load file, evidence is kept in arrays of ordinals, and a text is stored only
where it is no document's id. A family is known by the ordinal of its top document.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

NONE = -1  # no evidence


@dataclass(frozen=True, slots=True)
class FamilyConflict:
    """A document whose family columns disagree."""

    document: int  # ordinal
    detail: str


class FamilyEvidence(NamedTuple):
    """What one row says of its family, as trimmed texts; empty for nothing."""

    parent: str = ""  # PARENTID
    children: tuple[str, ...] = ()  # ATTACHIDS
    group: str = ""  # GROUPID
    begin: str = ""  # BEGATTACH
    end: str = ""  # ENDATTACH


NO_EVIDENCE = FamilyEvidence()


@dataclass(slots=True)
class _Keys:
    """Family keys by number: the ordinal of the document of that id, or a negative number below NONE."""

    names: dict[str, int] = field(default_factory=dict)

    def number(self, key: str, ordinals: dict[str, int]) -> int:
        known = ordinals.get(key)
        return known if known is not None else self.names.setdefault(key, -2 - len(self.names))

    def settled(self, ordinals: dict[str, int]) -> dict[int, int]:
        """Return the ordinals of keys whose document came later."""
        return {number: ordinals[key] for key, number in self.names.items() if key in ordinals}


@dataclass(slots=True)
class Families:
    """Parent and top of every document, by ordinal."""

    parents: array[int]
    tops: array[int]
    conflicts: list[FamilyConflict]
    missing_parents: dict[int, str]  # document to the parent that no row has
    missing_children: dict[str, int]  # listed id that no row has, to the document that lists it

    def child_counts(self) -> array[int]:
        """Return how many children each document has."""
        counts = array("i", bytes(4 * len(self.parents)))
        for parent in self.parents:
            if parent >= 0:
                counts[parent] += 1
        return counts


class FamilyCollector:
    """Collects what rows say of families, and links them at the end."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self.ordinals: dict[str, int] = {}  # document id to ordinal
        self._parents, self._listers, self._groups, self._ranges = array("i"), array("i"), array("i"), array("i")
        self._ends = array("q")  # hash of ENDATTACH
        self._has_list = bytearray()
        self._group_keys, self._range_keys = _Keys(), _Keys()
        self._late_parents: dict[int, str] = {}
        self._late_children: dict[str, int] = {}
        self._suggested: dict[int, int] = {}
        self._last_range = ("", NONE)  # BEGATTACH of the row before, and its number

    def add(self, document_id: str, evidence: FamilyEvidence | None) -> bool:
        """Add a row; return False for an id that another row has already."""
        ordinal = len(self.ordinals)
        if self.ordinals.setdefault(document_id, ordinal) != ordinal:
            return False
        self._listers.append(self._late_children.pop(document_id, NONE) if self._late_children else NONE)
        parent, children, group, begin, end = evidence or NO_EVIDENCE
        self._parents.append(self._parent(document_id, ordinal, parent) if parent else NONE)
        self._groups.append(self._group_keys.number(group, self.ordinals) if group else NONE)
        if begin != self._last_range[0]:  # the members of a family follow each other
            self._last_range = (begin, self._range_keys.number(begin, self.ordinals) if begin else NONE)
        self._ranges.append(self._last_range[1])
        self._ends.append(hash(end) if end else 0)
        self._has_list.append(1 if children else 0)
        if children:
            self._list_children(children, ordinal)
        return True

    def _parent(self, document_id: str, ordinal: int, parent: str) -> int:
        if parent == document_id:  # some fill in a top document's own id
            return NONE
        known = self.ordinals.get(parent)
        if known is None:
            self._late_parents[ordinal] = parent
            return NONE
        return known

    def _list_children(self, children: tuple[str, ...], ordinal: int) -> None:
        for child in children:
            known = self.ordinals.get(child)
            if known is None:
                self._late_children.setdefault(child, ordinal)
            elif self._listers[known] == NONE:
                self._listers[known] = ordinal

    def suggest(self, child: str, parent: str) -> None:
        """Add what an LFP says, once all rows are added: believed where no column tells of a document's family."""
        pair = self.ordinals.get(child), self.ordinals.get(parent)
        if pair[0] is not None and pair[1] is not None and pair[0] != pair[1]:
            self._suggested[pair[0]] = pair[1]

    def linked(self) -> Families:
        """Return the families of all rows added."""
        missing = self._settle_parents()
        conflicts = list(self._list_conflicts())
        parents = array("i", (p if p >= 0 else lister for p, lister in zip(self._parents, self._listers, strict=True)))
        conflicts += _broken_loops(parents)
        self._settle_keys()
        conflicts += self._end_conflicts()
        conflicts += _joined(parents, self._groups, self._ranges)
        conflicts += self._take_suggestions(parents)
        conflicts += _broken_loops(parents)
        tops = _tops(parents)
        conflicts += _disagreements(tops, self._groups, "GROUPID")
        conflicts += _disagreements(tops, self._ranges, "BEGATTACH")
        return Families(parents, tops, _one_each(conflicts), missing, dict(self._late_children))

    def _settle_parents(self) -> dict[int, str]:
        """Resolve parents whose rows came later; return those of no row."""
        missing = {}
        for ordinal, parent in self._late_parents.items():
            known = self.ordinals.get(parent)
            if known is None:
                missing[ordinal] = parent
            else:
                self._parents[ordinal] = known
        return missing

    def _list_conflicts(self) -> Iterator[FamilyConflict]:
        """Yield documents that PARENTID and ATTACHIDS give different parents."""
        for child, (parent, lister) in enumerate(zip(self._parents, self._listers, strict=True)):
            if parent >= 0 and parent != lister and (lister >= 0 or self._has_list[parent]):
                yield FamilyConflict(child, "PARENTID and ATTACHIDS")

    def _take_suggestions(self, parents: array[int]) -> Iterator[FamilyConflict]:
        """Believe an LFP of documents without other evidence; yield those that columns give another parent."""
        for child, parent in self._suggested.items():
            told = any(key[child] not in {NONE, child} for key in (self._groups, self._ranges))
            if parents[child] < 0 and not told:
                parents[child] = parent
            elif parents[child] != parent:
                yield FamilyConflict(child, "the LFP names another parent")

    def _settle_keys(self) -> None:
        for numbers, keys in ((self._groups, self._group_keys), (self._ranges, self._range_keys)):
            if settled := keys.settled(self.ordinals):
                for i, number in enumerate(numbers):
                    if number < NONE:
                        numbers[i] = settled.get(number, number)

    def _end_conflicts(self) -> Iterator[FamilyConflict]:
        """Yield documents whose ENDATTACH is not the one of the first member of the range."""
        ends: dict[int, int] = {}
        for i, (key, end) in enumerate(zip(self._ranges, self._ends, strict=True)):
            if key != NONE and end and self._first_end(key, i, end, ends) != end:
                yield FamilyConflict(i, "ENDATTACH differs within the family")

    def _first_end(self, key: int, ordinal: int, end: int, ends: dict[int, int]) -> int:
        """Return the end that the family's first member gives; a top document's own stands in the array already."""
        if 0 <= key <= ordinal and self._ranges[key] == key and self._ends[key]:
            return self._ends[key]
        return ends.setdefault(key, end)


def _one_each(conflicts: list[FamilyConflict]) -> list[FamilyConflict]:
    """Return one conflict a document, in order, with all that was found."""
    details: dict[int, list[str]] = {}
    for conflict in conflicts:
        details.setdefault(conflict.document, []).append(conflict.detail)
    return [FamilyConflict(document, "; ".join(dict.fromkeys(told))) for document, told in sorted(details.items())]


def _broken_loops(parents: array[int]) -> list[FamilyConflict]:
    """Cut chains of parents that come back to their start; return where."""
    state = bytearray(len(parents))  # 0 unseen, 1 on the present chain, 2 done
    conflicts = []
    for start in range(len(parents)):
        if state[start] or parents[start] < 0:
            continue
        chain, node = [], start
        while node >= 0 and state[node] == 0:
            state[node] = 1
            chain.append(node)
            node = parents[node]
        if node >= 0 and state[node] == 1:
            first = min(chain[chain.index(node) :])
            parents[first] = NONE
            conflicts.append(FamilyConflict(first, "the parents form a loop"))
        for done in chain:
            state[done] = 2
    return conflicts


def _joined(parents: array[int], groups: array[int], ranges: array[int]) -> list[FamilyConflict]:
    """Give documents without parent, of a group or range with others, the top document of that as parent.

    Where other rows do name parents, a silent one is a conflict: a child that lost its parent's name is kept with its family.
    """
    has_children = {parent for parent in parents if parent >= 0}
    named, conflicts = bool(has_children), []
    heads = {2 * groups[i]: i for i in reversed(range(len(parents))) if groups[i] < NONE and ranges[i] == i}
    for i, parent in enumerate(parents):
        if parent >= 0:
            continue
        head = _head(i, groups[i], heads, 0) if groups[i] != NONE else _head(i, ranges[i], heads, 1)
        if head not in {NONE, i}:
            parents[i] = head
            if named:
                conflicts.append(FamilyConflict(i, "GROUPID or BEGATTACH name a family, PARENTID none"))
    return conflicts


def _head(document: int, key: int, heads: dict[int, int], kind: int) -> int:
    """Return the top document of a family key: the one of that id, else one whose BEGATTACH is its own id, else the first."""
    if key == NONE:
        return NONE
    return key if key >= 0 else heads.setdefault(2 * key + kind, document)


def _tops(parents: array[int]) -> array[int]:
    """Return the top document above each; parents hold no loop."""
    tops = array("i", range(len(parents)))
    for i in range(len(parents)):
        chain, node = [], i
        while parents[node] >= 0 and tops[node] == node:
            chain.append(node)
            node = parents[node]
        top = tops[node]
        for below in chain:
            tops[below] = top
    return tops


def _disagreements(tops: array[int], keys: array[int], column: str) -> list[FamilyConflict]:
    """Return documents whose key is another than their top document's, or shared with another family."""
    conflicts: list[FamilyConflict] = []
    owners: dict[int, int] = {}
    for i, (top, key) in enumerate(zip(tops, keys, strict=True)):
        if key == NONE or (key >= 0 and key == top):
            continue
        differs = key != keys[top] and not (keys[top] == NONE and i != top)
        if differs or (key >= 0 and tops[key] != top) or owners.setdefault(key, top) != top:
            conflicts.append(FamilyConflict(i, f"{column} names another family than the parents"))
    return conflicts
