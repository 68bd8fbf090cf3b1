"""Batcher: perform all calls that arrive during one batch together in the next one, as one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Given = TypeVar("Given")
MAX_BATCH_ITEMS = 500  # items at once
CLOSE_GRACE_SECONDS = 5.0  # seconds


class Batcher(Generic[Item, Given]):
    """A function of one item, made from a function of many."""

    def __init__(self, perform: Callable[[list[Item]], Awaitable[list[Given]]]) -> None:
        """Take `perform`, which returns one outcome for each item, in their order."""
        self._perform = perform
        self._waiting: list[tuple[Item, asyncio.Future[Given]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Given:
        """Return the outcome of one item, performed even if the caller is cancelled. Raises what `perform` raises."""
        outcome: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, outcome))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await outcome

    async def aclose(self) -> None:
        """Wait at most GRACE seconds for running work, then cancel what still waits."""
        running = self._running
        if running is not None:
            await asyncio.wait([running], timeout=CLOSE_GRACE_SECONDS)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self) -> None:
        some: list[tuple[Item, asyncio.Future[Given]]] = []
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MAX_BATCH_ITEMS], self._waiting[MAX_BATCH_ITEMS:]
                await self._do(some)
        finally:
            self._running = None
            for _, outcome in (*some, *self._waiting):
                outcome.cancel()  # no more than a word to those who are done

    async def _do(self, some: list[tuple[Item, asyncio.Future[Given]]]) -> None:
        try:
            given = await self._perform([item for item, _ in some])
        except Exception as error:  # noqa: BLE001 - it goes to the callers
            for _, outcome in some:
                if not outcome.done():
                    outcome.set_exception(error)
            return
        for (_, outcome), one in zip(some, given, strict=True):
            if not outcome.done():
                outcome.set_result(one)
