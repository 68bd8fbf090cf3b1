"""Unpack any container: limits that hold while bytes stream, a listing, and a Note for each member left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, Note, Problem, note
from thresher.schemas.policy import Limits
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool

PIECE_BYTES = 1 << 20  # bytes handled at a time; the ratio of smaller members is not checked
ALWAYS_ALLOWED_BYTES = 64 << 20  # bytes to which a file of any size may expand
_NOTES_MAX = 100
_LEAVES_FOLDER = re.compile(r"^(?:[A-Za-z]:|[\\/])|(?:^|[\\/])\.\.(?:[\\/]|$)")
_SYSTEM_NAME = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
_SYSTEM_BYTES = re.compile(  # AppleDouble, .DS_Store, Thumbs.db with its stream "Catalog", desktop.ini
    rb"\x00\x05\x16\x07|\0\0\0\x01Bud1|\xd0\xcf\x11\xe0.*C\0a\0t\0a\0l\0o\0g\0|(?:\xef\xbb\xbf|\xff\xfe)?\s*\[\0?[.LVD]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a container: its name as stored, its packed size in bytes where known, and its bytes in pieces.

    `pieces` may raise Damaged or a Problem, at once or during iteration.
    """

    name: str
    packed: int | None
    pieces: Callable[[], Iterable[bytes]]


class Damaged(Exception):  # noqa: N818 - the state of a member
    """The bytes of a member are invalid or end too early."""


class _Stop(Exception):  # noqa: N818 - the container as a whole is over a limit
    pass


class _OfTheSystem(Exception):  # noqa: N818 - a member that the operating system made, which is passed over
    pass


@dataclass(slots=True)
class Unpacking:
    """One container being unpacked into the spool, under limits on count, size and ratio over all members."""

    source: Source
    limits: Limits
    spool: Spool
    children: list[Source] = field(default_factory=list)
    listing: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)  # Notes beyond the limit, by code
    left_out: int = 0
    passed_over: int = 0  # files of operating systems
    expanded: int = 0  # bytes so far, of all members

    def take(self, member: Member) -> None:
        """Store one member, or note why not. Raises InputProblem(expansion_limit) when no more may be taken."""
        self.listing.append(member.name)
        if len(self.children) >= self.limits.members:
            raise InputProblem("expansion_limit", f"more than {self.limits.members} members")
        try:
            child = self._store(member)
        except _OfTheSystem:
            self.listing.pop()
            self.passed_over += 1
        except _Stop:
            self.leave_out("expansion_limit", member.name)
            raise InputProblem("expansion_limit", f"more than {self.expanded - PIECE_BYTES} bytes") from None
        except Damaged as error:
            self.leave_out("corrupt_partial", f"{member.name} ({error})")
        except Problem as problem:
            self.leave_out(problem.code, problem.detail or member.name)
        else:
            self.children.append(child)
            if _LEAVES_FOLDER.search(member.name):
                self.add_note("unsafe_path", member.name)

    def leave_out(self, code: str, detail: str) -> None:
        """Count a member that is not read, with a Note of why."""
        self.left_out += 1
        self.add_note(code, detail)

    def add_note(self, code: str, detail: str) -> None:
        """Add a Note on the container; after the first hundred they are only counted."""
        if len(self.notes) < _NOTES_MAX:
            self.notes.append(note(code, detail))
        else:
            self.counted[code] += 1

    def _store(self, member: Member) -> Source:
        pieces, ordinal = self._bounded(member), len(self.children)
        return self.spool.child(self.source, pieces, name=member.name, ordinal=ordinal, relation="member")

    def _bounded(self, member: Member) -> Iterator[bytes]:
        """Yield the member's bytes while the limits hold. Sizes declared by the container are not trusted."""
        size = 0
        for piece in member.pieces():
            if not size and is_system_file(member.name, piece):
                raise _OfTheSystem
            size += len(piece)
            self.expanded += len(piece)
            if self.expanded > min(self.limits.expanded, expanded_limit(self.source.size, self.limits)):
                raise _Stop
            if member.packed is not None and size > PIECE_BYTES and size > self.limits.ratio * max(member.packed, 1):
                raise InputProblem("expansion_limit", f"{member.name} expands over {self.limits.ratio:g} times")
            yield piece

    def finish(self, total: int | None = None, *, stopped: str = "") -> Reading:
        """Return the container's Reading: a listing as text, members as children, and the number of members."""
        seen = len(self.children) + self.left_out
        total = max((total or 0) - self.passed_over, seen)
        builder = DocumentBuilder(self.source, kind="container")
        for name in self.listing:
            builder.block(printable(name), BlockKind.LIST_ITEM)
        builder.document.facts["members"] = str(total)
        if stopped:
            builder.document.notes.append(
                note("expansion_limit", f"{stopped}; {len(self.children)} of {total} members kept")
            )
        elif self.left_out:
            builder.document.notes.append(
                note("corrupt_partial", f"{len(self.children)} of {total} members could be read")
            )
        builder.document.notes.extend(self.notes)
        builder.document.notes.extend(note(code, f"{n} more members") for code, n in self.counted.items())
        return Reading(builder.build(), self.children)


def expanded_limit(packed: int, limits: Limits) -> int:
    """Return the bytes to which `packed` bytes may expand, over all members and everything in them.

    >>> expanded_limit(66_000, Limits()), expanded_limit(10_000_000, Limits())
    (67108864, 2000000000)
    """
    return max(ALWAYS_ALLOWED_BYTES, int(limits.ratio * packed))


def printable(name: str) -> str:
    """Return a member's name on one line, without control characters."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)


def is_system_file(name: str, start: bytes) -> bool:
    r"""Whether a file is one that operating systems leave in archives: by its name, and by its first bytes.

    >>> is_system_file("__MACOSX/._a.txt", b"\0\5\x16\7\0\2"), is_system_file("__MACOSX/bill.txt", b"Total due")
    (True, False)
    """
    return bool(_SYSTEM_NAME.search(name)) and _SYSTEM_BYTES.match(start) is not None


def unpack(unpacking: Unpacking, members: Iterable[Member], total: int | None = None) -> Reading:
    """Take all members until a limit is reached, and return the Reading."""
    try:
        for member in members:
            unpacking.take(member)
    except InputProblem as problem:
        return unpacking.finish(total, stopped=problem.detail)
    return unpacking.finish(total)
