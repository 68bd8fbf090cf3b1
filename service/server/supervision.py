"""Keep the parts of a service running: one that fails is begun anew, and what it does is not left undone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

log = logging.getLogger(__name__)
RESTART_SECONDS = 5.0  # after a fault


async def keep_running(part: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Run a part until it ends by itself; after a fault, which is logged, again, unless told to stop."""
    while True:
        try:
            await part()
        except Exception:
            log.exception("part failed", extra={"action": "serve.part_failed"})
        else:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(RESTART_SECONDS):
                await stopping.wait()
        if stopping.is_set():
            return


async def wait_for_parts(working: list[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    """Tell parts to stop, and wait for all of them to end; a fault of one does not stop the others."""
    stopping.set()
    for outcome in await asyncio.gather(*working, return_exceptions=True):
        if isinstance(outcome, BaseException):
            log.error("part failed", extra={"action": "serve.part_failed"}, exc_info=outcome)
