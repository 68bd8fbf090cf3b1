"""Every attempt is within the budget before it is made, and in the log after."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.llm.wires import Held, call, question
from thresher.schemas.errors import ModelProblem
from thresher.schemas.policy import Prices
from thresher.service.llm.metered import Metered
from thresher.service.llm.prices import FREE, Budget, Tariff, prompt_tokens
from thresher.service.llm.providers.scripted import Said, ScriptedTransport
from thresher.service.llm.transport import TransientError, Transport
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.telemetry.ids import current_unit

TARIFF = Tariff.of(Prices(prompt=1.0, answer=10.0))  # a question of 1,000 + 100 tokens costs at most $0.002
SAID = Said(text="x", prompt_tokens=500, answer_tokens=10)  # and did cost $0.0006


def metered(wire: Transport, budget: Budget, store: MemoryStore, tariff: Tariff | None = TARIFF) -> Metered:
    """A Metered whose prompts are all of 1,000 tokens."""
    return Metered(wire, store, budget, tariff, lambda _: 1_000)


async def test_it_books_what_the_call_cost() -> None:
    """Reserved at the most it can cost, booked at what it did."""
    budget, store = Budget(1.0), MemoryStore()
    answer = await metered(ScriptedTransport({"": SAID}), budget, store).send(call())
    assert answer.usd == pytest.approx(0.0006)
    assert (budget.spent, budget.in_flight) == (answer.usd, 0.0)


async def test_it_refuses_before_the_money_is_spent() -> None:
    """A call that could pass the limit is not sent."""
    wire = ScriptedTransport({"": SAID})
    with pytest.raises(ModelProblem) as refused:
        await metered(wire, Budget(0.0019), MemoryStore()).send(call())
    assert (refused.value.code, wire.calls) == ("cost_limit_reached", 0)


async def test_what_is_in_flight_counts() -> None:
    """Of three calls at once only two fit, though none has cost anything yet."""
    wire = Held()
    inside = metered(wire, Budget(0.005), MemoryStore())
    calls = [asyncio.create_task(inside.send(call(str(n)))) for n in range(3)]
    await asyncio.sleep(0)
    wire.open.set()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(o, ModelProblem) for o in outcomes] == [False, False, True]


async def test_no_price_no_budget() -> None:
    """A model of unknown price is refused under a limit; without one its cost is unknown, not nought."""
    with pytest.raises(ModelProblem) as refused:
        await metered(ScriptedTransport({"": SAID}), Budget(1.0), MemoryStore(), None).send(call())
    assert refused.value.code == "price_unknown"
    answer = await metered(ScriptedTransport({"": SAID}), Budget(None), MemoryStore(), None).send(call())
    assert answer.usd is None


async def test_what_is_free_costs_nothing() -> None:
    """An embedded model's cost is nought, and no limit stops it."""
    answer = await metered(ScriptedTransport({"": SAID}), Budget(0.0), MemoryStore(), FREE).send(call())
    assert answer.usd == 0.0


async def test_a_call_that_may_have_cost_is_booked_in_full() -> None:
    """A timeout may have been charged; a rate limit was not."""
    for charged, spent in ((True, 0.002), (False, 0.0)):
        budget = Budget(1.0)
        fault = TransientError(ModelProblem("model_unavailable", "x"), charged=charged)
        with pytest.raises(TransientError):
            await metered(ScriptedTransport({"": fault}), budget, MemoryStore()).send(call())
        assert budget.spent == pytest.approx(spent)
        assert budget.in_flight == 0.0


async def test_a_call_cancelled_on_the_wire_is_booked_in_full() -> None:
    """What was sent may be charged, whether or not we wait."""
    budget = Budget(1.0)
    asked = asyncio.create_task(metered(Held(), budget, MemoryStore()).send(call()))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert budget.spent == pytest.approx(0.002)
    assert budget.in_flight == 0.0


async def test_every_attempt_is_logged() -> None:
    """Answered or failed, with what it cost, for whom, and why it failed."""
    store = MemoryStore()
    wire = ScriptedTransport({"": [TransientError(ModelProblem("model_unavailable", "busy")), SAID]})
    inside = metered(wire, Budget(None), store)
    current_unit.set("unit-7")
    with pytest.raises(TransientError):
        await inside.send(call())
    await inside.send(call())
    failed, answered = await store.calls()
    assert (failed.attempt.code, failed.attempt.error, failed.attempt.finish) == ("model_unavailable", "busy", "error")
    assert failed.attempt.usd is None
    assert (answered.attempt.prompt_tokens, answered.attempt.answer_tokens, answered.unit) == (500, 10, "unit-7")
    assert answered.attempt.error is None


def test_caches_and_long_prompts_have_their_own_price() -> None:
    """Cached tokens are cheaper, tokens laid into the cache dearer, and long prompts have another price."""
    tariff = Tariff(prompt=1.0, answer=2.0, cached=0.1, written=1.25, long_from=1_000, long_prompt=3.0, long_answer=4.0)
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 50}}
    assert tariff.cost({"usage": usage}) == pytest.approx(50 + 5 + 20)
    assert tariff.cost({"usage": {**usage, "cache_creation_input_tokens": 20}}) == pytest.approx(30 + 5 + 25 + 20)
    assert tariff.cost({"usage": {"prompt_tokens": 2_000, "completion_tokens": 1}}) == pytest.approx(6_004)
    assert tariff.most(100, 10) == pytest.approx(125 + 20)


def test_a_guess_is_rather_too_high() -> None:
    """Without a counter, the estimate is above what any large provider's tokenizer counts for figures."""
    text = "1,204.50\t2026-11-02\tA-7719\n" * 100  # 15 to 17 tokens a line
    assert prompt_tokens(question(text)) > 100 * 13
    assert prompt_tokens(question("a b"), count=lambda t: len(t.split())) == int(2 * 1.3) + 8
