"""One value for one place, of the values that several Chunks gave for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.extraction import Evidence, Extraction
from schemas.verdict import Candidate, Conflict
from service.merge.identity import Part
from service.merge.rules import BY_LAST, RULES, same

_BEST = ("exact", "normalised", "derived", "fuzzy", "none")


@dataclass(frozen=True, slots=True)
class Choice:
    """The value, the Candidate that gave it (None: no Candidate did), the Conflict, and parts that no evidence backs."""

    chosen: Candidate | None
    conflict: Conflict | None = None
    unproved: tuple[Part, ...] = ()


class Chooser:
    """Chooses by a rule. "model" is left to a later stage: until then the most supported value stands."""

    def __init__(
        self, extractions: list[Extraction], evidence: Sequence[Mapping[str, Evidence]], rule: str
    ) -> None:
        """`rule` is a Policy's."""
        self._extractions, self._evidence = extractions, evidence
        self._rule = rule if rule in RULES or rule == "error" else "most_supported"

    def choose(self, parts: list[Part], path: str) -> Choice:
        """The choice among scalars for one place; with rule "error" disagreement chooses nothing."""
        groups: dict[str, list[Part]] = {}
        for part in parts:
            groups.setdefault(same(part.value), []).append(part)
        proved = {k: [p for p in g if p.path in self._evidence[p.origin]] for k, g in groups.items()}
        unproved = tuple(g[0] for k, g in groups.items() if not proved[k])
        lists = [g for g in proved.values() if g]
        if self._rule in BY_LAST:
            lists.sort(key=lambda g: max(map(self._place, g)))
        candidates = [self._candidate(g) for g in lists]
        if len(candidates) < 2:
            return Choice(candidates[0] if candidates else None, None, unproved)
        chosen = self._pick(candidates)
        conflict = Conflict(
            path=path, candidates=tuple(candidates), chosen=chosen.value if chosen else None, rule=self._rule
        )
        return Choice(chosen, conflict, unproved)

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
