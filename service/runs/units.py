"""Units: which Documents one Result answers for, told while a file is still being read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from thresher.schemas.document import Document
from thresher.schemas.policy import Unit as Kind
from thresher.service.readers.base import Reading

Split = Callable[[Document], Awaitable[list[Document]]]  # a Document to those that it holds: see service/splitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one Result answers for: Documents, its own first."""

    documents: list[Document]

    @property
    def path(self) -> str:
        """Of its own Document."""
        return self.documents[0].source.path


async def units(readings: AsyncIterator[Reading], kind: Kind, split: Split) -> AsyncIterator[Unit]:
    """The Units of one file, in document order; only one Unit is held at a time.

    A file with what it holds is one Unit; but a container (ZIP, TAR, mailbox) is only a wrapping: each of its members
    with what that holds is a Unit. A container attached to a mail belongs to the mail. A container is a Unit of its
    own only if it is empty or has something to say of itself (a damaged archive), so that it does not vanish.
    A file that `split` cuts is a wrapping too: of its parts, and of what is attached to it.
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
