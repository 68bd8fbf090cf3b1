"""`thresher worker`: one worker process; any number may share a database, on any machines."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from thresher.service.backend.resources import cipher_of, opened_record_store, opened_resources, retried_on_full_disk
from thresher.service.backend.worker_loop import worker_loop
from thresher.service.cli.observability import observed
from thresher.service.cli.targets import named
from thresher.service.settings import load
from thresher.service.telemetry.metrics import Metrics, counting
from thresher.service.telemetry.probes import serving_probes
from thresher.service.tenants.budgets import Budgets

ALIVE_TOUCH_SECONDS = 5.0  # seconds between two touches of the file that says so


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    database: str | None = field(repr=False)  # may hold a password
    folder: Path | None
    uploads: str | None
    targets: list[str]
    alive: Path | None
    choices: dict[str, float]  # of the Loop: width, lease, grace
    log: str = "json"
    probes: tuple[str, int | None] = ("127.0.0.1", None)  # host and port of /metrics and /healthz


def main(request: Request) -> int:
    """Run the command until SIGTERM or Ctrl-C; return the exit code."""
    with observed(load(), request.log):
        asyncio.run(_work(request))
    return 0


async def _work(request: Request) -> None:
    """Work until a signal comes, then finish claimed Tasks or hand them back."""
    settings = load()
    targets = dict(map(named, request.targets))
    folder, cipher = request.folder or settings.home / "service", cipher_of(settings)
    database, uploads = request.database or settings.database, request.uploads or settings.uploads
    os.umask(0o077)  # what is written is its owner's alone
    metrics = Metrics(serves=False)
    async with (
        serving_probes(*request.probes, metrics),
        retried_on_full_disk(
            lambda: opened_resources(folder, database, uploads, cipher, settings.matters)
        ) as resources,
        opened_record_store(folder, database, cipher) as record_store,
        worker_loop(
            resources,
            settings,
            targets=targets,
            **request.choices,
            budgets=(budgets := Budgets(record_store, resources.spending)),
        ) as loop,
    ):
        budgets.count = metrics.alerted
        metrics.works(lambda: loop.in_hand, loop.width)
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, loop.stopping.set)
        sys.stderr.write(f"thresher: worker {loop.name}, {loop.width} files in hand at once\n")
        looking = asyncio.create_task(budgets.run(loop.stopping, resources.jobs.release))
        beating = asyncio.create_task(_alive(request.alive))
        try:
            with counting(metrics):
                await loop.run()
            await looking
        finally:
            beating.cancel()


async def _alive(file: Path | None) -> None:
    """Touch a file every ALIVE_TOUCH_SECONDS while the event loop runs."""
    while file is not None:
        await asyncio.to_thread(file.touch)
        await asyncio.sleep(ALIVE_TOUCH_SECONDS)
