"""Outcome: the Result of a Unit, judged by the user's own target, with a true word on how complete it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.document import BlockKind, Document
from schemas.errors import Note
from schemas.extraction import Attempt, Evidence, Extraction
from schemas.result import (
    AnyResult,
    Coverage,
    FieldError,
    Result,
    SourceFacts,
    Status,
    TargetFacts,
    Unasked,
    Unclaimed,
    Usage,
)
from schemas.target import Target, Validation
from service import pointers
from service.allocating import allocating
from service.lists.ledger import Ledger
from service.lists.overrun import doubtful
from service.lists.swallowed import swallowed
from service.lists.twice import twice
from service.merge.tree import Merged

LOSSES = {  # Notes that mean something could not be read
    "corrupt",
    "corrupt_partial",
    "decode_loss",
    "depth_limit",
    "embedded_unreadable",
    "encrypted_smime",
    "expansion_limit",
    "linked_not_collected",
    "no_text",
    "ocr_failed",
    "password_protected",
    "picture_unread",
    "rms_protected",
    "script_unreadable",
    "timeout",
    "too_large",
    "unsupported_type",
    "worker_died",
    "zero_byte",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What was asked over a whole Unit."""

    documents: list[Document]
    chunks: int
    extractions: list[Extraction]
    ledgers: dict[int, Ledger]  # by the Document's index, of those that were asked about
    partly: dict[str, int] = field(default_factory=dict)  # see Coverage
    unasked: list[Unasked] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)  # of the asking, not of a Document


Judged = tuple[Validation, dict[str, Any]]  # the target's word on a whole, and the whole as it was judged


@allocating()
def outcome(asking: Asking, merged: Merged, target: Target, known: Judged | None = None) -> Result[Any]:
    """The Result of one Unit, whose own Document is the first. `known`: how the whole was judged, if it was."""
    judged, draft = known or judge(target, merged.data)
    documents, extractions = asking.documents, asking.extractions
    coverage = _coverage(asking, target).model_copy(update={"absent": _absent(merged, target)})
    unresolved = [x.unresolved for x in extractions if x.unresolved]
    result = AnyResult(
        source=_facts(documents[0]),
        sources=[_facts(d) for d in documents[1:]],
        target=TargetFacts(name=target.name, fingerprint=target.fingerprint),
        status="complete",
        data=judged.data,
        draft=draft,
        errors=[*judged.errors, *_undecided(merged), *_not_sure(asking, merged, target)],
        unsupported=merged.unsupported,
        evidence=merged.evidence + _defaults(judged.data, draft),
        conflicts=merged.conflicts,
        unresolved=unresolved,
        coverage=coverage,
        usage=_usage([a for x in extractions for a in x.attempts]),
        problems=_problems(documents) + asking.notes,
    )
    return result.model_copy(update={"status": _status(result, asking)})


@allocating()
def judge(target: Target, data: dict[str, Any]) -> Judged:
    """Judge a whole by the user's own target.

    A null where the target wants something else is taken out first, so that the target's own default can apply.
    """
    draft = pointers.copied(data)
    judged = target.validate(draft)
    nulls = [e.path for e in judged.errors if e.path and pointers.get(draft, e.path) is None]
    if nulls:
        lean = pointers.copied(draft)
        for path in nulls:
            _remove(lean, path)
        again = target.validate(lean)
        judged = again if len(again.errors) <= len(judged.errors) else judged
    return judged, draft


def _remove(value: Any, path: str) -> None:
    *above, last = pointers.parts(path)
    for key in above:
        value = pointers.get(value, pointers.join("", key))
    if isinstance(value, dict):
        value.pop(last, None)


def _undecided(merged: Merged) -> list[FieldError]:
    """Why a field is null that the text gives several values: the Policy's rule for conflicts is "error"."""
    return [
        FieldError(path=c.path, message=f"the text gives {len(c.candidates)} different values: see conflicts")
        for c in merged.conflicts
        if c.rule == "error"
    ]


def _not_sure(asking: Asking, merged: Merged, target: Target) -> list[FieldError]:
    """Values that seem to hold what is of another field or of another record, and records that may be told twice."""
    data, evidence = merged.data, merged.evidence
    return [*swallowed(target, data), *doubtful(asking.documents, evidence, target), *twice(data, evidence, target)]


def _defaults(data: Any, draft: dict[str, Any]) -> list[Evidence]:
    """Marks on values that the target itself supplied: defaults and computed fields have no place in the text."""
    return [
        Evidence(path=path, quote="", start=None, end=None, match="none")
        for path, _ in pointers.leaves(data)
        if pointers.get(draft, path) is None
    ]


def _facts(document: Document) -> SourceFacts:
    source = document.source
    return SourceFacts(
        path=source.path,
        sha256=source.sha256,
        media_type=source.media_type,
        pages=len(document.pages) or None,
        page_range=document.pages.range if source.relation == "part" else None,
        relation=source.relation,
        notes=document.notes,
    )


def _coverage(asking: Asking, target: Target) -> Coverage:
    pages = sum(len(d.pages) for d in asking.documents)
    unread = sum(len({n.page for n in d.notes if n.page and n.code in LOSSES}) for d in asking.documents)
    failed = {(x.document, x.chunk) for x in asking.extractions if x.unresolved}
    answered = {(x.document, x.chunk) for x in asking.extractions} - failed
    coverage = Coverage(
        pages=pages,
        pages_read=pages - unread,
        chunks=asking.chunks,
        chunks_asked=len(answered | failed),
        chunks_answered=len(answered),
        unasked=asking.unasked,
        partly=asking.partly,
    )
    return _with_ledgers(coverage, asking) if target.lists else coverage


def _absent(merged: Merged, target: Target) -> list[str]:
    """Fields outside lists of objects, and such lists, for which nothing was found, in schema order."""
    outer = [x for x in target.lists if "*" not in x]
    below = tuple(f"{x}/" for x in outer)
    found = {pointers.pattern(e.path) for e in merged.evidence if not e.path.startswith(below)}
    inside = tuple(f"{x}/" for x in target.lists)
    missing = [f.path for f in target.fields if f.path not in found and not f.path.startswith(inside)]
    return missing + [x for x in outer if not pointers.get(merged.data, x)]


def _with_ledgers(coverage: Coverage, asking: Asking) -> Coverage:
    """The coverage with the count of records, and every line that looks like one and is in none."""
    unclaimed = []
    for i, ledger in asking.ledgers.items():
        document = asking.documents[i]
        source = document.source.path if i else None
        unclaimed += [
            Unclaimed(
                page=document.page_at(lines[0][0]),
                text="\n".join(document.text[a:b] for a, b in lines),
                start=lines[0][0],
                end=lines[-1][1],
                source=source,
            )
            for lines in ledger.unclaimed
        ]
    ledgers = asking.ledgers.values()
    expected, found = sum(x.expected for x in ledgers), sum(x.found for x in ledgers)
    return coverage.model_copy(update={"records_expected": expected, "records_found": found, "unclaimed": unclaimed})


def _usage(attempts: list[Attempt]) -> Usage:
    """What the answers cost, each counted once however often it was used."""
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


def _problems(documents: list[Document]) -> list[Note]:
    """Every Note of the Unit; those of children name their Source."""
    own = list(documents[0].notes)
    for document in documents[1:]:
        own += [n.model_copy(update={"message": f"{document.source.path}: {n.message}"}) for n in document.notes]
    return own


def _status(result: Result[Any], asking: Asking) -> Status:
    """Complete only if everything was read, answered, proved and validated."""
    coverage = result.coverage
    if not any(d.text.strip() for d in asking.documents):
        return "failed"
    if coverage.chunks and not coverage.chunks_answered and not result.evidence:
        return "failed"
    if not any(True for _ in pointers.leaves(result.draft)):
        return "partial" if result.unsupported or result.unresolved else "abstained"
    lost = any(n.code in LOSSES for d in asking.documents for n in d.notes)
    looked = not any(path in coverage.partly for path in coverage.absent)
    whole = coverage.chunks_asked == coverage.chunks_answered and looked and not coverage.unclaimed
    sound = not (result.errors or result.unsupported or result.unresolved or lost)
    return "complete" if whole and sound and result.data is not None else "partial"


def has_text(document: Document) -> bool:
    """Whether there is anything to ask about: a list of members is no text of its own."""
    return document.kind != "container" and any(
        document.text[s:e].strip() for s, e, k, _ in document.blocks if k != BlockKind.HIDDEN
    )
