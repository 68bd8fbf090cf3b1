"""Slots are shared fairly between tenants."""

from __future__ import annotations

import asyncio
from itertools import chain

import pytest

from thresher.service.base.fair_queue import FairQueue
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.telemetry.ids import current_tenant


async def settled() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_tenant_never_holds_all_places() -> None:
    """Of three places one tenant holds two, however many it asks for; another's comes at once."""
    turns, held, over = FairQueue(3), list[str](), asyncio.Event()

    async def hold(tenant: str) -> None:
        async with turns.place(tenant):
            held.append(tenant)
            await over.wait()

    tasks = [asyncio.create_task(hold("a")) for _ in range(9)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(hold("b")))
    await asyncio.sleep(0.01)
    assert held == ["a", "a", "b"]
    tasks[0].cancel()
    await asyncio.sleep(0.01)
    assert held == ["a", "a", "b", "a"]
    over.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(held) == 10
    assert turns._held.total() == 0


@pytest.mark.parametrize(
    ("queue", "held"),
    [
        (FairQueue(3), "aab"),
        (FairQueue(3, spare=0), "aaa"),
        (FairQueue(3, spare=0, guests=2), "aaabc"),
        (FairQueue(1), "a"),
        (FairQueue(1, guests=1), "ab"),
    ],
)
async def test_who_holds_a_slot(queue: FairQueue, held: str) -> None:
    """One tenant has all slots but the spare ones; guests are tenants that have none."""
    holding = list[str]()

    async def hold(tenant: str) -> None:
        async with queue.place(tenant):
            holding.append(tenant)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hold(tenant)) for tenant in "aaaaabbbccd"]
    await settled()
    assert "".join(sorted(holding)) == held
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (queue._held.total(), queue._waiting) == (0, {})


async def test_tenants_take_turns_at_a_model() -> None:
    """A call of one tenant does not wait for the hundreds that another has waiting."""
    limiter, asked = ProviderLimiter(2), list[str]()

    async def call(tenant: str) -> None:
        current_tenant.set(tenant)
        async with limiter.passage(0.0):
            asked.append(tenant)
            await settled()

    calls = chain("a" * 50, "bb")
    await asyncio.gather(*(asyncio.create_task(call(tenant)) for tenant in calls))
    assert (asked.count("a"), asked[:6].count("b")) == (50, 2)
