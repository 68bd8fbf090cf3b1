"""Run a worker's loop: claim, work, settle. The same over one SQLite file and over PostgreSQL.

`work` says what a Task means; the loop handles leases, heartbeats, starts and ends:

    claim ---> work ---> finish | fail (again later, or for good)
      |          ^
      '- beat ---'  renews leases; a Task that was cancelled, or taken over, is dropped at once

The database may go away: nothing that was done is lost, and the loop continues when it is back.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from thresher.schemas.errors import RETRIED_AS_TASK, JobProblem, Note, Problem, SetupProblem, note
from thresher.schemas.work import Claim, Outcome
from thresher.service.base.fair_queue import FairQueue
from thresher.service.base.resource_exhaustion import is_exhaustion
from thresher.service.jobs.backoff import after_failure
from thresher.service.jobs.base import POISONED, WorkerJobs
from thresher.service.telemetry import metrics

log = logging.getLogger(__name__)

LEASE_SECONDS = 30.0  # after which a silent worker is taken for dead: well above a database's restart
HEARTBEAT_SECONDS = 2.0  # between two heartbeats, where there is no news
LATE_FRACTION = 3  # the event loop counts as late after a lease divided by this
MIN_HEARTBEAT_SECONDS = 0.5  # between two heartbeats at least
RECONNECT_SECONDS = 2.0  # between two tries of a database that is away
SETTLE_TRIES = 5  # tries to report how a Task ended on a machine that is short of something
GUESTS_FRACTION = 4  # of a worker's width, for tenants that have nothing in hand there
CLAIM_FRACTION = 4  # a claim takes at most a worker's width divided by this
GRACE_SECONDS = 30.0  # that Tasks in hand have when the worker is told to stop

Stage = Callable[[str], None]


async def _nothing() -> None:
    """Hold no tenant back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """What working on a Task gave."""

    outcomes: tuple[Outcome, ...]
    usd: float = 0.0
    read: int = 1  # Documents
    passing: Note | None = None  # why the outcomes are incomplete, if the reason is transient
    again_in: float | None = None  # seconds to wait instead of the backoff's; None: no other try


@dataclass(slots=True)
class _Held:
    """A Task in hand."""

    claim: Claim
    task: asyncio.Task[None] | None = None
    stage: str = ""
    since: float = field(default_factory=time.monotonic)  # when the stage began

    def enter(self, stage: str) -> None:
        """Go on to another stage, and count the seconds of the last one."""
        now = time.monotonic()
        metrics.add("thresher_stage_seconds_total", now - self.since, stage=self.stage or "wait")
        self.stage, self.since = stage, now


@dataclass(slots=True, kw_only=True)
class Loop:
    """One worker. `run` it until `stopping` is set."""

    jobs: WorkerJobs
    work: Callable[[Claim, Stage], Awaitable[TaskOutcome]]
    name: str
    width: int = 8  # Tasks in hand at once
    lease: float = LEASE_SECONDS
    grace: float = GRACE_SECONDS
    poll: float = 2.0  # seconds between two looks for Tasks where no news comes
    before_claim: Callable[[], Awaitable[None]] = _nothing  # holds back tenants that may not be worked for
    clock: Callable[[], float] = time.time  # seconds since 1970, as leases count
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _slots: FairQueue = field(init=False)
    _held: dict[str, _Held] = field(default_factory=dict)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)
    _renewed: float = field(default_factory=time.monotonic)  # when leases were last renewed
    _renewed_at: float = 0.0  # the same by the clock

    def __post_init__(self) -> None:
        """Set up the slots in which Tasks are worked on."""
        self._slots = FairQueue(self.width, spare=0, guests=self.guests)

    @property
    def most(self) -> int:
        """Return how many Tasks are held at once. Those beyond the width wait or settle, so that no slot idles."""
        return self.width + max(1, self.width // 2)

    @property
    def guests(self) -> int:
        """Return how many Tasks beyond `most` are held, one of each tenant that has none in hand: others' may take hours."""
        return max(1, self.width // GUESTS_FRACTION)

    @property
    def in_hand(self) -> int:
        """Return how many Tasks are held."""
        return len(self._held)

    async def run(self) -> None:
        """Work until told to stop; then finish what is in hand within the grace, and give back the rest."""
        beating = asyncio.create_task(self._beating())
        ended = threading.Event()
        threading.Thread(target=self._beat_from_thread, args=(ended,), name="beat", daemon=True).start()
        try:
            while not self.stopping.is_set():
                news = asyncio.create_task(self.jobs.wait(self.poll))  # before the claim: no news is missed
                try:
                    if not await self._claim():
                        await self._pause(news)
                finally:
                    news.cancel()
                    await asyncio.gather(news, return_exceptions=True)
            await self._wind_up()
        finally:
            ended.set()
            beating.cancel()
            await asyncio.gather(beating, *self._drop(), return_exceptions=True)

    async def _claim(self) -> int:
        """Claim Tasks for free slots, a few at a time since other workers get the same news; return how many."""
        here = {held.claim.tenant for held in self._held.values()}
        free, without = min(self.most - len(self._held), max(1, self.width // CLAIM_FRACTION)), set[str]()
        if free <= 0:
            free, without = min(1, self.most + self.guests - len(self._held)), here
        if free <= 0:
            return 0
        try:
            await self.before_claim()
            if self._is_late():
                await self._beat()  # the clock was set, or the machine slept: a claim would find its own leases over
            if self._is_late():  # it could not be renewed
                return 0
            claims = await self.jobs.claim(self.name, limit=free, lease=self.lease, without=without)
        except Exception as error:  # noqa: BLE001 - reported; a worker that ended would leave all that comes undone
            await self._wait_out(error)
            return 0
        for claim in claims:
            held = self._held[claim.id] = _Held(claim)
            held.task = asyncio.create_task(self._hold(held))
        return len(claims)

    def _is_late(self) -> bool:
        """Whether Tasks are held whose leases were last renewed long ago, by the clock."""
        return bool(self._held) and abs(self.clock() - self._renewed_at) > self.lease / LATE_FRACTION

    async def _pause(self, news: asyncio.Task[None]) -> None:
        """Wait until there may be something to claim: news, a free slot, or the poll's time."""
        self._settled.clear()
        waits = [asyncio.create_task(self._settled.wait()), asyncio.create_task(self.stopping.wait())]
        full = len(self._held) >= self.most + self.guests
        await asyncio.wait(waits if full else [*waits, news], return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    async def _beating(self) -> None:
        """Renew leases, and drop lost Tasks; sooner when there is news."""
        pause = min(HEARTBEAT_SECONDS, self.lease / 6)
        waiting = asyncio.ensure_future(self.jobs.wait(pause))
        try:
            while True:
                await waiting
                await asyncio.sleep(min(MIN_HEARTBEAT_SECONDS, pause))
                waiting = asyncio.ensure_future(self.jobs.wait(pause))  # before the heartbeat: no news is missed
                try:
                    await self._beat()
                except Exception:  # a worker whose heart stands still loses all that it has in hand
                    log.exception("heartbeat failed", extra={"action": "worker.beat_failed", "worker": self.name})
        finally:
            waiting.cancel()

    async def _beat(self) -> None:
        held = list(self._held.values())
        if not held:
            return
        try:
            stages = {h.claim.id: h.stage for h in held}
            gone = await self.jobs.beat([h.claim for h in held], lease=self.lease, stages=stages)
        except Exception as error:  # noqa: BLE001 - as in _claim
            await self._wait_out(error)
            return
        self._renewed, self._renewed_at = time.monotonic(), self.clock()
        for id_, why in gone.items():
            self._let_go(id_, why)

    def _beat_from_thread(self, ended: threading.Event) -> None:
        """Renew leases from a thread where the event loop is late, so that a busy worker is not taken for dead."""
        while not ended.wait(min(HEARTBEAT_SECONDS, self.lease / 6)):
            held = [h for h in list(self._held.values()) if h.task and not h.task.done()]
            if held and time.monotonic() - self._renewed > self.lease / LATE_FRACTION:
                with suppress(Exception):  # the loop's own heartbeat reports what is wrong
                    asyncio.run(self._renew(held))

    async def _renew(self, held: list[_Held]) -> None:
        """Renew leases; the loop's own next heartbeat drops lost Tasks."""
        await self.jobs.beat([h.claim for h in held], lease=self.lease, stages={h.claim.id: h.stage for h in held})
        self._renewed, self._renewed_at = time.monotonic(), self.clock()

    def _let_go(self, id_: str, why: str) -> None:
        held = self._held.get(id_)
        if held is not None and held.task is not None:
            log.info("task dropped", extra={"action": "task.dropped", "task": id_, "why": why})
            held.task.cancel()

    async def _hold(self, held: _Held) -> None:
        """Take one Task from its claim to its end."""
        claim = held.claim
        try:
            worked = await self._work_on(claim, held.enter)
            held.enter("settle")
            await self._settle(claim, worked)
            outcome = worked.code if isinstance(worked, Note) else ",".join(sorted({o.status for o in worked.outcomes}))
            facts = {"task": claim.id, "attempt": claim.attempt, "outcome": outcome}
            log.info("task settled", extra={"action": "task.settled", "worker": self.name, **facts})
        except JobProblem as problem:
            log.warning("task lost", extra={"action": "task.lost", "task": claim.id, "code": problem.code})
            metrics.add("thresher_documents_total", outcome="lost")
        finally:
            held.enter("")
            self._held.pop(claim.id, None)
            self._settled.set()

    async def _work_on(self, claim: Claim, stage: Stage) -> TaskOutcome | Note:
        """Return what the work gave, or why it gave nothing."""
        try:
            async with self._slots.place(claim.tenant):
                return await self.work(claim, stage)
        except Problem as problem:
            return problem.note()
        except Exception as error:  # one file's fault must not end the worker
            log.exception("task failed", extra={"action": "task.failed", "task": claim.id})
            return note("machine_short" if is_exhaustion(error) else "internal_error", type(error).__name__)

    async def _settle(self, claim: Claim, worked: TaskOutcome | Note) -> None:
        """Report how a Task ended until the database has it. Raises JobProblem(lease_lost)."""
        short = 0  # times that the machine was short of something: for ever, where a Result is too large to be sent
        while True:
            try:
                await self._report(claim, worked)
            except JobProblem:
                raise
            except Exception as error:
                short += not isinstance(error, SetupProblem)
                if short > SETTLE_TRIES:
                    raise
                await self._wait_out(error)
            else:
                return

    async def _report(self, claim: Claim, worked: TaskOutcome | Note) -> None:
        if isinstance(worked, Note):
            again_in = after_failure(claim.attempt, worked.code) if worked.code in RETRIED_AS_TASK else None
            await self._fail(claim, worked, again_in)
            return
        why = worked.passing.code if worked.passing else ""
        again_in = after_failure(claim.attempt, why) if why in RETRIED_AS_TASK else worked.again_in
        if worked.passing and (again_in is not None or all(o.status == "failed" for o in worked.outcomes)):
            await self._fail(claim, worked.passing, again_in, worked.usd)
        else:
            await self.jobs.finish(claim, worked.outcomes, usd=worked.usd, read=worked.read)
            metrics.add("thresher_documents_total", outcome="done")

    async def _fail(self, claim: Claim, why: Note, again_in: float | None, usd: float = 0.0) -> None:
        await self.jobs.fail(claim, why, again_in=again_in, usd=usd)
        ended = POISONED if why.code == POISONED else "failed"
        metrics.add("thresher_documents_total", outcome=ended if again_in is None else "again")

    async def _wind_up(self) -> None:
        """Let what is in hand finish within the grace; give back the rest."""
        tasks = [h.task for h in self._held.values() if h.task]
        if tasks:
            await asyncio.wait(tasks, timeout=self.grace)
        left = [h.claim for h in self._held.values()]
        await asyncio.gather(*self._drop(), return_exceptions=True)
        if left:
            with suppress(SetupProblem):  # their leases will run out
                await self.jobs.give_back(left)

    def _drop(self) -> list[asyncio.Task[None]]:
        tasks = [h.task for h in self._held.values() if h.task]
        for task in tasks:
            task.cancel()
        return tasks

    async def _wait_out(self, error: Exception) -> None:
        """Report a database that is away, a machine that is short of something, or another fault, and wait a while."""
        facts = {"worker": self.name}
        if isinstance(error, SetupProblem) or is_exhaustion(error):
            code = error.code if isinstance(error, SetupProblem) else "machine_short"
            log.warning("database away", extra={"action": "worker.away", "code": code, **facts})
        else:
            log.error("store failed", extra={"action": "worker.failed", **facts}, exc_info=error)
        await asyncio.sleep(RECONNECT_SECONDS)
