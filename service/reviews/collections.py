"""Define what a collection of Results is: a job's, or a folder's. `ReviewService` works on any."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Result, Status
from thresher.schemas.source import Source, SourceFacts
from thresher.schemas.target import Target
from thresher.service.pages.page_pictures import PART
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.stored_result import StoredResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSummary:
    """A Result in the list of a collection."""

    place: ResultPlace
    name: str  # path of its document
    status: Status
    reasons: dict[str, int]  # by code
    doubtful: frozenset[str]  # paths that a reason names


class ResultCollection(Protocol):
    """Some Results of one tenant."""

    @property
    def name(self) -> str:
        """Return the collection's id."""
        ...

    @property
    def target_name(self) -> str:
        """Return the name of its target; empty where its Results have several."""
        ...

    @property
    def tells(self) -> bool:
        """Whether a webhook wants to know of decisions."""
        ...

    @property
    def options(self) -> ReadOptions:
        """Return how the documents were read."""
        ...

    async def summaries(self) -> list[ResultSummary]:
        """Return all Results that are there, by number."""
        ...

    async def result(self, number: int) -> tuple[ResultPlace, StoredResult]:
        """Return one Result as the machine gave it. Raises InputProblem(not_found)."""
        ...

    async def target(self, result: Result[Any]) -> Target | None:
        """Return the target of a Result, of which the head is enough; None where it is not known any more."""
        ...

    def original(self, place: ResultPlace, path: str) -> AbstractAsyncContextManager[Source]:
        """Provide the file that holds a source of a Result, by the source's path.

        Raises InputProblem(original_missing).
        """
        ...


def summary_of(place: ResultPlace, body: dict[str, Any]) -> ResultSummary:
    """Return the summary of a Result in JSON form, of which the head is enough."""
    reasons = body.get("reasons") or []
    return ResultSummary(
        place=place,
        name=body["source"]["path"],
        status=body["status"],
        reasons=dict(Counter(r["code"] for r in reasons)),
        doubtful=frozenset(r["path"] for r in reasons if r["path"]),
    )


def root_path(path: str) -> str:
    """Return the path of the file that holds a source.

    >>> root_path("mails/a.eml!/2-b.zip!/1-c.pdf"), root_path("scan.pdf!p04-06")
    ('mails/a.eml', 'scan.pdf')
    """
    return PART.sub("", path.split("!/", maxsplit=1)[0])


def checked_child(child: Source, facts: SourceFacts) -> Source:
    """Return the bytes that were found for a source. Raises InputProblem(original_missing) where it had others."""
    if child.sha256 != facts.sha256:
        raise InputProblem("original_missing", f"{facts.path} (it has changed since)")
    return child
