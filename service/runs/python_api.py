"""Extract from Python: one path or bytes and a pydantic class to a typed Result."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from thresher.schemas.policy import Policy
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.llm.page_images import read_options
from thresher.service.pipeline import process
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.readers.vision_pages import TranscribingReader
from thresher.service.settings import load
from thresher.service.storage.answers.base import Store
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.storage.answers.session import Transactions
from thresher.service.targets.loading import load_target
from thresher.service.wiring import engine_of, model_name, model_of, opened_store


async def aextract(
    document: str | Path | bytes, target: Any, policy: Policy | None = None, *, store: Path | None = None
) -> Result[Any]:
    """Return the Result of one file with all it contains (see `thresher.extract`)."""
    settings = load()
    policy = policy or Policy()
    policy = policy.model_copy(update={"model": model_name(policy, settings)})
    known = load_target(target)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        answers, book = await stack.enter_async_context(_store(store))
        pool = await stack.enter_async_context(ReaderPool(folder / "spool", workers=1))
        model = model_of(policy, settings, answers, book=book)
        stack.push_async_callback(model.aclose)
        reads = TranscribingReader(pool, model)
        documents = [
            r.document async for r in walk_tree(_source(document, folder), reads, read_options(policy, model.facts))
        ]
        return _typed(await process(engine_of(model, known, policy), documents), known)


def _source(document: str | Path | bytes, folder: Path) -> Source:
    """Return the Source of a path, or of bytes that are written into a file first."""
    if not isinstance(document, bytes):
        return make_source(Path(document))
    file = folder / "document"
    file.write_bytes(document)
    return make_source(file)


@asynccontextmanager
async def _store(folder: Path | None) -> AsyncIterator[tuple[Store, Transactions | None]]:
    """Open the store of answers, and the database of batches (None: in memory alone)."""
    if folder is None:
        yield MemoryStore(), None
        return
    async with opened_store(folder) as store:
        yield store, store


def _typed(result: Result[Any], target: Target) -> Result[Any]:
    """Return the Result with `data` as an instance of the user's class, if the target is one; None if it cannot be built."""
    if target.model is None:
        return result
    return result.built(target.validate(result.values).typed if result.values else None)
