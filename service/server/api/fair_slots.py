"""Share slots between tenants, so that none can take them all."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

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


class FairThreads(ThreadPoolExecutor):
    """Threads for `asyncio.to_thread`: tenants take turns, and one has half of the threads at most."""

    def __init__(self, tenant: Callable[[], str | None], threads: int | None = None) -> None:
        """Take how to tell the tenant of the context that submits work; None or "" is the service itself."""
        self._count = threads or min(32, (os.cpu_count() or 1) + 4)
        super().__init__(self._count, thread_name_prefix="fair")
        self._tenant = tenant
        self._lock = threading.Lock()
        self._waiting: dict[
            str, deque[tuple[Future[Any], Callable[[], Any]]]
        ] = {}  # by tenant, in their order of turns
        self._running: Counter[str] = Counter()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in a thread when it is the tenant's turn."""
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.setdefault(self._tenant() or "", deque()).append((future, partial(fn, *args, **kwargs)))
            self._start()
        return future

    def _start(self) -> None:
        """Hand work to free threads. The caller holds the lock."""
        while self._running.total() < self._count:
            own = (t for t in self._waiting if not t or self._running[t] < max(1, self._count // 2))
            tenant = min(own, key=lambda t: self._running[t], default=None)
            if tenant is None:
                return
            queue = self._waiting.pop(tenant)
            future, work = queue.popleft()
            if queue:
                self._waiting[tenant] = queue  # behind the others
            self._running[tenant] += 1
            super().submit(self._run, tenant, future, work)

    def _run(self, tenant: str, future: Future[Any], work: Callable[[], Any]) -> None:
        try:
            if future.set_running_or_notify_cancel():
                _settle(future, work)
        finally:
            with self._lock:
                self._running -= Counter([tenant])  # without those of whom none is left
                self._start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as in Executor
        """Run what waits, or cancel it, and end the threads."""
        with self._lock:
            left = [(tenant, *one) for tenant, queue in self._waiting.items() for one in queue]
            self._waiting.clear()
            for tenant, future, work in left:
                if cancel_futures:
                    future.cancel()
                else:
                    self._running[tenant] += 1
                    super().submit(self._run, tenant, future, work)
        super().shutdown(wait, cancel_futures=cancel_futures)


def _settle(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it goes to the one who waits, as with any executor
        future.set_exception(error)


class RefusedUploads:
    """Counts the files that a tenant's refused requests leave behind: no job names them, so no quota counts them."""

    def __init__(self) -> None:
        """Start with none."""
        self._left: defaultdict[str, dict[str, tuple[float, int]]] = defaultdict(
            dict
        )  # by tenant and hash: when, bytes

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
