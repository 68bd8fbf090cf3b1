"""`thresher worker`: a worker for many machines."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from service.cli.targets import named
from service.settings import load
from service.wiring import opened_house
from service.worker import worker_loop

ALIVE = 5.0  # seconds between two touches of the file that says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What argv asks for."""

    database: str | None
    folder: Path | None
    uploads: Path | None
    targets: list[str]
    alive: Path | None
    choices: dict[str, float]  # of the Loop: width, lease, grace


def main(request: Request) -> int:
    """Run the command until SIGTERM or Ctrl-C; gives the exit code."""
    logging.basicConfig(level=load().log.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_work(request))
    return 0


async def _work(request: Request) -> None:
    """What is in hand when the signal comes is finished, or handed back."""
    settings = load()
    targets = dict(map(named, request.targets))
    folder = request.folder or settings.home / "service"
    async with (
        opened_house(folder, request.database or settings.database, request.uploads) as house,
        worker_loop(house, settings, targets=targets, **request.choices) as loop,
    ):
        sys.stderr.write(f"thresher: worker {loop.name}, {loop.width} files in hand at once\n")
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, loop.stopping.set)
        beating = asyncio.create_task(_alive(request.alive))
        try:
            await loop.run()
        finally:
            beating.cancel()


async def _alive(file: Path | None) -> None:
    """Touch a file for as long as the event loop turns."""
    while file is not None:
        await asyncio.to_thread(file.touch)
        await asyncio.sleep(ALIVE)
