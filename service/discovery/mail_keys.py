"""Compute the keys of mails: `edisc-dedup-v1`, by which copies are found, and the EDRM Message Identification Hash.

The key of duplicates is made of what a message says, not of its bytes, so that the same message saved as MSG, EML or in
a mailbox, and in another time zone, has the same key.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_SPACES = re.compile(r"\s+")
_ASCII_SPACES = b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f "  # as `str.split` has them
_ANGLED = re.compile(r"<\s{0,99}([^<>\s]{1,320}@[^<>\s]{1,320})\s{0,99}>")
_BARE = re.compile(r"[^\s<>,;:\"'()\[\]@]{1,320}@[^\s<>,;:\"'()\[\]]{1,320}")
_MARK = re.compile(  # quoted, comment, in angle brackets, other text, or a single mark
    r'"(?:[^"\\]|\\.)*"?|\((?:[^()\\]|\\.)*\)?|<[^<>]*>?|[^",;:(<]+|.', re.DOTALL
)
_FEWEST = 3  # of sender, date, subject, text and attachment that must be there


@dataclass(frozen=True, slots=True, kw_only=True)
class MailContent:
    """What the key of a mail is made of. Addresses as in `address`; `date` in UTC, as in 2001-05-21T15:48:00Z."""

    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    date: str = ""
    subject: str = ""
    body: str = ""
    children: tuple[str, ...] = ()  # a key for each: `child_key`, `unreadable_key`, or the key of an embedded mail


def dedup_key(mail: MailContent, *, bcc: bool = True) -> str | None:
    """Return the `edisc-dedup-v1` of a mail; None where fewer than three of its five parts are there.

    `bcc`: whether blind copies count; only the sender's copy has them.
    """
    if not has_minimum_evidence(mail):
        return None
    lines = [
        "edisc-dedup-v1",
        "from:" + mail.sender.lower(),
        "to:" + _addresses(mail.to),
        "cc:" + _addresses(mail.cc),
        "bcc:" + (_addresses(mail.bcc) if bcc else ""),
        "date:" + mail.date,
        "subject:" + normal_subject(mail.subject),
        "body:" + body_hash(mail.body),
        "att:" + ";".join(sorted(mail.children)),
    ]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def has_minimum_evidence(mail: MailContent) -> bool:
    """Whether at least three of sender, date, subject, text and attachment are there: fewer say too little."""
    parts = (mail.sender, mail.date, normal_subject(mail.subject), mail.body.strip(), mail.children)
    return sum(map(bool, parts)) >= _FEWEST


def _addresses(addresses: Iterable[str]) -> str:
    return ";".join(sorted({address.lower() for address in addresses}))


def normal_subject(subject: str) -> str:
    """Return a subject in NFC with single blanks; its prefixes stay.

    >>> normal_subject(" Re:  Budget ")
    'Re: Budget'
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFC", subject)).strip()


def normal_body(body: str) -> str:
    """Return a text in NFC without any white space."""
    if body.isascii():
        return body.encode().translate(None, _ASCII_SPACES).decode()
    return unicodedata.normalize("NFC", "".join(body.split()))


@lru_cache(maxsize=1)
def body_hash(body: str) -> str:
    """Return the SHA-256 of a text in NFC without any white space; of the last text it is known already."""
    return hashlib.sha256(normal_body(body).encode("utf-8", "surrogatepass")).hexdigest()


def child_key(sha256: str) -> str:
    """Return the key of an attachment, which is the hash of its bytes."""
    return sha256


def unreadable_key(name: str, size: int) -> str:
    """Return the key of an attachment that can not be read: it counts, so that its mail equals no mail without it."""
    return hashlib.sha256(f"unread\0{name}\0{size}".encode("utf-8", "surrogatepass")).hexdigest()


def message_id_hash(message_id: str | None) -> str | None:
    """Return the EDRM MIH 1.0 of a Message-ID, angle brackets included, in lower case; None where there is none.

    >>> message_id_hash("<a@b.example>")
    '7ad9c3ab173ac14f6f23287c631440ee'
    """
    stated = (message_id or "").strip()
    if not stated or stated.lower() == "null":
        return None
    found = re.search(r"<[^<>]+>", stated)
    value = found[0] if found else stated
    return hashlib.md5(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def address(person: str) -> str:
    """Return the address of one person as stated, in lower case; the name where there is no address.

    >>> address('"Example, Ann" <Ann@Ex.com>'), address("Lay, Kenneth")
    ('ann@ex.com', 'lay, kenneth')
    """
    found = (_ANGLED.search(person) or _BARE.search(person)) if "@" in person else None
    if found is None:
        return " ".join(person.split()).strip("\"'<>").lower()
    return (found[1] if found.re is _ANGLED else found[0]).strip("'").lower()


@lru_cache(maxsize=4096)
def people(field: str) -> tuple[str, ...]:
    """Return the persons of an address field as they are stated, white space apart; in linear time, and never raises.

    Commas and semicolons part persons, but not inside quotes, comments and angle brackets. The name of a group is left
    out, unless nobody is in it.

    >>> people('Bob <bob@ex.com>, "Lay, K" <k@ex.com>; Team: x@ex.com')
    ('Bob <bob@ex.com>', '"Lay, K" <k@ex.com>', 'x@ex.com')
    """
    persons, current, has_address = list[str](), list[str](), False
    for part in _MARK.findall(field):
        if part in {",", ";"}:
            persons.append("".join(current))
            current, has_address = [], False
        elif part == ":" and not has_address:
            current = []
        else:
            current.append(part)
            has_address = has_address or "@" in part
    persons.append("".join(current))
    found = tuple(shown for person in persons if (shown := " ".join(person.split())))
    stated = " ".join(field.split())
    return found or ((stated,) if stated else ())
