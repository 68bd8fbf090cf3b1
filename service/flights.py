"""Flights: what many ask for at the same moment is worked out once, and all get it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Flights(Generic[K, V]):
    """Work under way, by key. What is done is not remembered."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._tasks: dict[K, asyncio.Future[V]] = {}

    async def of(self, key: K, work: Callable[[], Awaitable[V]]) -> V:
        """What the work under way for a key gives, or this work; its error for all that wait. It goes on when they do not."""
        task = self._tasks.get(key)
        if task is None:
            self._tasks[key] = task = asyncio.ensure_future(work())
            task.add_done_callback(lambda _: self._tasks.pop(key, None))
        return await asyncio.shield(task)
