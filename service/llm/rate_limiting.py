"""RateLimited: keep calls within a provider's rate and concurrency limits. Calls wait their turn; none is refused.

A ConcurrencyLimit holds the slots of one provider, and knows for how long that provider has asked for no calls.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from thresher.service.base.fair_queue import FairQueue
from thresher.service.llm.response_parsing import count_of
from thresher.service.llm.transport import Answer, Call, TransientError, Transport
from thresher.service.telemetry import metrics
from thresher.service.telemetry.ids import current_tenant

LONGEST_PAUSE = (
    300.0  # seconds that a provider may hold all calls up; where it asks for more, each call fails by itself
)
BURST_SECONDS = 1.0  # seconds of a limit that may be used at once


class Limit(Protocol):
    """A limit a minute: of this process alone (Rate), or shared with others."""

    async def take(self, amount: float, now: float) -> float:
        """Reserve an amount and return the seconds to wait first."""
        ...

    async def bring_back(self, amount: float) -> None:
        """Return what was reserved and not used (negative: take more)."""
        ...

    async def close(self, seconds: float) -> None:
        """Tell all that share the limit that the provider wants no calls for some seconds."""
        ...


@dataclass(slots=True)
class Rate:
    """A limit per minute, kept by the generic cell rate algorithm (ITU-T I.371): one number says when it is free.

    >>> rate = Rate(60.0)
    >>> [rate.reserve(1.0, now=0.0) for _ in range(3)], rate.reserve(1.0, now=10.0)
    ([0.0, 1.0, 2.0], 0.0)
    """

    per_minute: float
    due: float = 0.0  # when everything reserved so far will have been used up, in the clock's seconds

    def reserve(self, amount: float, now: float) -> float:
        """Take `amount` from the limit and return the seconds to wait first. An amount above the burst goes alone."""
        step = amount * 60.0 / self.per_minute
        self.due = max(self.due, now) + step
        return max(0.0, self.due - max(BURST_SECONDS, step) - now)

    def give_back(self, amount: float) -> None:
        """Return what was reserved and not used (negative: take more)."""
        self.due -= amount * 60.0 / self.per_minute

    async def take(self, amount: float, now: float) -> float:
        """Reserve an amount and return the seconds to wait."""
        return self.reserve(amount, now)

    async def bring_back(self, amount: float) -> None:
        """Return an amount that was not used."""
        self.give_back(amount)

    async def close(self, seconds: float) -> None:
        """Do nothing: the rate is not shared, and the ProviderLimiter is closed already."""


@dataclass(slots=True)
class ProviderLimiter:
    """The limits of one provider, shared by all its callers: tenants take turns, and one's calls come in their order.

    Times are in seconds.
    """

    concurrency: int
    requests: Limit | None = None
    tokens: Limit | None = None
    shared: ConcurrencyLimit | None = None  # for all that share the provider, on this machine or on many
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    closed_until: float = 0.0
    name: str = ""  # of the model whose calls go through it
    _places: FairQueue = field(init=False)

    def __post_init__(self) -> None:
        """Create the slots."""
        self._places = FairQueue(self.concurrency, spare=0)

    @asynccontextmanager
    async def passage(self, tokens: float) -> AsyncIterator[None]:
        """Hold one slot, after the rates allow it."""
        came = self.clock()
        async with self._places.place(current_tenant.get()), self.shared.hold() if self.shared else nullcontext():
            limits = [(limit, n) for limit, n in ((self.requests, 1.0), (self.tokens, tokens)) if limit]
            waits = [self.clock() + await limit.take(n, self.clock()) for limit, n in limits]
            await self._wait(max(waits, default=self.clock()))
            metrics.count_wait(self.clock() - came, self.name)
            yield

    def close_for(self, seconds: float) -> None:
        """Stop all calls for some seconds, as the provider has asked one of them."""
        self.closed_until = max(self.closed_until, self.clock() + seconds)

    async def tell_others(self, seconds: float) -> None:
        """Stop all calls for some seconds in every process that shares the limits."""
        for limit in (self.requests, self.tokens):
            if limit and seconds > 0:
                await limit.close(seconds)
        if self.shared and seconds > 0:
            await self.shared.pause_for(seconds)

    async def _wait(self, until: float) -> None:
        while (left := max(until - self.clock(), self.closed_until - self.clock(), self._pause_seconds())) > 0:
            await self.sleep(left)

    def _pause_seconds(self) -> float:
        return self.shared.pause_seconds() if self.shared else 0.0


class RateLimited:
    """A Transport behind a ProviderLimiter."""

    def __init__(self, wire: Transport, gate: ProviderLimiter, tokens: Callable[[Call], int]) -> None:
        """Wrap a Transport; `tokens` estimates what a Call may use: its prompt and the most its answer can have."""
        self._wire = wire
        self._gate = gate
        self._tokens = tokens

    async def send(self, call: Call) -> Answer:
        """Return the answer, after waiting for the provider's limits."""
        tokens = self._tokens(call) if self._gate.tokens else 0
        async with self._gate.passage(tokens):
            try:
                answer = await self._wire.send(call)
            except TransientError as fault:
                pause = fault.retry_after or 0.0
                if pause <= LONGEST_PAUSE:
                    self._gate.close_for(pause)
                    await self._gate.tell_others(pause)
                raise
        if self._gate.tokens:
            await self._gate.tokens.bring_back(tokens - tokens_used(answer, tokens))
        return answer


def tokens_used(answer: Answer, otherwise: int) -> int:
    """Return the tokens that the provider counted; `otherwise` where it gave none."""
    usage = answer.response.get("usage") or {}
    return otherwise if usage.get("total_tokens") is None else count_of(usage, "total_tokens")


class ConcurrencyLimit(Protocol):
    """A limit of concurrent calls under one name: local (LocalConcurrencyLimit), or shared with other processes."""

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Wait for a slot; it is released at the end of the block."""
        ...

    def pause_seconds(self) -> float:
        """Return the seconds for which the provider wants no calls, as far as this process knows."""
        ...

    async def pause_for(self, seconds: float) -> None:
        """Tell all that share the slots that the provider wants no calls for some seconds."""
        ...


class Limits(Protocol):
    """All limits of the service, by name: callers that use the same name share the limit."""

    def rate(self, name: str, per_minute: float) -> Limit:
        """Return the limit of some amount a minute under a name."""
        ...

    def places(self, name: str, most: int | None) -> ConcurrencyLimit:
        """Return the limit of concurrent calls under a name; None: no limit."""
        ...

    async def aclose(self) -> None:
        """Release what is held. Closing twice is no error."""
        ...


class LocalConcurrencyLimit:
    """The ConcurrencyLimit of one process."""

    def __init__(self, most: int | None) -> None:
        """Allow `most` concurrent calls; None: no limit."""
        self._places = None if most is None else asyncio.Semaphore(most)
        self._paused_until = 0.0

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold one slot for the length of the block."""
        if self._places is None:
            yield
            return
        async with self._places:
            yield

    def pause_seconds(self) -> float:
        """Return the seconds for which the provider wants no calls; negative when that is over."""
        return self._paused_until - time.monotonic()

    async def pause_for(self, seconds: float) -> None:
        """Note the pause; the ProviderLimiter reads it and waits."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)


class LocalLimits:
    """The limits of one process: Models made for several Jobs share them by name."""

    def __init__(self) -> None:
        """Start without any limit."""
        self._rates: dict[tuple[str, float], Rate] = {}
        self._places: dict[tuple[str, int | None], LocalConcurrencyLimit] = {}

    def rate(self, name: str, per_minute: float) -> Rate:
        """Return the Rate under a name, made once."""
        return self._rates.setdefault((name, per_minute), Rate(per_minute))

    def places(self, name: str, most: int | None) -> LocalConcurrencyLimit:
        """Return the limit of concurrent calls under a name, made once."""
        return self._places.setdefault((name, most), LocalConcurrencyLimit(most))

    async def aclose(self) -> None:
        """Do nothing: limits of one process hold no connections."""
