"""Extract from Python: what a caller gives and a pydantic class to typed Results. The public functions are in `thresher`."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.result import AnyResult, Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.base.file_names import distinct
from thresher.service.base.ordinary_files import read_ordinary
from thresher.service.exports.report.original_files import OriginalFiles
from thresher.service.extraction.engine import Engine, engine_of
from thresher.service.pipeline import process
from thresher.service.readers.base import Reading
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import RefusedPath, find_sources
from thresher.service.runs.as_finished import as_finished
from thresher.service.runs.given_sources import GivenSource, RefusedSource, path_of
from thresher.service.runs.read_options import read_options
from thresher.service.runs.reported_progress import CountedRecords, ReportedProgress, Tell
from thresher.service.runs.transcription import TranscribingReader
from thresher.service.runs.unit_results import failed, results_of
from thresher.service.settings import Settings, load
from thresher.service.storage.answers.base import Store
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.storage.answers.session import Transactions
from thresher.service.targets.loading import load_target
from thresher.service.telemetry.ids import current_document, current_unit, document_id
from thresher.service.telemetry.masks import add_secrets
from thresher.service.wiring.effects import opened_store
from thresher.service.wiring.endpoints import model_name
from thresher.service.wiring.models import model_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How to extract, as the caller says it."""

    model: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    instructions: str | None = None
    policy: Policy | None = None
    progress: Tell | None = None
    store: str | Path | None = None

    def settled(self) -> tuple[Policy, Settings]:
        """Return the Policy and the Settings with what the caller said in place. Raises Problem."""
        settings = load()
        if self.api_key:
            add_secrets([self.api_key])
        settings = replace(settings, api_base=self.base_url or settings.api_base, api_key=self.api_key)
        said = {"model": self.model, "instructions": self.instructions}
        policy = (self.policy or Policy()).model_copy(update={k: v for k, v in said.items() if v is not None})
        name = model_name(policy, settings)
        if (self.base_url or self.api_key) and name.startswith(("embedded", "local:")):
            raise SetupProblem("setting_missing", f"model: {name} has no address and no key; write model='openai/NAME'")
        return policy.model_copy(update={"model": name}), settings


async def aextract(source: Any, target: Any, choices: Choices) -> Result[Any]:
    """Return the Result of one source, or of several that are one document (see `thresher.aextract`)."""
    given = _all_given(source)
    async with _opened(target, choices, workers=1) as door:
        if isinstance(source, list):
            together = replace(door.engine, policy=door.engine.policy.model_copy(update={"unit": "folder"}))
            found = [r async for r, _ in results_of(door.walk, together, [g.source for g in given])]
            return door.finished(found[0], door.files(source, given))
        async with door.walk(given[0].source) as readings:
            documents = [reading.document async for reading in readings]
            with _logged_for(given[0].source):
                result = await process(door.engine, documents)
        return door.finished(result, door.files(source, given))


async def aextract_many(sources: Any, target: Any, choices: Choices, at_once: int) -> AsyncGenerator[Result[Any], None]:
    """Yield the Results of many sources, as they are finished (see `thresher.aextract_many`)."""
    if at_once < 1:
        raise InputProblem("field_invalid", f"at_once={at_once}: a number from 1 on")
    async with _opened(target, choices, workers=None) as door:
        jobs = (door.results(given) async for given in _each(sources))
        async with aclosing(as_finished(jobs, at_once)) as found:
            async for result in found:
                yield result


def extract(source: Any, target: Any, choices: Choices) -> Result[Any]:
    """Return what `aextract` does, in an event loop of its own. Raises InputProblem(loop_running)."""
    with suppress(RuntimeError):  # "no running event loop"
        asyncio.get_running_loop()
        raise InputProblem("loop_running")
    return asyncio.run(aextract(source, target, choices))


def read_result(file: Path, source: Path | None = None) -> Result[Any]:
    """Return a Result from its file; `source`: the file that it was made from. Raises InputProblem (see `thresher.read_result`)."""
    try:
        result = AnyResult.model_validate_json(read_ordinary(file, links=True))
    except OSError as error:
        raise InputProblem("file_not_found", f"{file} ({error.strerror})") from None
    except ValueError as error:
        raise InputProblem("case_invalid", f"{file} is no Result ({str(error).splitlines()[0]})") from None
    if source is None:
        return result
    given = GivenSource(source)
    if given.source.sha256 != result.source.sha256:
        raise InputProblem("source_invalid", f"{source} is not the file that {file} was made from")
    return result.bound(OriginalFiles(source, [given], None, ReadOptions()))


@contextmanager
def _logged_for(source: Source) -> Iterator[None]:
    """Log calls for a source; afterwards the caller's own task is as it was."""
    before = current_unit.set(source.path), current_document.set(document_id(source.sha256))
    try:
        yield
    finally:
        current_unit.reset(before[0])
        current_document.reset(before[1])


def _all_given(source: Any) -> list[GivenSource]:
    """Return the sources of one call, with different paths. Raises InputProblem."""
    if not isinstance(source, list):
        return [GivenSource(source)]
    if not source:
        raise InputProblem("source_invalid", "the list is empty")
    given, taken = [GivenSource(one) for one in source], set[str]()
    for one in given:
        one.source = one.source.model_copy(update={"path": distinct(one.source.path, taken)})
        taken.add(one.source.path)
    return given


async def _each(sources: Any) -> AsyncIterator[GivenSource | RefusedSource]:
    """Yield each source of a folder, an iterable or an asynchronous one, with different paths; one that is none, refused."""
    taken = set[str]()
    async for one in _flat(sources):
        for found in _files(one):
            if isinstance(found, GivenSource):
                found.source = found.source.model_copy(update={"path": distinct(found.source.path, taken)})
                taken.add(found.source.path)
            yield found


async def _flat(sources: Any) -> AsyncIterator[Any]:
    if isinstance(sources, AsyncIterable):
        async for one in sources:
            yield one
        return
    is_one = isinstance(sources, str | os.PathLike | bytes) or not isinstance(sources, Iterable)
    for one in [sources] if is_one else sources:
        yield one


def _files(one: Any) -> Iterable[GivenSource | RefusedSource]:
    """Yield a source, or each file of a folder."""
    path = Path(one) if isinstance(one, str | os.PathLike) else None
    try:
        if path is None or not path.is_dir():
            yield GivenSource(one)
            return
    except InputProblem as problem:
        yield RefusedSource(one, path_of(one), problem)
        return
    for found in find_sources([path]):
        if isinstance(found, RefusedPath):
            yield RefusedSource(one, found.path, found.problem)
        else:
            yield GivenSource(Path(found.blob), found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """What one call uses for all its sources."""

    engine: Engine
    target: Target
    pool: ReaderPool
    progress: ReportedProgress

    @asynccontextmanager
    async def walk(self, source: Source) -> AsyncIterator[AsyncIterator[Reading]]:
        """Provide the Readings of a file and of all it holds; their files stay until the end."""
        policy, model = self.engine.policy, self.engine.model
        async with self.pool.apart(stores=True) as reads:
            walk = walk_tree(source, TranscribingReader(reads, model), read_options(policy, model.facts))
            async with aclosing(walk) as readings:
                yield self.progress.of_readings(readings)

    async def results(self, given: GivenSource | RefusedSource) -> AsyncIterator[Result[Any]]:
        """Yield the Results of one source, one for each document in it; a failed one where there is none to read."""
        if isinstance(given, RefusedSource):
            nothing = Source(path=given.path, blob="", sha256="", size=0)
            yield self.finished(failed(nothing, self.target, given.problem.note()), self.files(given.given, []))
            return
        original = self.files(given.given, [given])
        async for result, _ in results_of(self.walk, self.engine, [given.source]):
            yield self.finished(result, original)

    def files(self, given: Any, sources: list[GivenSource]) -> OriginalFiles:
        """Return the files that a Result is made from, to look at later."""
        policy, model = self.engine.policy, self.engine.model
        return OriginalFiles(given, sources, self.target, read_options(policy, model.facts))

    def finished(self, result: Result[Any], original: OriginalFiles) -> Result[Any]:
        """Return the Result with `data` as an instance of the user's class, where it is one and can be built."""
        self.progress.finished(result.source.path)
        result = result.bound(original)
        if self.target.model is None:
            return result
        return result.built(self.target.validate(result.values).typed if result.values else None)


@asynccontextmanager
async def _opened(target: Any, choices: Choices, workers: int | None) -> AsyncIterator[_Door]:
    """Open what a call needs: a store, processes that read, the model. Raises Problem."""
    policy, settings = choices.settled()
    known = load_target(target)
    progress = ReportedProgress(choices.progress)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        answers, book = await stack.enter_async_context(_store(choices.store))
        pool = await stack.enter_async_context(ReaderPool(folder / "spool", workers=workers))
        model = model_of(policy, settings, CountedRecords(answers, progress), book=book)
        stack.push_async_callback(model.aclose)
        yield _Door(engine=engine_of(model, known, policy), target=known, pool=pool, progress=progress)


@asynccontextmanager
async def _store(folder: str | Path | None) -> AsyncIterator[tuple[Store, Transactions | None]]:
    """Open the store of answers, and the database of batches (None: in memory alone)."""
    if folder is None:
        yield MemoryStore(), None
        return
    async with opened_store(Path(folder)) as store:
        yield store, store
