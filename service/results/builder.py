"""Build the Result of a Unit: judge the data by the user's own target, and state how complete it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.errors import FACTS, Note, note
from thresher.schemas.extraction import Attempt, Calls, Evidence, Extraction
from thresher.schemas.result import (
    AnyResult,
    Coverage,
    FieldError,
    Reason,
    Result,
    Status,
    TargetFacts,
    Unasked,
    Unclaimed,
    Usage,
)
from thresher.schemas.source import SourceFacts
from thresher.schemas.target import Target, Validation
from thresher.service.base.gc_pause import gc_paused
from thresher.service.merging.tree import Merged
from thresher.service.records.completeness import RecordCount
from thresher.service.records.suspicious.contained_values import contained_value_errors
from thresher.service.records.suspicious.duplicate_records import duplicate_record_errors
from thresher.service.records.suspicious.overrun_values import overrun_errors
from thresher.service.results import reasons
from thresher.service.results.other_kind import of_kind, withdrawn
from thresher.service.results.partial_data import with_defaults_and_nulls
from thresher.service.results.printed_decimals import with_digits, with_printed_decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultInput:
    """What was asked over a whole Unit."""

    documents: list[Document]
    chunks: int
    extractions: list[Extraction]
    ledgers: dict[int, RecordCount]  # by the Document's index, of those that were asked about
    calls: Calls = field(default_factory=Calls)  # of the stages, beside those of single Extractions
    partly: dict[str, int] = field(default_factory=dict)  # see Coverage
    unasked: list[Unasked] = field(default_factory=list)
    outside: int = 0  # see Coverage
    notes: list[Note] = field(default_factory=list)  # of the asking, not of a Document
    reasons: list[Reason] = field(default_factory=list)  # of the stages, beside those that follow from what was found
    required: Literal["strict", "asked"] = "strict"  # see Policy


Judged = tuple[Validation, dict[str, Any]]  # the target's word on a whole, and the whole as it was judged


@gc_paused()
def build_result(asking: ResultInput, merged: Merged, target: Target, known: Judged | None = None) -> Result[Any]:
    """Return the Result of one Unit, whose own Document is the first. `known`: how the whole was judged, if it was."""
    kind = of_kind(asking.extractions, target, merged.evidence)
    merged, known = _printed(*((withdrawn(merged), target, None) if kind else (merged, target, known)))
    judged, found = known or judge(target, merged.data)
    errors = _errors(judged, found, asking)
    data = (
        with_digits(judged.data, found) if judged.data is not None else with_defaults_and_nulls(target, found, errors)
    )
    documents = asking.documents
    coverage = _coverage(asking, target).model_copy(update={"absent": _absent(merged, target, errors, data)})
    result = AnyResult(
        source=_facts(documents[0]),
        sources=[_facts(d) for d in documents[1:]],
        target=TargetFacts(name=target.name, fingerprint=target.fingerprint),
        status="complete",
        valid=not errors,
        values=data,
        errors=errors,
        unsupported=merged.unsupported,
        evidence=merged.evidence + _defaults(data, found),
        verdicts=merged.verdicts,
        conflicts=merged.conflicts,
        unresolved=[x.unresolved for x in asking.extractions if x.unresolved],
        coverage=coverage,
        usage=_usage([*(a for x in asking.extractions for a in x.attempts), *asking.calls.attempts]),
        problems=_problems(documents) + asking.notes + _failed_questions(asking),
    )
    found_any = any(True for _ in json_pointer.leaves(found))
    why = _reasons(result, asking, target) if found_any else _nothing(result, asking)
    why = [kind, *_unseen(result, asking)] if kind else why
    return result.model_copy(update={"reasons": why, "status": _status(result, why, found_any, asking)})


def _printed(merged: Merged, target: Target, known: Judged | None) -> tuple[Merged, Judged | None]:
    """Return the whole with the document's own digits, and how it was judged; None where it must be judged again."""
    data = with_printed_decimals(merged.data, merged.evidence, target)
    if data is merged.data:
        return merged, known
    again = None if known is None or target.model is not None else (known[0], data)
    return replace(merged, data=data), again


@gc_paused()
def judge(target: Target, data: dict[str, Any]) -> Judged:
    """Judge a whole by the user's own target.

    A null where the target wants something else is taken out first, so that the target's own default can apply.
    """
    draft = json_pointer.copied(data)
    judged = target.validate(draft)
    nulls = [e.path for e in judged.errors if e.path and json_pointer.get(draft, e.path) is None]
    if nulls:
        lean = json_pointer.copied(draft)
        for path in nulls:
            _remove(lean, path)
        again = target.validate(lean)
        judged = again if len(again.errors) <= len(judged.errors) else judged
    return judged, draft


def _remove(value: Any, path: str) -> None:
    *above, last = json_pointer.parts(path)
    for key in above:
        value = json_pointer.get(value, json_pointer.join("", key))
    if isinstance(value, dict):
        value.pop(last, None)


def _errors(judged: Validation, found: Any, asking: ResultInput) -> list[FieldError]:
    """Return the errors of the target; missing values are none where the Policy's `required` is "asked"."""
    if asking.required == "strict":
        return list(judged.errors)
    return [e for e in judged.errors if not e.path or json_pointer.get(found, e.path) is not None]


def _reasons(result: Result[Any], asking: ResultInput, target: Target) -> list[Reason]:
    """Return all reasons why a Result with values is not complete, each once."""
    data, evidence = result.values, result.evidence
    doubts = [
        *contained_value_errors(target, data),
        *overrun_errors(asking.documents, evidence, target),
        *duplicate_record_errors(data, evidence, target),
    ]
    only = target.lists[0] if len(target.lists) == 1 else ""
    gone = [*reasons.of_unsupported(result.unsupported), *reasons.of_conflicts(result.conflicts), *asking.reasons]
    found = [
        *gone,
        *reasons.of_errors(result.errors, data, {r.path for r in gone}),
        *reasons.of_doubts(doubts),
        *reasons.of_unsure(asking.extractions, data),
        *_missing(result, asking, only),
    ]
    return [*dict.fromkeys(found)]


def _missing(result: Result[Any], asking: ResultInput, where: str) -> list[Reason]:
    """Return reasons for what was not read, not answered, or not searched for."""
    return [
        *reasons.of_coverage(result.coverage, where),
        *reasons.of_unresolved(result.unresolved),
        *reasons.of_reading(asking.documents),
    ]


def _unseen(result: Result[Any], asking: ResultInput) -> list[Reason]:
    """Return reasons for what was not read or not answered."""
    return [*reasons.of_unresolved(result.unresolved), *reasons.of_reading(asking.documents)]


def _nothing(result: Result[Any], asking: ResultInput) -> list[Reason]:
    """Return the reasons why nothing is given at all."""
    gone = [*reasons.of_unsupported(result.unsupported), *reasons.of_conflicts(result.conflicts), *asking.reasons]
    found = [*gone, *_missing(result, asking, "")]
    if not any(d.text.strip() for d in asking.documents) and not found:
        found = [Reason(code="unread", path="", message="no text was found")]
    return [*dict.fromkeys(found)] or [Reason(code="absent", path="", message="nothing of what is asked was found")]


def _defaults(data: Any, found: dict[str, Any]) -> list[Evidence]:
    """Return Evidence without a position for values that the target supplied: defaults and computed fields."""
    return [
        Evidence(path=path, quote="", start=None, end=None, match="none")
        for path, _ in json_pointer.leaves(data)
        if json_pointer.get(found, path) is None
    ]


def _facts(document: Document) -> SourceFacts:
    source = document.source
    return SourceFacts(
        path=source.path,
        sha256=source.sha256,
        media_type=source.media_type,
        pages=len(document.pages) or None,
        page_sizes=[(_tenth(w), _tenth(h)) for w, h in zip(document.pages.width, document.pages.height, strict=True)],
        page_range=document.pages.range if source.relation == "part" else None,
        relation=source.relation,
        notes=document.notes,
    )


def _tenth(points: float) -> float:
    return round(points, 1)


def _coverage(asking: ResultInput, target: Target) -> Coverage:
    pages = sum(len(d.pages) for d in asking.documents)
    unread = sum(len({n.page for n in d.notes if n.page and FACTS[n.code].loses_content}) for d in asking.documents)
    failed = {(x.document, x.chunk) for x in asking.extractions if x.unresolved}
    answered = {(x.document, x.chunk) for x in asking.extractions} - failed
    coverage = Coverage(
        pages=pages,
        pages_read=pages - unread,
        chunks=asking.chunks,
        chunks_asked=len(answered | failed),
        chunks_answered=len(answered),
        unasked=asking.unasked,
        outside=asking.outside,
        partly=asking.partly,
    )
    return _with_records(coverage, asking) if target.lists else coverage


def _absent(merged: Merged, target: Target, errors: list[FieldError], data: Any) -> list[str]:
    """Return fields and lists for which nothing was found, in schema order, and values that single records lack.

    Fields inside lists of objects are only named where the target requires them, by the path of the record.
    """
    outer = [x for x in target.lists if "*" not in x]
    below = tuple(f"{x}/" for x in outer)
    found = {json_pointer.pattern(e.path) for e in merged.evidence if not e.path.startswith(below)}
    inside = tuple(f"{x}/" for x in target.lists)
    missing = [f.path for f in target.fields if f.path not in found and not f.path.startswith(inside)]
    missing += [x for x in outer if not json_pointer.get(merged.data, x)]
    lacking = [e.path for e in errors if e.path.startswith(below) and json_pointer.get(data, e.path) is None]
    return [*dict.fromkeys(missing + lacking)]


def _with_records(coverage: Coverage, asking: ResultInput) -> Coverage:
    """Return the coverage with the count of records, and every line that looks like a record and is in none."""
    unclaimed = []
    for i, count in asking.ledgers.items():
        document = asking.documents[i]
        unclaimed += [
            Unclaimed(
                page=document.page_at(lines[0][0]),
                text="\n".join(document.text[a:b] for a, b in lines),
                start=lines[0][0],
                end=lines[-1][1],
                source=document.evidence_source,
            )
            for lines in count.unclaimed
        ]
    counted = asking.ledgers.values()
    expected, found = sum(x.expected for x in counted), sum(x.found for x in counted)
    counts = {"records_expected": expected, "records_found": found, "dismissed": sum(len(x.dismissed) for x in counted)}
    return coverage.model_copy(update={**counts, "unclaimed": unclaimed})


def _usage(attempts: list[Attempt]) -> Usage:
    """Return what the answers cost, each counted once however often it was used."""
    once = {a.key: a for a in attempts}.values()
    prices = [a.usd for a in once]
    models: dict[str, int] = {}
    for attempt in once:
        models[attempt.model] = models.get(attempt.model, 0) + 1
    return Usage(
        answers=len(once),
        prompt_tokens=sum(a.prompt_tokens for a in once),
        answer_tokens=sum(a.answer_tokens for a in once),
        cached_tokens=sum(a.cached_tokens for a in once),
        usd=None if any(p is None for p in prices) else round(sum(p for p in prices if p is not None), 9),
        models=models,
    )


def _failed_questions(asking: ResultInput) -> list[Note]:
    """Return a Note for each transient reason why questions had no answer, but for reasons of unresolved Chunks.

    A passage to quote, a Conflict to decide or a value to read again goes on without its answer: the Result is good
    enough to be given, and a rerun may better it.
    """
    named = {x.unresolved.code for x in asking.extractions if x.unresolved}
    codes = Counter([*(code for x in asking.extractions for code in x.failed), *asking.calls.failed])
    return [
        note(code, f"questions without an answer: {n}")
        for code, n in codes.items()
        if FACTS[code].transient and code not in named
    ]


def _problems(documents: list[Document]) -> list[Note]:
    """Return every Note of the Unit; those of children name their Source."""
    own = list(documents[0].notes)
    for document in documents[1:]:
        own += [n.model_copy(update={"message": f"{document.source.path}: {n.message}"}) for n in document.notes]
    return own


def _status(result: Result[Any], found: list[Reason], is_any: bool, asking: ResultInput) -> Status:  # noqa: FBT001 - a fact
    """Return complete only without a reason, failed where nothing could be tried, abstained where nothing may be given."""
    coverage = result.coverage
    if not any(d.text.strip() for d in asking.documents):
        return "failed"
    if coverage.chunks and not coverage.chunks_answered and not result.evidence:
        return "failed"
    if not is_any:
        return "abstained"
    return "partial" if found else "complete"
