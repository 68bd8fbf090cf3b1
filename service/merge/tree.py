"""Merges partial answers into one tree.

Objects are merged key by key. Scalars that agree are one; those that disagree become a Conflict, decided by rule. Items
of lists are joined in document order: two are the same only if they stand at the same place of the same Document (as
happens where Chunks overlap) or agree on every declared key; what merely looks alike stays twice. Members of lists of
scalars are names of things, not records: equal ones from different Chunks are one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.extraction import Evidence, Extraction, Unsupported
from schemas.target import Target
from schemas.verdict import Candidate, Conflict
from service import pointers
from service.merge.identity import Groups, Part
from service.merge.rules import RULES, same


@dataclass(slots=True)
class Merged:
    """The whole, and what it rests on."""

    data: dict[str, Any] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)  # "/lines/-/amount" where the whole item has no place


def merge(extractions: list[Extraction], target: Target, rule: str = "most_supported") -> Merged:
    """One whole from Extractions in document order. Values that are null or were found unsupported do not count."""
    return _Merge(extractions, target, rule).run()


class _Merge:
    def __init__(self, extractions: list[Extraction], target: Target, rule: str) -> None:
        self._extractions = extractions
        self._rule = rule
        self._keys = {f.path for f in target.fields if f.schema.get("key") is True}
        self._evidence = [{e.path: e for e in x.evidence} for x in extractions]
        self._dropped = [{u.path for u in x.unsupported} for x in extractions]
        self._moved: dict[tuple[int, str], str] = {}  # list items: (origin, path there) to path in the whole
        self._out = Merged()

    def run(self) -> Merged:
        parts = [Part(x.data, i, "") for i, x in enumerate(self._extractions) if x.data]
        self._out.data = self._value(parts, "") or {}
        self._out.evidence.sort(key=_evidence_order)
        for origin, extraction in enumerate(self._extractions):
            for u in extraction.unsupported:
                self._out.unsupported.append(u.model_copy(update={"path": self._new_path(origin, u.path)}))
        return self._out

    def _new_path(self, origin: int, path: str) -> str:
        """Where a path of one Extraction is in the whole; `-` for the index of an item that is not there (RFC 6901)."""
        keys = path.split("/")
        for n in range(len(keys), 0, -1):
            home = self._moved.get((origin, "/".join(keys[:n])))
            if home is not None or n == 1:
                rest = keys[n:]
                return "/".join([home or "", *("-" if k.isdigit() else k for k in rest)])
        return path

    def _value(self, parts: list[Part], path: str) -> Any:
        known = [p for p in parts if p.value is not None and p.path not in self._dropped[p.origin]]
        if not known:
            return None
        if isinstance(known[0].value, dict):
            return self._object([p for p in known if isinstance(p.value, dict)], path)
        if isinstance(known[0].value, list):
            return self._list([p for p in known if isinstance(p.value, list)], path)
        return self._scalar([p for p in known if not isinstance(p.value, (dict, list))], path)

    def _object(self, parts: list[Part], path: str) -> dict[str, Any]:
        keys = dict.fromkeys(key for p in parts for key in p.value)
        return {
            key: self._value(
                [Part(p.value[key], p.origin, pointers.join(p.path, key)) for p in parts if key in p.value],
                pointers.join(path, key),
            )
            for key in keys
        }

    def _scalar(self, parts: list[Part], path: str) -> Any:
        groups: dict[str, list[Part]] = {}
        for part in parts:
            groups.setdefault(same(part.value), []).append(part)
        candidates = [c for c in map(self._candidate, groups.values()) if c]
        if not candidates:  # kept without evidence, as the Policy asked
            return parts[0].value
        chosen = candidates[0] if len(candidates) == 1 else RULES.get(self._rule, RULES["most_supported"])(candidates)
        if len(candidates) > 1:
            self._out.conflicts.append(
                Conflict(path=path, candidates=tuple(candidates), chosen=chosen.value, rule=self._rule)
            )
        evidence = chosen.evidence
        self._out.evidence.append(evidence if evidence.path == path else evidence.model_copy(update={"path": path}))
        return chosen.value

    def _candidate(self, parts: list[Part]) -> Candidate | None:
        known = [(p, self._evidence[p.origin].get(p.path)) for p in parts]
        proved = [(p, e) for p, e in known if e is not None]
        if not proved:
            return None
        part, evidence = next(((p, e) for p, e in proved if e.match == "exact"), proved[0])
        return Candidate(value=part.value, support=len({p.origin for p, _ in proved}), evidence=evidence)

    def _list(self, parts: list[Part], path: str) -> list[Any]:
        items = [Part(v, p.origin, pointers.join(p.path, i)) for p in parts for i, v in enumerate(p.value)]
        items = [p for p in items if p.value is not None and p.path not in self._dropped[p.origin]]
        items = [p for p in items if not isinstance(p.value, (dict, list)) or self._supported(p)]
        pattern = pointers.pattern(path) + "/*"
        keys = [k.removeprefix(pattern) for k in self._keys if k.startswith(f"{pattern}/")]
        groups = self._in_order(Groups(self._extractions, self._evidence, keys).of(items))
        for i, group in enumerate(groups):
            self._moved |= {(p.origin, p.path): pointers.join(path, i) for p in group}
        return [self._value(group, pointers.join(path, i)) for i, group in enumerate(groups)]

    def _in_order(self, groups: list[list[Part]]) -> list[list[Part]]:
        """Groups by where they stand; one without a place stays behind the one that came before it.

        An item stands where its last value stands: a date printed once above several records tells none of them apart.
        """
        keyed: list[tuple[tuple[int, int], list[Part]]] = []
        place = (0, 0)
        for group in groups:
            part = group[0]
            evidence = self._evidence[part.origin]
            found = (evidence.get(part.path + leaf) for leaf, _ in pointers.leaves(part.value))
            starts = [e.start for e in found if e is not None and e.start is not None]
            place = (self._extractions[part.origin].document, max(starts)) if starts else place
            keyed.append((place, group))
        return [group for _, group in sorted(keyed, key=lambda k: k[0])]

    def _supported(self, part: Part) -> bool:
        """Whether any leaf of an item is left, or it never had one."""
        leaves = [part.path + leaf for leaf, _ in pointers.leaves(part.value)]
        return not leaves or any(leaf not in self._dropped[part.origin] for leaf in leaves)


def _evidence_order(evidence: Evidence) -> list[tuple[int, str]]:
    """Paths in reading order: numbers as numbers."""
    return [(int(p), "") if p.isdigit() else (-1, p) for p in evidence.path.split("/")]
