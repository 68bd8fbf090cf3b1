"""Choose one value for a field among the values that several Chunks gave for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.result import Candidate, Conflict
from thresher.service.merging.choice_rules import BY_LAST, BY_PLACE, CORRECTED, DEFAULT, RULES, comparable_value
from thresher.service.merging.corrections import Correction, Rival, field_words, find_correction
from thresher.service.merging.entity_names import grouped_spellings
from thresher.service.merging.record_identity import Part
from thresher.service.merging.source_rank import PlaceRank, PlaceRanks

_MATCHES_BEST_FIRST = ("exact", "normalised", "derived", "judged", "fuzzy", "seen", "none")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_FIGURES = re.compile(r"\d")
_DAY = re.compile(r"\d{4}-\d{2}")  # a date as answers write it
_PAYEE = frozenset(("payee", "beneficiary", "creditor", "recipient", "account", "iban", "tax", "vat", "total"))


@dataclass(frozen=True, slots=True)
class Choice:
    """The value, its Evidence (None: there is none), the Conflict, and values without evidence."""

    value: Any
    evidence: Evidence | None = None
    conflict: Conflict | None = None
    unproved: tuple[Part, ...] = ()


class Chooser:
    """Choose values by a rule.

    The default rule tries corrections in the text, then the better place (source_rank), then `most_supported`. "model"
    is left to the review stage: until it decides, the default rule's choice stands.
    """

    def __init__(
        self,
        extractions: list[Extraction],
        evidence: Sequence[Mapping[str, Evidence]],
        rule: str,
        documents: Sequence[Document] = (),
    ) -> None:
        """Take the answers and a Policy's `rule`.

        The default rule follows what `documents` of the Unit say about corrections.

        Rule "corrected" chooses by that alone, and nothing where they say nothing.
        """
        self._extractions, self._evidence, self._documents = extractions, evidence, documents
        self._ranks = PlaceRanks(documents)
        self._rule = rule if rule in RULES or rule in {"error", CORRECTED} else DEFAULT

    def choose(self, parts: list[Part], path: str) -> Choice:
        """Return the choice among scalars for one path; with rule "error", disagreement chooses nothing."""
        if len(parts) == 1:
            return Choice(parts[0].value, self._evidence[parts[0].origin].get(parts[0].path))
        groups = _grouped(parts)
        proved = {k: [p for p in g if p.path in self._evidence[p.origin]] for k, g in groups.items()}
        unproved = tuple(g[0] for k, g in groups.items() if not proved[k])
        lists = self._without_absences([g for g in proved.values() if g])
        if self._rule in BY_LAST:
            lists.sort(key=lambda g: max(map(self._place, g)))
        if not lists:
            return Choice(parts[0].value, None, None, unproved[1:])
        if len(lists) == 1:
            only = self._candidate(lists[0])
            return Choice(only.value, only.evidence, None, unproved)
        conflict, evidence = self._decide(lists, path)
        return Choice(conflict.chosen, evidence, conflict, unproved)

    def _without_absences(self, lists: list[list[Part]]) -> list[list[Part]]:
        """Return the groups without a False that has no place.

        A Chunk that does not mention a thing says nothing about the others.
        """
        told = [g for g in lists if g[0].value is not False or any(self._has_place(p) for p in g)]
        return told or lists

    def _has_place(self, part: Part) -> bool:
        return self._evidence[part.origin][part.path].start is not None

    def _decide(self, lists: list[list[Part]], path: str) -> tuple[Conflict, Evidence | None]:
        """Return the Conflict of several values, each with the parts that gave it, and the Evidence of the chosen one."""
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
        located = [c for c in left if c.evidence.match != "none"] or left
        if self._rule == DEFAULT and rule != CORRECTED:
            located, by_place = self._nearest(lists, candidates, located, path)
            rule = BY_PLACE if by_place and rule == DEFAULT else rule
        chosen = RULES.get(self._rule, RULES[DEFAULT])(located)
        settled = rule == CORRECTED or (rule == BY_PLACE and not _is_contested(path, candidates))
        conflict = Conflict(
            path=path, candidates=tuple(candidates), chosen=chosen.value, rule=rule, reason=reason, settled=settled
        )
        return conflict, chosen.evidence

    def _nearest(
        self, lists: list[list[Part]], candidates: list[Candidate], left: list[Candidate], path: str
    ) -> tuple[list[Candidate], bool]:
        """Return the candidates with the best rank (source_rank), and whether that alone decides."""
        words = field_words(_name(path))
        known = [(c, min(self._rank(p, words) for p in g)) for c, g in zip(candidates, lists, strict=True) if c in left]
        best = min(rank for _, rank in known)
        nearest = [c for c, rank in known if rank == best]
        if len(nearest) > 1 and _is_judged(nearest):  # what kind of document it is, its beginning says
            return nearest[:1], self._is_first(nearest[0])
        apart = all(rank[:2] != best[:2] for c, rank in known if c not in nearest)
        return nearest, len(nearest) == 1 and apart

    def _rank(self, part: Part, words: frozenset[str]) -> PlaceRank:
        evidence = self._evidence[part.origin][part.path]
        return self._ranks.of(self._extractions[part.origin].document, evidence, words)

    def _is_first(self, candidate: Candidate) -> bool:
        """Whether a candidate comes from the beginning of the Unit."""
        return not candidate.evidence.chunk and candidate.evidence.source is None

    def _corrected(self, lists: list[list[Part]], path: str) -> Correction | None:
        """Return what the Documents say about which of these values is right."""
        rivals = [self._rival(group) for group in lists]
        return find_correction(rivals, [d.text for d in self._documents], _name(path))

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
        """Return a candidate whose Evidence is the place where the text corrects it."""
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
                "ocr_confidence": document.confidence(start, end),
            }
        )
        moved = start != candidate.evidence.start or found.document != 0
        return candidate.model_copy(update={"evidence": evidence}) if moved else candidate

    def _quoted(self, found: Correction) -> str:
        """Return the passage that decided, on one line."""
        document, (start, end) = self._documents[found.document], found.passage
        page = document.page_at(found.value[0])
        where = f"page {page}: " if page else ""
        return where + " ".join(document.text[start:end].split())

    def _candidate(self, parts: list[Part]) -> Candidate:
        known = [(p, self._evidence[p.origin][p.path]) for p in parts]
        part, evidence = min(known, key=lambda k: (-_length(k[0].value), _MATCHES_BEST_FIRST.index(k[1].match)))
        sources = len({self._extractions[p.origin].document for p in parts})
        support = len({p.origin for p in parts})
        return Candidate.model_construct(value=part.value, support=support, sources=sources, evidence=evidence)

    def _place(self, part: Part) -> tuple[int, int]:
        start = self._evidence[part.origin][part.path].start
        return self._extractions[part.origin].document, -1 if start is None else start


def _grouped(parts: list[Part]) -> dict[str, list[Part]]:
    """Return parts by their normalised value; all spellings of one entity's name are one value."""
    names = list(dict.fromkeys(p.value for p in parts if isinstance(p.value, str) and _LETTERS.search(p.value)))
    spelled = {name: group[0] for group in grouped_spellings(names) for name in group}
    groups: dict[str, list[Part]] = {}
    for part in parts:
        value = spelled.get(part.value, part.value) if isinstance(part.value, str) else part.value
        groups.setdefault(comparable_value(value), []).append(part)
    return groups


def _length(value: Any) -> int:
    """Return the length of a text without white space, so that the longest form of a name wins.

    0 for other values.
    """
    return len("".join(value.split())) if isinstance(value, str) else 0


def _is_judged(candidates: Iterable[Candidate]) -> bool:
    return any(c.evidence.method == "judged" for c in candidates)


def _is_contested(path: str, candidates: Iterable[Candidate]) -> bool:
    """Whether a wrong choice may cost money.

    A candidate has figures and is no date, or the field's name is that of a payee, account, tax or total.
    """
    figures = any(_FIGURES.search(str(c.value)) and not _DAY.match(str(c.value)) for c in candidates)
    return figures or bool(field_words(_name(path)) & _PAYEE)


def _name(path: str) -> str:
    """Return the last part of a path that is not an index."""
    return next((p for p in reversed(json_pointer.parts(path)) if not p.isdigit()), "")
