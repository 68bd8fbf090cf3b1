"""Expand one item into its family: the item, its attachments, what they hold, and so on, with every fault recorded.

An item's children are recorded before the item itself, as the key of a mail is made of the keys of its children.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from thresher.schemas.discovery.matter import MatterDates, SuppressedItem, SuppressionReason, child_id, root_id
from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.policy import ReadOptions
from thresher.service.discovery.collection.container_expansion import ContainerExpansion
from thresher.service.discovery.collection.content import CONTAINERS, MAILS, Content, content_of
from thresher.service.discovery.collection.context import CollectionContext
from thresher.service.discovery.collection.embedded_files import may_embed
from thresher.service.discovery.collection.expansion import Budget, Fault, LimitReached
from thresher.service.discovery.collection.family_member import FamilyMember, record_member, said
from thresher.service.discovery.collection.items import INSIDE, Item
from thresher.service.discovery.collection.mail_record import (
    content_for_key,
    dates_of,
    kind_of,
    mail_fields,
    read_letter,
    sealed_key,
)
from thresher.service.discovery.mail_keys import child_key, dedup_key, unreadable_key
from thresher.service.discovery.mail_passages import compared
from thresher.service.discovery.matter.originals import Hashes, hashes_of, hashes_of_file
from thresher.service.discovery.matter.rows import inner_place
from thresher.service.readers.mail.letter import Enclosure, Letter

MAIL_MAX_BYTES = 1 << 29  # bytes of a mail that is parsed; a larger one is kept and reported
_UNREAD_CHILD = "embedded_unreadable"  # said of each attachment that is not among the enclosures
_SEALED = {"encrypted_smime", "encrypted_pgp"}  # said of a mail whose text is not among what was read
_EMBEDDED_TYPES = {"message/rfc822", "application/vnd.ms-outlook", "application/vnd.ms-tnef"}


class FamilyExpansion:
    """Record families into the rows of a unit."""

    def __init__(self, context: CollectionContext) -> None:
        """Expand items of one SOURCE."""
        self.context = context
        limits = context.options.limits.model_copy(update={"members": min(context.options.limits.members, 20_000)})
        self._reading = ReadOptions(passwords=context.options.passwords, limits=limits)

    def add_root(
        self,
        item: Item,
        content: Content,
        hashes: Hashes | None = None,
        faults: Sequence[Fault] = (),
        notes: Sequence[Fault] = (),
    ) -> None:
        """Record an item without a parent, with all that it holds.

        Given `faults`, it is recorded unread; `notes` are what went wrong before with parts of it.
        """
        hashes = hashes or self._hashes(item)
        origin = self.context.origin
        made = root_id(origin.custodian, origin.label, item.raw, hashes.sha256)
        member = FamilyMember(item, hashes, content, made, None, Budget(self.context.options.limits, hashes.size))
        member.faults = [*faults, *notes]
        if faults:
            record_member(self.context, member, {}, hashes.sha256)
        else:
            self._expand(member)

    def _hashes(self, item: Item) -> Hashes:
        if item.data is not None:
            return hashes_of(item.data)
        if item.file is None:
            raise ValueError("an item has bytes or a file")
        return hashes_of_file(item.file)

    def _expand(self, member: FamilyMember) -> str:
        """Record a member and its children; return the key by which its parent's key knows it."""
        content = member.content
        member.faults += [Fault("type_mismatch", said(note.message)) for note in content.notes]
        if content.role not in MAILS and self._is_known(member):
            return member.hashes.sha256
        if content.role in MAILS:
            return self._expand_mail(member)
        if self._has_members(content) and self._may_go_deeper(member):
            self._expand_container(member)
        elif content.role == "empty":
            member.faults.append(Fault("zero_byte", member.item.path))
        elif content.role == "refused":
            member.faults.append(Fault("unsupported_type", f"{member.item.path} is {content.refusal}"))
        record_member(self.context, member, {}, member.hashes.sha256)
        return child_key(member.hashes.sha256)

    def _has_members(self, content: Content) -> bool:
        embeds = content.role == "file" and self.context.options.embedded and may_embed(content.media_type)
        return content.role in CONTAINERS or embeds

    def _may_go_deeper(self, member: FamilyMember) -> bool:
        if member.item.depth < self.context.options.limits.depth:
            return True
        member.faults.append(Fault("depth_limit", f"{member.item.path} is {member.item.depth} containers deep"))
        return False

    # --- files that are known

    def _is_known(self, member: FamilyMember) -> bool:
        """Whether a file is on a De-NIST list and was recorded as left out; a mode may keep it."""
        context = self.context
        if not context.known.holds(member.hashes):
            return False
        if context.options.denist_mode == "exclude":
            self._suppress(member, "denist")
            return True
        context.known_kept += 1
        return False

    def _suppress(self, member: FamilyMember, reason: SuppressionReason) -> None:
        item, hashes = member.item, member.hashes
        record = SuppressedItem(
            id=member.id,
            parent_id=member.parent.id if member.parent else None,
            path=item.path,
            name=item.name,
            source=self.context.origin.number,
            custodian=self.context.origin.custodian,
            media_type=member.content.media_type,
            size=hashes.size,
            sha256=hashes.sha256,
            reason=reason,
        )
        self.context.records.suppress(record, item.place)

    # --- mails

    def _expand_mail(self, member: FamilyMember) -> str:
        """Record a mail and its children; return its key of duplicates, or its hash where it says too little."""
        if not self._may_go_deeper(member):
            record_member(self.context, member, {"kind": "email"}, member.hashes.sha256)
            return child_key(member.hashes.sha256)
        data = self._data(member)
        letter = self._letter(member, data)
        if letter is None:
            record_member(self.context, member, {"kind": "email"}, member.hashes.sha256)
            return child_key(member.hashes.sha256)
        zone = self.context.options.timezone
        dates = dates_of(letter, data, zone)
        fields = mail_fields(letter)
        member.sort = MatterDates(sort=dates.sort)
        keys = self._children_of_mail(member, letter)
        if any(fault.code in _SEALED for fault in member.faults):
            keys.append(sealed_key(data))
        said_by_mail = content_for_key(letter, fields, dates.sent, keys)
        made = dedup_key(said_by_mail, bcc=self.context.options.bcc)
        if member.parent is None:
            self.context.records.mail_text(member.id, fields["mih"], *compared(said_by_mail.body))
        record_member(
            self.context, member, {"kind": kind_of(letter), "dates": dates, **fields}, made or member.hashes.sha256
        )
        return made or child_key(member.hashes.sha256)

    def _data(self, member: FamilyMember) -> bytes:
        if member.item.data is not None:
            return member.item.data
        if member.hashes.size > MAIL_MAX_BYTES or member.item.file is None:
            return b""
        return member.item.file.read_bytes()

    def _letter(self, member: FamilyMember, data: bytes) -> Letter | None:
        """Return the Letter of a mail; None, with a fault, where it can not be read."""
        name = member.item.path
        if member.hashes.size > MAIL_MAX_BYTES:
            member.faults.append(Fault("too_large", f"{name} has {member.hashes.size} bytes"))
            return None
        try:
            letter = read_letter(data, member.content.role, name, self._reading)
        except SetupProblem:
            raise
        except InputProblem as problem:
            member.faults.append(Fault(problem.code, problem.detail))
        except MemoryError:
            member.faults.append(Fault("too_large", f"{name} needs more memory than the limit"))
        except RecursionError:
            member.faults.append(Fault("depth_limit", name))
        except Exception as error:  # noqa: BLE001 - a reader may raise anything, and the mail must not be lost
            member.faults.append(Fault("corrupt", f"{name} ({type(error).__name__})"))
        else:
            member.faults += [
                Fault(
                    n.code,
                    said(n.message),
                    path=member.item.path if n.code == "too_large" else "",  # a header field was cut
                    unread=int(n.code == _UNREAD_CHILD),
                )
                for n in letter.notes
                if n.code in EXCEPTION_CODES
            ]
            return letter
        return None

    def _children_of_mail(self, member: FamilyMember, letter: Letter) -> list[str]:
        """Record the attachments of a mail; return a key for each, also for those that can not be had."""
        keys = [unreadable_key(fault.what, 0) for fault in member.faults if fault.code == _UNREAD_CHILD]
        found, done = letter.found or len(letter.enclosures), len(letter.enclosures)
        self.context.discovered += found + len(keys)
        for ordinal, enclosure in enumerate(letter.enclosures):
            try:
                member.budget.take_member()
                member.budget.take_bytes(len(enclosure.data))
            except LimitReached as reached:
                keys += [child_key(hashes_of(rest.data).sha256) for rest in letter.enclosures[ordinal:]]
                member.faults.append(
                    Fault(
                        "expansion_limit", f"{ordinal} of {found} attachments done: {reached}", unread=found - ordinal
                    )
                )
                return keys
            keys.append(self._add_enclosure(member, enclosure, ordinal))
        if found > done:
            member.faults.append(Fault("expansion_limit", f"{done} of {found} attachments done", unread=found - done))
        return keys

    def _add_enclosure(self, parent: FamilyMember, enclosure: Enclosure, ordinal: int) -> str:
        """Record one attachment with what it holds; return its key."""
        hashes = hashes_of(enclosure.data)
        file = self.context.originals.put(enclosure.data, hashes.sha256)
        name = f"{ordinal + 1}-{_one_name(enclosure.name)}"
        item = Item(
            name=enclosure.name or "unnamed",
            path=f"{parent.item.path}{INSIDE}{name}",
            raw=parent.item.raw + f"{INSIDE}{name}".encode("utf-8", "surrogatepass"),
            place=inner_place(parent.item.place, ordinal),
            ordinal=ordinal,
            depth=parent.item.depth + 1,
            file=file,
            data=enclosure.data,
            declared=enclosure.media_type,
        )
        content = _content_of_enclosure(enclosure, file)
        child = self._child(parent, item, hashes, content)
        if enclosure.relation == "inline":
            self._suppress(child, "inline")
            return child_key(hashes.sha256)
        return self._expand(child)

    def _child(self, parent: FamilyMember, item: Item, hashes: Hashes, content: Content) -> FamilyMember:
        made = child_id(parent.id, item.ordinal, hashes.sha256)
        return FamilyMember(item, hashes, content, made, parent, parent.budget, parent.sort)

    # --- containers inside a family

    def _expand_container(self, member: FamilyMember) -> None:
        """Record the members of an attached container, or the files in a document, as its children."""
        options, originals = self.context.options, self.context.originals
        copy = originals.path(member.hashes.sha256)
        kept = replace(member.item, file=copy if copy.exists() else member.item.file)
        expansion = ContainerExpansion(kept, member.content, member.budget, member.faults.append)
        for item, hashes in expansion.items(options, originals):
            content = content_of(item.file or Path(), item.name, declared=item.declared, is_attached=True)
            self._expand(self._child(member, item, hashes, content))
        self.context.discovered += expansion.declared
        member.password_index = expansion.reading.password_index


def _content_of_enclosure(enclosure: Enclosure, file: Path) -> Content:
    if enclosure.relation == "embedded" and enclosure.data and enclosure.media_type in _EMBEDDED_TYPES:
        role = {"message/rfc822": "mail", "application/vnd.ms-outlook": "message"}.get(enclosure.media_type, "tnef")
        return Content(role, enclosure.media_type)  # type: ignore[arg-type]
    if enclosure.relation == "inline":
        return Content("file", enclosure.media_type or "application/octet-stream")
    return content_of(file, enclosure.name, declared=enclosure.media_type, is_attached=True)


def _one_name(name: str) -> str:
    """Return a name as one step of a path."""
    return "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name) or "unnamed"
