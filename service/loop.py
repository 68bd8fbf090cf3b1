"""The embedded loop: Tasks claimed from the Jobs, worked on in this process, and let go when cancelled or told to stop.

    claim -> work (beat meanwhile) -> finish | fail, again later | give back
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from schemas.errors import JobProblem, Note, Problem, note
from schemas.work import Claim, Outcome, Submission
from service.jobs.backoff import after_failure
from service.jobs.base import Workers

log = logging.getLogger(__name__)

LEASE = 10.0  # seconds: nobody else may own the store, so a short one only says how soon a restart goes on
BEAT = 2.0  # seconds between two renewals of the leases
SOONEST = 0.2  # seconds between two looks at what was cancelled
PATIENCE = 1.0  # seconds without news after which there is a look for Tasks whose time has come


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What working on a Task gave."""

    outcomes: list[Outcome]
    usd: float = 0.0
    passing: Note | None = None  # why trying again later may give more


class Work(Protocol):
    """Whatever turns a Task into Outcomes."""

    async def __call__(self, claim: Claim, order: Submission, stage: Callable[[str], None]) -> Worked:
        """The Outcomes of a claimed Task; `stage` is told how far it is. Raises a Problem."""
        ...


@dataclass(slots=True, kw_only=True)
class Loop:
    """One worker."""

    jobs: Workers
    work: Work
    width: int = 8  # Tasks in hand at once
    name: str = "embedded"
    held: dict[str, tuple[Claim, asyncio.Task[None]]] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)

    async def run(self, stopping: asyncio.Event, grace: float) -> None:
        """Work until told to stop; then let what is in hand finish within `grace` seconds, and hand back the rest."""
        beating = asyncio.create_task(self._beat())
        try:
            while not stopping.is_set():
                await self._guarded(self._claim)
                await _first(stopping.wait(), self.jobs.wait(PATIENCE))
            if self.held:
                await asyncio.wait([task for _, task in self.held.values()], timeout=grace)
        finally:
            beating.cancel()
            await self._hand_back()

    async def _claim(self) -> None:
        free = self.width - len(self.held)
        if free < 1:
            return
        for claim in await self.jobs.claim(self.name, limit=free, lease=LEASE):
            task = asyncio.create_task(self._do(claim))
            self.held[claim.id] = (claim, task)
            task.add_done_callback(lambda _, id=claim.id: self._let_go(id))

    def _let_go(self, id: str) -> None:  # noqa: A002 - a Task's
        self.held.pop(id, None)
        self.stages.pop(id, None)

    async def _do(self, claim: Claim) -> None:
        facts = {"task": claim.id, "job": claim.job, "tenant": claim.tenant, "attempt": claim.attempt}
        log.info("task begun", extra={"action": "task.begun", **facts})
        try:
            await self._settle(claim)
        except Exception:
            log.exception("task lost", extra={"action": "task.lost", **facts})
        else:
            log.info("task ended", extra={"action": "task.ended", **facts})

    async def _settle(self, claim: Claim) -> None:
        try:
            order = await self.jobs.order(claim.job)
            worked = await self.work(claim, order, lambda stage: self.stages.__setitem__(claim.id, stage))
        except JobProblem as problem:
            if problem.code != "job_not_found":  # it was forgotten meanwhile
                await self._fail(claim, problem.note(), again=True)
        except Problem as problem:
            await self._fail(claim, problem.note(), again=False)
        except Exception as error:  # one Task's fault must not end the loop
            log.exception("task failed", extra={"action": "task.failed", "task": claim.id})
            await self._fail(claim, note("internal_error", type(error).__name__), again=False)
        else:
            wait = after_failure(claim.attempt) if worked.passing else None
            if worked.passing and wait is not None:
                await self.jobs.fail(claim, worked.passing, again_in=wait, usd=worked.usd)
            else:
                await self.jobs.finish(claim, worked.outcomes, usd=worked.usd)

    async def _fail(self, claim: Claim, why: Note, *, again: bool) -> None:
        await self.jobs.fail(claim, why, again_in=after_failure(claim.attempt) if again else None)

    async def _beat(self) -> None:
        """Renew the leases, tell the stages, and stop what was cancelled or lost."""
        while True:
            await self.jobs.wait(BEAT)
            await asyncio.sleep(SOONEST)
            if self.held:
                await self._guarded(self._renew)

    async def _renew(self) -> None:
        claims = [claim for claim, _ in self.held.values()]
        gone = await self.jobs.beat(claims, lease=LEASE, stages=dict(self.stages))
        for id_, why in gone.items():
            if id_ in self.held:
                log.info("task stopped", extra={"action": "task.stopped", "task": id_, "why": why})
                self.held[id_][1].cancel()

    async def _hand_back(self) -> None:
        left = list(self.held.values())
        for _, task in left:
            task.cancel()
        if left:
            await asyncio.wait([task for _, task in left])
            await self.jobs.give_back([claim for claim, _ in left])

    async def _guarded(self, what: Callable[[], Awaitable[None]]) -> None:
        """Do something; a store that is away for a moment does not end the loop."""
        try:
            await what()
        except Problem as problem:
            log.warning("store away", extra={"action": "loop.store_away", "code": problem.code})
            await asyncio.sleep(PATIENCE)


async def _first(*waits: Awaitable[object]) -> None:
    """Return with the first of several."""
    tasks = [asyncio.ensure_future(w) for w in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
