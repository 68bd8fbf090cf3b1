"""One value for one place, of the values that several Chunks gave for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.document import Document
from schemas.extraction import Evidence, Extraction
from schemas.verdict import Candidate, Conflict
from service import pointers
from service.merge.corrections import Correction, Rival, corrected
from service.merge.identity import Part
from service.merge.rules import BY_LAST, CORRECTED, DEFAULT, RULES, same

_BEST = ("exact", "normalised", "derived", "fuzzy", "judged", "seen", "none")


@dataclass(frozen=True, slots=True)
class Choice:
    """The value, its Evidence (None: there is none), the Conflict, and parts that no evidence backs."""

    value: Any
    evidence: Evidence | None = None
    conflict: Conflict | None = None
    unproved: tuple[Part, ...] = ()


class Chooser:
    """Chooses by a rule. "model" is left to a later stage: until it decides, the default rule's choice stands."""

    def __init__(
        self,
        extractions: list[Extraction],
        evidence: Sequence[Mapping[str, Evidence]],
        rule: str,
        documents: Sequence[Document] = (),
    ) -> None:
        """`rule` is a Policy's; `documents` are those of the Unit, whose own words the default rule heeds.

        "corrected" chooses by these words alone, and nothing where they say nothing.
        """
        self._extractions, self._evidence, self._documents = extractions, evidence, documents
        self._rule = rule if rule in RULES or rule in {"error", CORRECTED} else DEFAULT

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
        if not lists:
            return Choice(parts[0].value, None, None, unproved[1:])
        if len(lists) == 1:
            only = self._candidate(lists[0])
            return Choice(only.value, only.evidence, None, unproved)
        conflict, evidence = self._decide(lists, path)
        return Choice(conflict.chosen, evidence, conflict, unproved)

    def _decide(self, lists: list[list[Part]], path: str) -> tuple[Conflict, Evidence | None]:
        """The Conflict of several values, each with the parts that gave it, and the Evidence of the chosen one."""
        candidates = [self._candidate(g) for g in lists]
        rule, reason, left = self._rule, "", candidates
        found = self._corrected(lists, path) if self._rule in {DEFAULT, CORRECTED} else None
        if rule == "error" or (rule == CORRECTED and (found is None or len(found.left) > 1)):
            return Conflict(path=path, candidates=tuple(candidates), chosen=None, rule="error"), None
        if found is not None:
            candidates[found.winner] = self._shown(candidates[found.winner], found)
            left = [candidates[i] for i in found.left]
            rule = CORRECTED if len(left) == 1 else f"{CORRECTED}, {DEFAULT}"
            reason = self._quoted(found)
        located = [c for c in left if c.evidence.match != "none"]
        chosen = RULES.get(self._rule, RULES[DEFAULT])(located or left)
        conflict = Conflict(path=path, candidates=tuple(candidates), chosen=chosen.value, rule=rule, reason=reason)
        return conflict, chosen.evidence

    def _corrected(self, lists: list[list[Part]], path: str) -> Correction | None:
        """What the Documents themselves say of these values."""
        names = [p for p in pointers.parts(path) if not p.isdigit()]
        rivals = [self._rival(group) for group in lists]
        return corrected(rivals, [d.text for d in self._documents], names[-1] if names else "")

    def _rival(self, parts: list[Part]) -> Rival:
        known = [(p, self._evidence[p.origin][p.path]) for p in parts]
        own = [p.value for p, _ in known if isinstance(p.value, str)]
        places = [
            (self._extractions[p.origin].document, e.start, e.end)
            for p, e in known
            if e.start is not None and e.end is not None
        ]
        return Rival(written=tuple(dict.fromkeys([*(e.quote for _, e in known), *own])), places=tuple(places))

    def _shown(self, candidate: Candidate, found: Correction) -> Candidate:
        """A candidate whose Evidence stands where the text puts it right."""
        (start, end), document = found.value, self._documents[found.document]
        anchor = document.anchor(start, end)
        evidence = candidate.evidence.model_copy(
            update={
                "quote": document.text[start:end],
                "start": start,
                "end": end,
                "page": anchor.page,
                "boxes": anchor.boxes,
                "continued": anchor.continued,
                "part": anchor.part,
                "source": document.source.path if found.document else None,
                "confidence": document.confidence(start, end),
            }
        )
        moved = start != candidate.evidence.start or found.document != 0
        return candidate.model_copy(update={"evidence": evidence}) if moved else candidate

    def _quoted(self, found: Correction) -> str:
        """The passage that decided, on one line."""
        document, (start, end) = self._documents[found.document], found.passage
        page = document.page_at(found.value[0])
        where = f"page {page}: " if page else ""
        return where + " ".join(document.text[start:end].split())

    def _candidate(self, parts: list[Part]) -> Candidate:
        known = [(p, self._evidence[p.origin][p.path]) for p in parts]
        part, evidence = min(known, key=lambda k: _BEST.index(k[1].match)) if len(known) > 1 else known[0]
        return Candidate.model_construct(value=part.value, support=len({p.origin for p in parts}), evidence=evidence)

    def _place(self, part: Part) -> tuple[int, int]:
        start = self._evidence[part.origin][part.path].start
        return self._extractions[part.origin].document, -1 if start is None else start
