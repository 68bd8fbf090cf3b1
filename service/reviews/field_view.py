"""Show the fields of a Result: each with its value, its doubts, its places in the document, its rivals, its correction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import Result
from thresher.schemas.review import (
    Action,
    FieldCandidate,
    FieldCorrection,
    FieldDoubt,
    FieldKind,
    FieldPlace,
    MachineFacts,
    ReviewEvent,
    ReviewField,
)
from thresher.schemas.target import Kind, Target
from thresher.service.reviews.applying import edited, is_row_removed, standing_events
from thresher.service.reviews.field_list import Leaf, doubts_of, label_of, leaves_of
from thresher.service.reviews.placing import placed, split_at_row

KINDS: dict[Kind, FieldKind] = {
    "text": "text",
    "email": "text",
    "uri": "text",
    "any": "text",
    "time": "text",
    "integer": "number",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "boolean": "boolean",
    "enum": "choice",
    "const": "choice",
}


@dataclass(slots=True)
class FieldsView:
    """The fields of one Result, with its events applied; removed rows are still there, marked by their correction."""

    machine: Result[Any]  # as the machine gave it
    events: list[ReviewEvent]
    target: Target | None = None
    standing: dict[str, ReviewEvent] = field(init=False)
    shown: Result[Any] = field(init=False)
    leaves: list[Leaf] = field(init=False)
    doubts: dict[str, list[FieldDoubt]] = field(init=False)
    evidence: dict[str, list[Evidence]] = field(init=False)  # the machine's, by path
    given: dict[str, Evidence] = field(init=False)  # with the corrections, the first of each path

    def __post_init__(self) -> None:
        """Apply the events, and list the fields."""
        self.standing = standing_events(placed(self.events, self.machine)[0])
        self.shown = edited(self.machine, self.standing)
        self.leaves = leaves_of(self.shown.values, self.target)
        self.doubts = doubts_of(self.machine.reasons, self.leaves)
        self.evidence, self.given = {}, {e.path: e for e in reversed(self.shown.evidence)}
        for one in self.machine.evidence:
            self.evidence.setdefault(one.path, []).append(one)

    def page(self, first: int, limit: int) -> list[ReviewField]:
        """Return some fields, from an index on."""
        return [self.of_leaf(leaf) for leaf in self.leaves[first : first + limit]]

    def of_path(self, path: str) -> ReviewField:
        """Return the field at a path; a row, or one that the target does not have, as a field of its own."""
        return self.of_leaf(self.leaf_at(path))

    def leaf_at(self, path: str) -> Leaf:
        """Return the leaf at a path; where none is, one that knows what the target says of the place."""
        found = next((leaf for leaf in self.leaves if leaf.path == path), None)
        if found is not None:
            return found
        pattern = json_pointer.pattern(path)
        known = next((f for f in self.target.fields if f.path == pattern), None) if self.target else None
        return Leaf(path, known, json_pointer.get(self.shown.values, path))

    def first_doubtful(self) -> int | None:
        """Return the index of the first field that is doubtful and that nobody has judged."""
        open_ = (i for i, leaf in enumerate(self.leaves) if leaf.path in self.doubts and not self.correction(leaf.path))
        return next(open_, None)

    def correction(self, path: str) -> ReviewEvent | None:
        """Return the correction that stands for a field: its own, or that of the row it is in."""
        above = path
        while above:
            event = self.standing.get(above)
            if event is not None and (above == path or is_row_removed(self.machine.values, event)):
                return event
            above = above.rpartition("/")[0]
        return None

    def of_leaf(self, leaf: Leaf) -> ReviewField:
        """Return a leaf as it is shown."""
        correction, own = self.correction(leaf.path), self.evidence.get(leaf.path, [])
        given = self.given.get(leaf.path)
        places = [given] if given is not None and given.page is not None else own
        return ReviewField(
            path=leaf.path,
            name=label_of(leaf.path, leaf.field),
            kind=_kind(leaf),
            choices=list(leaf.field.choices) if leaf.field is not None and leaf.field.choices else None,
            value=leaf.value,
            shown=shown(leaf.value),
            method=given.method if given is not None else "",
            doubts=self.doubts.get(leaf.path, []),
            evidence=[place for one in places for place in self._places(one)],
            candidates=list(self._candidates(leaf.path)),
            correction=correction and _correction(correction),
        )

    def _places(self, one: Evidence) -> Iterator[FieldPlace]:
        """Yield the places of some evidence; of a computed value, those of the values that it rests on."""
        if one.match == "derived" and not one.boxes:
            for path in one.derived_from:
                for other in self.evidence.get(path, []):
                    if other.match != "derived":
                        yield from places_of(other)
        else:
            yield from places_of(one)

    def _candidates(self, path: str) -> Iterator[FieldCandidate]:
        """Yield every value that the document gives for a field, and those that were taken out."""
        for conflict in self.machine.conflicts:
            for one in conflict.candidates if conflict.path == path else ():
                why = f"given {one.support} times" if one.support > 1 else "given once"
                places = list(places_of(one.evidence))
                yield FieldCandidate(value=one.value, shown=shown(one.value), why=why, evidence=places)
        for gone in self.machine.unsupported:
            if gone.path == path:
                yield FieldCandidate(value=gone.value, shown=shown(gone.value), why=gone.reason, evidence=[])

    def machine_facts(self, path: str) -> MachineFacts:
        """Return what the machine had said of a field, for the event that corrects it."""
        machine, pattern = self.machine, json_pointer.pattern(path)
        return MachineFacts(
            sha256=machine.source.sha256,
            path=machine.source.path,
            target=machine.target.name,
            fingerprint=machine.target.fingerprint,
            thresher=machine.thresher,
            stages=machine.stages,
            models=machine.usage.models,
            value=json_pointer.get(machine.values, path),
            record=_record(machine.values, path),
            evidence=self.evidence.get(path, []),
            verdicts=[v for v in machine.verdicts if v.path == path],
            reasons=[r for r in machine.reasons if r.path in {path, pattern}],
        )


def places_of(one: Evidence) -> Iterator[FieldPlace]:
    """Yield the places of one piece of evidence: one for each page that it is on."""
    if one.start is None and not one.boxes and not one.quote:
        return
    own = FieldPlace(
        source=one.source or "",
        page=one.page,
        boxes=list(one.boxes),
        quote=one.quote,
        start=one.start,
        end=one.end,
        match=one.match,
        struck=one.struck,
    )
    yield own
    for later in one.continued:
        yield own.model_copy(update={"page": later.page, "boxes": list(later.boxes)})


def shown(value: Any) -> str:
    """Return a value as text, with the document's digits.

    >>> shown(None), shown(True), shown(42)
    ('', 'true', '42')
    """
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(leaf: Leaf) -> FieldKind:
    if leaf.field is not None:
        return KINDS[leaf.field.kind]
    if leaf.value is None:
        return "missing"
    return "boolean" if isinstance(leaf.value, bool) else "number" if isinstance(leaf.value, int | float) else "text"


def _correction(event: ReviewEvent) -> FieldCorrection:
    action: Action = event.action  # type: ignore[assignment]  # decisions have no path, and do not stand for one
    return FieldCorrection(old=event.old, by=event.by, at=event.at, note=event.note, action=action)


def _record(values: Any, path: str) -> Any:
    """Return the innermost row of a list that a path leads into; None outside of lists."""
    above, index, _ = split_at_row(path, values)
    return json_pointer.get(values, json_pointer.join(above, index)) if above else None
