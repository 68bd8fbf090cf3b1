"""Pass large Documents between processes as files, so that a process that only passes one on never loads its text.

reading process --pickle--> file in the spool --path--> this process --path--> processing process --unpickle--> text
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from thresher.schemas.document import Document
from thresher.service.base.disk_faults import disk_faults_as_problems

LARGE_CODE_POINTS = 256_000  # code points of text from which a Document is stored in a file
LIGHT_FIELDS = (
    "source",
    "ordinal",
    "pages",
    "kind",
    "by_line",
    "facts",
    "notes",
)  # fields that are known without its file


@dataclass(slots=True, kw_only=True, init=False)
class StoredDocument(Document):
    """A Document in a file, which is read when a field is used that is not LIGHT, other than its length.

    It can be copied, and its LIGHT fields can be set. Other fields must not be used once the file is deleted.
    """

    file: Path
    known: int  # code points of its text

    @classmethod
    def from_file(cls, file: Path, known: int, light: dict[str, Any]) -> Self:
        """Return one whose file has not been read."""
        made = cls.__new__(cls)
        made.file, made.known = file, known
        for name, value in light.items():
            setattr(made, name, value)
        return made

    def __getattr__(self, name: str) -> Any:
        """Read the file; called for a field that is not set."""
        if name not in HEAVY_FIELDS:
            raise AttributeError(name)
        with self.file.open("rb") as file:  # not its bytes at once, which are as many as the Document's
            whole: Document = pickle.load(file)  # noqa: S301 - written by a process of this program
        for one in HEAVY_FIELDS:
            setattr(self, one, getattr(whole, one))
        return getattr(self, name)

    def __reduce__(self) -> Any:
        """Pickle and copy the path; the text stays in the file."""
        return type(self).from_file, (self.file, self.known, {name: getattr(self, name) for name in LIGHT_FIELDS})

    @property
    def length(self) -> int:
        """Return the code points of its text, without reading it."""
        return self.known


HEAVY_FIELDS = frozenset(f.name for f in fields(Document)) - set(LIGHT_FIELDS)


def store_if_large(document: Document, folder: Path) -> Document:
    """Store a Document in a file of `folder` where it is large; else return it unchanged.

    Raises SetupProblem(storage_full, store_failed).
    """
    if document.length < LARGE_CODE_POINTS:
        return document
    file = folder / f"{uuid4().hex}.document"
    with disk_faults_as_problems(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            pickle.dump(document, out, protocol=pickle.HIGHEST_PROTOCOL)
    return StoredDocument.from_file(file, document.length, {name: getattr(document, name) for name in LIGHT_FIELDS})
