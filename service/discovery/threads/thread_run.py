"""Thread the mails of a Matter, and mark the inclusive ones.

    documents -> mails at level 1 -> places in threads -> inclusive mails, thread by thread -> records

All is recorded in one transaction; once more, nothing changes. Only what links a mail is kept in memory, about 1 kB a
mail; texts are compared by the hashes of their passages, a thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument
from thresher.service.discovery.mail_passages import HASH_BYTES
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.text_reading import TextReading
from thresher.service.discovery.threads.inclusive import ComparedMail, inclusive_mails
from thresher.service.discovery.threads.missing_passages import add_missing_passages
from thresher.service.discovery.threads.thread_mails import ThreadMail, ThreadPlace, thread_mail
from thresher.service.discovery.threads.thread_places import thread_places

_THREADED = frozenset(("email", "calendar"))
_UNREAD = ("embedded_unreadable", "encrypted_smime", "encrypted_pgp", "expansion_limit", "depth_limit")


@dataclass(slots=True)
class Threaded:
    """What threading gave. `mails` = `inclusive` + `not_inclusive`; `linked` counts mails by the evidence of their link."""

    mails: int = 0
    threads: int = 0
    singles: int = 0  # threads of one mail, copies not counted
    longest: int = 0  # mails of the longest thread
    inclusive: int = 0
    not_inclusive: int = 0
    linked: dict[str, int] = field(default_factory=dict)
    changed: int = 0


def thread_matter(matter: Matter, reading: TextReading | None = None) -> Threaded:
    """Thread all mails and record where each stands; its attachments have the thread of their mail.

    `reading` reads texts that are not known yet. Raises SetupProblem for faults of the machine.
    """
    mails, attachments = _taken(matter)
    places = thread_places(mails)
    add_missing_passages(reading or TextReading(matter), mails, places)
    found = _counted(mails, places)
    inclusive = dict(_inclusive(matter, mails, attachments, places))
    found.inclusive = sum(inclusive.values())
    found.not_inclusive = found.mails - found.inclusive
    event = matter.event("threaded", **{name: fact for name, fact in asdict(found).items() if name != "changed"})
    found.changed = matter.store.update(_changed(matter, places, inclusive), event)
    matter.write_log()
    return found


def is_threaded(document: MatterDocument) -> bool:
    """Whether a document is a mail that threads are made of."""
    return document.level == 1 and document.kind in _THREADED and not document.withheld


def _taken(matter: Matter) -> tuple[list[ThreadMail], dict[str, list[str]]]:
    """Return all mails, and for those with attachments their hashes; what of a mail can not be read is on no other."""
    mails: list[ThreadMail] = []
    attachments: dict[str, list[str]] = {}
    for document in matter.store.documents():
        if is_threaded(document):
            mails.append(thread_mail(document))
        elif document.level == 2 and document.parent_id:
            attachments.setdefault(document.parent_id, []).append(document.sha256 or document.id)
    for fault in (fault for code in _UNREAD for fault in matter.store.exceptions(code=code)):
        if fault.document_id and fault.resolution != "resolved":
            attachments.setdefault(fault.document_id, []).append(fault.id)
    return mails, attachments


def _counted(mails: list[ThreadMail], places: dict[str, ThreadPlace]) -> Threaded:
    sizes: dict[str, int] = {}
    found = Threaded(mails=len(mails))
    for mail in mails:
        place = places[mail.id]
        sizes[place.thread_id] = sizes.get(place.thread_id, 0) + (mail.dup_of is None)
        name = place.evidence or "none"
        found.linked[name] = found.linked.get(name, 0) + 1
    found.threads, found.singles = len(sizes), sum(size == 1 for size in sizes.values())
    found.longest = max(sizes.values(), default=0)
    found.linked = dict(sorted(found.linked.items()))
    return found


# --- inclusive mails


def _inclusive(
    matter: Matter, mails: list[ThreadMail], attachments: dict[str, list[str]], places: dict[str, ThreadPlace]
) -> Iterator[tuple[str, bool]]:
    """Yield whether each mail is inclusive; a copy is what the mail is that it is a copy of."""
    originals: dict[str, bool] = {}
    whole = sorted((m for m in mails if m.dup_of not in places), key=lambda m: (places[m.id].thread_id, m.order))
    for _, thread in groupby(whole, key=lambda m: places[m.id].thread_id):
        members = list(thread)
        if len(members) == 1:
            originals[members[0].id] = True
        else:
            originals |= inclusive_mails([_compared(matter, mail, attachments) for mail in members])
    for mail in mails:
        yield mail.id, originals[mail.dup_of if mail.dup_of in places else mail.id]


def _compared(matter: Matter, mail: ThreadMail, attachments: dict[str, list[str]]) -> ComparedMail:
    text = matter.store.mail_text(mail.id)
    joined = text[1] if text else b""
    passages = tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))
    own = frozenset(attachments.get(mail.id, ()))
    return ComparedMail(id=mail.id, sent=mail.sent, passages=passages, attachments=own)


# --- records


def _changed(matter: Matter, places: dict[str, ThreadPlace], inclusive: dict[str, bool]) -> Iterator[MatterDocument]:
    """Yield the documents whose records change."""
    for document in matter.store.documents():
        changes = _fields(document, places.get(document.family_id), inclusive)
        if any(getattr(document, name) != value for name, value in changes.items()):
            yield document.model_copy(update=changes)


def _fields(document: MatterDocument, place: ThreadPlace | None, inclusive: dict[str, bool]) -> dict[str, Any]:
    """Return what a record says of its thread."""
    own = place if document.id == document.family_id else None
    return {
        "thread_id": place.thread_id if place else None,
        "thread_parent": own.parent if own else None,
        "thread_depth": own.depth if own else None,
        "thread_position": own.position if own else None,
        "link_evidence": own.evidence if own else None,
        "inclusive": inclusive.get(document.id),
    }
