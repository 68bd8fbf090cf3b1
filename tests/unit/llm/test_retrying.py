"""What may pass is asked again, within a budget of its own."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.llm.wires import call
from thresher.schemas.errors import ModelProblem
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.llm.retrying import Backoff, Retrying, retry_delay
from thresher.service.llm.transport import TransientError


def busy(retry_after: float | None = None) -> TransientError:
    """A failure that passes."""
    return TransientError(ModelProblem("model_unavailable", "busy"), retry_after=retry_after)


class Sleeps:
    """A sleep that takes no time and remembers how long it should have been."""

    def __init__(self) -> None:
        """Start rested."""
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Do not sleep."""
        self.seconds.append(seconds)


@given(made=st.integers(0, 20), after=st.none() | st.floats(0, 300), draw=st.floats(0, 1))
def test_a_wait_is_within_its_bounds(made: int, after: float | None, draw: float) -> None:
    """Never sooner than asked, never much later than the most, never more often than allowed."""
    wait = retry_delay(made, after, draw, Backoff(retries=5, most=60.0))
    assert (wait is None) == (made >= 5)
    if wait is not None:
        assert (after or 0.0) <= wait <= (after or 0.0) + 60.0


async def test_it_comes_back_after_a_failure() -> None:
    """The waits honour Retry-After, grow, and are the same for the same seed."""
    sleeps = Sleeps()
    wire = ScriptedTransport({"": [busy(), busy(7.0), busy(), "done"]})
    answer = await Retrying(wire, Backoff(first=1.0), chance=random.Random(1), sleep=sleeps).send(call())
    draws = random.Random(1)
    assert answer.response["choices"][0]["message"]["content"] == "done"
    assert sleeps.seconds == [draws.random() * 1.0, 7.0 + draws.random() * 2.0, draws.random() * 4.0]


async def test_it_gives_up() -> None:
    """The last failure's problem is raised, and says how often it was tried."""
    wire, sleeps = ScriptedTransport({"": busy(3.0)}), Sleeps()
    with pytest.raises(ModelProblem, match="asked 3 times") as given_up:
        await Retrying(wire, Backoff(retries=2), sleep=sleeps).send(call())
    assert given_up.value.code == "model_unavailable"
    assert given_up.value.retry_after == 3.0
    assert wire.calls == 3


async def test_it_does_not_wait_for_hours() -> None:
    """A provider that asks for more patience than there is, is given up at once."""
    wire = ScriptedTransport({"": busy(3600.0)})
    with pytest.raises(ModelProblem):
        await Retrying(wire, Backoff(), sleep=Sleeps()).send(call())
    assert wire.calls == 1


async def test_what_does_not_pass_is_not_asked_again() -> None:
    """A refusal stays a refusal."""
    wire = ScriptedTransport({"": ModelProblem("model_refused", "no")})
    with pytest.raises(ModelProblem):
        await Retrying(wire, Backoff(), sleep=Sleeps()).send(call())
    assert wire.calls == 1
