"""Expand one container into items whose bytes are kept; what can not be had is reported and counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.collection.content import Content
from thresher.service.discovery.collection.embedded_files import embedded_members
from thresher.service.discovery.collection.expansion import (
    ArchiveMember,
    ArchiveReading,
    Budget,
    Fault,
    LimitReached,
)
from thresher.service.discovery.collection.items import INSIDE, Item, shown_path
from thresher.service.discovery.collection.mbox_members import mbox_members
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.collection.seven_zip_members import seven_zip_members
from thresher.service.discovery.collection.tar_members import packed_member, tar_members
from thresher.service.discovery.collection.zip_members import zip_members
from thresher.service.discovery.matter.originals import Hashes, Originals
from thresher.service.discovery.matter.rows import inner_place
from thresher.service.readers.archives.container import Damaged

_LEAVES_FOLDER = re.compile(r"^(?:[A-Za-z]:|[\\/])|(?:^|[\\/])\.\.(?:[\\/]|$)")
Report = Callable[[Fault], None]


@dataclass(slots=True)
class ContainerExpansion:
    """The members of one container: `emitted` + `failed` = `declared` once `items` has ended."""

    item: Item
    content: Content
    budget: Budget
    report: Report
    emitted: int = 0
    failed: int = 0
    told: dict[str, int] = field(default_factory=dict)  # how often each thing was said of a member
    taken: set[tuple[bytes, str]] = field(
        default_factory=set
    )  # names with hashes of members so far: ids are made of them
    reading: ArchiveReading = field(default_factory=ArchiveReading)

    @property
    def declared(self) -> int:
        """Return how many members the container has, as far as that is known."""
        return max(self.reading.total or 0, self.emitted + self.failed)

    def items(self, options: CollectionOptions, originals: Originals) -> Iterator[tuple[Item, Hashes]]:
        """Yield each member with its hashes; its bytes are then in `originals`."""
        self.reading = ArchiveReading(options.passwords, options.timezone)
        try:
            for member in self._members(originals):
                self.budget.take_member()
                found = self._keep(member, originals)
                if found is not None:
                    yield found
        except LimitReached as reached:
            self._stop("expansion_limit", str(reached))
        except InputProblem as problem:
            self._stop(problem.code, problem.detail)
        for name, code, what in self.reading.unread:
            self._fail(code, what, name)
        for code, what in self.reading.findings:
            self.report(Fault(code, f"{self.emitted} of {self.declared} members: {what}"))

    def _members(self, originals: Originals) -> Iterator[ArchiveMember]:  # noqa: PLR0911 - a table of kinds
        path, reading, media_type = self._path(), self.reading, self.content.media_type
        match self.content.role:
            case "zip":
                return zip_members(path, reading)
            case "7z":
                return seven_zip_members(path, reading, originals.folder, self.budget.take_bytes)
            case "tar":
                return tar_members(path, media_type, reading)
            case "mbox":
                return mbox_members(path, reading)
            case "pst":
                from thresher.service.discovery.collection.pst.members import pst_members  # noqa: PLC0415 - rare

                return pst_members(path, reading)
            case "packed":
                return packed_member(path, media_type, self.item.name, reading)
            case _:
                return embedded_members(path, media_type, reading, originals.folder)

    def _path(self) -> Path:
        if self.item.file is None:
            raise ValueError("the container's bytes were not kept")
        return self.item.file

    def _keep(self, member: ArchiveMember, originals: Originals) -> tuple[Item, Hashes] | None:
        """Keep a member's bytes and return its item; None where it can not be had."""
        try:
            pieces = member.pieces() if self.content.role == "7z" else self.budget.bounded(member)
            hashes = originals.put_pieces(pieces)
        except Damaged as error:
            self._fail("corrupt", f"{member.name} ({error})", member.name)
            return None
        except InputProblem as problem:
            self._fail(problem.code, problem.detail or member.name, member.name)
            return None
        item = self._item(member, self._told_apart(member, hashes.sha256), originals.path(hashes.sha256))
        if _LEAVES_FOLDER.search(member.name):
            self.report(Fault("unsafe_path", member.name, item.path))
        self.emitted += 1
        return item, hashes

    def _told_apart(self, member: ArchiveMember, sha256: str) -> str:
        """Return what follows a member's name in its path: an archive may hold one name twice, with the same bytes."""
        end, number = "", 1
        while (member.raw + end.encode(), sha256) in self.taken:
            number += 1
            end = f"~{number}"
        self.taken.add((member.raw + end.encode(), sha256))
        return end

    def _item(self, member: ArchiveMember, end: str, file: Path) -> Item:
        number = self.emitted + self.failed
        name = shown_path(member.name.encode("utf-8", "surrogatepass"))
        return Item(
            name=name.replace("\\", "/").rpartition("/")[2] or name or "unnamed",
            path=f"{self.item.path}{INSIDE}{name}{end}",
            raw=self.item.raw + INSIDE.encode() + member.raw + end.encode(),
            place=inner_place(self.item.place, number),
            ordinal=number,
            depth=self.item.depth + 1,
            file=file,
            declared=member.declared,
            modified=member.modified,
        )

    def _fail(self, code: str, what: str, name: str) -> None:
        self.failed += 1
        self.report(Fault(code, self._told_once(what), f"{self.item.path}{INSIDE}{name}", 1))

    def _told_once(self, what: str) -> str:
        """Return what went wrong in words that no other member has: members may share a name."""
        self.told[what] = number = self.told.get(what, 0) + 1
        return what if number == 1 else f"{what} (no. {number})"

    def _stop(self, code: str, what: str) -> None:
        """Report that the rest of the members was not read; they count as failed."""
        done = f"{self.item.path}: {self.emitted} of {self.declared} members done"
        left = self.declared - self.emitted - self.failed
        self.report(Fault(code, f"{done}: {what}" if what else done, unread=left))
        self.failed += left
