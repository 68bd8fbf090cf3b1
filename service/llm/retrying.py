"""Retrying: send transient failures again, later and later, as the provider wishes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from thresher.schemas.errors import ModelProblem
from thresher.service.llm.rate_limiting import LONGEST_PAUSE
from thresher.service.llm.transport import Answer, Call, TransientError, Transport

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long and how often to ask again. Times are in seconds."""

    retries: int = 5  # after the first try
    first: float = 0.5
    most: float = 60.0
    patience: float = LONGEST_PAUSE  # a provider that asks for a longer wait is given up


def retry_delay(made: int, retry_after: float | None, draw: float, backoff: Backoff) -> float | None:
    """Return the seconds to wait before the next try, or None to give up, after `made` retries.

    Exponential with full jitter (a random share `draw`, 0 to 1, of the doubled wait), so that many clients that failed
    together do not come back together; never sooner than the provider asked.

    >>> retry_delay(0, None, 0.5, Backoff(first=1.0)), retry_delay(3, None, 0.5, Backoff(first=1.0))
    (0.5, 4.0)
    >>> retry_delay(0, 20.0, 0.5, Backoff(first=1.0))
    20.5
    >>> retry_delay(5, None, 0.5, Backoff(retries=5)), retry_delay(0, 3600.0, 0.5, Backoff())
    (None, None)
    """
    if made >= backoff.retries or (retry_after or 0.0) > backoff.patience:
        return None
    wait = draw * min(backoff.most, backoff.first * 2.0**made)
    return wait + (retry_after or 0.0)


class Retrying:
    """A Transport that sends a Call again after a transient failure."""

    def __init__(
        self, wire: Transport, backoff: Backoff, *, chance: random.Random | None = None, sleep: Sleep = asyncio.sleep
    ) -> None:
        """Wrap a Transport; `chance` and `sleep` are arguments so that tests are exact and take no time."""
        self._wire = wire
        self._backoff = backoff
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._sleep = sleep

    async def send(self, call: Call) -> Answer:
        """Return the answer, after retries if needed; only the last transient failure is raised, as its problem."""
        made = 0
        while True:
            try:
                return await self._wire.send(replace(call, tried=made))
            except TransientError as fault:
                wait = retry_delay(made, fault.retry_after, self._chance.random(), self._backoff)
                if wait is None:
                    raise final_problem(fault, made) from fault
            made += 1
            call.sent.clear()
            await self._sleep(wait)


def final_problem(fault: TransientError, made: int) -> ModelProblem:
    """Return the problem of a transient failure after the last retry."""
    detail = f"{fault.problem.detail} (asked {made + 1} times)"
    return ModelProblem(fault.problem.code, detail, retry_after=fault.retry_after)
