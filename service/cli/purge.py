"""`thresher purge`: delete what is past its retention time, and count it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from thresher.service.backend.resources import cipher_of, opened_resources
from thresher.service.backend.retention import DAY, PurgeOptions, purge
from thresher.service.settings import load


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    days: float
    tenant: str | None
    dry_run: bool
    folder: Path | None
    database: str | None
    uploads: str | None


def main(request: Request) -> int:
    """Purge and print what was deleted, or with `dry_run` would be, as JSON; return the exit code."""
    os.umask(0o077)  # what is written is its owner's alone
    asyncio.run(_purge(request))
    return 0


async def _purge(request: Request) -> None:
    settings = load()
    folder = request.folder or settings.home / "service"
    place = request.database or settings.database, request.uploads or settings.uploads
    wanted = PurgeOptions(before=time.time() - request.days * DAY, tenant=request.tenant, dry=request.dry_run)
    async with opened_resources(folder, *place, cipher_of(settings)) as resources:
        report = await purge(resources, wanted)
    sys.stdout.write(f"{report.model_dump_json(indent=1)}\n")
