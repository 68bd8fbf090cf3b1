"""Join Results with what people said of them: tables and reports show corrected values, and no doubt that is settled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.schemas.result import Result
from thresher.schemas.review import ReviewEvent
from thresher.service.reviews.applying import apply_corrections, is_row_removed, moved_path, standing_events
from thresher.service.reviews.folder_file import COLLECTION, FILE, TENANT, folder_place, opened_to_read
from thresher.service.reviews.placing import placed


@dataclass(frozen=True, slots=True)
class ReviewedResult:
    """A Result with its corrections applied. `settled` are the paths that a person has judged."""

    result: Result[Any]
    settled: frozenset[str] = frozenset()
    name: str = ""  # of its file in the folder of Results


def reviewed(result: Result[Any], events: Iterable[ReviewEvent] = (), name: str = "") -> ReviewedResult:
    """Return a Result as people corrected it, from their events, oldest first."""
    every = list(events)
    if not every:
        return ReviewedResult(result, name=name)
    standing = standing_events(placed(every, result)[0])  # a rerun may have moved their rows
    gone = [path for path, event in standing.items() if is_row_removed(result.values, event)]
    settled = frozenset(p for path in standing if (p := moved_path(path, gone)) is not None)
    return ReviewedResult(apply_corrections(result, every), settled, name)


def events_by_name(folder: Path) -> dict[str, list[ReviewEvent]]:
    """Return what people said of the Results of a folder, by the name of their file; blocks, and makes no file."""
    if not (folder / FILE).exists():
        return {}

    async def read() -> dict[str, list[ReviewEvent]]:
        async with opened_to_read(folder) as reviews:
            names = await reviews.states(TENANT, COLLECTION)
            return {name: await reviews.events(folder_place(name)) for name in names}

    with ThreadPoolExecutor(1) as apart:  # for the caller may be in an event loop
        return apart.submit(lambda: asyncio.run(read())).result()
