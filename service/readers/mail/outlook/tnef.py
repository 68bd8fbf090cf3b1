"""Unpack TNEF (winmail.dat): the files and the text that Outlook puts in it."""

from __future__ import annotations

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from thresher.service.readers.mail.charsets import decode
from thresher.service.readers.mail.letter import BodyText, Enclosure
from thresher.service.readers.mail.outlook.rtf_bodies import decompress

SIGNATURE = b"\x78\x9f\x3e\x22"
_MIME_TAG, _CONTENT_ID, _LONG_NAME = 0x370E, 0x3712, 0x3707
_FIRST_ATTRIBUTE, _ATTRIBUTE_HEAD, _CHECKSUM = 6, 9, 2  # bytes
_HOURS = {0x0006: "Start", 0x0007: "End"}
_HEADERS = (("From", 0x0C1A), ("To", 0x0E04), ("Cc", 0x0E03), ("Date", 0x0039), ("Subject", 0x0037))


@dataclass(slots=True, kw_only=True)
class Unpacked:
    """The content of a TNEF: header lines, versions of one text, enclosures in order."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[BodyText] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    damaged: bool = False  # some properties could not be read


def unpack(data: bytes) -> Unpacked:
    """Return the content of a TNEF. Raises ValueError for other data, or where it cannot be read at all."""
    from tnefparse import TNEF  # noqa: PLC0415 - loads slowly, and few mails need it

    try:
        with _logged_errors() as complaints, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = TNEF(data, do_checksum=False)
    except Exception as error:  # the library raises whatever its slices raise
        raise ValueError(f"not readable as TNEF ({type(error).__name__})") from error
    return Unpacked(
        headers=[*_headers(parsed.mapiprops), *_hours(parsed)],
        bodies=_bodies(parsed),
        enclosures=[_enclosure(a) for a in parsed.attachments],
        damaged=bool(complaints) or _is_cut(data) or (_packed_rtf(parsed) is not None and _rtf(parsed) is None),
    )


def _is_cut(data: bytes) -> bool:
    """Whether the attributes do not end where the file ends."""
    at = _FIRST_ATTRIBUTE
    while at + _ATTRIBUTE_HEAD <= len(data):
        at += _ATTRIBUTE_HEAD + struct.unpack_from("<I", data, at + 5)[0] + _CHECKSUM
    return at != len(data)


@contextmanager
def _logged_errors() -> Iterator[list[str]]:
    """Collect the errors that the library writes to its log and reports nowhere else."""
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.msg)  # type: ignore[method-assign]
    log = logging.getLogger("tnefparse")
    log.addHandler(handler)
    propagate, log.propagate = log.propagate, False
    try:
        yield messages
    finally:
        log.removeHandler(handler)
        log.propagate = propagate


def _headers(properties: list[Any]) -> list[tuple[str, str]]:
    stated = [(label, _property(properties, tag)) for label, tag in _HEADERS]
    return [(label, " ".join(value.split())) for label, value in stated if value]


def _hours(parsed: Any) -> list[tuple[str, str]]:
    """Return when an appointment begins and ends, in the local time of who sent it, as its attributes say."""
    found = []
    for one in parsed.objects:
        label = _HOURS.get(one.name)
        if label and isinstance(one.data, datetime):
            found.append((label, one.data.strftime("%Y-%m-%d %H:%M")))
    return found


def _bodies(parsed: Any) -> list[BodyText]:
    found = []
    if _text(parsed.body):
        found.append(BodyText(kind="plain", text=_text(parsed.body)))
    if _text(parsed.htmlbody):
        found.append(BodyText(kind="html", text=_text(parsed.htmlbody)))
    if rtf := _rtf(parsed):
        found.append(BodyText(kind="rtf", text=rtf.decode("latin-1")))
    return found


def _packed_rtf(parsed: Any) -> bytes | None:
    packed = parsed._rtfbody  # noqa: SLF001 - the public property raises on damage
    packed = packed[0] if isinstance(packed, list) and packed else packed
    return packed if isinstance(packed, bytes) else None


def _rtf(parsed: Any) -> bytes | None:
    packed = _packed_rtf(parsed)
    return None if packed is None else decompress(packed)


def _enclosure(attachment: Any) -> Enclosure:
    data = attachment.data
    is_mail = isinstance(data, bytes) and data.startswith(SIGNATURE)
    return Enclosure(
        data=data if isinstance(data, bytes) else b"",
        name=_name(attachment) or ("message.tnef" if is_mail else "unnamed"),
        media_type="application/vnd.ms-tnef" if is_mail else _property(attachment.mapi_attrs, _MIME_TAG) or None,
        relation="embedded" if is_mail else "attachment",
        content_id=_property(attachment.mapi_attrs, _CONTENT_ID).strip("<>"),
    )


def _name(attachment: Any) -> str:
    name = attachment._name  # noqa: SLF001 - the public property raises on bytes that are not UTF-8
    return _property(attachment.mapi_attrs, _LONG_NAME) or _text(name)


def _property(properties: list[Any], tag: int) -> str:
    return _text(next((p.data for p in properties if p.name == tag), ""))


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        value = decode(value.rstrip(b"\0")).text
    return value.strip("\0") if isinstance(value, str) else ""
