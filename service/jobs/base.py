"""The Jobs protocol: what the HTTP service asks, and what workers do. One contract suite is run on every member.

Whoever speaks for a caller passes the tenant; another tenant's Job does not exist for it: JobProblem(job_not_found).
A member is made by `service/wiring.py`. Its Tasks' answers lie in the Store beside it, under the same owner.

    server   submit, job, jobs, tasks, results, progress, events, cancel, retry, delete, usage, shelf
    worker   claim, order, beat, finish, fail, give_back, hold, release, wait
    both     webhooks_due, webhook_told, purge, named, put, once, records, ready, aclose
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from thresher.schemas.errors import Note
from thresher.schemas.work import (
    Claim,
    Job,
    JobEvent,
    JobState,
    KeptOutcome,
    Outcome,
    Progress,
    Purged,
    Submission,
    Task,
    TenantUsage,
)

Gone = Literal["lost", "cancelled"]  # why a Task is no longer its worker's
POISONED = "poisoned"  # why a Task is set aside whose work kills its process
MOST_DEATHS = 10  # workers that may die with a Task in hand, for whatever reason, before it is poisoned


class Callers(Protocol):
    """What a server asks for its callers."""

    async def submit(self, asked: Submission) -> tuple[Job, bool]:
        """The Job, durable with all its Tasks when this returns; and whether it was there already by its idempotency key.

        Raises InputProblem(idempotency_mismatch) where the key was used with another `request_hash`.
        """
        ...

    async def job(self, tenant: str, id: str) -> Job:  # noqa: A002 - the field's own name
        """One Job. Raises JobProblem(job_not_found, job_gone), as every method below does that names a Job."""
        ...

    async def jobs(
        self, tenant: str, *, before: str | None = None, limit: int = 50, state: JobState | None = None
    ) -> list[Job]:
        """Newest first; `before` is the id of the last one seen: the cursor."""
        ...

    async def tasks(self, tenant: str, job: str, *, after: int = -1, limit: int = 100) -> list[Task]:
        """Tasks by number, those after `after`."""
        ...

    async def results(
        self, tenant: str, job: str, *, after: tuple[int, int] = (-1, -1), limit: int = 100
    ) -> list[KeptOutcome]:
        """Outcomes by Task and number, those after `after`; also while the Job is still open."""
        ...

    async def progress(self, tenant: str, job: str) -> Progress:
        """Counts and stages just now. Quick however large the Job is."""
        ...

    async def events(self, tenant: str, job: str, *, after: int = 0, limit: int = 100) -> list[JobEvent]:
        """Events by number, those after `after`: none is ever passed over, none comes late. Poll, or `wait` between."""
        ...

    async def cancel(self, tenant: str, job: str) -> Job:
        """Cancel what is todo at once, and what is running at its worker's next `beat`. Cancelling twice is no fault."""
        ...

    async def retry(self, tenant: str, job: str) -> int:
        """Put the dead letters back to todo with fresh attempts; gives how many. A cancelled Job has none.

        What killed a process before is worked on in one of its own again.
        """
        ...

    async def delete(self, tenant: str, job: str) -> Purged:
        """Cancel a Job and forget it, its Results, its calls, and the answers that no other Task used."""
        ...

    async def usage(self, tenant: str, since: float) -> TenantUsage:
        """What Jobs created since a time (seconds since 1970, UTC) used; deleted ones count on."""
        ...


class Workers(Protocol):
    """What a worker does."""

    async def claim(self, worker: str, *, limit: int = 1, lease: float = 30.0) -> list[Claim]:
        """Tasks for this worker alone, for `lease` seconds. Tenants take turns; of each by priority, then oldest first.

        A Task whose lease has run out is todo again, and its next Claims tell of the death: it is to be worked on in a process
        of its own, so that a second death proves whose fault it is (`poisoned`). So does the tenth death of a worker.
        """
        ...

    async def order(self, job: str) -> Submission:
        """Target and Policy of a claimed Task's Job; its `files` are left empty. Raises JobProblem(job_not_found)."""
        ...

    async def beat(self, claims: Sequence[Claim], *, lease: float = 30.0, stages: Mapping[str, str]) -> dict[str, Gone]:
        """Renew leases and tell stages (by Task id); gives the ids of Tasks to be let go at once, and why."""
        ...

    async def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, usd: float = 0.0, read: int = 1) -> None:
        """Done: Outcomes and state in one. Raises JobProblem(lease_lost) where the Task is not the claim's any more.

        `read`: Documents that it unfolded to, which count for the tenant.
        """
        ...

    async def fail(self, claim: Claim, why: Note, *, again_in: float | None, usd: float = 0.0) -> None:
        """Failed: to be tried again after some seconds, or for good (None). Raises JobProblem(lease_lost)."""
        ...

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Hand back what will not be done here, at no attempt: for a worker that is told to stop. Lost ones are passed over."""
        ...

    async def hold(self, held: Mapping[str, float]) -> int:
        """Let Tasks of these tenants ("*": all) wait until a moment, where they are next to be claimed; gives how many."""
        ...

    async def release(self, held: Mapping[str, float]) -> int:
        """Let Tasks that were held go on, but those of these tenants; gives how many."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, or sooner when something changed: a Job submitted, cancelled, a Task settled."""
        ...


class Jobs(Callers, Workers, Protocol):
    """All of it, and what either side may do."""

    async def webhooks_due(self, *, limit: int = 10, lease: float = 60.0, full: Sequence[str] = ()) -> list[Job]:
        """Finished or cancelled Jobs whose webhook is to be called now; for `lease` seconds nobody else gets them.

        Tenants take turns; those that are `full` get none.
        """
        ...

    async def webhook_told(self, job: str, *, again_in: float | None = None) -> int:
        """The webhook was called (None), or is to be called again; gives the attempts so far."""
        ...

    async def purge(self, before: float, *, limit: int = 100, tenant: str | None = None, dry: bool = False) -> Purged:
        """Forget Jobs that ended before a time (seconds since 1970, UTC), as `delete` does; some at a time.

        Kept are Jobs whose webhook is still to be called, and those that share a content with an open Job: it may be about to
        ask what they have paid for. Of one tenant, or of all (None). `dry`: the same word, and all is as it was.
        """
        ...

    async def reencrypt(self) -> int:
        """Shut with the newest key what an older one shut, or none: rows and answers; gives how many. Can be done over."""
        ...

    async def named(self, uploads: Sequence[str]) -> set[str]:
        """Those of some uploads (by address) that a Task names."""
        ...

    async def put(self, kind: str, tenant: str, key: str, body: dict[str, Any] | None) -> None:
        """Keep a small record of the server's own (a hashed API key, a registered target) for good; None deletes it."""
        ...

    async def once(self, kind: str, tenant: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a record where there is none yet; gives the one that is kept. Of many at once one comes first."""
        ...

    async def records(self, kind: str, tenant: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        """Records of a kind, by tenant and key; of all tenants (None) or one, of all keys or one."""
        ...

    async def ready(self) -> None:
        """Raises SetupProblem(store_failed) where a question to the store is not answered: for `/readyz`."""
        ...

    async def aclose(self) -> None:
        """Let go. Closing twice is no fault."""
        ...
