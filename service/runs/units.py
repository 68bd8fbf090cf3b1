"""Group Documents into Units, one Result each, while a file is still being read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from thresher.schemas.document import Document
from thresher.schemas.policy import Unit as Kind
from thresher.service.readers.base import Reading

Split = Callable[[Document], Awaitable[list[Document]]]  # a Document to the documents in it: see service/splitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The Documents of one Result, its own Document first."""

    documents: list[Document]

    @property
    def path(self) -> str:
        """Return the path of its own Document."""
        return self.documents[0].source.path


async def units(readings: AsyncIterator[Reading], kind: Kind, split: Split) -> AsyncIterator[Unit]:
    """Yield the Units of one file, in document order; each is let go of before the next is read.

    A file with all it contains is one Unit. But each member of a container (ZIP, TAR, mailbox) is a Unit with all it
    contains. A container attached to a mail belongs to the mail. A container is a Unit of its own only if it is empty or
    has Notes (a damaged archive), so that it is not lost. Parts of a file that `split` cuts are Units, too, and so is
    what is attached to it.
    """
    wrappings: set[str] = set()
    held: list[Document] = []
    async for reading in readings:
        document = reading.document
        outermost = document.source.parent is None or document.source.parent in wrappings
        begins = outermost or kind == "document"
        if held and begins:
            yield Unit(documents=held)
            held = []
        if document.kind == "container" and outermost and reading.children:
            wrappings.add(document.source.id)
            if document.notes:
                yield Unit(documents=[document])
        elif begins:
            *whole, last = await split(document)
            for part in whole:
                yield Unit(documents=[part])
            if whole:
                wrappings.add(document.source.id)
            held = [last]
        elif held:
            held.append(document)
    if held:
        yield Unit(documents=held)
