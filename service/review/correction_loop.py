"""Correct the merged whole where it fails the target's own checks, and let the model decide Conflicts.

Only fields that a failed check names are read again, in the Chunks that their evidence came from, with what was found
there and the check's message. A new value replaces the old one only if it stands in the text and the whole then fails
fewer checks; values that the new reading leaves out stay. Each change is a Conflict of rule "repair". There are at most
`Policy.repairs` rounds; their answers are stored like any other. Then the model decides Conflicts, if the Policy says so.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.extraction import Calls, Evidence, Extraction
from thresher.schemas.result import Candidate, Conflict, FieldError
from thresher.service.merging.choice_rules import comparable_value
from thresher.service.merging.tree import Merged, merge
from thresher.service.results.builder import Judged, judge
from thresher.service.review.conflict_resolution import ConflictResolution, decide
from thresher.service.review.field_updates import PreviousList, filled_in
from thresher.service.review.reextraction import Reextraction
from thresher.service.review.suspect_fields import ReviewInput, Suspect, is_in, suspects

TRIED_ALONE_MAX = 12  # Chunks whose new reading is tried by itself where all of them together make it no better
ITEMS_PER_ROUND = 20  # items of lists read again in one round
ABSENT_MESSAGE = "nothing was found for it; null, if the text does not state it"
REPAIR_RULE = "repair"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The whole after the review."""

    extractions: list[Extraction]
    merged: Merged
    judged: Judged
    is_changed: bool  # whether new readings are among the Extractions
    calls: Calls


@dataclass(slots=True)
class _Whole:
    """A whole, the Extractions it was merged from, and how it was judged."""

    extractions: list[Extraction]
    merged: Merged
    judged: Judged

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Return the errors of the target's checks."""
        return self.judged[0].errors

    def faults(self) -> tuple[int, int]:
        """Return the numbers of failed checks of single values and of whole objects; the first can hide the second."""
        single = sum(not isinstance(json_pointer.get(self.merged.data, e.path), (dict, list)) for e in self.errors)
        return single, len(self.errors) - single


@dataclass(slots=True)
class CorrectionLoop:
    """Correct one Unit."""

    reading: Reextraction
    chunks: Callable[[Document], Sequence[Chunk]]
    calls: Calls = field(default_factory=Calls)
    _shown: dict[Suspect, Any] = field(default_factory=dict)  # the newest reading that was not taken
    _asked: set[str] = field(default_factory=set)

    async def correct(self, extractions: list[Extraction], merged: Merged) -> Reviewed:
        """Return the Extractions and the whole, corrected as far as they can be, and the calls."""
        whole = self._judged(extractions, merged)
        policy, writes = self.reading.policy, self.reading.model.facts.style == "free"
        helps = True  # whether items are read again: a round that corrected none of them was the last one
        for left in reversed(range(policy.repairs if writes else 0)):
            if not whole.errors:
                break
            faults = whole.faults()
            whole = self._better(whole, await self._read_again(whole, last=not left, items=helps))
            helps = whole.faults() < faults
        if policy.conflict == "model" and whole.merged.conflicts:
            r = self.reading
            asked = ConflictResolution(model=r.model, target=r.target, policy=r.policy, documents=r.documents)
            self.calls += await decide(asked, whole.merged)
            whole = self._judged(whole.extractions, whole.merged)
        return Reviewed(
            extractions=whole.extractions,
            merged=whole.merged,
            judged=whole.judged,
            is_changed=whole.extractions is not extractions,
            calls=self.calls,
        )

    def _judged(self, extractions: list[Extraction], merged: Merged) -> _Whole:
        return _Whole(extractions, merged, judge(self.reading.target, merged.data))

    async def _read_again(self, whole: _Whole, *, last: bool, items: bool) -> list[tuple[Suspect, Extraction]]:
        """Return new readings of the Chunks that hold the suspect fields, in text order."""
        r = self.reading
        on = ReviewInput(
            target=r.target,
            documents=r.documents,
            extractions=whole.extractions,
            merged=whole.merged,
            errors=whole.errors,
        )
        found = suspects(on, self.chunks, last=last, items=ITEMS_PER_ROUND if items else 0)
        made = await asyncio.gather(*(self._read(whole, d) for d in found))
        pairs = (_answered(whole, d, x) for d, x in zip(found, made, strict=True) if x is not None)
        return [(d, x) for d, x in pairs if d.fields]

    async def _read(self, whole: _Whole, suspect: Suspect) -> Extraction | None:
        before = self._shown.get(suspect) or _found_in(whole, suspect)
        question = self.reading.question(suspect, before, _failed_in(whole, suspect))
        if question.messages[-1].content in self._asked:
            return None  # the same question would be the same answer
        self._asked.add(question.messages[-1].content)
        extraction, calls = await self.reading.read(
            suspect, question, _other_rows(whole, suspect, self.reading.documents)
        )
        self.calls += calls
        if extraction is not None:
            self._shown[suspect] = extraction.data
        return extraction

    def _better(self, whole: _Whole, readings: list[tuple[Suspect, Extraction]]) -> _Whole:
        """Return the whole with all new readings, or with those that correct something alone; else unchanged."""
        if not readings:
            return whole
        together = self._tried(whole, readings)
        if together.faults() < whole.faults() or len(readings) == 1 or len(readings) > TRIED_ALONE_MAX:
            return together if together.faults() < whole.faults() else whole
        for reading in readings:
            alone = self._tried(whole, [reading])
            whole = alone if alone.faults() < whole.faults() else whole
        return whole

    def _tried(self, whole: _Whole, readings: list[tuple[Suspect, Extraction]]) -> _Whole:
        """Return the whole as it would be with new readings in place of the old ones."""
        again = [d for d, _ in readings]
        located = {e.path for _, x in readings for e in x.evidence}
        kept = [_without(x, [d for d in again if d.document == x.document], located) for x in whole.extractions]
        extractions = [*kept, *(x for _, x in readings)]
        r = self.reading
        merged = merge(extractions, r.target, r.policy.rule, r.documents)
        reason = "; ".join(e.message for e in whole.errors)
        earlier = [c for c in whole.merged.conflicts if c.rule == REPAIR_RULE]
        merged.conflicts += [*earlier, *_changes(whole.merged, merged, again, reason)]
        return self._judged(extractions, merged)


def _found_in(whole: _Whole, suspect: Suspect) -> dict[str, Any]:
    """Return what was found in a Chunk for the suspect fields: single values, and items of lists."""
    found: dict[str, Any] = {}
    for name in suspect.fields:
        value = json_pointer.get(whole.merged.data, name)
        if isinstance(value, list):
            found[name] = [value[i] for i in _items_in(whole, suspect, name)]
        elif any(suspect.holds(e.path, e.start) and is_in(e.path, name) for e in whole.merged.evidence):
            found[name] = value
    return found


def _items_in(whole: _Whole, suspect: Suspect, name: str) -> list[int]:
    """Return the numbers of the list items of which most values stand in a Chunk."""
    depth, count = len(json_pointer.parts(name)), len(json_pointer.get(whole.merged.data, name) or ())
    inside, known = Counter[int](), Counter[int]()
    for e in whole.merged.evidence:
        parts = json_pointer.parts(e.path)
        if is_in(e.path, name) and len(parts) > depth:
            known[int(parts[depth])] += 1
            inside[int(parts[depth])] += suspect.holds(e.path, e.start)
    return sorted(i for i, n in inside.items() if 2 * n > known[i] and i < count)


def _other_rows(whole: _Whole, suspect: Suspect, documents: Sequence[Document]) -> frozenset[int]:
    """Return where the lines begin that hold most values of items of the suspect's lists which are not read again."""
    document = documents[suspect.document]
    lines: dict[str, Counter[int]] = {}
    for e in whole.merged.evidence:
        name = next((f for f in suspect.fields if is_in(e.path, f)), None)
        if name is not None and e.start is not None and e.source == document.evidence_source:
            start = document.text.rfind("\n", 0, e.start) + 1
            lines.setdefault(_unit(e.path, name, whole.merged.data), Counter())[start] += 1
    ranges = suspect.chunk.ranges
    homes = (counts.most_common(1)[0][0] for unit, counts in lines.items() if unit.rpartition("/")[2].isdigit())
    return frozenset(at for at in homes if ranges and not any(a <= at < b for a, b in ranges))


def _failed_in(whole: _Whole, suspect: Suspect) -> list[FieldError]:
    """Return the errors of the suspect fields, numbered by the items shown; for a value not found, that it may be null."""
    found: list[FieldError] = []
    for error in whole.errors:
        name = next((f for f in suspect.fields if is_in(error.path, f)), None)
        items = (
            _items_in(whole, suspect, name)
            if name and isinstance(json_pointer.get(whole.merged.data, name), list)
            else []
        )
        path, parts = error.path, error.path.removeprefix(name or "").split("/")
        if name and items and len(parts) > 1:
            if int(parts[1]) not in items:
                continue
            path = "/".join([name, str(items.index(int(parts[1]))), *parts[2:]])
        if name or not error.path:
            is_absent = bool(name) and json_pointer.get(whole.merged.data, error.path) is None
            found.append(FieldError(path=path, message=ABSENT_MESSAGE if is_absent else error.message))
    return found


def _answered(whole: _Whole, suspect: Suspect, reading: Extraction) -> tuple[Suspect, Extraction]:
    """Return the Suspect without fields that the reading gives no value in the text for, and the reading filled in from before."""
    located = [f for f in suspect.fields if any(is_in(e.path, f) for e in reading.evidence)]
    for name in located:
        if isinstance(json_pointer.get(whole.merged.data, name), list):
            before = PreviousList(
                name=name,
                items=_items_in(whole, suspect, name),
                data=whole.merged.data,
                evidence=whole.merged.evidence,
                wrong=frozenset(e.path for e in whole.errors),
                refused=frozenset((u.path, comparable_value(u.value)) for u in whole.merged.unsupported),
                whole=not suspect.chunk.ranges,
            )
            reading = filled_in(before, reading)
    return replace(suspect, fields=tuple(located)), reading


def _without(extraction: Extraction, again: list[Suspect], located: set[str]) -> Extraction:
    """Return an Extraction without what was read again: single values null, items of lists null as a whole.

    An item goes if most of it stands in what is read again. `located` are the paths that the new readings located: what was
    unsupported there is settled.
    """
    fields = tuple(dict.fromkeys(f for d in again for f in d.fields))
    groups = [sorted((d for d in again if bool(d.chunk.ranges) is lines), key=_start) for lines in (False, True)]
    inside: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for e in extraction.evidence:
        name = next((f for f in fields if is_in(e.path, f)), None)
        if name is not None:
            unit = _unit(e.path, name, extraction.data)
            whole[unit] += 1
            inside[unit] += any(_holds(group, e) for group in groups)
    gone = {u for u, n in inside.items() if 2 * n > whole[u]}
    settled = located & set(fields)
    if not gone and not any(u.path in settled for u in extraction.unsupported):
        return extraction
    data = json_pointer.copied(extraction.data)
    for path in gone:
        json_pointer.put(data, path, None)
    return extraction.model_copy(
        update={
            "data": data,
            "evidence": tuple(e for e in extraction.evidence if not _under(e.path, gone)),
            "unsupported": tuple(u for u in extraction.unsupported if not _under(u.path, gone | settled)),
        }
    )


def _start(suspect: Suspect) -> int:
    return suspect.chunk.start


def _holds(group: Sequence[Suspect], evidence: Evidence) -> bool:
    """Whether one of some Suspects, sorted and not overlapping, holds a value."""
    i = bisect_right(group, -1 if evidence.start is None else evidence.start, key=_start) - 1
    return i >= 0 and group[i].holds(evidence.path, evidence.start)


def _unit(path: str, name: str, data: Any) -> str:
    """Return the path that is removed as one: the list item that a path lies in, or the path itself."""
    if not isinstance(json_pointer.get(data, name), list):
        return path
    return "/".join(path.split("/")[: len(name.split("/")) + 1])


def _under(path: str, units: set[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:n]) in units for n in range(2, len(parts) + 1))


def _changes(old: Merged, new: Merged, again: list[Suspect], reason: str) -> Iterator[Conflict]:
    """Yield a Conflict for each single value that a new reading changed, and for each item of a list that it left out."""
    before, after = ({e.path: e for e in m.evidence} for m in (old, new))
    for name in dict.fromkeys(f for d in again for f in d.fields):
        was, now = json_pointer.get(old.data, name), json_pointer.get(new.data, name)
        if isinstance(was, list):
            yield from _left_out(old, name, now, reason)
        elif name in before and comparable_value(was) != comparable_value(now):
            candidates = [Candidate(value=was, support=1, evidence=before[name])]
            candidates += [Candidate(value=now, support=1, evidence=after[name])] if name in after else []
            yield Conflict(path=name, candidates=tuple(candidates), chosen=now, rule=REPAIR_RULE, reason=reason)


def _left_out(old: Merged, name: str, now: Any, reason: str) -> Iterator[Conflict]:
    still = Counter(json.dumps(item, sort_keys=True) for item in now or ())
    places: dict[str, Any] = {}
    for evidence in old.evidence:
        places.setdefault("/".join(evidence.path.split("/")[: len(name.split("/")) + 1]), evidence)
    for i, item in enumerate(json_pointer.get(old.data, name)):
        key, at = json.dumps(item, sort_keys=True), json_pointer.join(name, i)
        still[key] -= 1
        if still[key] < 0 and at in places:
            only = Candidate(value=item, support=1, evidence=places[at])
            yield Conflict(path=f"{name}/-", candidates=(only,), chosen=None, rule=REPAIR_RULE, reason=reason)
