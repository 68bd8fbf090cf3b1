"""The Jobs protocol: what the HTTP service and the workers call. One contract suite is run on every member.

CallerJobs' methods take the tenant; another tenant's Job does not exist for it: JobProblem(job_not_found). A member is
made by `service/backend/resources.py`. The answers of its Tasks are in the Store beside it, under one owner.

    server   submit, job, jobs, tasks, statuses, results, progress, events, cancel, retry, delete, usage
    worker   claim, order, beat, finish, fail, give_back, hold, release, wait
    both     webhooks_due, webhook_attempted, purge, reencrypt, named, put, once, records, ready, aclose
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
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

LossReason = Literal["lost", "cancelled"]  # why a worker has lost a Task
POISONED = "poisoned"  # failure of a Task whose work kills its process
RESULTS_MAX_CHARS = 8 << 20  # of JSON in one answer of `results`; one Outcome may be longer
MOST_DEATHS = 30  # deaths of workers, for any reason, after which a Task is poisoned: after the first it runs in processes of its own


@dataclass(slots=True)
class ReencryptedRows:
    """What was done with some rows."""

    rows: int = 0  # encrypted again
    damaged: list[str] = field(default_factory=list)  # table and key of rows that do not decrypt: left as they are


class CallerJobs(Protocol):
    """The methods that a server calls for its callers."""

    async def submit(self, asked: Submission) -> tuple[Job, bool]:
        """Store a Job with all its Tasks, durable at return.

        Return it, and whether its idempotency key had made it before.

        Raises InputProblem(idempotency_mismatch) where the key was used with another `request_hash`.
        """
        ...

    async def job(self, tenant: str, id: str, *, matter: str | None = None) -> Job:  # noqa: A002 - the field's own name
        """Return one Job: an extraction, or work on `matter`.

        Raises JobProblem(job_not_found, job_gone), as every method below does that names a Job.
        """
        ...

    async def jobs(
        self,
        tenant: str,
        *,
        before: str | None = None,
        limit: int = 50,
        state: JobState | None = None,
        matter: str | None = None,
        target: str | None = None,
    ) -> list[Job]:
        """Return extractions, or the work on a matter, newest first; `before`: the id of the last one seen.

        `target`: only those with a target of that name, as imports, exports and extractions of a matter have.
        """
        ...

    async def tasks(
        self, tenant: str, job: str, *, after: int = -1, limit: int = 100, ended: bool = False
    ) -> list[Task]:
        """Return Tasks by number, from the one after `after`; `ended`: only those that are done, failed or cancelled."""
        ...

    async def statuses(self, tenant: str, job: str, *, after: int = -1, last: int) -> dict[int, list[str]]:
        """Return the statuses of the Results of Tasks `after` to `last`, by the Task's number. Reads no Result."""
        ...

    async def results(
        self, tenant: str, job: str, *, after: tuple[int, int] = (-1, -1), limit: int = 100
    ) -> list[KeptOutcome]:
        """Return Outcomes by Task and number, from the one after `after`; also while the Job is still open.

        Fewer than there are, up to `limit`, only where their JSON is longer than RESULTS_MAX_CHARS: two then at least.
        """
        ...

    async def progress(self, tenant: str, job: str) -> Progress:
        """Return the present counts and stages. Fast however large the Job is."""
        ...

    async def events(self, tenant: str, job: str, *, after: int = 0, limit: int = 100) -> list[JobEvent]:
        """Return Events by number, from the one after `after`.

        None is ever skipped, and none comes late. Poll, or `wait` between calls.
        """
        ...

    async def cancel(self, tenant: str, job: str) -> Job:
        """Cancel waiting Tasks at once, and running ones at their worker's next `beat`. May be repeated."""
        ...

    async def retry(self, tenant: str, job: str) -> int:
        """Put the failed Tasks back to todo with fresh attempts; return how many. A cancelled Job has none.

        A Task that killed a process before is again worked on in a process of its own.
        """
        ...

    async def delete(self, tenant: str, job: str) -> Purged:
        """Cancel a Job and delete it with its Results, its calls, and the answers that no other Task used.

        Returns the counts, and the uploads that no Task names any more.
        """
        ...

    async def usage(self, tenant: str, since: float) -> TenantUsage:
        """Return what Jobs created since a time (seconds since 1970, UTC) used; deleted Jobs still count."""
        ...


class WorkerJobs(Protocol):
    """The methods that a worker calls."""

    async def claim(
        self, worker: str, *, limit: int = 1, lease: float = 30.0, without: Collection[str] = ()
    ) -> list[Claim]:
        """Claim Tasks for this worker alone, for `lease` seconds. Tenants take turns, but for those `without`.

        Within one by priority, then oldest first.

        A Task whose lease has run out is todo again, and its next Claims count the death: it is to be worked on in a
        process of its own, so that a second death proves what killed (`poisoned`). So does the thirtieth death
        of a worker.
        """
        ...

    async def order(self, job: str) -> Submission:
        """Return target and Policy of a claimed Task's Job, with no `files`. Raises JobProblem(job_not_found)."""
        ...

    async def beat(
        self, claims: Sequence[Claim], *, lease: float = 30.0, stages: Mapping[str, str]
    ) -> dict[str, LossReason]:
        """Renew leases and report stages (by Task id); return the ids of Tasks to drop at once, and why."""
        ...

    async def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, usd: float = 0.0, read: int = 1) -> None:
        """Store Outcomes and state together.

        Raises JobProblem(lease_lost) where the Task is not the claim's any more.

        `read`: Documents that it unfolded to, which count for the tenant.
        """
        ...

    async def fail(self, claim: Claim, why: Note, *, again_in: float | None, usd: float = 0.0) -> None:
        """Record a failure: try again after some seconds, or never (None). Raises JobProblem(lease_lost)."""
        ...

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Return Tasks that this worker will not do, at no attempt: for a worker that is told to stop.

        Tasks that it has lost are skipped.
        """
        ...

    async def hold(self, held: Mapping[str, float]) -> int:
        """Let these tenants' Tasks ("*": all) at the head of the queue wait until a moment; return how many."""
        ...

    async def release(self, held: Mapping[str, float]) -> int:
        """Release held Tasks, except those of these tenants; return how many."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, or sooner when something changed: a Job submitted, cancelled, a Task settled."""
        ...


class Jobs(CallerJobs, WorkerJobs, Protocol):
    """All methods, those of both sides too."""

    async def webhooks_due(self, *, limit: int = 10, lease: float = 60.0, full: Sequence[str] = ()) -> list[Job]:
        """Return ended Jobs whose webhook is to be called now; for `lease` seconds no other caller gets them.

        Tenants take turns; those in `full` get none.
        """
        ...

    async def webhook_attempted(self, job: str, *, again_in: float | None = None) -> int:
        """Record that a webhook was called (None), or is to be called again; return the attempts so far."""
        ...

    async def purge(self, before: float, *, limit: int = 100, tenant: str | None = None, dry: bool = False) -> Purged:
        """Delete Jobs that ended before a time (seconds since 1970, UTC), as `delete` does, at most `limit`.

        Jobs stay whose webhook is still to be called, and those that share a content with an open Job: it may be about
        to ask what they have paid for. `tenant`: of one, or of all (None). `dry`: return the same counts and change
        nothing.
        """
        ...

    async def reencrypt(self) -> ReencryptedRows:
        """Encrypt rows and answers with the newest key where they are not yet. May be repeated."""
        ...

    async def named(self, uploads: Sequence[str]) -> set[str]:
        """Return those of some uploads (by address) that a Task names."""
        ...

    async def put(self, kind: str, tenant: str, key: str, body: dict[str, Any] | None) -> None:
        """Store a small record of the server (a hashed API key, a registered target) for good; None deletes it."""
        ...

    async def once(self, kind: str, tenant: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Store a record if there is none yet, and return the one that is stored.

        Of concurrent calls one comes first.
        """
        ...

    async def records(self, kind: str, tenant: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        """Return the records of a kind, sorted by tenant and key; None stands for all tenants or all keys."""
        ...

    async def ready(self) -> None:
        """Raise SetupProblem(store_failed) where the store does not answer: for `/readyz`."""
        ...

    async def aclose(self) -> None:
        """Close. Closing twice is no fault."""
        ...
