"""Decide whether a Result is incomplete for a transient reason and should be retried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thresher.schemas.errors import RETRIED_BY_RERUN, Note
from thresher.schemas.result import Result


def transient_reason(result: Result[Any], codes: frozenset[str] = RETRIED_BY_RERUN) -> Note | None:
    """Return the first finding that something is missing for a transient reason; None where there is none.

    `codes`: reasons that are transient for the caller. A model may be asked again for a Chunk, for a page that only it
    can read, or where a document begins; a fault of the machine made the whole fail, or kept an attachment from being read.
    """
    return next((n for n in _findings(result) if n.code in codes), None)


def _findings(result: Result[Any]) -> Iterator[Note]:
    """Yield the findings on Chunks without an answer, on the whole and on each file in it, under the code of their cause."""
    for left in result.unresolved:
        yield Note(code=left.code, message=left.reason)
    for said in (*result.problems, *(n for facts in (result.source, *result.sources) for n in facts.notes)):
        yield said if said.cause is None else said.model_copy(update={"code": said.cause, "cause": None})
