"""Share slots fairly between tenants, so that one tenant's work cannot take all of them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True)
class FairQueue:
    """A fixed number of slots, and the callers that wait for one.

    A free slot goes to the tenant with the fewest, and among equals to the caller that has waited longest.

    `spare`: slots that one tenant leaves to others; it has one at least, and callers without a tenant (None) may have
    all. `guests`: slots beyond `places`, one for each tenant that has none.
    """

    places: int
    spare: int = 1
    guests: int = 0
    _held: Counter[str | None] = field(default_factory=Counter)
    _waiting: dict[str | None, deque[tuple[int, asyncio.Future[None]]]] = field(default_factory=dict)  # as they came
    _numbers: count[int] = field(default_factory=count)

    @asynccontextmanager
    async def place(self, tenant: str | None) -> AsyncIterator[None]:
        """Hold a slot while the block runs."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append((next(self._numbers), waiting))
        self._hand_out()
        try:
            await waiting
            yield
        finally:
            if waiting.done() and not waiting.cancelled():
                self._held -= Counter([tenant])  # without those of whom none is left
            self._hand_out()

    def _hand_out(self) -> None:
        """Give free slots to waiting callers; pass over those that were cancelled."""
        for tenant in [t for t, queue in self._waiting.items() if queue[0][1].done()]:
            self._drop_done(tenant)
        while self._waiting and self._held.total() < self.places + self.guests:
            able = [tenant for tenant in self._waiting if self._may_have(tenant)]
            if not able:
                return
            tenant = min(able, key=lambda t: (self._held[t], self._waiting[t][0][0]))
            self._held[tenant] += 1
            self._waiting[tenant][0][1].set_result(None)
            self._drop_done(tenant)

    def _drop_done(self, tenant: str | None) -> None:
        """Remove a tenant's first callers that have a slot, or were cancelled."""
        queue = self._waiting[tenant]
        while queue and queue[0][1].done():
            queue.popleft()
        if not queue:
            del self._waiting[tenant]

    def _may_have(self, tenant: str | None) -> bool:
        """Whether a tenant may have one more slot now."""
        held = self._held[tenant]
        if self._held.total() >= self.places:
            return not held
        return held < (self.places if tenant is None else max(1, self.places - self.spare))
