"""Tell from a document's Results what state it is in, and what went wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument, MatterException, State, exception_id
from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.schemas.errors import FACTS, RETRIED_BY_RERUN, Note
from thresher.schemas.result import Result
from thresher.service.discovery.extraction.outcomes import STAGE
from thresher.service.runs.retryable import transient_reason

OTHER_KIND = "not_of_this_kind"


def state_of(results: list[Result[Any]]) -> tuple[State, str]:
    """Return the state of a document by its Results, and the reason in one word.

    "new" is one that is to be tried again: the cost limit was reached, or the model was away. "skipped": it is of
    another kind than the target.
    """
    waiting = next((why for r in results if (why := transient_reason(r))), None)
    if waiting is not None:
        return "new", waiting.code
    if results and all(_is_of_another_kind(r) for r in results):
        return "skipped", OTHER_KIND
    statuses = {r.status for r in results}
    if not results or statuses == {"failed"}:
        return "exception", next((n.code for r in results for n in r.problems), "unknown")
    if statuses == {"complete"}:
        return "extracted", ""
    return "partial", next((reason.code for r in results for reason in r.reasons), "")


def _is_of_another_kind(result: Result[Any]) -> bool:
    return any(reason.code == OTHER_KIND for reason in result.reasons)


def exceptions_of(document: MatterDocument, results: list[Result[Any]]) -> list[MatterException]:
    """Return what is to be known of a document's Results: notes of its reading, values that stand nowhere, no answer.

    A document whose state is "exception" has at least one that is an error.
    """
    found = {e.id: e for result in results for note in _notes(result) for e in (exception(document, note),)}
    state, reason = state_of(results)
    if state == "exception" and not any(e.level == "error" for e in found.values()):
        made = failed_exception(document, reason)
        found[made.id] = made
    return list(found.values())


def failed_exception(document: MatterDocument, reason: str, answered_by: str = "") -> MatterException:
    """Return the exception of a document that gave nothing, for a reason, or whose answering document did not."""
    code = _SAME.get(reason, reason)
    code = code if code in EXCEPTION_CODES and EXCEPTION_CODES[code].level == "error" else "unknown"
    message = f"nothing was extracted ({reason})" + (
        f", as of {answered_by}, of which it is a copy" if answered_by else ""
    )
    return exception(document, Note(code=code, message=message))


def _notes(result: Result[Any]) -> Iterator[Note]:
    """Yield what is an exception: content that was not read, questions without an answer, values that stand nowhere.

    What only waits (for money, for the model) is none.
    """
    for facts in (result.source, *result.sources):
        yield from (n for n in facts.notes if n.code in EXCEPTION_CODES or FACTS[n.code].loses_content)
    left = (Note(code=u.code, message=u.reason) for u in result.unresolved)
    yield from (n for n in (*result.problems, *left) if n.code not in RETRIED_BY_RERUN)
    if result.unsupported and not _is_of_another_kind(result):
        paths = ", ".join(dict.fromkeys(u.path for u in result.unsupported))
        yield Note(code="unsupported_value", message=f"{len(result.unsupported)} values: {paths[:300]}")


def exception(document: MatterDocument, note: Note) -> MatterException:
    """Return the exception that a Note makes; a code that matters do not have is "unknown", and stands in the message."""
    code = _code(note)
    fact = EXCEPTION_CODES[code]
    message = note.message if code == note.code else f"{note.code}: {note.message}"
    return MatterException(
        id=exception_id(document.id, code, message),
        document_id=document.id,
        parent_id=document.parent_id,
        path=document.path,
        custodian=document.custodian,
        source=document.source,
        sha256=document.sha256 or None,
        media_type=document.media_type,
        stage=STAGE,
        code=code,
        level=fact.level,
        message=re.sub(
            rf"\S+/{document.id[:2]}/{document.id}", lambda _: document.path, message
        ),  # the path of the run
        retryable=fact.retryable,
    )


_SAME = {
    "file_not_found": "missing_file",
    "model_misbehaved": "model_invalid_output",
    "content_limit": "too_large",
    "picture_unread": "ocr_failed",
    "script_unreadable": "ocr_failed",
}


def _code(note: Note) -> str:
    if "(hash_mismatch)" in note.message:
        return "hash_mismatch"
    code = _SAME.get(note.code, note.code)
    return code if code in EXCEPTION_CODES else "unknown"
