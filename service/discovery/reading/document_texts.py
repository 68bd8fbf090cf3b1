"""Give the texts of a matter's documents to code that looks for something in them; no model is asked."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.reading.document_sources import DocumentSources
from thresher.service.discovery.reading.texts import Texts
from thresher.service.discovery.reading.walk import DocumentFiles, read_texts
from thresher.service.readers.base import Spool
from thresher.service.readers.pool import ReaderPool

Made = TypeVar("Made")
LONG_CODE_POINTS = 64_000  # of texts in which is searched in another process
_BYTES_PER_CODE_POINT = 4  # at most, in memory


class DocumentTexts:
    """The texts of the documents of one Matter: those that are kept, else read now."""

    def __init__(self, matter: Matter, pool: ReaderPool, options: ReadOptions) -> None:
        """Read with a pool made for `read_matter_source`."""
        self._sources, self._pool, self._options = DocumentSources(matter), pool, options
        self._texts = Texts(matter.folder / "texts")
        self._children = children_of(matter)

    @property
    def reading(self) -> str:
        """Return a hash of how texts are read; passwords are left out, for they open what else is not read at all."""
        options = self._options.model_dump_json(exclude={"passwords"})
        return hashlib.sha256(options.encode()).hexdigest()[:16]

    async def of(self, document: MatterDocument, *, again: bool = False) -> list[str]:
        """Return the texts of a document, one a file; `again`: not those that are kept. Raises InputProblem."""
        found = await asyncio.to_thread(self._texts.all, document.id)
        if found and not again:
            return found
        sources = self._sources.sources(document, document.id)
        files = DocumentFiles(document, sources, self._children.get(document.id, frozenset()))
        return await read_texts(files, self._pool, self._options, self._texts)

    async def searched(self, texts: list[str], search: Callable[[list[str]], Made]) -> Made:
        """Return what a search in texts finds: here where they are short, else in a worker under limits.

        `search` can be pickled. Raises InputProblem (`timeout`, `too_large`).
        """
        length = sum(map(len, texts))
        if length <= LONG_CODE_POINTS:
            return search(texts)
        source = Source(path="texts", blob="", sha256="", size=length * _BYTES_PER_CODE_POINT)
        return await self._pool.call(partial(_search, texts=texts, search=search), source, self._options)


def _search(
    source: Source, options: ReadOptions, spool: Spool, *, texts: list[str], search: Callable[[list[str]], Made]
) -> Made:
    """Search in a worker."""
    del source, options, spool
    return search(texts)


def children_of(matter: Matter) -> dict[str, frozenset[str]]:
    """Return the hashes of what came out of each document, by its id: documents, and known files that were left out."""
    found = defaultdict[str, set[str]](set)
    for document in matter.store.documents():
        if document.parent_id:
            found[document.parent_id].add(document.sha256)
    for item in matter.store.suppressed():
        if item.parent_id and item.reason == "denist":
            found[item.parent_id].add(item.sha256)
    return {parent: frozenset(hashes) for parent, hashes in found.items()}
