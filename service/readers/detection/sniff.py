"""Detect the type of a file by its content: signatures, members of packages, kinds of text, then a model.

The file name is only the last hint; a Note reports where it contradicts the content.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from thresher.schemas.errors import Note, note
from thresher.service.readers.detection.flat_xml_types import FLAT_TYPES, flat_type
from thresher.service.readers.detection.package_types import ole_type, zip_type
from thresher.service.readers.detection.signatures import by_signature
from thresher.service.readers.detection.text_types import as_ascii, is_text, text_type

if TYPE_CHECKING:
    from magika import Magika

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 1 << 16  # bytes that readers get to judge their confidence

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
BY_SUFFIX = {
    ".pdf": "application/pdf",
    ".docx": _OOXML + "wordprocessingml.document",
    ".xlsx": _OOXML + "spreadsheetml.sheet",
    ".pptx": _OOXML + "presentationml.presentation",
    ".docm": _OOXML + "wordprocessingml.document",
    ".xlsm": _OOXML + "spreadsheetml.sheet",
    ".pptm": _OOXML + "presentationml.presentation",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".odt": _ODF + "text",
    ".ods": _ODF + "spreadsheet",
    ".odp": _ODF + "presentation",
    ".fodt": _ODF + "text-flat-xml",
    ".fods": _ODF + "spreadsheet-flat-xml",
    ".fodp": _ODF + "presentation-flat-xml",
    ".epub": "application/epub+zip",
    ".rtf": "application/rtf",
    ".eml": "message/rfc822",
    ".mbox": "application/mbox",
    ".msg": "application/vnd.ms-outlook",
    ".pst": "application/vnd.ms-outlook-pst",
    ".ost": "application/vnd.ms-outlook-pst",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".heic": "image/heic",
    ".zip": "application/zip",
    ".tar": "application/x-tar",
    ".gz": "application/gzip",
    ".tgz": "application/gzip",
    ".bz2": "application/x-bzip2",
    ".xz": "application/x-xz",
    ".7z": "application/x-7z-compressed",
    ".rar": "application/vnd.rar",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".xml": "application/xml",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".tab": "text/tab-separated-values",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".log": "text/plain",
    ".asc": "text/plain",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".p7m": "application/pkcs7-mime",
    ".emlx": "message/rfc822",
    ".svg": "image/svg+xml",
}
_ONLY_BY_NAME = {"text/csv", "text/tab-separated-values", "text/markdown"}  # kinds of text without a recognisable start
_ANY_TEXT_TYPES = _ONLY_BY_NAME | {"text/plain"}  # types that any text may have
_PROTECTABLE = ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
_COMPATIBLE_TYPES = (  # no Note where name and content differ only so
    {"text/html", "application/xml", "image/svg+xml"},
    {"application/json", "application/x-ndjson", "text/plain"},
    {"application/xml", "text/plain"},
    *({"application/xml", flat} for flat in FLAT_TYPES),
    {"text/html", "text/plain"},
    {"text/calendar", "text/plain"},
    {"text/vcard", "text/plain"},
    {"message/rfc822", "text/plain"},
    *({_OOXML + kind, "application/x-ooxml-protected"} for kind in _PROTECTABLE),
)
_MODEL_TYPES = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "markdown": "text/markdown",
    "html": "text/html",
    "xml": "application/xml",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "eml": "message/rfc822",
    "rtf": "application/rtf",
    "ics": "text/calendar",
    "vcard": "text/vcard",
}
_MODEL_MIN_SCORE = 0.9


@dataclass(frozen=True, slots=True)
class Detected:
    """The media type by content, and a Note where the name contradicts it."""

    media_type: str
    notes: tuple[Note, ...] = ()


def detect(path: Path, head: bytes, name: str, *, guess: bool = True) -> Detected:
    """Return the media type of a file by its first `HEAD_BYTES` bytes, and by its members if it is a package.

    `guess`: whether the model may tell the kind of a text that nothing else tells; without it that is `text/plain`.
    """
    hint = BY_SUFFIX.get(PurePosixPath(name).suffix.lower())
    found = _by_content(path, head)
    if found is None:
        return Detected(hint or UNKNOWN)
    if found == "text/plain":
        found = _kind_of_text(path, hint, guess=guess)
    elif found == "application/mbox" and hint == "message/rfc822" and head.count(b"\nFrom ") == 0:
        found = "message/rfc822"  # one mail, saved with the `From ` line of a mailbox
    return Detected(found, _mismatch(name, hint, found))


def _by_content(path: Path, head: bytes) -> str | None:
    """Return the type by signature, members or text; None for unknown binary data."""
    media_type = by_signature(head)
    if media_type == "application/zip":
        return zip_type(path)
    if media_type == "application/x-ole-storage":
        return ole_type(path)
    if media_type:
        return media_type
    found = text_type(head) if is_text(head) else None
    return flat_type(as_ascii(head)) or found if found == "application/xml" else found


def _kind_of_text(path: Path, hint: str | None, *, guess: bool) -> str:
    """Return the kind of a text without a recognisable start: by its name, else by the model."""
    if hint in _ANY_TEXT_TYPES | {
        "application/json",
        "application/xml",
        "text/html",
        "message/rfc822",
        "application/pkcs7-mime",
    }:
        return hint or "text/plain"
    type_by_model = _model_type(path) if guess else "text/plain"
    return type_by_model if type_by_model in _ANY_TEXT_TYPES | {"text/html", "application/xml"} else "text/plain"


def _model_type(path: Path) -> str:
    """Return the type that the model gives with a high score, else plain text."""
    try:
        result = _model().identify_path(path)
    except Exception:  # noqa: BLE001 - without a hint it is read as plain text
        return "text/plain"
    sure = result.score >= _MODEL_MIN_SCORE
    return _MODEL_TYPES.get(str(result.output.label), "text/plain") if sure else "text/plain"


@functools.cache
def _model() -> Magika:
    from magika import Magika as Model  # noqa: PLC0415 - loads onnxruntime; few files need it

    return Model()


def _mismatch(name: str, hint: str | None, found: str) -> tuple[Note, ...]:
    """Return a Note where the name promises a type that is not compatible with the content."""
    if hint is None or hint == found or any({hint, found} <= pair for pair in _COMPATIBLE_TYPES):
        return ()
    if hint in _ANY_TEXT_TYPES and found.startswith(
        ("text/", "application/json", "application/x-ndjson", "application/xml")
    ):
        return ()
    return (note("type_mismatch", f"{name} is {found}"),)
