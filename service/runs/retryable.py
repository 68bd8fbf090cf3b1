"""Passing: what a Result lacks for a reason that is not the file's and may be gone when it is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thresher.schemas.errors import AGAIN, Note
from thresher.schemas.result import Result


def transient_reason(result: Result[Any], codes: frozenset[str] = AGAIN) -> Note | None:
    """The first finding that something is missing for a reason that may pass; None where there is none.

    `codes`: of reasons that may pass for whoever asks. A model may be asked again for a Chunk, for a page that only it
    can read, or where a document begins; a fault of the machine made the whole fail, or kept an attachment from being read.
    """
    return next((n for n in _findings(result) if n.code in codes), None)


def _findings(result: Result[Any]) -> Iterator[Note]:
    """What is said of Chunks without an answer, of the whole and of each file in it; where a finding has a cause, the cause."""
    for left in result.unresolved:
        yield Note(code=left.code, message=left.reason)
    for said in (*result.problems, *(n for facts in (result.source, *result.sources) for n in facts.notes)):
        yield said if said.cause is None else said.model_copy(update={"code": said.cause, "cause": None})
