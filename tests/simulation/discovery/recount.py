"""Count again what an import of mails found, with the standard library alone: no code of the service is used here.

Mails are read from EML and MBOX files; each has a place (file, and number in its mailbox), its attachments with what they
hold, a key of duplicates made by the recipe of the reference, and the Message-IDs that it has and names. From these
come families, copies and threads. It reads sound mails; what it can not read well it says nothing of.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path

_FROM = re.compile(rb"^From [^\n]*\n", re.MULTILINE)
_ID = re.compile(r"<[^<>\s]+>")
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}


@dataclass(slots=True)
class CountedMail:
    """One mail at level 1, as the recount knows it."""

    place: str  # file, and after a # the 1-based number in its mailbox
    message_id: str
    names: list[str]  # Message-IDs that it names
    key: str
    attachments: list[str] = field(default_factory=list)  # SHA-256 of each file attached, however deep
    mails: int = 0  # mails attached, however deep
    shown: int = 0  # images that its text shows

    @property
    def members(self) -> int:
        """The size of its family."""
        return 1 + len(self.attachments) + self.mails


@dataclass(slots=True)
class _Parts:
    """What one message consists of."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[tuple[Message, bytes]] = field(default_factory=list)
    mails: list[Message] = field(default_factory=list)


class _Words(HTMLParser):
    """The text of a page without its tags."""

    def __init__(self) -> None:
        """Begin with no text."""
        super().__init__()
        self.text, self._silent = list[str](), 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as the parser calls it
        """Fall silent in what is not shown."""
        self._silent += tag in {"style", "script", "head", "title"}

    def handle_endtag(self, tag: str) -> None:
        """Speak again."""
        self._silent -= tag in {"style", "script", "head", "title"}

    def handle_data(self, data: str) -> None:
        """Keep a text that is shown."""
        if self._silent <= 0:
            self.text.append(data)


def counted_mails(folder: Path) -> Iterator[CountedMail]:
    """Yield all mails of the EML and MBOX files below a folder; a file that begins with `From ` is a mailbox."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix == ".eml":
            yield _mail(name, data)
        elif data.startswith(b"From "):
            starts = [found.end() for found in _FROM.finditer(data)]
            ends = [*[found.start() for found in _FROM.finditer(data)][1:], len(data)]
            for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
                yield _mail(
                    f"{name}#{number}", re.sub(rb"(?m)^>(>*From )", rb"\1", data[start:end].removesuffix(b"\n"))
                )


def _mail(place: str, data: bytes) -> CountedMail:
    message = message_from_bytes(data.lstrip(b"\r\n"), policy=policy.compat32)
    named = _ID.findall(f"{message.get('References', '')} {message.get('In-Reply-To', '')}")
    own = _ID.findall(str(message.get("Message-ID", "")))
    mail = CountedMail(place, own[0] if own else "", named, "")
    mail.key = _key(message, mail, data)
    return mail


def _key(message: Message, mail: CountedMail, data: bytes) -> str:
    """Return the key of a message by `edisc-dedup-v1`; side effect: the mail's attachments are counted."""
    parts = _Parts()
    _part(message, parts)
    text = "\n".join(parts.plain) if "".join(parts.plain).strip() else _words("\n".join(parts.html))
    keys = []
    for part, content in parts.files:
        digest = hashlib.sha256(content).hexdigest()
        content_id = str(part.get("Content-ID", "")).strip(" <>")
        if content_id and part.get_content_maintype() == "image" and f"cid:{content_id}" in "".join(parts.html):
            mail.shown += 1
        else:
            mail.attachments.append(digest)
        keys.append(digest)
    for inner in parts.mails:
        mail.mails += 1
        keys.append(_key(inner, mail, bytes(inner)))
    sender, subject = _addresses(message, "From")[:1], _subject(message)
    sent = _utc(message)
    evidence = (sender, sent, subject, text.strip(), keys)
    if sum(map(bool, evidence)) < 3:
        return hashlib.sha256(data).hexdigest()
    body = hashlib.sha256(unicodedata.normalize("NFC", "".join(text.split())).encode("utf-8", "replace")).hexdigest()
    lines = ["edisc-dedup-v1", "from:" + "".join(sender)]
    lines += [f"{name.lower()}:" + ";".join(sorted(set(_addresses(message, name)))) for name in ("To", "Cc", "Bcc")]
    lines += ["date:" + sent, "subject:" + subject, "body:" + body, "att:" + ";".join(sorted(keys))]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def _part(part: Message, parts: _Parts) -> None:
    """Sort a part of a message into texts, files and mails."""
    inside = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(inside, list):
        parts.mails += [mail for mail in inside if isinstance(mail, Message)]
    elif part.get_content_type() == "message/external-body":
        return  # a link
    elif isinstance(inside, list):
        for child in inside:
            if isinstance(child, Message):
                _part(child, parts)
    else:
        _leaf(part, parts)


def _leaf(part: Message, parts: _Parts) -> None:
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    if part.get_content_maintype() == "multipart":  # it has no parts: its boundary is not there
        parts.plain.append(_decoded(data, "utf-8"))
        return
    if part.get_content_type() in _SIGNATURES:
        return
    is_text = part.get_content_type() in {"text/plain", "text/html"}
    if is_text and not part.get_filename() and part.get_content_disposition() != "attachment":
        text = _decoded(data, part.get_content_charset() or "utf-8")
        (parts.html if part.get_content_type() == "text/html" else parts.plain).append(text)
    else:
        parts.files.append((part, data))


def _decoded(data: bytes, charset: str) -> str:
    for name in (charset, "utf-8", "cp1252", "latin-1"):
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return ""


def _words(page: str) -> str:
    parser = _Words()
    parser.feed(page)
    return "".join(parser.text)


def _header(message: Message, name: str) -> str:
    values = [str(value) for value in message.get_all(name, [])]
    return ", ".join(values)


def _addresses(message: Message, name: str) -> list[str]:
    found = getaddresses([_header(message, name)])
    return [
        (address if "@" in address else shown or address).strip().lower()
        for shown, address in found
        if shown or address
    ]


def _subject(message: Message) -> str:
    stated = str(message.get("Subject", ""))
    with contextlib.suppress(LookupError, UnicodeDecodeError, ValueError):
        stated = str(make_header(decode_header(stated)))
    return " ".join(unicodedata.normalize("NFC", stated).split())


def _utc(message: Message) -> str:
    try:
        sent = parsedate_to_datetime(str(message.get("Date", "")))
    except (ValueError, TypeError, IndexError):
        return ""
    return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def copies(mails: list[CountedMail]) -> list[set[str]]:
    """Return the places of mails that are copies of each other, in groups of two and more."""
    groups = defaultdict[str, set[str]](set)
    for mail in mails:
        groups[mail.key].add(mail.place)
    return [group for group in groups.values() if len(group) > 1]


def threads(mails: list[CountedMail]) -> list[set[str]]:
    """Return the places of the mails of each thread, as Message-IDs alone hold them together; copies stand together."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for mail in mails:
        for name in [*([mail.message_id] if mail.message_id else []), *mail.names, f"key {mail.key}"]:
            above[top(name)] = top(f"place {mail.place}")
    groups = defaultdict[str, set[str]](set)
    for mail in mails:
        groups[top(f"place {mail.place}")].add(mail.place)
    return list(groups.values())
