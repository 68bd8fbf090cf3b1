"""A folder of Results as a collection: the files that a run wrote, and the originals where the run found them.

Documents and fields of the target are found by what its runs were given (storage/run_inputs.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.library import LIBRARY
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.base.ordinary_files import read_ordinary
from thresher.service.readers.sources import make_source
from thresher.service.reviews.base import ResultPlace, Reviews
from thresher.service.reviews.collections import ResultSummary, root_path, summary_of
from thresher.service.reviews.folder_file import COLLECTION, TENANT, folder_place
from thresher.service.reviews.stored_result import StoredResult, head_of
from thresher.service.storage.run_inputs import RunInputs, inputs_of, result_files
from thresher.service.targets.loading import load_target


@dataclass(frozen=True, slots=True)
class FolderDocuments:
    """The documents of a folder of Results, where its runs found them."""

    folder: Path
    inputs: RunInputs
    originals: tuple[Path, ...] = ()  # folders and files in which documents are looked for first

    def original(self, result: Result[Any], path: str) -> Source:
        """Return the file that holds a source of a Result. Raises InputProblem(original_missing).

        A path that is no source of the Result has no document: what a stranger wrote there may name any file here.
        """
        wanted = root_path(path)
        if all(path != s.path for s in (result.source, *result.sources)):
            raise InputProblem("original_missing", f"{path} (the Result has no such source)")
        stated = next((s.sha256 for s in (result.source, *result.sources) if s.path == wanted), None)
        if stated is None and result.source.relation == "part":
            stated = result.source.sha256
        found = [make_source(f) for f in self._candidates(wanted) if f.is_file()]
        right = next((s for s in found if stated in {None, s.sha256}), None)
        if right is None:
            why = "it has changed since" if found else "it is not there"
            raise InputProblem("original_missing", f"{wanted} ({why})")
        return right.model_copy(update={"path": wanted})

    def _candidates(self, path: str) -> Iterator[Path]:
        """Yield the files that a path of a Result may mean, the likeliest first."""
        relative = Path(path)
        if relative.is_absolute() or ".." in relative.parts:
            return
        below = [*self.originals, *map(Path, self.inputs.paths), Path.cwd(), self.folder, self.folder.parent]
        for base in below:
            if base.is_file() and base.name == relative.name:
                yield base
            yield base / relative
            if len(relative.parts) > 1 and relative.parts[0].isdigit():  # of several inputs with one name
                yield base / Path(*relative.parts[1:])


@dataclass(slots=True, kw_only=True)
class FolderResults:
    """The Results in a folder."""

    folder: Path
    reviews: Reviews  # gives each Result its number, for good
    originals: tuple[Path, ...] = ()  # folders in which documents are looked for first
    targets: dict[str, Target] = field(default_factory=dict)  # by fingerprint: given by the caller, else loaded
    passwords: tuple[str, ...] = field(default=(), repr=False)
    inputs: RunInputs = field(init=False)
    _seen: dict[str, tuple[float, ResultSummary]] = field(default_factory=dict)  # by name, with the file's time

    def __post_init__(self) -> None:
        """Read what the runs were given."""
        self.inputs = inputs_of(self.folder)

    name = COLLECTION
    tells = False

    @property
    def options(self) -> ReadOptions:
        """Return how the newest run read."""
        return self.inputs.read.model_copy(update={"passwords": self.passwords})

    @property
    def target_name(self) -> str:
        """Return the name of the target, where there is one alone."""
        names = set(self.inputs.names.values())
        return names.pop() if len(names) == 1 else ""

    async def summaries(self) -> list[ResultSummary]:
        """Return all Results, by number."""
        names = await asyncio.to_thread(result_files, self.folder)
        numbers = await self.reviews.numbers(TENANT, COLLECTION, names)
        found = await asyncio.to_thread(lambda: [s for n in names if (s := self._summary(n, numbers[n])) is not None])
        return sorted(found, key=lambda s: s.place.number)

    def _summary(self, name: str, number: int) -> ResultSummary | None:
        """Return the summary of a file; None for one that is no Result."""
        file = self.folder / name
        try:
            at = file.stat().st_mtime
            known = self._seen.get(name)
            if known is None or known[0] != at:
                body = head_of(read_ordinary(file, links=True).decode())
                self._seen[name] = at, summary_of(folder_place(name, number), body)
            return self._seen[name][1]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    async def result(self, number: int) -> tuple[ResultPlace, StoredResult]:
        """Return one Result as the machine gave it."""
        for _ in range(2):
            for _, summary in self._seen.values():
                if summary.place.number == number:
                    return summary.place, await asyncio.to_thread(self._read, summary.place.key)
            await self.summaries()
        raise InputProblem("not_found", f"no Result has the number {number}")

    def _read(self, name: str) -> StoredResult:
        try:
            found = StoredResult(read_ordinary(self.folder / name, links=True).decode())
            found.head()
        except (OSError, ValueError):  # of pydantic, too
            raise InputProblem("not_found", f"{name} is gone, or no Result any more") from None
        return found

    async def target(self, result: Result[Any]) -> Target | None:
        """Return the target of a Result: the caller's, that of a run, or a ready-made one."""
        return await asyncio.to_thread(self._target, result)

    def _target(self, result: Result[Any]) -> Target | None:
        wanted, name = result.target.fingerprint, result.target.name
        if wanted not in self.targets:
            ready_made = name if name in LIBRARY else None  # by any other name a stranger's Result would run a file
            for spec in (self.inputs.targets.get(wanted), ready_made):
                try:
                    found = load_target(spec) if spec is not None else None
                except Problem:
                    continue
                if found is not None and (spec is not ready_made or found.fingerprint == wanted):
                    self.targets[wanted] = found
                    break
        return self.targets.get(wanted)

    @asynccontextmanager
    async def original(self, place: ResultPlace, path: str) -> AsyncIterator[Source]:
        """Provide the file that holds a source of a Result."""
        documents = FolderDocuments(self.folder, self.inputs, self.originals)
        yield await asyncio.to_thread(lambda: documents.original(self._read(place.key).head(), path))
