"""A member of a family while the family is expanded, and its records once that is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.discovery.matter import MatterDates, MatterDocument
from thresher.schemas.errors import CODES
from thresher.service.discovery.collection.content import MAILS, Content
from thresher.service.discovery.collection.context import CollectionContext
from thresher.service.discovery.collection.expansion import Budget, Fault
from thresher.service.discovery.collection.items import Item
from thresher.service.discovery.matter.originals import Hashes

_UNREADABLE_CODES = """
    corrupt zero_byte unsupported_type password_protected encrypted_smime encrypted_pgp timeout too_large depth_limit
    rms_protected unknown
"""
_UNREADABLE = frozenset(_UNREADABLE_CODES.split())  # with one of these, the document as such can not be read


@dataclass(slots=True)
class FamilyMember:
    """A member of the family while it is expanded."""

    item: Item
    hashes: Hashes
    content: Content
    id: str
    parent: FamilyMember | None
    budget: Budget
    sort: MatterDates = field(default_factory=MatterDates)  # only its `sort` is set
    password_index: int | None = None  # number of the password that opened it
    faults: list[Fault] = field(default_factory=list)

    @property
    def top(self) -> FamilyMember:
        """Return the member at level 1."""
        return self.parent.top if self.parent else self

    @property
    def level(self) -> int:
        """Return 1 for the parent of the family, 2 for its children, and so on."""
        return self.parent.level + 1 if self.parent else 1


def record_member(context: CollectionContext, member: FamilyMember, fields: dict[str, Any], key: str) -> None:
    """Add the document of a member, and an exception for each of its faults."""
    item, hashes, origin = member.item, member.hashes, context.origin
    extra: dict[str, str] = dict(fields.pop("extra", {}))
    if member.content.role not in MAILS and context.is_marked_known(hashes):
        extra["denist"] = "known"
    if member.password_index is not None:
        extra["password_index"] = str(member.password_index)
    document = MatterDocument(
        id=member.id,
        parent_id=member.parent.id if member.parent else None,
        family_id=member.top.id,
        level=member.level,
        ordinal=item.ordinal,
        custodian=origin.custodian,
        source=origin.number,
        path=item.path,
        path_bytes=item.path_bytes,
        name=item.name,
        kind=fields.pop("kind", "attachment" if member.parent else "edoc"),
        media_type=member.content.media_type,
        size=hashes.size,
        md5=hashes.md5,
        sha1=hashes.sha1,
        sha256=hashes.sha256,
        dates=_dates(member, fields.pop("dates", MatterDates())),
        dedup_key=key,
        state="exception" if any(not fault.path and fault.code in _UNREADABLE for fault in member.faults) else "new",
        extra=extra,
        **fields,
    )
    context.records.document(document, item.place)
    for code, what, path, unread in member.faults:
        context.add_exception(code, what, place=item.place, path=path or item.path, document=document, unread=unread)


def _dates(member: FamilyMember, stated: MatterDates) -> MatterDates:
    """Return the dates of a document; all members of a family are sorted by the date of its parent."""
    own = member.item.modified
    sort = member.top.sort.sort or member.top.item.modified or own
    return stated.model_copy(update={"modified": own, "sort": sort})


def said(message: str) -> str:
    """Return the message of a Note without its remedy."""
    remedy = next((remedy for remedy in CODES.values() if message.endswith(remedy)), "")
    return message.removesuffix(remedy).removesuffix(": ")
