"""Store Jobs in SQL: one text for SQLite (a file or memory) and PostgreSQL, over any Transactions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

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
from thresher.service.jobs import budget_holds, caller_queries, deletion, job_rows, reencrypt, webhooks, worker_queries
from thresher.service.jobs.base import LossReason, ReencryptedRows
from thresher.service.storage.answers.session import Session, Transactions

Given = TypeVar("Given")


class News(Protocol):
    """Wakes the waiting ones after a change, in this process or in all."""

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, or sooner with news."""
        ...

    def tell(self) -> None:
        """Wake all who wait."""
        ...

    async def aclose(self) -> None:
        """Close."""
        ...


class LocalNews:
    """News within one process."""

    def __init__(self) -> None:
        """Start without news."""
        self._next = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, or sooner with news."""
        news = self._next
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # not wait_for: it may swallow a cancellation that comes with the news
                await news.wait()

    def tell(self) -> None:
        """Wake all who wait."""
        self._next.set()
        self._next = asyncio.Event()

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


class SqlJobs:
    """Jobs over transactions, which their maker closes. The methods are described in `base.py`."""

    def __init__(self, transactions: Transactions, news: News | None = None) -> None:
        """Take a database that has the tables."""
        self._do = transactions.do
        self._news = news or LocalNews()

    async def _do_and_notify(self, work: Callable[[Session], Given]) -> Given:
        given = await self._do(work)
        self._news.tell()
        return given

    async def submit(self, asked: Submission) -> tuple[Job, bool]:
        """Store a Job with all its Tasks."""
        job = job_rows.new_id(time.time())
        return await self._do_and_notify(lambda s: caller_queries.submit(s, asked, job))

    async def job(self, tenant: str, id: str, *, matter: str | None = None) -> Job:  # noqa: A002 - as in Jobs
        """Return one Job."""
        return await self._do(lambda s: caller_queries.job(s, tenant, id, matter), writes=False)

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
        """Return Jobs, newest first."""
        wanted = caller_queries.Wanted(state, matter, target)
        return await self._do(lambda s: caller_queries.jobs(s, tenant, before, limit, wanted), writes=False)

    async def tasks(
        self, tenant: str, job: str, *, after: int = -1, limit: int = 100, ended: bool = False
    ) -> list[Task]:
        """Return Tasks by number."""
        return await self._do(lambda s: caller_queries.tasks(s, tenant, job, after, limit, ended=ended), writes=False)

    async def statuses(self, tenant: str, job: str, *, after: int = -1, last: int) -> dict[int, list[str]]:
        """Return the statuses of Results by Task."""
        return await self._do(lambda s: caller_queries.statuses(s, tenant, job, after, last), writes=False)

    async def results(
        self, tenant: str, job: str, *, after: tuple[int, int] = (-1, -1), limit: int = 100
    ) -> list[KeptOutcome]:
        """Return Outcomes by Task and number."""
        return await self._do(lambda s: caller_queries.results(s, tenant, job, after, limit), writes=False)

    async def progress(self, tenant: str, job: str) -> Progress:
        """Return the present counts and stages."""
        return await self._do(lambda s: caller_queries.progress(s, tenant, job), writes=False)

    async def events(self, tenant: str, job: str, *, after: int = 0, limit: int = 100) -> list[JobEvent]:
        """Return Events by number."""
        return await self._do(lambda s: caller_queries.events(s, tenant, job, after, limit), writes=False)

    async def cancel(self, tenant: str, job: str) -> Job:
        """Cancel a Job."""
        return await self._do_and_notify(lambda s: caller_queries.cancel(s, tenant, job))

    async def retry(self, tenant: str, job: str) -> int:
        """Put failed Tasks back to todo."""
        return await self._do_and_notify(lambda s: caller_queries.retry(s, tenant, job))

    async def delete(self, tenant: str, job: str) -> Purged:
        """Cancel a Job and delete it."""
        return await self._do_and_notify(lambda s: deletion.delete(s, tenant, job))

    async def usage(self, tenant: str, since: float) -> TenantUsage:
        """Return what a tenant's Jobs used since a time."""
        return await self._do(lambda s: caller_queries.usage(s, tenant, since), writes=False)

    async def claim(
        self, worker: str, *, limit: int = 1, lease: float = 30.0, without: Collection[str] = ()
    ) -> list[Claim]:
        """Claim Tasks under a lease."""
        return await self._do(lambda s: worker_queries.claim(s, worker, limit, lease, without), durable=False)

    async def orphan(self) -> None:
        """End every lease; only for the single owner of a file that was just opened."""
        await self._do(worker_queries.orphan)

    async def order(self, job: str) -> Submission:
        """Return target and Policy of a Job."""
        return await self._do(lambda s: worker_queries.order(s, job), writes=False)

    async def beat(
        self, claims: Sequence[Claim], *, lease: float = 30.0, stages: Mapping[str, str]
    ) -> dict[str, LossReason]:
        """Renew leases and report stages."""
        return await self._do(lambda s: worker_queries.beat(s, claims, lease, stages), durable=False)

    async def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, usd: float = 0.0, read: int = 1) -> None:
        """Store Outcomes and state of a Task."""
        await self._do_and_notify(lambda s: worker_queries.finish(s, claim, outcomes, usd, read))

    async def fail(self, claim: Claim, why: Note, *, again_in: float | None, usd: float = 0.0) -> None:
        """Record a Task's failure."""
        await self._do_and_notify(lambda s: worker_queries.fail(s, claim, why, again_in, usd))

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Return Tasks at no attempt."""
        await self._do_and_notify(lambda s: worker_queries.give_back(s, claims))

    async def hold(self, held: Mapping[str, float]) -> int:
        """Hold tenants' Tasks until a moment."""
        return await self._do(lambda s: budget_holds.hold(s, dict(held)))

    async def release(self, held: Mapping[str, float]) -> int:
        """Release held Tasks."""
        gone = await self._do(lambda s: budget_holds.release(s, held))
        if gone:
            self._news.tell()
        return gone

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, or sooner when something changed."""
        await self._news.wait(seconds)

    async def webhooks_due(self, *, limit: int = 10, lease: float = 60.0, full: Sequence[str] = ()) -> list[Job]:
        """Return Jobs whose webhook is to be called."""
        return await self._do(lambda s: webhooks.due(s, limit, lease, full))

    async def webhook_attempted(self, job: str, *, again_in: float | None = None) -> int:
        """Record an attempt to call a webhook."""
        return await self._do(lambda s: webhooks.attempted(s, job, again_in))

    async def purge(self, before: float, *, limit: int = 100, tenant: str | None = None, dry: bool = False) -> Purged:
        """Delete Jobs that ended before a time."""
        try:
            return await self._do(lambda s: deletion.purge(s, deletion.PurgeRequest(before, limit, tenant, dry)))
        except deletion.DryRunEnded as undone:
            return undone.purged

    async def reencrypt(self) -> ReencryptedRows:
        """Encrypt rows and answers with the newest key."""
        total = ReencryptedRows()
        for step in reencrypt.STEPS:
            after: reencrypt.After | None = step[1]
            while after is not None:
                done, after = await self._do(partial(reencrypt.reencrypt_page, step=step, after=after))
                total.rows += done.rows
                total.damaged += done.damaged
        return total

    async def named(self, uploads: Sequence[str]) -> set[str]:
        """Return the uploads that a Task names."""
        return await self._do(lambda s: deletion.named(s, uploads), writes=False)

    async def put(self, kind: str, tenant: str, key: str, body: dict[str, Any] | None) -> None:
        """Store or delete a record."""
        await self._do(lambda s: caller_queries.put(s, kind, tenant, key, body))

    async def once(self, kind: str, tenant: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Store a record if there is none yet."""
        return await self._do(lambda s: caller_queries.once(s, kind, tenant, key, body))

    async def records(self, kind: str, tenant: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        """Return the records of a kind."""
        return await self._do(lambda s: caller_queries.records(s, kind, tenant, key), writes=False)

    async def ready(self) -> None:
        """Check that the store answers."""
        await self._do(lambda s: s.one("SELECT 1"), writes=False)

    async def aclose(self) -> None:
        """Close the news."""
        await self._news.aclose()
