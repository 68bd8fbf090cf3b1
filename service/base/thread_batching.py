"""ThreadBatcher: collect items while a thread is busy, and then give it all of them together.

A thread for each of many small things costs more than the things themselves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
MAX_BATCH_ITEMS = 256  # things that go together: each holds a file open


class ThreadBatcher(Generic[Asked]):
    """Work that one thread at a time does for many that ask."""

    def __init__(self, work: Callable[[Sequence[Asked]], object]) -> None:
        """Take `work`, done in a thread for several items; if it fails, it is repeated for each item alone."""
        self._work = work
        self._waiting: deque[tuple[Asked, asyncio.Future[None]]] = deque()
        self._busy: asyncio.Task[None] | None = None

    async def do(self, asked: Asked) -> None:
        """Return once the item is done; raises its own error. It is done even if the caller is cancelled."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, done))
        if self._busy is None or self._busy.done():
            self._busy = asyncio.create_task(self._go_on())
        await done

    async def _go_on(self) -> None:
        """Work on what waits until nothing does."""
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(MAX_BATCH_ITEMS, len(self._waiting)))]
            wrong = await asyncio.to_thread(self._tried, [asked for asked, _ in some])
            for (_, done), error in zip(some, wrong, strict=True):
                if done.done():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

    def _tried(self, some: Sequence[Asked]) -> list[Exception | None]:
        """Return the error of each item, or None."""
        try:
            self._work(some)
        except Exception as error:  # noqa: BLE001 - whatever it is goes to the one who asked
            return [error] if len(some) == 1 else [self._tried([one])[0] for one in some]
        return [None] * len(some)
