"""Share the reading processes fairly between tenants, so that one tenant's files cannot take all of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class FairQueue:
    """A fixed number of slots, and the callers that wait for one.

    A tenant has at most all slots but one, or the only one. Callers without a tenant (None) may have all. A free slot
    goes to the tenant with the fewest, and among equals to the caller that has waited longest.
    """

    places: int
    _held: Counter[str | None] = field(default_factory=Counter)
    _waiting: list[tuple[str | None, asyncio.Future[None]]] = field(default_factory=list)

    @asynccontextmanager
    async def place(self, tenant: str | None) -> AsyncIterator[None]:
        """Hold a slot while the block runs."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append((tenant, waiting))
        self._hand_out()
        try:
            await waiting
            yield
        finally:
            if waiting.done() and not waiting.cancelled():
                self._held[tenant] -= 1
            self._waiting = [w for w in self._waiting if w[1] is not waiting]
            self._hand_out()

    def _hand_out(self) -> None:
        """Give free slots to waiting callers."""
        while (chosen := self._next()) is not None:
            tenant, waiting = self._waiting.pop(chosen)
            if not waiting.done():
                self._held[tenant] += 1
                waiting.set_result(None)

    def _next(self) -> int | None:
        """Return the index of the waiting caller that is next; None where nobody can have a slot now."""
        if self._held.total() >= self.places:
            return None
        able = [i for i, (tenant, _) in enumerate(self._waiting) if self._held[tenant] < self._slots_max(tenant)]
        return min(able, key=lambda i: self._held[self._waiting[i][0]], default=None)

    def _slots_max(self, tenant: str | None) -> int:
        """Return how many slots a tenant may have."""
        return self.places if tenant is None else max(1, self.places - 1)
