"""Use pypdf for files that PDFium cannot open, form fields that no page shows, and metadata in XMP.

It reads a file a second time, in Python, so it is imported only where PDFium left something to find. It may fail on
any file in any way; no damage raises.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source

if TYPE_CHECKING:
    from pypdf import PdfReader, PdfWriter

_REPAIRED_MAX_BYTES = 256 * 2**20  # pypdf holds a file in memory several times
_MAX_FIELDS = 20_000
_UNSET = {"", "Off"}


def repaired_pdf(source: Source, options: ReadOptions) -> bytes | None:
    """Return the file as pypdf rewrites it, decrypted; None where pypdf can read no page."""
    data = Path(source.blob).read_bytes() if source.size <= _REPAIRED_MAX_BYTES else b""
    try:
        reader = _opened(data, options.passwords)
        if reader is None:
            return None
        from pypdf import PdfWriter  # noqa: PLC0415 - loads only for damaged files

        writer = PdfWriter()
        count = sum(_copied(reader, i, writer) for i in range(min(len(reader.pages), options.limits.pages)))
        out = io.BytesIO()
        writer.write(out)
    except (Exception, RecursionError):  # noqa: BLE001 - damaged files make pypdf fail in every way
        return None
    return out.getvalue() if count else None


def _opened(data: bytes, passwords: tuple[str, ...] = ()) -> PdfReader | None:
    """Open a file with pypdf; None where no password fits."""
    from pypdf import PdfReader  # noqa: PLC0415 - loads only where PDFium is not enough

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # the reader notes what was repaired
    start = max(data.find(b"%PDF-"), 0)
    reader = PdfReader(io.BytesIO(data[start:]), strict=False)
    if reader.is_encrypted and not any(reader.decrypt(password) for password in ("", *passwords)):
        return None
    return reader


def _copied(reader: PdfReader, index: int, writer: PdfWriter) -> bool:
    """Copy a page, and return whether it could be copied.

    A page beyond repair becomes a blank one, so that the others keep their numbers.
    """
    try:
        writer.add_page(reader.pages[index])
    except (Exception, RecursionError):  # noqa: BLE001 - see above
        writer.add_blank_page(612, 792)
        return False
    return True


def fields_not_shown(source: Source, options: ReadOptions, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (label, value) of form fields with a value whose full names are not in `seen`."""
    try:
        reader = _opened(Path(source.blob).read_bytes(), options.passwords)
        fields = (reader.get_fields() if reader else None) or {}
    except (Exception, RecursionError):  # noqa: BLE001 - see above
        return
    for name, field in list(fields.items())[:_MAX_FIELDS]:
        value = _value(field.get("/V"))
        if value not in _UNSET and name not in seen and not field.get("/Kids"):
            yield _plain(field.get("/TU") or name), value


def _value(value: Any) -> str:
    """Return a field's value as text."""
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value)
    text = "" if value is None or isinstance(value, dict) else str(value)
    return _plain(text.removeprefix("/"))


def _plain(text: Any) -> str:
    """Return text with white space normalised, without NUL characters."""
    return " ".join(str(text).replace("\0", "").split())


def xmp_facts(source: Source, options: ReadOptions) -> dict[str, str]:
    """Return title, author, dates and the like from the XMP packet, where they are not empty."""
    data = Path(source.blob).read_bytes()
    if b"/Metadata" not in data:  # the packet's own dictionary is never compressed
        return {}
    try:
        reader = _opened(data, options.passwords)
        packet = reader.xmp_metadata if reader else None
        found = _facts(packet) if packet else {}
    except (Exception, RecursionError):  # noqa: BLE001 - see above
        return {}
    return {name: value for name, value in found.items() if value}


def _facts(packet: Any) -> dict[str, str]:
    """Return the facts of an XMP packet, empty where it has none."""
    title, about = packet.dc_title or {}, packet.dc_description or {}
    return {
        "title": _plain(next(iter(title.values()), "")),
        "author": _plain(", ".join(packet.dc_creator or [])),
        "subject": _plain(next(iter(about.values()), "")),
        "keywords": _plain(packet.pdf_keywords or ""),
        "creator": _plain(packet.xmp_creator_tool or ""),
        "producer": _plain(packet.pdf_producer or ""),
        "created": _date(packet.xmp_create_date),
        "modified": _date(packet.xmp_modify_date),
    }


def _date(value: Any) -> str:
    """Return a date as ISO 8601; empty for other values."""
    return value.isoformat() if isinstance(value, datetime) else ""
