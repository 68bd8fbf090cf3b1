"""Set up a worker's Loop: its processes, its warm-up, and the tenants whose budgets are used up."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

from thresher.schemas.errors import Problem
from thresher.service.backend.processing.process_pool import ProcessingPool
from thresher.service.backend.resources import ServiceResources
from thresher.service.backend.worker import Worker
from thresher.service.base.temp_folder import temp_folder
from thresher.service.jobs.base import Jobs
from thresher.service.jobs.budget_holds import HOLD_MAX_TASKS
from thresher.service.jobs.loop import Loop
from thresher.service.readers.pool import ReaderPool
from thresher.service.settings import Settings
from thresher.service.tenants.budgets import Budgets
from thresher.service.wiring.models import load_vocabulary

GRACE_SECONDS = 5.0  # in which paid calls may return when everything else has ended


@asynccontextmanager
async def worker_loop(resources: ServiceResources, settings: Settings, **choices: Any) -> AsyncIterator[Loop]:
    """Set up a Loop over the service's Jobs that is ready to `run`. `choices` are Loop's.

    `name` is made up if missing.
    """
    name = choices.pop("name", None) or f"{socket.gethostname()}.{os.getpid()}"
    targets = choices.pop("targets", None) or {}
    budgets: Budgets | None = choices.pop("budgets", None)
    if budgets is not None:
        choices["before_claim"] = partial(_hold_tenants, resources.jobs, budgets)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(temp_folder(resources.scratch))
        pool = await stack.enter_async_context(ReaderPool(folder / "spool"))
        processors = ProcessingPool()
        stack.push_async_callback(processors.aclose)
        worker = Worker(
            resources=resources, settings=settings, pool=pool, processors=processors, targets=targets, budgets=budgets
        )
        stack.push_async_callback(worker.aclose, min(GRACE_SECONDS, choices.get("grace", GRACE_SECONDS)))
        warming = asyncio.create_task(_warm_up(pool, processors))
        stack.callback(warming.cancel)
        yield Loop(jobs=resources.jobs, work=worker.work, name=name, **choices)


async def _warm_up(pool: ReaderPool, processors: ProcessingPool) -> None:
    """Start processes before there is work for them. Where that fails, the first Task finds out and reports it."""
    with suppress(OSError, RuntimeError, Problem):
        await asyncio.to_thread(load_vocabulary)
        await pool.begin()
        await processors.begin()


async def _hold_tenants(jobs: Jobs, budgets: Budgets) -> None:
    """Hold the Tasks of tenants whose budgets are used up."""
    held = await budgets.held()
    while held and await jobs.hold(held) >= HOLD_MAX_TASKS:
        continue
