"""What commands on a matter that read its documents share: the processes that read, and how far they are."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from thresher.schemas.policy import ReadOptions
from thresher.service.base.temp_folder import temp_folder
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.reading.document_texts import DocumentTexts
from thresher.service.discovery.reading.produced_text import read_matter_source
from thresher.service.readers.pool import ReaderPool


@asynccontextmanager
async def reader_pool() -> AsyncIterator[ReaderPool]:
    """Provide processes that read sources of matters."""
    with temp_folder() as folder:
        async with ReaderPool(folder / "spool", read=read_matter_source) as pool:
            yield pool


@asynccontextmanager
async def document_texts(matter: Matter, options: ReadOptions) -> AsyncIterator[DocumentTexts]:
    """Provide the texts of a matter's documents."""
    async with reader_pool() as pool:
        yield DocumentTexts(matter, pool, options)


def counting(what: str) -> Callable[[int], None]:
    """Return a function that says on standard error how many documents are done."""

    def said(done: int) -> None:
        sys.stderr.write(f"thresher: {what} {done} documents\n")

    return said


def existing_matter(folder: Path) -> Matter:
    """Open a matter for writing. Raises SetupProblem(store_failed) where the folder holds none."""
    Matter(folder, writes=False).close()
    return Matter(folder)
