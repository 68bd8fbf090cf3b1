"""Not more at once, and not faster, than a provider allows."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.llm.wires import call
from thresher.schemas.errors import ModelProblem
from thresher.service.llm.providers.scripted import Said, ScriptedTransport
from thresher.service.llm.rate_limiting import BURST_SECONDS, ProviderLimiter, Rate, RateLimited
from thresher.service.llm.transport import TransientError


class Clock:
    """A clock that a sleep moves."""

    def __init__(self) -> None:
        """Start at nought."""
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds since the start."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now += seconds
        await asyncio.sleep(0)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 50)), max_size=40))
def test_a_rate_is_never_passed(asked: list[tuple[float, float]]) -> None:
    """In any stretch of time no more gets through than the rate and one burst, and a single amount, allow."""
    rate, now, passed = Rate(600.0), 0.0, []
    for pause, amount in asked:
        now += pause
        passed.append((now + rate.reserve(amount, now), amount))
    for i, (begin, first) in enumerate(passed):
        total = 0.0
        for end, amount in passed[i:]:
            total += amount
            assert total <= 10.0 * (end - begin) + max(10.0 * BURST_SECONDS, first, amount) + amount + 1e-6


async def test_requests_are_spread() -> None:
    """60 a minute are one a second, first come first served."""
    clock, order = Clock(), []
    gate = ProviderLimiter(8, requests=Rate(60.0), clock=clock, sleep=clock.sleep)
    limited = RateLimited(ScriptedTransport({"": "x"}), gate, lambda _: 0)

    async def one(n: int) -> None:
        await limited.send(call(str(n)))
        order.append(n)

    await asyncio.gather(*map(one, range(5)))
    assert clock.now >= 4.0
    assert order == list(range(5))


async def test_unused_tokens_are_given_back() -> None:
    """The room reserved for long answers that came short does not slow the next call."""
    clock = Clock()
    gate = ProviderLimiter(1, tokens=Rate(60.0), clock=clock, sleep=clock.sleep)
    wire = ScriptedTransport({"": Said(text="x", prompt_tokens=1, answer_tokens=0)})
    limited = RateLimited(wire, gate, lambda _: 1_000)
    for _ in range(5):
        await limited.send(call())
    assert clock.now == pytest.approx(0.0, abs=5.0)


async def test_not_more_at_once_than_places() -> None:
    """Concurrency is a hard limit."""
    most = now = 0

    class Counting(ScriptedTransport):
        async def send(self, call):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as the parent's
            nonlocal most, now
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
            return await super().send(call)

    limited = RateLimited(Counting({"": "x"}), ProviderLimiter(3), lambda _: 0)
    await asyncio.gather(*(limited.send(call(str(n))) for n in range(20)))
    assert most == 3


async def test_one_that_is_told_to_wait_holds_back_all() -> None:
    """A Retry-After closes the gate for everybody behind it."""
    clock = Clock()
    gate = ProviderLimiter(1, clock=clock, sleep=clock.sleep)
    busy = TransientError(ModelProblem("model_unavailable", "busy"), retry_after=9.0)
    limited = RateLimited(ScriptedTransport({"": [busy, "x"]}), gate, lambda _: 0)
    with pytest.raises(TransientError):
        await limited.send(call())
    await limited.send(call())
    assert clock.now == 9.0


async def test_a_wait_that_nobody_has_the_patience_for_holds_back_nobody() -> None:
    """A provider whose quota of the day is used up asks for hours: each call is told so and fails, none waits for ever."""
    clock = Clock()
    gate = ProviderLimiter(1, clock=clock, sleep=clock.sleep)
    busy = TransientError(ModelProblem("model_unavailable", "busy"), retry_after=86_400.0)
    limited = RateLimited(ScriptedTransport({"": [busy, busy]}), gate, lambda _: 0)
    for _ in range(2):
        with pytest.raises(TransientError):
            await limited.send(call())
    assert clock.now == 0.0
