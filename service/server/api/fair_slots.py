"""Share slots between tenants, so that none can take them all."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from thresher.schemas.errors import InputProblem
from thresher.schemas.work import UploadedFile

REFUSED_SECONDS = 86_400.0  # for which a file that no job names is left where it is stored


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


class RefusedUploads:
    """Counts the files that a tenant's refused requests leave behind: no job names them, so no quota counts them."""

    def __init__(self) -> None:
        """Start with none."""
        self._left: defaultdict[str, dict[str, tuple[float, int]]] = defaultdict(dict)  # by tenant and hash: when, bytes

    @contextmanager
    def counted(self, tenant: str, files: Sequence[UploadedFile], most: int) -> Iterator[None]:
        """Count files where the block fails. Raises InputProblem(quota_exceeded) at once where `most` bytes are left of a day."""
        left = self._left[tenant]
        for name in [n for n, (at, _) in left.items() if time.monotonic() - at > REFUSED_SECONDS]:
            del left[name]
        if sum(size for _, size in left.values()) > most:
            raise InputProblem("quota_exceeded", f"over {most >> 20} MiB of files came with requests that were refused")
        try:
            yield
        except BaseException:
            left |= {f.sha256: (time.monotonic(), f.size) for f in files}
            raise
