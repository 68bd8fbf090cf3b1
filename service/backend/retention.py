"""Retention: what has had its time goes. Jobs first, then what they alone used, then what nobody wants.

A Job goes whole, some time after its end. An answer goes with the last call that used it, an upload with the last Task that names
it, whoever's they are. Nothing goes that an open Job may need, and no upload that was put within the last hour, for its
Job may be coming. Killed anywhere, the next purge finds what this one left.
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
from thresher.service.storage.uploads.base import YOUNG, Stored

log = logging.getLogger(__name__)

DAY = 86_400.0  # seconds
EVERY = 3600.0  # seconds between two purges of a running service
BATCH = 100  # Jobs in one transaction
PAGE = 500  # uploads looked at together
ABANDONED = DAY  # seconds after which an upload that no Task names belongs to nobody, however slow the request was


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to go."""

    before: float  # Jobs that ended before; seconds since 1970, UTC
    tenant: str | None = None  # None: of all, and what belongs to nobody too
    dry: bool = False
    sweep: bool = True  # look through all uploads and answers for what belongs to nobody


class PurgeReport(BaseModel):
    """What went, or would go."""

    before: float  # seconds since 1970, UTC
    tenant: str | None
    dry_run: bool
    jobs: int
    results: int
    calls: int
    answers: int  # with those that belonged to nobody
    uploads: int
    abandoned: int  # uploads that no Job ever named: refused, or broken off
    bytes: int  # of uploads, as they lie
    later: int  # uploads that were put within the last hour: they go another time


@dataclass(slots=True)
class _Gone:
    """Uploads so far."""

    uploads: int = 0
    abandoned: int = 0
    bytes: int = 0
    later: int = 0


async def purge(house: ServiceResources, wanted: Wanted) -> PurgeReport:
    """Let go what has had its time.

    Raises SetupProblem(storage_shared) where the uploads are not this service's alone, and what the storage raises.
    """
    if not house.owned:
        raise SetupProblem("storage_shared")
    purged = await _jobs(house, wanted)
    gone = await _freed(house, wanted, purged.uploads)
    answers = purged.answers
    if wanted.sweep and wanted.tenant is None:
        await _abandoned(house, wanted, set(purged.uploads), gone)
        answers += 0 if wanted.dry else await _answers(house, wanted.before)
    report = PurgeReport(
        before=wanted.before,
        tenant=wanted.tenant,
        dry_run=wanted.dry,
        jobs=purged.jobs,
        results=purged.results,
        calls=purged.calls,
        answers=answers,
        **asdict(gone),
    )
    log.info("purged", extra={"action": "purge.done", **report.model_dump()})
    return report


async def keep_purging(house: ServiceResources, days: float, stopping: asyncio.Event) -> None:
    """Purge at once and then every hour, until told to stop. What fails is tried again the next time."""
    swept = 0.0
    while not stopping.is_set():
        now = time.time()
        wanted = Wanted(before=now - days * DAY, sweep=now - swept > ABANDONED)
        try:
            await purge(house, wanted)
            swept = now if wanted.sweep else swept
        except Problem as problem:
            log.warning("purge failed", extra={"action": "purge.failed", "code": problem.code, "why": problem.message})
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await stopping.wait()


async def _jobs(house: ServiceResources, wanted: Wanted) -> Purged:
    """Some Jobs at a time; a dry run counts all in one transaction, of which nothing stays."""
    limit = 2**31 if wanted.dry else BATCH
    some: list[Purged] = []
    while not some or some[-1].jobs == limit:
        some.append(await house.jobs.purge(wanted.before, limit=limit, tenant=wanted.tenant, dry=wanted.dry))
    return Purged.of(some)


async def _answers(house: ServiceResources, before: float) -> int:
    total = 0
    while some := await house.store.purge(before):
        total += some
    return total


async def _freed(house: ServiceResources, wanted: Wanted, addresses: Iterable[str]) -> _Gone:
    """The uploads that the Jobs let go."""
    gone = _Gone()
    for address in addresses:
        stored = await house.uploads.stored(address)
        if stored is None:
            continue
        if await _dropped(house, wanted, stored):
            gone.uploads += 1
            gone.bytes += stored.size
        else:
            gone.later += 1
    return gone


async def _abandoned(house: ServiceResources, wanted: Wanted, freed: set[str], gone: _Gone) -> None:
    """The uploads that no Task names, or ever named."""
    page = list[Stored]()
    async for stored in house.uploads.listed():
        if time.time() - stored.at > ABANDONED and stored.address not in freed:
            page.append(stored)
        if len(page) == PAGE:
            await _page(house, wanted, page, gone)
            page = []
    await _page(house, wanted, page, gone)


async def _page(house: ServiceResources, wanted: Wanted, page: list[Stored], gone: _Gone) -> None:
    named = await house.jobs.named([stored.address for stored in page])
    for stored in page:
        if stored.address not in named and await _dropped(house, wanted, stored):
            gone.abandoned += 1
            gone.bytes += stored.size


async def _dropped(house: ServiceResources, wanted: Wanted, stored: Stored) -> bool:
    """Whether an upload went, or would go."""
    return time.time() - stored.at >= YOUNG if wanted.dry else await house.uploads.drop(stored.address)
