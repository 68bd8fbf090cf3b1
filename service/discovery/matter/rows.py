"""Turn records into rows of the store's tables, each with its place in the order of the Matter.

A place is a text that sorts byte by byte as the items follow each other: the SOURCE, the file, the position in it, the
positions of children. `first < second` then means "came before".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.discovery.matter import MatterContainer, MatterDocument, MatterException, SuppressedItem

SEPARATOR = "\x01"  # sorts before any character of a name

Row = tuple[Any, ...]
TABLES = {
    "documents": "id, place, source, family_id, level, kind, custodian, state, sha256, bates_begin, record",
    "exceptions": "id, place, source, document_id, custodian, code, level, stage, record",
    "containers": "id, place, source, custodian, record",
    "suppressed": "id, place, source, custodian, reason, sha256, record",
    "mail_texts": "id, mih, body, passages",
    "signatures": "id, words, signature",
}


def source_place(number: int) -> str:
    """Return the place of a SOURCE, which begins the places of all that it holds.

    >>> source_place(7) < source_place(10)
    True
    """
    return f"{number:06d}"


def inner_place(place: str, position: int | str) -> str:
    """Return the place of something inside: by its number, or by its name."""
    return f"{place}{SEPARATOR}{position:09d}" if isinstance(position, int) else f"{place}{SEPARATOR}{position}"


@dataclass(slots=True)
class Records:
    """Rows to be written in one transaction, by table."""

    documents: list[Row] = field(default_factory=list)
    exceptions: list[Row] = field(default_factory=list)
    containers: list[Row] = field(default_factory=list)
    suppressed: list[Row] = field(default_factory=list)
    mail_texts: list[Row] = field(default_factory=list)
    signatures: list[Row] = field(default_factory=list)

    def document(self, record: MatterDocument, place: str) -> None:
        """Add a document."""
        self.documents.append(document_row(record, place))

    def exception(self, record: MatterException, place: str) -> None:
        """Add an exception; it stands at the place of what it is about."""
        facts = (record.document_id, record.custodian, record.code, record.level, record.stage, record.to_json())
        self.exceptions.append((record.id, place, record.source, *facts))

    def container(self, record: MatterContainer, place: str) -> None:
        """Add a container."""
        self.containers.append((record.id, place, record.source, record.custodian, record.to_json()))

    def suppress(self, record: SuppressedItem, place: str) -> None:
        """Add an item that is no document."""
        facts = (record.custodian, record.reason, record.sha256, record.to_json())
        self.suppressed.append((record.id, place, record.source, *facts))

    def mail_text(self, document_id: str, mih: str | None, body: str, passages: bytes) -> None:
        """Add what of a mail's text is compared (see `mail_passages.py`)."""
        self.mail_texts.append((document_id, mih, body, passages))

    def add(self, other: Records) -> None:
        """Add all rows of another."""
        for name in TABLES:
            getattr(self, name).extend(getattr(other, name))


def document_row(record: MatterDocument, place: str) -> Row:
    """Return the row of a document."""
    origin = (record.source, record.family_id, record.level, record.kind, record.custodian)
    return (record.id, place, *origin, record.state, record.sha256, record.bates_begin, record.to_json())
