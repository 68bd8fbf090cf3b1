"""Open one store for several runs at once: of one event loop they share it, of other processes they wait for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from thresher.schemas.errors import SetupProblem
from thresher.service.storage.answers.sqlite import SqliteStore

RETRY_SECONDS = 0.2  # between two looks whether another process is done


@dataclass(slots=True)
class _Open:
    """A store of this event loop, and how many use it."""

    users: int = 0
    store: SqliteStore | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while it is opened or closed


_opened: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path, _Open]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_store(path: Path, waiting: Callable[[], None]) -> AsyncIterator[SqliteStore]:
    """Open the store at `path` (absolute), or join who has it open in this loop; the last one closes it.

    `waiting` is called once where another process, or another loop, has it: it is then waited for. Raises
    SetupProblem(store_failed).
    """
    places = _opened.setdefault(asyncio.get_running_loop(), {})
    place = places.setdefault(path, _Open())
    place.users += 1
    try:
        async with place.turn:
            store = place.store = place.store or await _patiently(path, waiting)
        yield store
    finally:
        place.users -= 1
        if not place.users:
            await _close(place)


async def _close(place: _Open) -> None:
    async with place.turn:
        if not place.users and place.store is not None:
            store, place.store = place.store, None
            await store.aclose()


async def _patiently(path: Path, waiting: Callable[[], None]) -> SqliteStore:
    """Open a store as soon as no other process has it."""
    told = False
    while True:
        try:
            return await SqliteStore.open(path)
        except SetupProblem as problem:
            if problem.code != "store_locked":
                raise
        if not told:
            waiting()
            told = True
        await asyncio.sleep(RETRY_SECONDS)
