"""Delete what has been stored long enough: Jobs first, then what they alone used, then what no Job uses.

A Job is deleted as a whole, some time after its end. An answer is deleted with the last call that used it, an upload
with the last Task that names it. Nothing is deleted that an open Job may need, and no upload that was put within the
last hour, since its Job may still be submitted. After a crash at any point the next purge completes the work.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass

from pydantic import BaseModel

from thresher.schemas.errors import Problem, SetupProblem
from thresher.schemas.work import Purged
from thresher.service.backend.resources import ServiceResources
from thresher.service.storage.uploads.base import YOUNG_SECONDS, Stored

log = logging.getLogger(__name__)

DAY = 86_400.0  # seconds
INTERVAL_SECONDS = 3600.0  # between two purges of a running service
BATCH_JOBS = 100  # Jobs in one transaction
PAGE_UPLOADS = 500  # uploads checked in one query
ABANDONED_SECONDS = DAY  # after which an upload that no Task names is abandoned, however slow the request was


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeOptions:
    """What to purge."""

    before: float  # Jobs that ended before; seconds since 1970, UTC
    tenant: str | None = None  # None: of all, and what belongs to no tenant too
    dry: bool = False
    sweep: bool = True  # check all uploads and answers for what no Job uses


class PurgeReport(BaseModel):
    """What was deleted, or would be."""

    before: float  # seconds since 1970, UTC
    tenant: str | None
    dry_run: bool
    jobs: int
    results: int
    calls: int
    answers: int  # with those that no call named
    uploads: int
    abandoned: int  # uploads that no Job ever named: refused, or broken off
    bytes: int  # of uploads, as stored
    later: int  # uploads that were put within the last hour: they are left for the next purge


@dataclass(slots=True)
class _Gone:
    """Counts of deleted uploads so far."""

    uploads: int = 0
    abandoned: int = 0
    bytes: int = 0
    later: int = 0


async def purge(resources: ServiceResources, request: PurgeOptions) -> PurgeReport:
    """Delete what is due, or report what would be deleted.

    Raises SetupProblem(storage_shared) where the uploads are not this service's alone, and what the storage raises.
    """
    if not resources.owned:
        raise SetupProblem("storage_shared")
    purged = await _purge_jobs(resources, request)
    counts = await _drop_freed(resources, request, purged.uploads)
    answers = purged.answers
    if request.sweep and request.tenant is None:
        await _drop_abandoned(resources, request, set(purged.uploads), counts)
        answers += 0 if request.dry else await _purge_answers(resources, request.before)
    report = PurgeReport(
        before=request.before,
        tenant=request.tenant,
        dry_run=request.dry,
        jobs=purged.jobs,
        results=purged.results,
        calls=purged.calls,
        answers=answers,
        **asdict(counts),
    )
    log.info("purged", extra={"action": "purge.done", **report.model_dump()})
    return report


async def keep_purging(resources: ServiceResources, days: float | None, stopping: asyncio.Event) -> None:
    """Purge at once and then every hour, until told to stop. What fails is tried again the next time.

    `days`: for which Jobs are kept; None: for ever, and only uploads that no Job ever named are deleted.
    """
    last_sweep = 0.0
    while not stopping.is_set():
        now = time.time()
        before = 0.0 if days is None else now - days * DAY
        request = PurgeOptions(before=before, sweep=now - last_sweep > ABANDONED_SECONDS)
        try:
            await purge(resources, request)
            last_sweep = now if request.sweep else last_sweep
        except Problem as problem:
            log.warning("purge failed", extra={"action": "purge.failed", "code": problem.code, "why": problem.message})
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL_SECONDS):
                await stopping.wait()


async def _purge_jobs(resources: ServiceResources, request: PurgeOptions) -> Purged:
    """Purge some Jobs at a time; a dry run counts all in one transaction that is rolled back."""
    limit = 2**31 if request.dry else BATCH_JOBS
    some: list[Purged] = []
    while not some or some[-1].jobs == limit:
        some.append(await resources.jobs.purge(request.before, limit=limit, tenant=request.tenant, dry=request.dry))
    return Purged.of(some)


async def _purge_answers(resources: ServiceResources, before: float) -> int:
    total = 0
    while some := await resources.store.purge(before):
        total += some
    return total


async def _drop_freed(resources: ServiceResources, request: PurgeOptions, addresses: Iterable[str]) -> _Gone:
    """Delete the uploads that the purged Jobs alone named."""
    counts = _Gone()
    for address in addresses:
        stored = await resources.uploads.stored(address)
        if stored is None:
            continue
        if await _is_dropped(resources, request, stored):
            counts.uploads += 1
            counts.bytes += stored.size
        else:
            counts.later += 1
    return counts


async def _drop_abandoned(resources: ServiceResources, request: PurgeOptions, freed: set[str], counts: _Gone) -> None:
    """Delete the uploads that no Task names."""
    page = list[Stored]()
    async for stored in resources.uploads.listed():
        if time.time() - stored.at > ABANDONED_SECONDS and stored.address not in freed:
            page.append(stored)
        if len(page) == PAGE_UPLOADS:
            await _drop_unnamed(resources, request, page, counts)
            page = []
    await _drop_unnamed(resources, request, page, counts)


async def _drop_unnamed(resources: ServiceResources, request: PurgeOptions, page: list[Stored], counts: _Gone) -> None:
    named = await resources.jobs.named([stored.address for stored in page])
    for stored in page:
        if stored.address not in named and await _is_dropped(resources, request, stored):
            counts.abandoned += 1
            counts.bytes += stored.size


async def _is_dropped(resources: ServiceResources, request: PurgeOptions, stored: Stored) -> bool:
    """Whether an upload was deleted, or would be in a dry run."""
    return time.time() - stored.at >= YOUNG_SECONDS if request.dry else await resources.uploads.drop(stored.address)
