"""Passing: what a Result lacks for a reason that is not the file's and may be gone when it is tried again."""

from __future__ import annotations

from typing import Any

from schemas.errors import Note
from schemas.result import Result

PASSING = ("model_unavailable", "cost_limit_reached", "price_unknown", "interrupted")  # of a run that is begun again
OURS = frozenset(
    {"store_failed", "storage_away", "storage_full", "database_away", "database_refused"}
)  # the machine's, not the file's


def why_passing(result: Result[Any], codes: tuple[str, ...] = PASSING) -> str | None:
    """The first reason for which something is missing that may pass, as `code: message`; None where there is none.

    `codes`: of models that may be asked again, for a Chunk, a page that only they can read, or where a document begins.
    A fault of the machine, such as a full disk, may always pass: it made the whole fail, or kept an attachment from being read.
    """
    asked = next((u.reason for u in result.unresolved if u.reason.startswith(codes)), None)
    return asked or next(filter(None, (_passing(n, codes) for n in _noted(result))), None)


def _passing(said: Note, codes: tuple[str, ...]) -> str | None:
    """A Note as a reason that may pass; None for any other."""
    if said.code in OURS or said.code in codes:
        return f"{said.code}: {said.message}"
    return said.message if said.code == "ocr_failed" and said.message.startswith(codes) else None


def _noted(result: Result[Any]) -> list[Note]:
    """What is said of the whole and of each file in it."""
    return [*result.problems, *(n for facts in (result.source, *result.sources) for n in facts.notes)]
