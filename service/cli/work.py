"""`thresher worker`: a worker for many machines."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from service.settings import load
from service.wiring import opened_house, seal_of
from service.worker import worker_loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What argv asks for."""

    database: str | None
    folder: Path | None
    uploads: str | None
    width: int
    lease: float
    grace: float


def main(request: Request) -> int:
    """Run the command until SIGTERM or Ctrl-C; gives the exit code."""
    logging.basicConfig(level=load().log.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_work(request))
    return 0


async def _work(request: Request) -> None:
    """What is in hand when the signal comes is finished, or handed back."""
    settings = load()
    folder, seal = request.folder or settings.home / "service", seal_of(settings)
    os.umask(0o077)  # what is written is its owner's alone
    async with (
        opened_house(folder, request.database or settings.database, request.uploads or settings.uploads, seal) as house,
        worker_loop(house, settings, width=request.width, lease=request.lease, grace=request.grace) as loop,
    ):
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, loop.stopping.set)
        await loop.run()
