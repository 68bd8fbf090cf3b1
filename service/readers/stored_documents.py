"""Large Documents travel between processes as files: whoever passes one on never holds its text.

reading process --pickle--> file in the spool --path--> this process --path--> processing process --unpickle--> text
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from thresher.schemas.document import Document
from thresher.service.base.disk_faults import disk

LARGE = 256_000  # code points of text from which a Document is stored
LIGHT = ("source", "ordinal", "pages", "kind", "by_line", "facts", "notes")  # what is known without its file


@dataclass(slots=True, kw_only=True, init=False)
class StoredDocument(Document):
    """A Document in a file, which is read when somebody asks for more than its LIGHT fields and its length.

    It can be copied, and its LIGHT fields set. It must not be asked for more once the file is gone.
    """

    file: Path
    known: int  # code points of text

    @classmethod
    def lying(cls, file: Path, known: int, light: dict[str, Any]) -> Self:
        """One whose file has not been read."""
        made = cls.__new__(cls)
        made.file, made.known = file, known
        for name, value in light.items():
            setattr(made, name, value)
        return made

    def __getattr__(self, name: str) -> Any:
        """Read the file: called for a field that is not set."""
        if name not in HEAVY:
            raise AttributeError(name)
        whole: Document = pickle.loads(self.file.read_bytes())  # noqa: S301 - written by a process of this program
        for one in HEAVY:
            setattr(self, one, getattr(whole, one))
        return getattr(self, name)

    def __reduce__(self) -> Any:
        """Travel, and be copied, as a path; the text stays where it is."""
        return type(self).lying, (self.file, self.known, {name: getattr(self, name) for name in LIGHT})

    @property
    def length(self) -> int:
        """See Document."""
        return self.known


HEAVY = frozenset(f.name for f in fields(Document)) - set(LIGHT)


def stored(document: Document, folder: Path) -> Document:
    """A Document in a file of `folder`, where it is large; else itself. Raises SetupProblem(storage_full, store_failed)."""
    if document.length < LARGE:
        return document
    file = folder / f"{uuid4().hex}.document"
    with disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            pickle.dump(document, out, protocol=pickle.HIGHEST_PROTOCOL)
    return StoredDocument.lying(file, document.length, {name: getattr(document, name) for name in LIGHT})
