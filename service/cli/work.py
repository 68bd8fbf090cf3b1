"""`thresher worker`: a worker for many machines."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path

from service.budgets import Budgets
from service.cli.watching import watched
from service.settings import load
from service.wiring import opened_house, opened_shelf
from service.worker import worker_loop


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    database: str | None = field(repr=False)  # may hold a password
    folder: Path | None
    uploads: Path | None
    width: int
    lease: float
    grace: float
    log: str = "json"


def main(request: Request) -> int:
    """Run the command until SIGTERM or Ctrl-C; gives the exit code."""
    with watched(load(), request.log):
        asyncio.run(_work(request))
    return 0


async def _work(request: Request) -> None:
    """What is in hand when the signal comes is finished, or handed back."""
    settings = load()
    folder, database = request.folder or settings.home / "service", request.database or settings.database
    choices = {"width": request.width, "lease": request.lease, "grace": request.grace}
    async with (
        opened_house(folder, database, request.uploads) as house,
        opened_shelf(folder, database) as shelf,
        worker_loop(house, settings, **choices, budgets=(budgets := Budgets(shelf, house.spending))) as loop,
    ):
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, loop.stopping.set)
        looking = asyncio.create_task(budgets.run(loop.stopping, house.jobs.release))
        await loop.run()
        await looking
