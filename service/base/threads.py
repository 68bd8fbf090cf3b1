"""Run blocking work in a thread, to its end, for code that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


async def in_thread(work: Callable[..., Made], *given: object) -> Made:
    """Return what work returns, done in a thread. A cancellation waits for its end, as what it uses may be closed then."""
    doing = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait({doing})
        raise
