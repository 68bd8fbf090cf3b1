"""The Reviews protocol: what people said of Results, kept for good. One contract suite is run on every member.

A Result is named by its tenant, its collection (a job's id, or "folder") and its key in that collection. Another
tenant's is simply not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from thresher.schemas.result import Review
from thresher.schemas.review import LEASE_SECONDS, Action, MachineFacts, ReviewClaim, ReviewEvent, ReviewState


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPlace:
    """Where a Result is."""

    tenant: str
    collection: str
    key: str  # of the Result in its collection: "task.number" of a job, a file's name in a folder
    number: int  # as callers name it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What a person wants to have recorded."""

    by: str
    path: str  # "" for a decision on the whole
    action: Action | ReviewState
    value: Any = None  # of an edit
    note: str = ""
    head: str = ""  # hash of the last event that the person has seen
    machine: MachineFacts | None = None  # of a field: what is corrected
    wants_webhook: bool = False  # a webhook is to be called


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewProgress:
    """How far the review of one Result is."""

    key: str
    number: int
    head: str
    review: Review | None
    claim: ReviewClaim | None
    corrected: frozenset[str]  # paths with a correction that stands


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDecision:
    """A decision that a webhook is to tell."""

    place: ResultPlace
    event: ReviewEvent
    at: float  # of the decision; seconds since 1970, UTC


class Reviews(Protocol):
    """Keeps events and claims."""

    async def append(self, place: ResultPlace, wanted: NewEvent) -> ReviewEvent:
        """Add an event to a Result's chain, durable at return; the same request again gives the same event.

        Renews the person's own claim. Raises InputProblem(review_conflict) where somebody else holds the claim, or has
        changed the same field since `head`; InputProblem(field_invalid) where nothing is there to take back.
        """
        ...

    async def events(self, place: ResultPlace) -> list[ReviewEvent]:
        """Return the chain of a Result, oldest first."""
        ...

    async def claim(self, place: ResultPlace, by: str, lease: float = LEASE_SECONDS) -> ReviewClaim:
        """Claim a Result for a person, for `lease` seconds. Raises InputProblem(review_conflict)."""
        ...

    async def release(self, place: ResultPlace, by: str) -> None:
        """Give a claim back; another person's stays."""
        ...

    async def states(self, tenant: str, collection: str) -> dict[str, ReviewProgress]:
        """Return by key how far the review of each Result is; those that nobody touched are not there."""
        ...

    async def numbers(self, tenant: str, collection: str, keys: Iterable[str]) -> dict[str, int]:
        """Return a number for each key, given at its first sight and kept for good."""
        ...

    async def due(self, *, limit: int = 10, lease: float = 60.0, full: Sequence[str] = ()) -> list[DueDecision]:
        """Return decisions whose webhook is to be called now; for `lease` seconds no other caller gets them.

        Tenants take turns; those in `full` get none.
        """
        ...

    async def webhook_attempted(self, due: DueDecision, *, again_in: float | None = None) -> None:
        """Record that a webhook was called (None), or is to be called again."""
        ...
