"""What threading takes from a mail, and what it says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from thresher.schemas.discovery.matter import MatterDocument
from thresher.service.discovery.mail_keys import address
from thresher.service.discovery.threads.base_subject import base_subject

LinkEvidence = Literal["references", "in_reply_to", "conversation_index", "subject"]
_ID = re.compile(r"<[^<>\s]+>")
_REFERENCES_MAX = 500  # of one mail; the first and the last ones are taken


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMail:
    """A mail as threading sees it. `sent` is UTC, ISO 8601, empty for a draft; `base` is its base subject."""

    id: str
    sent: str = ""
    message_id: str | None = None
    references: tuple[str, ...] = ()  # oldest first, the last being what it answers
    replies_to: tuple[str, ...] = ()  # In-Reply-To
    index: str | None = None  # conversation index, hexadecimal
    base: str = ""
    answers: bool = False  # by the marks in its subject
    people: tuple[str, ...] = ()  # addresses of sender and recipients, where they may be needed
    dup_of: str | None = None

    @property
    def has_headers(self) -> bool:
        """Whether it states what it answers."""
        return bool(self.references or self.replies_to or self.index)

    @property
    def order(self) -> tuple[bool, str, bool, str]:
        """Sort mails by date, undated last, copies behind what they are copies of, then by id."""
        return (not self.sent, self.sent, self.dup_of is not None, self.id)


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """Where a mail stands in its thread. `depth`: 0 for a root; 1 also under a first mail that is not in the Matter."""

    thread_id: str
    parent: str | None
    depth: int
    position: int
    evidence: LinkEvidence | None


def thread_mail(document: MatterDocument) -> ThreadMail:
    """Return what threading takes from a document."""
    sent = document.dates.sent.utc if document.dates.sent else None
    stated = " ".join(document.references)
    references, replies_to = tuple(_ID.findall(stated)), tuple(_ID.findall(" ".join(document.in_reply_to)))
    base, answers = base_subject(document.subject)
    own = normal_id(document.message_id)
    half = _REFERENCES_MAX // 2
    if len(references) > _REFERENCES_MAX:
        references = references[:half] + references[-half:]
    needs_people = not (references or replies_to or document.conversation_index)
    everyone = (*document.sender, *document.to, *document.cc, *document.bcc) if needs_people else ()
    return ThreadMail(
        id=document.id,
        sent=sent or "",
        message_id=own,
        references=tuple(dict.fromkeys(name for name in references if name != own)),
        replies_to=tuple(name for name in replies_to if name != own)[:1],
        index=document.conversation_index,
        base=base,
        answers=answers,
        people=tuple(dict.fromkeys(map(address, everyone))),
        dup_of=document.dup_of,
    )


def normal_id(stated: str | None) -> str | None:
    """Return a Message-ID with its angle brackets; None where there is none.

    >>> normal_id(" a@b "), normal_id("<a@b> (comment)")
    ('<a@b>', '<a@b>')
    """
    text = (stated or "").strip()
    if not text:
        return None
    found = _ID.search(text)
    return found[0] if found else f"<{''.join(text.split()).strip('<>')}>"
