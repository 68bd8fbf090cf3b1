"""Read many documents of a Matter in worker processes, a few at once, in order."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem, JobProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.document_texts import source_of
from thresher.service.discovery.matter.folder import Matter
from thresher.service.readers.base import Spool
from thresher.service.readers.pool import ReaderPool

Made = TypeVar("Made")
Function = Callable[[Source, ReadOptions, Spool], Made]
_AT_ONCE = 256  # documents whose results are held
_OPTIONS = ReadOptions(ocr="off")


class TextReading:
    """Worker processes, used from code that does not wait itself."""

    def __init__(self, matter: Matter, workers: int = 2) -> None:
        """Read texts of a Matter with so many processes, which start with the first reading."""
        self.matter, self.workers = matter, workers

    def read(
        self, documents: Iterable[MatterDocument], function: Function[Made]
    ) -> Iterator[list[tuple[MatterDocument, Made | None]]]:
        """Yield batches of (document, what the function made of the text), in order; None where there is no text to be had.

        Raises SetupProblem for faults of the machine.
        """
        stream = iter(documents)
        batch = list(islice(stream, _AT_ONCE))
        if not batch:
            return
        with (
            tempfile.TemporaryDirectory(dir=self.matter.folder, prefix="reading-") as folder,
            asyncio.Runner() as runner,
        ):
            pool = ReaderPool(Path(folder), workers=self.workers)
            try:
                while batch:
                    made = runner.run(self._read_batch(pool, batch, function))
                    yield list(zip(batch, made, strict=True))
                    batch = list(islice(stream, _AT_ONCE))
            finally:
                runner.run(pool.close())

    async def _read_batch(
        self, pool: ReaderPool, batch: list[MatterDocument], function: Function[Made]
    ) -> list[Made | None]:
        sources = [source_of(self.matter, document) for document in batch]
        return list(await asyncio.gather(*(_read(pool, source, function) for source in sources)))


async def _read(pool: ReaderPool, source: Source | None, function: Function[Made]) -> Made | None:
    """Return what a function makes of a Source; None where it can not be read, of which the import has told."""
    if source is None:
        return None
    try:
        return await pool.call(function, source, _OPTIONS)
    except (InputProblem, JobProblem):
        return None
