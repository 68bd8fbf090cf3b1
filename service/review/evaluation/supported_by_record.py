"""Settle values without an evaluator, by their record or by other values of it.

A judged value of a record (a class, a yes or no) stays as long as its record does, with the record's lines as evidence. A
number that follows from the record's other numbers is derived. A derived field is left to its expression, after the merge.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction, Method, Unsupported
from thresher.schemas.result import Reason
from thresher.schemas.target import Field, Target
from thresher.service.grounding.record_items import ELSEWHERE, NOT_FOUND
from thresher.service.records.arithmetic.field_relations import computed_within_records
from thresher.service.records.record_lines import record_of
from thresher.service.review.evaluation.likely_passages import WHOLE_MAX_CHARS, evidence_of, line_of

RECORD_MAX_LINES = 4  # lines between the first and the last of a record up to which all are its evidence
UNKNOWN = {NOT_FOUND, ELSEWHERE}  # reasons that a value was not found; the other reason is that it is repeated
NOTHING = "none of what its record states was found"


@dataclass(frozen=True, slots=True)
class Fields:
    """The target's fields by the paths of values."""

    target: Target
    known: dict[str, Field]

    @classmethod
    def of(cls, target: Target) -> Fields:
        """Return the fields of a target."""
        return cls(target, {f.path: f for f in target.fields})

    def at(self, path: str) -> Field | None:
        """Return the field of the value at a path."""
        return self.known.get(json_pointer.pattern(path))

    def method(self, path: str) -> Method:
        """Return how the value at a path is obtained."""
        field = self.at(path)
        return field.method if field else "read"

    def is_judged(self, path: str, value: Any) -> bool:
        """Whether a value is a judgement: by its field's method, or because the field's description names it in quotes ('NA')."""
        field = self.at(path)
        named = (
            isinstance(value, str)
            and field is not None
            and re.search(f"['\"“‘]{re.escape(value)}['\"”’]", field.description)
        )
        return self.method(path) == "judged" or bool(named)

    def record(self, path: str) -> str | None:
        """Return the innermost record (item of a list of objects) that a path is in; None outside records."""
        found = record_of(path, self.target)
        return found[1] if found and found[1] != path else None


def with_record_evidence(extraction: Extraction, document: Document, target: Target) -> Extraction:
    """Return the Extraction with evidence from its own records and values; other values stay unsupported."""
    if not extraction.unsupported:
        return extraction
    fields = Fields.of(target)
    lost = {u.path: u for u in extraction.unsupported if u.reason in UNKNOWN}
    located = {e.path for e in extraction.evidence if e.start is not None}
    computed = {p for p in lost if fields.method(p) == "derived"}
    constant = {p for p in lost if (f := fields.at(p)) and f.kind == "const"}
    made = computed_within_records(extraction.data, lost.keys() - computed - constant, located)
    found = [_made(p, of, extraction.chunk) for p, of in made.items()]
    found += [unproved(p, extraction.chunk, "judged") for p in sorted(constant)]
    found += [e for u in extraction.unsupported if (e := _denied(u, extraction.chunk, document, fields))]
    found += _on_records(extraction, document, fields, lost.keys() - computed - constant - made.keys())
    gone = computed | {e.path for e in found}
    left = tuple(u for u in extraction.unsupported if u.path not in gone)
    evidence = (*extraction.evidence, *found)
    return extraction.model_copy(update={"evidence": evidence, "unsupported": left})


def unproved(path: str, chunk: int, method: Method = "read") -> Evidence:
    """Return the Evidence that marks a value as kept without proof."""
    return Evidence(path=path, quote="", start=None, end=None, match="none", method=method, chunk=chunk)


def kept_unproved(evidence: Iterable[Evidence], target: Target) -> list[Reason]:
    """Return a Reason for each value of a whole that is kept without proof.

    A constant of the target needs no proof, and a derived value that does not come out has a Reason of its own.
    """
    fields = Fields.of(target)
    marked = [e.path for e in evidence if e.match == "none" and e.method != "derived"]
    kept = [p for p in marked if (f := fields.at(p)) is None or f.kind != "const"]
    return [Reason(code="unsupported", path=p, message="it is kept, but nothing in the text shows it") for p in kept]


def _made(path: str, of: tuple[str, str], chunk: int) -> Evidence:
    return Evidence(
        path=path, quote="", start=None, end=None, match="derived", method="derived", chunk=chunk, derived_from=of
    )


def _denied(u: Unsupported, chunk: int, document: Document, fields: Fields) -> Evidence | None:
    """Return Evidence without a place for a no about the whole of a long document.

    An evaluator, who is shown passages, cannot see what the document lacks.
    """
    is_whole = u.value is False and fields.method(u.path) == "judged" and fields.record(u.path) is None
    if not is_whole or u.reason not in UNKNOWN or len(document.text) <= WHOLE_MAX_CHARS:
        return None
    return unproved(u.path, chunk, "judged").model_copy(update={"match": "judged"})


def _on_records(extraction: Extraction, document: Document, fields: Fields, lost: Iterable[str]) -> Iterator[Evidence]:
    """Yield evidence for judged values of located records: the lines of the record."""
    standing = standing_records(extraction, fields)
    made: dict[str | None, Evidence] = {}
    for path in sorted(lost):
        record = fields.record(path) if fields.is_judged(path, json_pointer.get(extraction.data, path)) else None
        if record not in standing:
            continue
        if record not in made:
            place = lines_of(document, standing[record])
            shown = evidence_of(document, place, extraction, path)
            made[record] = shown.model_copy(update={"match": "judged", "method": "judged"})
        yield made[record].moved(path)


def standing_records(extraction: Extraction, fields: Fields) -> dict[str | None, list[Evidence]]:
    """Return the records of which a read value was located, with all such evidence."""
    found: dict[str | None, list[Evidence]] = defaultdict(list)
    for e in extraction.evidence:
        if e.start is not None and "judged" not in {e.match, e.method} and fields.method(e.path) == "read":
            for record in _within(e.path, fields):
                found[record].append(e)
    return found


def _within(path: str, fields: Fields) -> Iterator[str]:
    """Yield every record that a path is in, the innermost first."""
    record = fields.record(path)
    while record:
        yield record
        record = fields.record(record.rpartition("/")[0])


def lines_of(document: Document, evidence: list[Evidence]) -> tuple[int, int]:
    """Return the range of the lines of a record: all of them, or, where they are spread out, the line with most values."""
    places = [(e.start, e.end) for e in evidence if e.start is not None and e.end is not None]
    first, last = min(a for a, _ in places), max(b for _, b in places)
    if document.line_number(last) - document.line_number(first) <= RECORD_MAX_LINES:
        return line_of(document, first)[0], line_of(document, max(last - 1, first))[1]
    lines = Counter(line_of(document, a) for a, _ in places)
    return lines.most_common(1)[0][0]


def without_unfound_records(extraction: Extraction, fields: Fields) -> Extraction:
    """Return the Extraction without records of which no read value was found; their judged values go with them.

    A record with any value kept without proof stays.
    """
    lost = {u.path for u in extraction.unsupported}
    kept = {e.path for e in extraction.evidence if e.match == "none" and fields.method(e.path) == "read"}
    standing = standing_records(extraction, fields)
    ghosts = {
        r
        for r in {fields.record(p) for p in lost if fields.method(p) == "read"}
        if r and r not in standing and not any(p.startswith(f"{r}/") for p in kept)
    }
    if not ghosts:
        return extraction
    gone = [
        Unsupported(path=p, value=v, reason=NOTHING)
        for r in sorted(ghosts)
        for p, v in json_pointer.leaves(json_pointer.get(extraction.data, r), r)
        if p not in lost
    ]
    names = {u.path for u in gone}
    evidence = tuple(e for e in extraction.evidence if e.path not in names)
    return extraction.model_copy(update={"evidence": evidence, "unsupported": (*extraction.unsupported, *gone)})
