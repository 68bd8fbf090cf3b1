"""Read a file, process each of its Units, and yield their Results: a failed one for what could not be processed."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from functools import partial
from typing import Any

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.errors import FACTS, STOPS_RUN, Note, Problem, note
from thresher.schemas.result import AnyResult, Coverage, Reason, ReasonCode, Result, TargetFacts
from thresher.schemas.source import Source, SourceFacts
from thresher.schemas.target import Target
from thresher.service.base.resource_exhaustion import is_exhaustion
from thresher.service.extraction.engine import Engine
from thresher.service.pipeline import process
from thresher.service.readers.base import Reading
from thresher.service.runs.units import Unit, units
from thresher.service.runs.units_ahead import results_in_order
from thresher.service.splitting import split
from thresher.service.telemetry.ids import current_document, current_unit, document_id

log = logging.getLogger(__name__)

Walk = Callable[[Source], AbstractAsyncContextManager[AsyncIterator[Reading]]]
"""A file with all it holds, one Reading at a time; the bytes of its members stay until the context ends."""
RETRY_PAUSES_SECONDS = (0.1, 1.0, 5.0, 0.0)  # after each try, where the machine was short of memory or files


async def results_of(walk: Walk, engine: Engine, sources: list[Source]) -> AsyncIterator[tuple[Result[Any], str]]:
    """Yield the Results of some files, each with its Unit's path; one for all of them if the Policy's unit is the folder."""
    if engine.policy.unit != "folder":
        for source in sources:
            async with aclosing(file_results(walk, engine, source)) as results:
                async for found in results:
                    yield found
        return
    async with AsyncExitStack() as stack:
        documents = [document for source in sources for document in await documents_of(stack, walk, source)]
        unit = Unit(documents=[listing(sources), *documents])
        yield await unit_result(engine, unit), unit.path


async def documents_of(stack: AsyncExitStack, walk: Walk, source: Source) -> list[Document]:
    """Return the Documents of a file and all it contains; of an unreadable file, an empty one that says why.

    Their files stay until the stack is closed.
    """
    try:
        readings = await stack.enter_async_context(walk(source))
        return [reading.document async for reading in readings]
    except Problem as problem:
        return [Document(source=source, text="", kind="unread", notes=[_note_of(problem)])]


def listing(sources: list[Source]) -> Document:
    """Return the Document of a folder: a line for each file."""
    digest = hashlib.sha256("".join(s.sha256 for s in sources).encode()).hexdigest()
    folder = Source(path="folder", blob="", sha256=digest, size=0, media_type="inode/directory", name="folder")
    builder = DocumentBuilder(folder, kind="container")
    for source in sources:
        builder.block(source.path)
    return builder.build()


async def file_results(walk: Walk, engine: Engine, source: Source) -> AsyncGenerator[tuple[Result[Any], str], None]:
    """Yield the Results of a file's Units, each with the Unit's path; a failed Result for an unreadable file, not an error."""
    _log_calls_for(source.path, source)
    try:
        async with walk(source) as readings:
            found = units(readings, engine.policy.unit, lambda d: split(d, engine.policy, engine.model))
            ahead = results_in_order(found, partial(unit_result, engine), engine.policy.concurrency)
            async with aclosing(ahead) as results:
                async for one in results:
                    yield one
    except Problem as problem:
        yield failed(source, engine.target, _note_of(problem)), source.path


def _note_of(problem: Problem) -> Note:
    """Return the Note of a Problem for a Result; raises a Problem that ends the whole run."""
    if problem.code in STOPS_RUN:
        raise problem
    return problem.note()


def _log_calls_for(path: str, source: Source) -> None:
    """Set the path and the document that the calls below are logged for."""
    current_unit.set(path)
    current_document.set(document_id(source.sha256))


async def unit_result(engine: Engine, unit: Unit) -> Result[Any]:
    """Return a Unit's Result. When the machine lacks memory or files, try again after a pause; stored answers are used."""
    source = unit.documents[0].source
    _log_calls_for(unit.path, source)
    for pause in RETRY_PAUSES_SECONDS:
        try:
            return await process(engine, unit.documents)
        except Problem as problem:
            return failed(source, engine.target, _note_of(problem), unit.documents)
        except Exception as error:  # noqa: BLE001 - told in full by _fault; one file must not end the run
            if not pause or not is_exhaustion(error):
                return failed(source, engine.target, _fault(error, unit.path), unit.documents)
        await asyncio.sleep(pause)
    raise AssertionError  # the last pause is none


def _fault(error: Exception, path: str) -> Note:
    """Log an exception that is no Problem, and return its Note."""
    log.error("unit failed", extra={"action": "unit.failed"}, exc_info=error)
    return note("machine_short" if is_exhaustion(error) else "internal_error", f"{type(error).__name__} on {path}")


def failed(source: Source, target: Target, why: Note, documents: Iterable[Document] = ()) -> Result[Any]:
    """Return the Result of a Unit that could not be processed at all."""
    facts = SourceFacts(path=source.path, sha256=source.sha256, media_type=source.media_type, notes=[why])
    return AnyResult(
        source=facts,
        target=TargetFacts(name=target.name, fingerprint=target.fingerprint),
        status="failed",
        reasons=[Reason(code=_untried(why.code), path="", message=f"{why.code}: {why.message}")],
        coverage=Coverage(pages=sum(len(d.pages) for d in documents)),
        problems=[why],
    )


def _untried(code: str) -> ReasonCode:
    """Return why nothing was tried: the source could not be read, or no model could be asked."""
    return "unread" if FACTS[code].fault == "input" else "unresolved"
