"""SingleFlight: do work once that many ask for at the same moment, and give all of them the result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Running work, by key. Finished work is not remembered."""

    def __init__(self) -> None:
        """Start without any running work."""
        self._tasks: dict[K, asyncio.Future[V]] = {}

    async def of(self, key: K, work: Callable[[], Awaitable[V]]) -> V:
        """Return the result (or error) of the work running for a key, or of `work`. It outlives its callers."""
        task = self._tasks.get(key)
        if task is None:
            self._tasks[key] = task = asyncio.ensure_future(work())
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    def _ended(self, key: K, task: asyncio.Future[V]) -> None:
        """Forget the task, and retrieve its failure so that asyncio does not warn of it."""
        self._tasks.pop(key, None)
        if not task.cancelled():
            task.exception()
