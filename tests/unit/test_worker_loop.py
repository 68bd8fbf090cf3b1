"""A worker's loop and the parts of a service go on after faults that nobody foresaw, and after a change of the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

from thresher.schemas.work import Claim
from thresher.service.jobs import loop as loop_module
from thresher.service.jobs.loop import Loop, Stage, TaskOutcome
from thresher.service.server import supervision
from thresher.service.server.supervision import keep_running

CLAIM = Claim(job="j", tenant="a", number=0, files=(), attempt=1, token=1)


class Recorded:
    """Jobs that say what they were asked; the first claim gives a task, and so many claims or renewals fail."""

    def __init__(self, faults: int = 0, lost_beats: int = 0) -> None:
        """Take how many claims fail, and how many renewals."""
        self.asked: list[str] = []
        self.faults = faults
        self.lost_beats = lost_beats

    async def wait(self, seconds: float) -> None:
        """Give no news."""
        await asyncio.sleep(min(seconds, 0.01))

    async def claim(
        self, worker: str, *, limit: int = 1, lease: float = 30.0, without: Collection[str] = ()
    ) -> list[Claim]:
        """Give the task once."""
        del worker, limit, lease, without
        if self.faults:
            self.faults -= 1
            raise ValueError("a record is no JSON")
        self.asked.append("claim")
        return [CLAIM] if self.asked.count("claim") == 1 else []

    async def beat(self, claims: Sequence[Claim], *, lease: float, stages: Mapping[str, str]) -> dict[str, Any]:
        """Renew."""
        assert claims, (lease, stages)
        if self.lost_beats:
            self.lost_beats -= 1
            self.asked.append("no beat")
            raise OSError("no file handles")
        self.asked.append("beat")
        return {}

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Take back."""
        self.asked.append(f"give_back {len(claims)}")


async def endless(claim: Claim, stage: Stage) -> TaskOutcome:
    """Work that does not end."""
    del claim, stage
    await asyncio.Event().wait()
    raise AssertionError


async def until(jobs: Recorded, wanted: list[str], loop: Loop) -> None:
    """Run a loop until its Jobs were asked these last."""
    running = asyncio.create_task(loop.run())
    try:
        async with asyncio.timeout(5):
            while jobs.asked[-len(wanted) :] != wanted:
                assert not running.done()
                await asyncio.sleep(0.001)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_claim_that_fails_in_an_unknown_way_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service took uploads and said that it was ready, and nobody worked on them."""
    monkeypatch.setattr(loop_module, "RECONNECT_SECONDS", 0.0)
    jobs = Recorded(faults=3)
    await until(jobs, ["claim"], Loop(jobs=jobs, work=endless, name="w"))  # type: ignore[arg-type]


@pytest.mark.parametrize("lost", [0, 2])
async def test_leases_are_renewed_before_a_claim_where_the_clock_was_set(
    lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the claim finds the leases of its own worker over, and does its tasks twice. What can not renew does not claim."""
    monkeypatch.setattr(loop_module, "HEARTBEAT_SECONDS", 1e9)
    monkeypatch.setattr(loop_module, "RECONNECT_SECONDS", 0.0)
    jobs = Recorded(lost_beats=lost)

    def clock() -> float:
        return 1e9 if jobs.asked else 0.0  # it is set once a task is held

    loop = Loop(jobs=jobs, work=endless, name="w", poll=0.01, lease=1e9, grace=0.0, clock=clock)  # type: ignore[arg-type]
    await until(jobs, ["claim", *["no beat"] * lost, "beat", "claim"], loop)


async def test_a_part_that_fails_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends when it ends by itself; a fault while the service stops ends it too."""
    monkeypatch.setattr(supervision, "RESTART_SECONDS", 0.0)
    stopping, runs = asyncio.Event(), 0

    async def part() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise RuntimeError("a fault")

    await keep_running(part, stopping)
    assert runs == 3
    runs = 0
    stopping.set()
    await keep_running(part, stopping)
    assert runs == 1
