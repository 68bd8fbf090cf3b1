"""Refuse a file that somebody changes while it is read: its Result would name the hash of other bytes than its evidence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading
from thresher.service.readers.sources import make_source


async def of_unchanged(source: Source, readings: AsyncIterator[Reading]) -> AsyncIterator[Reading]:
    """Yield the Readings of a file once it is known that its bytes are those that were hashed; look once more at the end.

    Raises InputProblem(source_changed).
    """
    count = 0
    async for reading in readings:
        if not count:
            await asyncio.to_thread(_check, source)
        count += 1
        yield reading
    if count > 1:  # members are read from the file one by one
        await asyncio.to_thread(_check, source)


def _check(source: Source) -> None:
    try:
        found = make_source(Path(source.blob)).sha256
    except InputProblem:  # it is gone
        found = ""
    if found != source.sha256:
        raise InputProblem("source_changed", source.path)
