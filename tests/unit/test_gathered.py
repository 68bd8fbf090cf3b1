"""What is gathered goes together, and what is wrong with one thing is no matter of the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from thresher.service.base.thread_batching import MAX_BATCH_ITEMS, ThreadBatcher


async def test_what_waits_goes_together() -> None:
    """The first goes at once; what comes meanwhile goes with the next thread, in the order in which it came."""
    gone: list[list[int]] = []
    held = threading.Event()

    def work(some: Sequence[int]) -> None:
        gone.append(list(some))
        held.wait(10)

    gathered = ThreadBatcher(work)
    waiting = [asyncio.create_task(gathered.do(n)) for n in range(MAX_BATCH_ITEMS + 6)]
    while not gone:  # noqa: ASYNC110 - a thread tells
        await asyncio.sleep(0.001)
    late = asyncio.create_task(gathered.do(-1))
    await asyncio.sleep(0)
    held.set()
    await asyncio.gather(*waiting, late)
    assert gone == [list(range(MAX_BATCH_ITEMS)), [*range(MAX_BATCH_ITEMS, MAX_BATCH_ITEMS + 6), -1]]


async def test_one_that_fails_fails_alone() -> None:
    """Done over one by one: the others are kept, and who asked for the wrong one is told."""
    kept: set[int] = set()

    def work(some: Sequence[int]) -> None:
        if 3 in some:
            raise ValueError(3)
        kept.update(some)

    gathered = ThreadBatcher(work)
    told = await asyncio.gather(*(gathered.do(n) for n in range(6)), return_exceptions=True)
    assert [type(outcome) for outcome in told] == [type(None)] * 3 + [ValueError] + [type(None)] * 2
    assert kept == {0, 1, 2, 4, 5}


async def test_what_nobody_waits_for_is_done() -> None:
    """Whoever asked may be gone; the others get their word, and the next ones, too."""
    kept: list[int] = []
    gathered = ThreadBatcher(kept.extend)
    left = asyncio.create_task(gathered.do(1))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    await gathered.do(2)
    await gathered.do(3)
    assert kept == [1, 2, 3]
