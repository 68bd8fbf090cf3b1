"""Share slots between tenants, so that none can take them all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class TenantQueues:
    """Slots for work. Each tenant has one at a time and waits in its own queue, so that tenants take turns."""

    def __init__(self, places: int) -> None:
        """Take how many slots there are."""
        self._places = asyncio.Semaphore(places)
        self._queues: dict[str, tuple[asyncio.Lock, int]] = {}  # with the count of those that wait or work

    @asynccontextmanager
    async def of(self, tenant: str) -> AsyncIterator[None]:
        """Hold a slot while the block lasts, once it is the tenant's turn."""
        lock, count = self._queues.get(tenant, (asyncio.Lock(), 0))
        self._queues[tenant] = lock, count + 1
        try:
            async with lock, self._places:
                yield
        finally:
            lock, count = self._queues.pop(tenant)
            if count > 1:
                self._queues[tenant] = lock, count - 1


class TenantSlots:
    """Slots that are taken at once or not at all. A tenant has half of them at most."""

    def __init__(self) -> None:
        """Start with no slot taken."""
        self._taken: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """Return how many slots are taken."""
        return self._taken.total()

    def free(self, tenant: str, places: int) -> bool:
        """Whether a tenant may take one more of `places`: half of them at most.

        >>> seats = TenantSlots()
        >>> with seats.taken("a"), seats.taken("a"):
        ...     seats.free("a", 4), seats.free("b", 4)
        (False, True)
        """
        return self._taken[tenant] < max(1, places // 2) and self.total < places

    @contextmanager
    def taken(self, tenant: str) -> Iterator[None]:
        """Hold one slot of a tenant while the block lasts."""
        self._taken[tenant] += 1
        try:
            yield
        finally:
            self._taken[tenant] -= 1
            if not self._taken[tenant]:
                del self._taken[tenant]
