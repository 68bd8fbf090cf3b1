"""Merge partial answers into one tree.

Objects are merged key by key. Scalars that agree are one; those that disagree become a Conflict, decided by rule. Items
of lists are joined in document order: two are the same only if they stand at the same place of the same Document (as
happens where Chunks overlap) or agree on every declared key; items that only look alike stay separate. Names in lists of
names are not records: equal ones from different Chunks are one. What is left out is listed in `unsupported` or as a
Candidate. Then values are derived, and relative dates and derived fields computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction, Unsupported, Verdict
from thresher.schemas.result import Conflict, Reason
from thresher.schemas.target import Target
from thresher.service.base.gc_pause import gc_paused
from thresher.service.derivation.derived_fields import DerivedFields
from thresher.service.merging.derived_values import add_derived_values
from thresher.service.merging.record_identity import ItemGroups, Part
from thresher.service.merging.relative_dates import RelativeDateResolver
from thresher.service.merging.repeated_records import without_repeats
from thresher.service.merging.scalars import Chooser
from thresher.service.merging.source_rank import repeating_documents

OTHER_KIND = "another part of the text gave a value of another kind here"
UNPROVED = "another part of the text gave a value that has evidence"


@dataclass(slots=True)
class Merged:
    """The merged tree, and its evidence."""

    data: dict[str, Any] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)  # "/lines/-/amount" where the item is left out
    verdicts: list[Verdict] = field(default_factory=list)  # of evaluators, on values of single answers
    reasons: list[Reason] = field(default_factory=list)  # of computed values that do not come out


@gc_paused()
def merge(
    extractions: list[Extraction], target: Target, rule: str = "most_supported", documents: Sequence[Document] = ()
) -> Merged:
    """Return one tree from Extractions in document order; a field without a supported value is null.

    `documents` are those of the Unit: the default rule follows what they say about corrections.
    """
    return _Merge(extractions, target, rule, documents).run()


class _Merge:
    def __init__(self, extractions: list[Extraction], target: Target, rule: str, documents: Sequence[Document]) -> None:
        self._extractions = extractions
        self._target = target
        self._documents = documents
        self._keys = {f.path for f in target.fields if f.schema.get("key") is True}
        self._evidence = [{e.path: e for e in x.evidence} for x in extractions]
        self._dropped = [{u.path for u in x.unsupported} for x in extractions]
        self._witnesses = repeating_documents(documents)
        self._chooser = Chooser(extractions, self._evidence, rule, documents)
        self._moved: dict[tuple[int, str], str] = {}  # list items: (origin, path there) -> path in the merged tree
        self._out = Merged()

    def run(self) -> Merged:
        parts = [Part(x.data, i, "") for i, x in enumerate(self._extractions) if x.data]
        self._out.data = self._value(parts, "") or {}
        for origin, extraction in enumerate(self._extractions):
            for u in without_repeats(extraction, self._out.data, partial(self._new_path, origin)):
                path = self._new_path(origin, u.path)
                self._out.unsupported.append(u if path == u.path else u.model_copy(update={"path": path}))
        out = self._out
        out.verdicts = [*dict.fromkeys(self._verdicts())]
        out.unsupported = add_derived_values(out.data, out.evidence, out.unsupported)
        relatives = RelativeDateResolver(out.data, out.evidence, self._target, self._documents)
        out.unsupported, out.conflicts = relatives.settle(out.unsupported, out.conflicts)
        self._compute_derived()
        out.evidence.sort(key=_evidence_order)
        return out

    def _verdicts(self) -> Iterator[Verdict]:
        for origin, extraction in enumerate(self._extractions):
            for v in extraction.verdicts:
                path = self._new_path(origin, v.path)
                yield v if path == v.path else v.model_copy(update={"path": path})

    def _compute_derived(self) -> None:
        """Compute the derived fields; other answers for such a field are resolved with it."""
        if not any(f.method == "derived" for f in self._target.fields):
            return
        out = self._out
        rivals: dict[str, list[Any]] = {}
        for path, value in [
            *((u.path, u.value) for u in out.unsupported),
            *((c.path, x.value) for c in out.conflicts for x in c.candidates),
        ]:
            rivals.setdefault(path, []).append(value)
        known = {e.path: e for e in out.evidence}
        computed = DerivedFields(out.data, known, self._target, self._documents).run(rivals)
        gone = {s.path for s in computed}
        out.evidence = [e for e in out.evidence if e.path not in gone] + [s.evidence for s in computed]
        out.unsupported = [u for u in out.unsupported if u.path not in gone]
        out.conflicts = [c for c in out.conflicts if c.path not in gone]
        out.reasons += [s.reason for s in computed if s.reason]

    def _new_path(self, origin: int, path: str) -> str:
        """Return the path in the merged tree of a path of one Extraction.

        `-` is the index of an item that is not there (RFC 6901).
        """
        value, there, home = self._extractions[origin].data, "", ""
        for key in path.split("/")[1:]:
            in_list, there = isinstance(value, list), f"{there}/{key}"
            home = self._moved.get((origin, there)) or (f"{home}/-" if in_list else f"{home}/{key}")
            value = json_pointer.get(value, f"/{key}")
        return home

    def _value(self, parts: list[Part], path: str) -> Any:
        known = [p for p in parts if p.value is not None and p.path not in self._dropped[p.origin]]
        if not known:
            return None
        kind = _kind(known[0].value)
        if len(known) > 1:
            self._leave_out([p for p in known if _kind(p.value) is not kind], path, OTHER_KIND)
            known = [p for p in known if _kind(p.value) is kind]
        if kind is dict:
            return self._object(known, path)
        return self._list(known, path) if kind is list else self._scalar(known, path)

    def _leave_out(self, parts: Iterable[Part], path: str, reason: str) -> None:
        self._out.unsupported += [Unsupported(path=path, value=p.value, reason=reason) for p in parts]

    def _object(self, parts: list[Part], path: str) -> dict[str, Any]:
        keys = dict.fromkeys(key for p in parts for key in p.value)
        return {
            key: self._value(
                [Part(p.value[key], p.origin, json_pointer.join(p.path, key)) for p in parts if key in p.value],
                json_pointer.join(path, key),
            )
            for key in keys
        }

    def _scalar(self, parts: list[Part], path: str) -> Any:
        choice = self._chooser.choose(parts, path)
        if choice.conflict:
            self._out.conflicts.append(choice.conflict)
        self._leave_out(choice.unproved, path, UNPROVED)
        evidence = choice.evidence
        if evidence:
            self._out.evidence.append(_moved(evidence, path))
        return choice.value

    def _list(self, parts: list[Part], path: str) -> list[Any]:
        items = [Part(v, p.origin, json_pointer.join(p.path, i)) for p in parts for i, v in enumerate(p.value)]
        items = [p for p in items if p.value is not None and p.path not in self._dropped[p.origin]]
        items = [p for p in items if not isinstance(p.value, (dict, list)) or self._supported(p)]
        pattern = json_pointer.pattern(path) + "/*"
        keys = [k.removeprefix(pattern) for k in self._keys if k.startswith(f"{pattern}/")]
        own = [k for k in keys if "*" not in json_pointer.parts(k)]
        groups = ItemGroups(self._extractions, self._evidence, own, self._witnesses).of(items)
        for i, group in enumerate(groups):
            at = json_pointer.join(path, i)
            self._moved.update(((p.origin, p.path), at) for p in group)
        return [self._value(group, json_pointer.join(path, i)) for i, group in enumerate(groups)]

    def _supported(self, part: Part) -> bool:
        """Whether an item has a leaf that is not dropped, or has no leaves."""
        if not self._dropped[part.origin]:
            return True
        leaves = [part.path + leaf for leaf, _ in json_pointer.leaves(part.value)]
        return not leaves or any(leaf not in self._dropped[part.origin] for leaf in leaves)


def _moved(evidence: Evidence, path: str) -> Evidence:
    """Return Evidence at another path; values that it was computed from move to the same record."""
    if not evidence.derived_from or path == evidence.path:
        return evidence.moved(path)
    above = path.rpartition("/")[0]
    own = tuple(f"{above}/{p.rpartition('/')[2]}" for p in evidence.derived_from)
    return evidence.model_copy(update={"path": path, "derived_from": own})


def _kind(value: Any) -> type:
    return dict if isinstance(value, dict) else list if isinstance(value, list) else object


def _evidence_order(evidence: Evidence) -> list[tuple[int, str]]:
    """Return a key that sorts paths in reading order, numbers as numbers."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in evidence.path.split("/")]
