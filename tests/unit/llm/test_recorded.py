"""A paid answer is kept before anyone reads it, and never paid for twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.llm.wires import Held, call
from thresher.schemas.errors import ModelProblem, SetupProblem
from thresher.service.llm.answer_cache import CachedTransport
from thresher.service.llm.metered import Metered
from thresher.service.llm.prices import Budget
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.llm.transport import Answer
from thresher.service.storage.answers.memory import MemoryStore


async def test_the_second_time_costs_nothing() -> None:
    """The same call again is answered from the store, and says so."""
    wire, store = ScriptedTransport({"": "one"}), MemoryStore()
    first = await CachedTransport(wire, store).send(call())
    second = await CachedTransport(wire, store).send(call())
    assert (first.stored, second.stored, wire.calls) == (False, True, 1)
    assert first.response == second.response
    assert [c.attempt.stored for c in await store.calls()] == [True]


async def test_two_at_once_are_asked_once() -> None:
    """Identical calls in flight share one, and only the first is the one that pays."""
    wire = Held()
    recorded = CachedTransport(wire, MemoryStore())
    asked = [asyncio.create_task(recorded.send(call())) for _ in range(5)]
    await asyncio.sleep(0)
    wire.open.set()
    answers = await asyncio.gather(*asked)
    assert wire.inner.calls == 1
    assert [a.stored for a in answers] == [False, True, True, True, True]


async def test_it_is_kept_before_it_is_given() -> None:
    """When the store can not keep an answer, nobody gets it: it would be asked again after a crash."""

    class Full(MemoryStore):
        async def keep(self, key: str, answer: dict[str, Any]) -> None:
            raise SetupProblem("store_failed", f"{key} ({len(answer)})")

    with pytest.raises(SetupProblem):
        await CachedTransport(ScriptedTransport({"": "one"}), Full()).send(call())


async def test_failures_are_not_kept() -> None:
    """A failure is raised to all who wait, and the next call asks again."""
    wire = ScriptedTransport({"": [ModelProblem("model_refused", "no"), "yes"]})
    recorded = CachedTransport(wire, MemoryStore())
    outcomes = await asyncio.gather(recorded.send(call()), recorded.send(call()), return_exceptions=True)
    assert [type(o) for o in outcomes] == [ModelProblem, ModelProblem]
    assert not (await recorded.send(call())).stored


async def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    """A cancelled waiter does not cancel the call that another waits for."""
    wire = Held()
    recorded = CachedTransport(wire, MemoryStore())
    leaves, stays = (asyncio.create_task(recorded.send(call())) for _ in range(2))
    await asyncio.sleep(0)
    leaves.cancel()
    wire.open.set()
    assert (await stays).stored
    assert leaves.cancelled()


async def test_a_call_that_was_sent_is_kept_though_nobody_waits() -> None:
    """Cancelled after it was sent, a call may have been paid: its answer is let come, and kept."""
    wire, store = Held(), MemoryStore()
    recorded = CachedTransport(wire, store)
    asked = asyncio.create_task(recorded.send(call()))
    for _ in range(3):
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.sleep(0)
    wire.open.set()
    await recorded.aclose(grace=1.0)
    assert await store.answer("q") is not None


async def test_a_call_that_was_not_sent_is_dropped() -> None:
    """Cancelled while it queued, a call is never sent, and who comes next starts anew."""
    wire = Held(sends=False)
    recorded = CachedTransport(wire, MemoryStore())
    asked = asyncio.create_task(recorded.send(call()))
    for _ in range(3):
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.sleep(0)
    wire.open.set()
    assert not (await recorded.send(call())).stored
    assert wire.inner.calls == 1


async def test_closing_drops_what_takes_too_long() -> None:
    """After the grace, calls in flight are cancelled."""
    recorded = CachedTransport(Held(), MemoryStore())
    asked = asyncio.create_task(recorded.send(call()))
    for _ in range(3):
        await asyncio.sleep(0)
    await recorded.aclose(grace=0.0)
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_whose_budget_is_used_up_stops_nobody_else() -> None:
    """Who joined a call that its payer may not make makes it alone."""
    refused = asyncio.Event()

    async def allowed() -> None:
        if not refused.is_set():
            refused.set()
            await asyncio.sleep(0.01)
            raise ModelProblem("budget_reached")

    wire, store = ScriptedTransport({"": "{}"}), MemoryStore()
    metered = Metered(wire, store, Budget(None), None, lambda _: 0)
    metered.allowed = allowed
    recorded = CachedTransport(metered, store)
    first, *others = await asyncio.gather(*(recorded.send(call()) for _ in range(4)), return_exceptions=True)
    assert isinstance(first, ModelProblem)
    assert [isinstance(o, Answer) and o.stored for o in others] == [False, True, True]
    assert wire.calls == 1
