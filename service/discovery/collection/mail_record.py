"""Turn a Letter into what a Matter records of a mail: people, dates, threads, and the content of its key."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Any

from thresher.schemas.discovery.matter import DocumentKind, MatterDate, MatterDates
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.service.discovery.collection.content import Role
from thresher.service.discovery.collection.dates import date_of
from thresher.service.discovery.mail_keys import MailContent, address, message_id_hash, people
from thresher.service.readers.mail.bodies import choose_version, without_rtf
from thresher.service.readers.mail.letter import BodyText, Letter
from thresher.service.readers.mail.mime_to_letter import letter_of
from thresher.service.readers.mail.outlook.mapi import PROPERTIES
from thresher.service.readers.mail.outlook.msg_to_letter import msg_to_letter
from thresher.service.readers.mail.outlook.ole_tree import load
from thresher.service.readers.mail.outlook.tnef import unpack
from thresher.service.readers.web.html_blocks import read_page

_RECEIVED = re.compile(rb"^received:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\n\r{0,2}\n|\r\r(?!\n)")
_HEADER_MAX_BYTES = 1 << 16  # bytes in which the topmost Received field is looked for
_KINDS: tuple[tuple[str, DocumentKind], ...] = (
    ("ipm.appointment", "calendar"),
    ("ipm.schedule", "calendar"),
    ("ipm.contact", "contact"),
    ("ipm.distlist", "contact"),
    ("ipm.task", "task"),
    ("ipm.activity", "journal"),
    ("ipm.stickynote", "note"),
)
_EXTRA = ("message_class", "importance", "list_id", "x_mailer", "thread_topic", "signature")


def read_letter(data: bytes, role: Role, name: str, options: ReadOptions) -> Letter:
    """Return the Letter of a mail's bytes. Raises InputProblem(corrupt) where they are no mail at all."""
    if role == "message":
        root = load(data, name)
        if PROPERTIES not in root:
            raise InputProblem("corrupt", f"{name} holds no message")
        return msg_to_letter(root, options)
    return _tnef_letter(data, name) if role == "tnef" else letter_of(data, options)


def _tnef_letter(data: bytes, name: str) -> Letter:
    try:
        unpacked = unpack(data)
    except ValueError as error:
        raise InputProblem("corrupt", f"{name}: {error}") from error
    letter = Letter(enclosures=unpacked.enclosures, found=len(unpacked.enclosures))
    letter.facts = {label.lower(): value for label, value in unpacked.headers}
    letter.bodies = choose_version([[without_rtf(body)] for body in unpacked.bodies], letter.notes)
    if unpacked.damaged:
        letter.notes.append(note("corrupt_partial", name))
    return letter


def body_text(letter: Letter) -> str:
    """Return the text of a mail's body, HTML as its words; of alternatives only the one that is read."""
    return "\n".join(_text(body) for body in letter.bodies)


def _text(body: BodyText) -> str:
    if body.kind != "html":
        return body.text
    return "\n".join(p.text or "\n".join("\t".join(row) for row in p.rows) for p in read_page(body.text).pieces)


def mail_text(path: Path, role: Role = "mail") -> str:
    """Return the text of the mail in a file, as threads and near-duplicates compare it. Raises InputProblem, OSError."""
    return body_text(read_letter(path.read_bytes(), role, path.name, ReadOptions()))


def kind_of(letter: Letter) -> DocumentKind:
    """Return the kind of a message by its class; a mail where it states none."""
    stated = letter.facts.get("message_class", "").lower()
    return next((kind for prefix, kind in _KINDS if stated.startswith(prefix)), "email")


def dates_of(letter: Letter, data: bytes, zone: str) -> MatterDates:
    """Return when a mail was sent and received; by the sent date, else the received, its family is sorted."""
    facts = letter.facts
    sent = date_of(facts.get("date", ""), zone)
    if (sent is None or sent.utc is None) and facts.get("sent"):
        sent = date_of(facts["sent"], zone)
    received = date_of(facts.get("received") or _topmost_received(data), zone)
    sort = next((date for date in (sent, received) if date and date.utc), None)
    return MatterDates(sent=sent, received=received, sort=sort)


def _topmost_received(data: bytes) -> str:
    """Return the date of a mail's own topmost Received field: behind its header stand those of mails inside it."""
    head = data[:_HEADER_MAX_BYTES].lstrip(b"\r\n")
    end = _HEADER_END.search(head)
    found = _RECEIVED.search(head, 0, end.start() if end else len(head))
    if found is None or b";" not in found[1]:
        return ""
    return " ".join(found[1].rpartition(b";")[2].decode("latin-1").split())


def mail_fields(letter: Letter) -> dict[str, Any]:
    """Return the fields of a MatterDocument that a mail states."""
    facts = letter.facts
    message_id = facts.get("message_id") or facts.get("message-id")
    return {
        "sender": people(facts.get("from", "")),
        "to": people(facts.get("to", "")),
        "cc": people(facts.get("cc", "")),
        "bcc": people(facts.get("bcc", "")),
        "subject": facts.get("subject", ""),
        "message_id": message_id,
        "in_reply_to": tuple(facts.get("in_reply_to", "").split()),
        "references": tuple(facts.get("references", "").split()),
        "conversation_index": _index(facts.get("thread_index", "")),
        "mih": message_id_hash(message_id),
        "extra": {name: facts[name] for name in _EXTRA if facts.get(name)},
    }


def _index(stated: str) -> str | None:
    """Return a conversation index in hexadecimal; None where it is not base64."""
    try:
        return base64.b64decode("".join(stated.split()), validate=True).hex() or None
    except (binascii.Error, ValueError):
        return None


def content_for_key(
    letter: Letter, fields: dict[str, Any], sent: MatterDate | None, children: list[str]
) -> MailContent:
    """Return what the key of a mail is made of; `children` are the keys of its attachments."""
    return MailContent(
        sender=address(fields["sender"][0]) if fields["sender"] else "",
        to=tuple(map(address, fields["to"])),
        cc=tuple(map(address, fields["cc"])),
        bcc=tuple(map(address, fields["bcc"])),
        date=(sent.utc or "") if sent else "",
        subject=fields["subject"],
        body=body_text(letter),
        children=tuple(children),
    )
