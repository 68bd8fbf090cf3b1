"""One value for one place, of the values that several Chunks gave for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.extraction import Evidence, Extraction
from schemas.verdict import Candidate, Conflict
from service.merge.identity import Part
from service.merge.rules import BY_LAST, RULES, same

_BEST = ("exact", "normalised", "derived", "fuzzy", "none")


@dataclass(frozen=True, slots=True)
class Choice:
    """The value, its Evidence (None: there is none), the Conflict, and parts that no evidence backs."""

    value: Any
    evidence: Evidence | None = None
    conflict: Conflict | None = None
    unproved: tuple[Part, ...] = ()


class Chooser:
    """Chooses by a rule. "model" is left to a later stage: until then the most supported value stands."""

    def __init__(self, extractions: list[Extraction], evidence: Sequence[Mapping[str, Evidence]], rule: str) -> None:
        """`rule` is a Policy's."""
        self._extractions, self._evidence = extractions, evidence
        self._rule = rule if rule in RULES or rule == "error" else "most_supported"

    def choose(self, parts: list[Part], path: str) -> Choice:
        """The choice among scalars for one place; with rule "error" disagreement chooses nothing."""
        if len(parts) == 1:
            return Choice(parts[0].value, self._evidence[parts[0].origin].get(parts[0].path))
        groups: dict[str, list[Part]] = {}
        for part in parts:
            groups.setdefault(same(part.value), []).append(part)
        proved = {k: [p for p in g if p.path in self._evidence[p.origin]] for k, g in groups.items()}
        unproved = tuple(g[0] for k, g in groups.items() if not proved[k])
        lists = [g for g in proved.values() if g]
        if self._rule in BY_LAST:
            lists.sort(key=lambda g: max(map(self._place, g)))
        candidates = [self._candidate(g) for g in lists]
        if not candidates:
            return Choice(parts[0].value, None, None, unproved[1:])
        if len(candidates) == 1:
            return Choice(candidates[0].value, candidates[0].evidence, None, unproved)
        chosen = self._pick(candidates)
        value, evidence = (chosen.value, chosen.evidence) if chosen else (None, None)
        conflict = Conflict(path=path, candidates=tuple(candidates), chosen=value, rule=self._rule)
        return Choice(value, evidence, conflict, unproved)

    def _pick(self, candidates: list[Candidate]) -> Candidate | None:
        if self._rule == "error":
            return None
        located = [c for c in candidates if c.evidence.match != "none"]
        return RULES[self._rule](located or candidates)

    def _candidate(self, parts: list[Part]) -> Candidate:
        known = [(p, self._evidence[p.origin][p.path]) for p in parts]
        part, evidence = min(known, key=lambda k: _BEST.index(k[1].match)) if len(known) > 1 else known[0]
        return Candidate.model_construct(value=part.value, support=len({p.origin for p in parts}), evidence=evidence)

    def _place(self, part: Part) -> tuple[int, int]:
        start = self._evidence[part.origin][part.path].start
        return self._extractions[part.origin].document, -1 if start is None else start
