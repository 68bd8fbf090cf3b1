"""`thresher encrypt`: encrypt all that a service stores again, with the newest key."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from thresher.service.backend.key_rotation import rotate_keys
from thresher.service.backend.resources import cipher_of, opened_resources
from thresher.service.settings import load


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    folder: Path | None
    database: str | None
    uploads: str | None


def main(request: Request) -> int:
    """Encrypt again and print the counts as JSON; return 1 where something cannot be decrypted."""
    os.umask(0o077)  # what is written is its owner's alone
    return asyncio.run(_encrypt(request))


async def _encrypt(request: Request) -> int:
    settings = load()
    folder = request.folder or settings.home / "service"
    place = request.database or settings.database, request.uploads or settings.uploads
    async with opened_resources(folder, *place, cipher_of(settings)) as resources:
        done = await rotate_keys(resources)
    sys.stdout.write(f"{done.model_dump_json(indent=1)}\n")
    return int(bool(done.damaged))
