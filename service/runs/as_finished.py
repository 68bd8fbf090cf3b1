"""Run several asynchronous iterators at once, and yield what they give as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any, TypeVar

from thresher.schemas.errors import Problem

G = TypeVar("G")
_END: Any = object()


async def as_finished(jobs: AsyncIterator[AsyncIterator[G]], width: int) -> AsyncGenerator[G, None]:
    """Yield what the jobs yield, in the order in which it comes; at most `width` jobs run at once.

    A job that raises ends all of them; where it is a Problem, that Problem is raised. No job outlives this iterator.
    """
    ready: asyncio.Queue[G] = asyncio.Queue(maxsize=width)
    feeding = asyncio.create_task(_feed(jobs, ready, width))
    try:
        while (found := await ready.get()) is not _END:
            yield found
        await feeding
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await feeding


async def _feed(jobs: AsyncIterator[AsyncIterator[G]], ready: asyncio.Queue[G], width: int) -> None:
    """Put everything into the queue, and the end after it."""
    slots = asyncio.Semaphore(width)
    try:
        async with asyncio.TaskGroup() as group:
            await slots.acquire()
            async for job in jobs:
                group.create_task(_drain(job, ready, slots))
                await slots.acquire()
    except ExceptionGroup as faults:
        await ready.put(_END)
        raise next((f for f in faults.exceptions if isinstance(f, Problem)), faults) from faults
    await ready.put(_END)


async def _drain(job: AsyncIterator[G], ready: asyncio.Queue[G], slots: asyncio.Semaphore) -> None:
    try:
        async for found in job:
            await ready.put(found)
    finally:
        slots.release()
