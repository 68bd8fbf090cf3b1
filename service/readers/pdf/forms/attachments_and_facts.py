"""Read what a PDF holds beside its pages: metadata, attached files, the form."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from thresher.schemas.errors import Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf.library import wide_string

_FACTS = {
    "title": b"Title",
    "author": b"Author",
    "subject": b"Subject",
    "keywords": b"Keywords",
    "creator": b"Creator",
    "producer": b"Producer",
    "created": b"CreationDate",
    "modified": b"ModDate",
}
_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([Zz+-])(\d\d)?'?(\d\d)?)?")


def facts_of(document: Any) -> dict[str, str]:
    """Return the file's metadata by name; dates as ISO 8601."""
    found = {}
    for name, key in _FACTS.items():
        value = " ".join(wide_string(pdfium.FPDF_GetMetaText, document, key).replace("\0", "").split())
        if value:
            found[name] = iso_date(value) if name in {"created", "modified"} else value
    return found


def iso_date(value: str) -> str:
    """Return a PDF date as ISO 8601; other text stays as it is.

    >>> iso_date("D:20240131093000+01'00'"), iso_date("D:2024"), iso_date("last week")
    ('2024-01-31T09:30:00+01:00', '2024', 'last week')
    """
    match = _DATE.match(value)
    if match is None:
        return value
    year, month, day, hour, minute, second, sign, ahead, past = match.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if day is None or hour is None:
        return date
    zone = "" if sign is None else "Z" if sign in "Zz" else f"{sign}{ahead or '00'}:{past or '00'}"
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"


@dataclass(slots=True)
class Attachments:
    """Attached files, of a PDF's name tree and of annotations, stored as children."""

    source: Source
    spool: Spool
    options: ReadOptions
    children: list[Source] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    room: int = field(init=False)  # bytes that may still be expanded
    full: bool = False  # whether the limit on their number was reported

    def __post_init__(self) -> None:
        """Set one limit on expanded bytes for all attachments."""
        self.room = self.options.limits.expanded

    def named(self, document: Any) -> None:
        """Store the files of the name tree."""
        for i in range(max(pdfium.FPDFDoc_GetAttachmentCount(document), 0)):
            self.keep(pdfium.FPDFDoc_GetAttachment(document, i))

    def pinned(self, page: Any) -> None:
        """Store the files of a page's annotations."""
        for i in range(max(pdfium.FPDFPage_GetAnnotCount(page), 0)):
            one = pdfium.FPDFPage_GetAnnot(page, i)
            if one and pdfium.FPDFAnnot_GetSubtype(one) == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                self.keep(pdfium.FPDFAnnot_GetFileAttachment(one))
            pdfium.FPDFPage_CloseAnnot(one)

    def keep(self, attachment: Any) -> None:
        """Store one file, or add a Note where it cannot be read."""
        if len(self.children) >= self.options.limits.members:
            if not self.full:
                self.notes.append(note("expansion_limit", f"more than {len(self.children):,} attachments"))
            self.full = True
            return
        name = _decoded_name(wide_string(pdfium.FPDFAttachment_GetName, attachment)) if attachment else ""
        data = _content(attachment, self.room) if attachment else None
        if data is None:
            self.notes.append(note("embedded_unreadable", name or "an attachment without a name"))
            return
        self.room -= len(data)
        ordinal = len(self.children)
        self.children.append(self.spool.child(self.source, data, name=name, ordinal=ordinal, relation="embedded"))


def _decoded_name(name: str) -> str:
    """Decode a UTF-16 name that PDFium took for single bytes, as it does where a file gives no /UF."""
    if not name.startswith("\xfe\xff"):
        return name
    try:
        return name[2:].encode("latin-1").decode("utf-16-be")
    except UnicodeError:
        return name


def _content(attachment: Any, most: int) -> bytes | None:
    """Return the bytes of an attachment; None where it cannot be read or has more than `most` bytes."""
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, ctypes.byref(size)) or size.value > most:
        return None
    buffer = ctypes.create_string_buffer(max(size.value, 1))
    if not pdfium.FPDFAttachment_GetFile(attachment, buffer, size.value, ctypes.byref(size)):
        return None
    return buffer.raw[: size.value]


@contextmanager
def form_of(document: Any) -> Iterator[Any]:
    """Open PDFium's form handle, and close it at the end; None where the file has no form."""
    if pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_NONE:
        yield None
        return
    info = pdfium.FPDF_FORMFILLINFO(version=2)
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, ctypes.byref(info))
    try:
        yield form or None
    finally:
        if form:
            pdfium.FPDFDOC_ExitFormFillEnvironment(form)
