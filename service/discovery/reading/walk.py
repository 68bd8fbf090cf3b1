"""Read one document of a matter, without its children, which are documents of their own, and keep its text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.reading.texts import Texts
from thresher.service.readers.base import Reading
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import AsyncReader, ReaderPool


@dataclass(frozen=True, slots=True)
class DocumentFiles:
    """A document with its Sources, the first being its own; `children`: hashes of the documents that came out of it."""

    document: MatterDocument
    sources: list[Source]
    children: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OwnContent:
    """Read as `inner` does, but leave out what became documents of the matter: of them only pictures in the text stay."""

    inner: AsyncReader
    children: frozenset[str]

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """Return the Reading of a Source with the children that belong to the document itself."""
        reading = await self.inner.read(source, options)
        if not self.children:
            return reading
        return Reading(reading.document, [child for child in reading.children if self._is_own(child)])

    def _is_own(self, child: Source) -> bool:
        """Whether a child is a picture shown in the text, and no document of the matter."""
        is_picture = (child.declared_type or child.media_type).startswith("image/")
        return child.relation == "inline" and is_picture and child.sha256 not in self.children


async def _readings(files: DocumentFiles, reader: AsyncReader, options: ReadOptions) -> AsyncIterator[Reading]:
    for source in files.sources:
        async for reading in walk_tree(source, OwnContent(reader, files.children), options):
            yield reading


async def _kept(readings: AsyncIterator[Reading], document_id: str, texts: Texts) -> AsyncIterator[Reading]:
    """Yield Readings, and keep the text of each."""
    number = 0
    async for reading in readings:
        number += 1
        await asyncio.to_thread(_keep, texts, document_id, number, reading)
        yield reading


def _keep(texts: Texts, document_id: str, number: int, reading: Reading) -> None:
    texts.put(document_id, number, reading.document.text)


@asynccontextmanager
async def walked(
    files: DocumentFiles, reader: AsyncReader, options: ReadOptions, texts: Texts
) -> AsyncIterator[AsyncIterator[Reading]]:
    """Provide the Readings of a document, whose texts are kept. Raises what reading its first file raises."""
    readings = _kept(_readings(files, reader, options), files.document.id, texts)
    try:
        yield readings
    finally:
        await readings.aclose()  # type: ignore[attr-defined]


async def read_texts(files: DocumentFiles, pool: ReaderPool, options: ReadOptions, texts: Texts) -> list[str]:
    """Return the texts of a document, read now and kept. No model is asked. Raises InputProblem."""
    if options.ocr == "vision":  # a model would see the page
        options = options.model_copy(update={"ocr": "auto"})
    async with pool.apart() as reader, walked(files, reader, options, texts) as readings:
        return [reading.document.text async for reading in readings]
