"""Keep the background parts of a service running: its worker, webhooks, budgets, purging."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)
RESTART_SECONDS = 2.0  # after which a part that ended with a fault is run again


async def run_until_stopped(part: Callable[[], Coroutine[Any, Any, None]], stopping: asyncio.Event) -> None:
    """Run a part of the service, and again after a fault.

    A service that takes in work must not go on without its worker, webhooks or budgets.
    """
    while True:
        try:
            await part()
        except Exception:
            log.exception("part failed", extra={"action": "serve.part_failed"})
        else:
            return
        if stopping.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(RESTART_SECONDS):
                await stopping.wait()


async def wait_for_parts(working: list[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    """Wait for all tasks to end; a fault of one does not stop the others."""
    stopping.set()
    for outcome in await asyncio.gather(*working, return_exceptions=True):
        if isinstance(outcome, BaseException):
            log.error("part failed", extra={"action": "serve.part_failed"}, exc_info=outcome)
