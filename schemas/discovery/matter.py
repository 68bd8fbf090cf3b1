"""The nouns of a matter: its documents, their families, what went wrong, and what was left out on purpose.

A record says where a document came from and what it belongs to; its bytes are in the Matter's `originals/`, under its
SHA-256. Records are written without their empty fields. Times are ISO 8601 in UTC with a `Z`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES, ExceptionLevel

DocumentKind = Literal[
    "email", "attachment", "edoc", "hardcopy", "calendar", "contact", "task", "journal", "note", "other"
]
State = Literal["new", "extracted", "partial", "exception", "held", "skipped"]
Stage = Literal["inventory", "expand", "parse", "ocr", "chunk", "extract", "merge", "export"]
Resolution = Literal["open", "resolved", "waived"]
TextOrigin = Literal["text_file", "load_file", "native", "images", "none"]
SuppressionReason = Literal["inline", "denist"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    def to_json(self) -> str:
        """Return the record as one line of JSON, without empty fields; the same record gives the same bytes."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Return the record of a line that `to_json` wrote."""
        return cls.model_validate_json(line)


class MatterDate(_Record):
    """A point in time, as it was stated, and the ground on which its zone rests.

    `evidence`: "header" (the zone was stated), "assumed:Europe/Berlin" (the job's zone was assumed), "none" (there is
    no zone to be had; `utc` is then empty).
    """

    utc: str | None = None
    original: str = ""
    offset: str = ""  # as stated: "+0200"; empty where none was
    evidence: str = "none"


class MatterDates(_Record):
    """The dates of a document. `sort` is the date of the family: the parent's sent, received or modified date."""

    sent: MatterDate | None = None
    received: MatterDate | None = None
    created: MatterDate | None = None
    modified: MatterDate | None = None
    sort: MatterDate | None = None


class ProducedFiles(_Record):
    """What a production gave for a document; paths are below the SOURCE.

    `text_from` says what is to be read: the text file, the text in the load file (kept among the originals under
    `text_sha256`), the native, OCR of the images, or nothing. A native that must not be read is not named here.
    """

    text_from: TextOrigin = "none"
    text: str | None = None
    text_sha256: str | None = None
    native: str | None = None
    images: tuple[str, ...] = ()  # in order; one file may hold all pages
    pages: tuple[str, ...] = ()  # Bates number of each page, the first being `bates_begin`


class MatterDocument(_Record):
    """One document of a matter."""

    id: str
    parent_id: str | None = None  # on children only
    family_id: str  # id of the member at level 1
    level: int = 1  # 1: no parent
    ordinal: int = 0  # 0-based position among the parent's children, or in the container
    custodian: str = ""
    source: int = 0  # number of the SOURCE given, 1-based
    path: str = ""  # within the SOURCE; what is inside something follows after "!/"
    path_bytes: str | None = None  # hex, where the name is not UTF-8
    name: str = ""
    kind: DocumentKind = "edoc"
    media_type: str = "application/octet-stream"
    size: int = 0  # bytes
    md5: str = ""
    sha1: str = ""
    sha256: str = ""
    bates_begin: str | None = None
    bates_end: str | None = None
    dates: MatterDates = MatterDates()
    sender: tuple[str, ...] = Field(default=(), alias="from")  # each "Name <address>" as stated
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    message_id: str | None = None  # with angle brackets
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    conversation_index: str | None = None  # hex
    mih: str | None = None  # EDRM Message Identification Hash
    dedup_key: str | None = None  # edisc-dedup-v1 of a mail, else the SHA-256; children have one too
    dup_of: str | None = None
    all_custodians: tuple[str, ...] = ()
    all_paths: tuple[str, ...] = ()
    thread_id: str | None = None
    thread_parent: str | None = None
    thread_depth: int | None = None
    thread_position: int | None = None  # 0-based; answers after what they answer, else by date
    link_evidence: str | None = None
    inclusive: bool | None = None
    near_duplicate_of: str | None = None
    redacted: bool = False
    withheld: bool = False
    privilege_flags: tuple[str, ...] = ()
    held: bool = False
    state: State = "new"
    produced: ProducedFiles | None = None  # of productions alone
    extra: dict[str, str] = {}


class MatterException(_Record):
    """What went wrong with one item, and where. `message` says it to a person; it has no stack trace."""

    id: str
    document_id: str | None = None  # the document it is about; none for an input that gave no document
    parent_id: str | None = None
    path: str = ""
    custodian: str = ""
    source: int = 0
    sha256: str | None = None
    media_type: str | None = None  # as detected
    stage: Stage = "expand"
    code: str
    level: ExceptionLevel = "error"
    message: str = ""
    retryable: bool = False
    first_attempt: str | None = None
    last_attempt: str | None = None
    resolution: Resolution = "open"
    resolved_by: str | None = None
    resolved_why: str | None = None
    unread: int = 0  # items that gave neither document nor container because of this

    @field_validator("code")
    @classmethod
    def _is_listed(cls, code: str) -> str:
        if code not in EXCEPTION_CODES:
            raise ValueError(f"{code} is not an exception code")
        return code


class MatterContainer(_Record):
    """A file or folder that holds items and is no document itself. `declared` = `emitted` + `failed`."""

    id: str
    path: str
    source: int
    custodian: str = ""
    media_type: str = ""
    sha256: str | None = None  # none for a folder of a mailbox
    size: int = 0
    declared: int | None = None  # items it says it has; none until that is known
    emitted: int = 0  # items that became documents or containers
    failed: int = 0  # items that could not be had; each has an exception


class SuppressedItem(_Record):
    """An item that is kept and counted but is no document: an image shown in a mail's text, a file on a De-NIST list."""

    id: str
    parent_id: str | None = None
    path: str
    name: str = ""
    source: int
    custodian: str = ""
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    reason: SuppressionReason


class Family(_Record):
    """A parent with all its descendants, in order: parents before children, siblings by their ordinal."""

    members: tuple[MatterDocument, ...]

    @property
    def id(self) -> str:
        """Return the id of the family, which is that of its parent."""
        return self.members[0].family_id

    @property
    def parent(self) -> MatterDocument:
        """Return the member at level 1."""
        return self.members[0]


def families(documents: Iterable[MatterDocument]) -> Iterator[Family]:
    """Yield the families of documents that come in the order of the Matter, in which a family stands together."""
    members: list[MatterDocument] = []
    for document in documents:
        if members and document.family_id != members[0].family_id:
            yield Family(members=tuple(members))
            members = []
        members.append(document)
    if members:
        yield Family(members=tuple(members))


def root_id(custodian: str, label: str, path: bytes, sha256: str) -> str:
    """Return the id of an item without a parent. It depends on nothing else, so a further SOURCE changes no id."""
    return _id("root", custodian.encode(), label.encode(), path, sha256.encode())


def child_id(parent: str, ordinal: int, sha256: str) -> str:
    """Return the id of a child: equal attachments of two mails have different ids."""
    return _id("child", parent.encode(), str(ordinal).encode(), sha256.encode())


def exception_id(document: str, code: str, message: str) -> str:
    """Return the id of an exception: the same finding has the same id when it is found again."""
    return _id("exception", document.encode(), code.encode(), message.encode())


def _id(kind: str, *parts: bytes) -> str:
    """Return 32 hexadecimal digits of a SHA-256 over the parts, each with its length before it."""
    digest = hashlib.sha256(f"{kind}\n".encode())
    for part in parts:
        digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()[:32]
