"""Budgets and dollar quotas: counted with the calls, told once, and kept by all workers together, over either database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.jobs_house import order, pieces, script, target
from thresher.schemas.errors import ModelProblem
from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.policy import Policy, Prices
from thresher.schemas.tenants.budget import ALL_TENANTS, Alert, Budget, Spent, bounds
from thresher.schemas.work import Submission
from thresher.service.backend.resources import ServiceResources, opened_record_store, opened_resources
from thresher.service.backend.worker_loop import worker_loop
from thresher.service.settings import load
from thresher.service.tenants.budgets import Budgets

NOW = 1_795_305_600.0 + 40_000.0  # 2026-11-22
PRICES = Prices(prompt=0.0, answer=1e6 / 10)  # a dollar for ten tokens of an answer
Opened = Callable[[], Any]


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str | None]:
    """Folder and address of a service's data."""
    return tmp_path / "house", request.getfixturevalue("database") if request.param == "postgres" else None


@asynccontextmanager
async def opened(place: tuple[Path, str | None], clock: Callable[[], float] = lambda: NOW) -> AsyncIterator[Any]:
    """A house, and the budgets of one process over it."""
    async with opened_resources(*place) as house, opened_record_store(*place) as record_store:
        yield house, Budgets(record_store, house.spending, clock=clock)


async def spend(house: ServiceResources, tenant: str, usd: float, at: float = NOW, **more: Any) -> None:
    """One call that was paid for."""
    named = {"key": f"{time.monotonic_ns()}", "model": "m", "prompt": "p", "fingerprint": "f"}
    attempt = Attempt(finish="stop", usd=usd, prompt_tokens=80, answer_tokens=20, **{**named, **more})
    await house.store.log(LoggedCall(at=at, attempt=attempt, tenant=tenant, task="j.0"))
    await house.store.keep(attempt.key, {})


async def test_what_is_spent_is_counted_with_the_calls(place: tuple[Path, str | None]) -> None:
    """By tenant and day; what the store answered, and what no tenant asked for, costs nobody anything."""
    began, ends = bounds("month", NOW)
    async with opened(place) as (house, _):
        await spend(house, "acme", 0.25)
        await spend(house, "acme", 0.5, at=NOW - 86_400)
        await spend(house, "bolt", 1.0)
        await spend(house, "acme", 9.0, stored=True)
        await spend(house, "", 9.0)
        await spend(house, "acme", 9.0, at=ends)
        assert await house.spending.spent("acme", began, ends) == Spent(usd=0.75, tokens=200)
        assert await house.spending.spent(None, began, ends) == Spent(usd=1.75, tokens=300)
        assert await house.spending.spent("acme", *bounds("day", NOW)) == Spent(usd=0.25, tokens=100)


async def test_each_threshold_is_told_once_a_period(
    place: tuple[Path, str | None], caplog: pytest.LogCaptureFixture
) -> None:
    """By whoever sees it first, and again in the next period; with an action, counted, and due for its webhook."""
    now, counted = [NOW], list[Alert]()
    async with opened(place, lambda: now[0]) as (house, budgets):
        other = Budgets(budgets.record_store, house.spending, clock=lambda: now[0], count=counted.append)
        budgets.count = counted.append
        await budgets.set(Budget(tenant="acme", usd=1.0, webhook="http://x/"))
        other._until = 0.0
        for usd, told in ((0.4, []), (0.2, [50]), (0.1, []), (0.5, [80, 100]), (5.0, [])):
            await spend(house, "acme", usd)
            with caplog.at_level(logging.WARNING, "thresher.service.tenants.budgets"):
                seen = await asyncio.gather(budgets.look(), other.look())
            assert sorted(a.threshold for both in seen for a in both) == told
        assert sorted(a.threshold for a in counted) == [50, 80, 100]
        assert {getattr(r, "action", "") for r in caplog.records} == {"budget.alert"}
        due = await house.spending.due()
        assert sorted(a.threshold for a in due) == [50, 80, 100]
        assert await house.spending.due() == []
        await house.spending.settle(due[0].id, again_in=-1.0)
        assert [a.id for a in await house.spending.due()] == [due[0].id]
        now[0] = bounds("month", NOW)[1] + 5
        assert await budgets.look() == []
        await spend(house, "acme", 0.6, at=now[0])
        assert [a.threshold for a in await budgets.look()] == [50]


async def test_new_work_is_refused_until_the_period_ends(place: tuple[Path, str | None]) -> None:
    """With a code and the moment; a tenant's own budget, and everybody's; in tokens as in dollars; after the end it goes on."""
    now = [NOW]
    async with opened(place, lambda: now[0]) as (house, budgets):
        await budgets.set(Budget(tenant="acme", period="day", tokens=250))
        await spend(house, "acme", 0.0)
        await spend(house, "acme", 0.0)
        await budgets.may_start("acme")
        await spend(house, "acme", 0.0)
        with pytest.raises(ModelProblem, match="until 2026-11-23 00:00 UTC") as refused:
            await budgets.may_start("acme")
        assert refused.value.code == "budget_reached"
        assert refused.value.retry_after == bounds("day", NOW)[1] - NOW
        await budgets.may_start("bolt")
        await budgets.set(Budget(tenant=ALL_TENANTS, usd=0.0))
        with pytest.raises(ModelProblem):
            await budgets.may_start("bolt")
        assert await budgets.drop(ALL_TENANTS, "month")
        assert not await budgets.drop(ALL_TENANTS, "month")
        now[0] += 86_400
        await budgets.may_start("acme")


async def submitted(house: ServiceResources, policy: Policy, count: int, tenant: str) -> str:
    """A job of a tenant."""
    files = [await house.uploads.put(f"{n}.txt", pieces(order(n).encode()), most=10_000) for n in range(count)]
    asked = Submission(tenant=tenant, target=target(), policy=policy, files=tuple(files))
    return (await house.jobs.submit(asked))[0].id


async def test_held_work_waits_and_the_rest_goes_on(place: tuple[Path, str | None], tmp_path: Path) -> None:
    """Tasks of a tenant whose budget is used up are passed over, however many they are, and go on when it is raised."""
    async with opened(place, time.time) as (house, budgets):
        policy = script(tmp_path, 5)
        held = await submitted(house, policy, 5, "acme")
        free = await submitted(house, policy, 2, "bolt")
        await budgets.set(Budget(tenant="acme", usd=0.0, stop="hold"))
        await house.jobs.hold(await budgets.held())
        assert {c.job for c in await house.jobs.claim("w", limit=9)} == {free}
        assert (await house.jobs.job("acme", held)).counts.todo == 5
        assert await house.jobs.release(await budgets.held()) == 0
        await budgets.set(Budget(tenant="acme", usd=9.0, stop="hold"))
        assert await house.jobs.release(await budgets.held()) == 5
        assert [(c.job, c.attempt) for c in await house.jobs.claim("w", limit=9)] == [(held, 1)] * 5


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 120) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 - a database is asked
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("stop", ["hold", "refuse"])
async def test_workers_stop_together_and_nothing_is_lost(
    place: tuple[Path, str | None], tmp_path: Path, stop: str
) -> None:
    """Three workers, one budget: no more is overspent than was in flight; the rest waits, or is a dead letter with the reason.

    With more money all of it is done, and no answer is paid for twice.
    """
    policy = script(tmp_path, 40, latency=0.05).model_copy(update={"prices": PRICES})
    workers, width = (3 if place[1] else 1), 2
    async with AsyncExitStack() as stack:
        pairs = [await stack.enter_async_context(opened(place, time.time)) for _ in range(workers)]
        house, budgets = pairs[0]
        await budgets.set(Budget(tenant="acme", usd=20.0, stop=stop, running="stop"))
        job = await submitted(house, policy, 40, "acme")
        loops = [
            await stack.enter_async_context(worker_loop(h, load(), width=width, poll=0.1, budgets=b)) for h, b in pairs
        ]
        running = [asyncio.create_task(loop.run()) for loop in loops]

        async def still() -> bool:
            counts = (await house.jobs.job("acme", job)).counts
            return (
                (counts.failed if stop == "refuse" else counts.done) > 0
                and not counts.running
                and ((stop == "hold" and await budgets.held() != {}) or not counts.todo)
            )

        await until(still)
        spent = await house.spending.spent("acme", *bounds("month", time.time()))
        dearest = max(c.attempt.usd or 0.0 for c in await house.store.calls())
        assert 20.0 <= spent.usd < 20.0 + workers * width * dearest
        counts = (await house.jobs.job("acme", job)).counts
        assert 0 < counts.done < 40
        tasks = await house.jobs.tasks("acme", job)
        left = [t for t in tasks if t.state != "done"]
        assert {t.state for t in left} == {"todo" if stop == "hold" else "failed"}
        assert {t.why.code for t in left if t.why} <= {"budget_reached"}
        assert not [t for t in left if stop == "hold" and t.attempts]
        for _, own in pairs:
            await own.set(Budget(tenant="acme", usd=1000.0, stop=stop, running="stop"))
        if stop == "refuse":
            await house.jobs.retry("acme", job)

        async def finished() -> bool:
            if (
                stop == "hold"
            ):  # a worker that asked just before may hold a Task just after; a service releases every few seconds
                await house.jobs.release({})
            return bool((await house.jobs.job("acme", job)).counts.done == 40)

        await until(finished)
        for loop in loops:
            loop.stopping.set()
        await asyncio.gather(*running)
        paid = [c.attempt.key for c in await house.store.calls() if not c.attempt.stored]
        assert len(paid) == len(set(paid)) == 40
