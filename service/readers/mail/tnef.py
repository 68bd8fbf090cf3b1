"""TNEF (winmail.dat): the files and the text that Outlook hid in it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass, field
from typing import Any

from service.readers.mail.charsets import decode
from service.readers.mail.letter import BodyText, Enclosure
from service.readers.mail.rtf import decompress

SIGNATURE = b"\x78\x9f\x3e\x22"
_MIME_TAG, _CONTENT_ID, _LONG_NAME = 0x370E, 0x3712, 0x3707


@dataclass(slots=True)
class Unpacked:
    """What a TNEF held: alternatives of one text, enclosures in order, and the subject."""

    bodies: list[BodyText] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    subject: str = ""
    message_class: str = ""


def unpack(data: bytes) -> Unpacked:
    """Everything in a TNEF. Raises ValueError for what is none, or is damaged."""
    from tnefparse import TNEF  # noqa: PLC0415 - loads slowly, and few mails need it

    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = TNEF(data, do_checksum=False)
    except Exception as error:  # the library lets out whatever its slices raise
        raise ValueError(f"not readable as TNEF ({type(error).__name__})") from error
    return Unpacked(
        bodies=_bodies(parsed),
        enclosures=[_enclosure(a) for a in parsed.attachments],
        subject=_property(parsed.mapiprops, 0x0037) or _text(getattr(parsed, "subject", "")),
        message_class=_property(parsed.mapiprops, 0x001A),
    )


def _bodies(parsed: Any) -> list[BodyText]:
    found = []
    if _text(parsed.body):
        found.append(BodyText(kind="plain", text=_text(parsed.body)))
    if _text(parsed.htmlbody):
        found.append(BodyText(kind="html", text=_text(parsed.htmlbody)))
    raw = next((p.data for p in parsed.mapiprops if p.name == 0x1009), None)
    rtf = decompress(raw) if isinstance(raw, bytes) else None
    if rtf:
        found.append(BodyText(kind="rtf", text=rtf.decode("latin-1")))
    return found


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
    return _property(attachment.mapi_attrs, _LONG_NAME) or _text(attachment._name)  # noqa: SLF001 - its own decoding raises


def _property(properties: list[Any], tag: int) -> str:
    return _text(next((p.data for p in properties if p.name == tag), ""))


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, bytes):
        value = decode(value.rstrip(b"\0")).text
    return value.strip("\0") if isinstance(value, str) else ""
