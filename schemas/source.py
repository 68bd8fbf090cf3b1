"""Source: bytes and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.errors import Note

Relation = Literal["root", "attachment", "inline", "embedded", "member", "part"]


@dataclass(frozen=True, slots=True)
class Text:
    """A text to extract from, where a plain `str` would be taken as a path.

    >>> Text("Invoice 4711").name
    'text.txt'
    """

    content: str
    name: str = "text.txt"  # as shown in Results; its ending tells a format: "table.csv", "page.html"


class Source(BaseModel):
    """Bytes and where they came from. The bytes themselves lie at `blob`."""

    model_config = ConfigDict(frozen=True)

    path: str  # as shown to people: relative to the folder given, children after "!/" (mail.eml!/2-invoice.pdf), parts after "!" (scan.pdf!p04-06)
    blob: str  # file that holds the bytes
    sha256: str
    size: int  # bytes
    media_type: str = "application/octet-stream"  # found by content
    declared_type: str | None = None  # what a mail part or archive said it is
    name: str = ""  # file name as given by the parent or the file system, never a path
    relation: Relation = "root"
    parent: str | None = None  # id of the parent Source
    ordinal: int = 0  # 0-based position among the parent's children
    depth: int = 0  # 0 for a file given by the user
    custodian: str | None = None

    @property
    def id(self) -> str:
        """Return a stable id: a child's depends on its parent's, so equal attachments of two mails differ.

        >>> a = Source(path="a", blob="a", sha256="00", size=0)
        >>> len(a.id), a.id == a.model_copy(update={"path": "b"}).id
        (16, False)
        """
        root = self.path if self.parent is None else self.parent
        return hashlib.sha256(f"{root}\0{self.ordinal}\0{self.sha256}".encode()).hexdigest()[:16]


class SourceFacts(BaseModel):
    """What the Result says of a Source."""

    path: str
    sha256: str
    media_type: str
    pages: int | None = None
    page_sizes: list[tuple[float, float]] = Field(default_factory=list)  # width and height of each, points as displayed
    page_range: tuple[int, int] | None = None  # of a part of a packet: its first and last page in the file
    relation: str = "root"
    notes: list[Note] = Field(default_factory=list)
