"""Give reasons why a Result is not complete, from what each stage found; a complete one has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.errors import FACTS
from thresher.schemas.extraction import Extraction, Unresolved, Unsupported
from thresher.schemas.result import Conflict, Coverage, FieldError, Reason

UNDECIDED_RULES = {"error", "most_supported", "corrected, most_supported", "standing"}
"""Rules that may leave a doubt. Rules that a Policy names, repairs and decisions of a model leave none."""


NEEDS_JUDGEMENT_MESSAGE = (
    "not answered: it takes judgement, and the built-in model has none; a model that writes answers it"
)


def of_unsupported(found: Iterable[Unsupported]) -> Iterator[Reason]:
    """Yield a reason for each value that was removed from `data` because the document does not hold it."""
    for one in found:
        yield Reason(
            code="unsupported",
            path=one.path,
            message=one.reason if one.value is None else f"{one.reason}: {one.value!r}",
        )


def of_conflicts(conflicts: Iterable[Conflict]) -> Iterator[Reason]:
    """Yield a reason for each field with several values that only a vote, or nothing, decides."""
    for one in conflicts:
        if one.rule in UNDECIDED_RULES and not one.settled:
            chosen = "none is chosen" if one.chosen is None else f"{one.chosen!r} is given by the rule {one.rule}"
            yield Reason(
                code="conflict", path=one.path, message=f"the text gives {len(one.candidates)} values; {chosen}"
            )


def of_doubts(doubts: Iterable[FieldError]) -> Iterator[Reason]:
    """Yield a reason for each value that is kept and may be wrong."""
    for one in doubts:
        yield Reason(code="unsure", path=one.path, message=one.message)


def of_unsure(extractions: Iterable[Extraction], data: Any) -> Iterator[Reason]:
    """Yield a reason for each value that nothing proves; two Documents that say the same prove each other."""
    found = list(extractions)
    for one in found:
        for path, message in one.unsure.items():
            value = json_pointer.get(one.data, path)
            agreed = any(json_pointer.get(o.data, path) == value for o in found if o.document != one.document)
            given = json_pointer.get(data, path)
            if given not in (None, []) and not agreed and (isinstance(given, list) or given == value):
                yield Reason(code="unsure", path=path, message=message)


def of_errors(errors: Iterable[FieldError], data: Any, told: set[str]) -> Iterator[Reason]:
    """Yield a reason for each error of the target: absent for a value that is not there, invalid for any other.

    `told` are the paths of values whose absence has another reason.
    """
    for error in errors:
        if error.path and json_pointer.get(data, error.path) is None:
            if error.path not in told:
                message = f"the document states no {json_pointer.parts(error.path)[-1]}, which is required"
                yield Reason(code="absent", path=error.path, message=message)
        else:
            yield Reason(code="invalid", path=error.path, message=error.message)


def of_coverage(coverage: Coverage, where: str) -> Iterator[Reason]:
    """Yield a reason for each missing record, and for each field not found and not searched for everywhere. `where`: the list."""
    for line in coverage.unclaimed:
        page = f"page {line.page}: " if line.page else ""
        yield Reason(code="unclaimed", path=where, message=f"{page}looks like a record and is in none: {line.text!r}")
    for path in coverage.absent:
        if path in coverage.partly:
            count = coverage.partly[path]
            message = (
                f"not found; {count} of {coverage.chunks} parts were asked for it" if count else NEEDS_JUDGEMENT_MESSAGE
            )
            yield Reason(code="unread", path=path, message=message)


def of_unresolved(unresolved: Iterable[Unresolved]) -> Iterator[Reason]:
    """Yield a reason for each Chunk without a valid answer."""
    for one in unresolved:
        pages = f"pages {one.pages[0]} to {one.pages[1]}: " if one.pages else ""
        code = "prompt_cut" if one.code == "prompt_cut" else "unresolved"
        yield Reason(code=code, path="", message=f"{pages}{one.code}: {one.reason}")


def of_reading(documents: Iterable[Document]) -> Iterator[Reason]:
    """Yield a reason for each part of a document that could not be read."""
    for i, document in enumerate(documents):
        source = f"{document.source.path}: " if i else ""
        for note in document.notes:
            if FACTS[note.code].loses_content:
                page = f"page {note.page}: " if note.page else ""
                yield Reason(code="unread", path="", message=f"{source}{page}{note.code}: {note.message}")
