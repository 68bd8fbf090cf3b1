"""Expand archives under limits: what a member is, and how much one archive may give."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from thresher.schemas.discovery.matter import MatterDate
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits
from thresher.service.readers.archives.container import PIECE_BYTES, expanded_limit


class Fault(NamedTuple):
    """What went wrong while something was expanded."""

    code: str
    what: str
    path: str = ""  # of what is inside; "" for the item itself
    unread: int = 0  # items that could not be had because of it


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """One file in an archive. `pieces` may raise Damaged or InputProblem, at once or during iteration."""

    name: str  # as stored, with its folders
    raw: bytes  # the bytes of the name
    pieces: Callable[[], Iterable[bytes]]
    packed: int | None = None  # bytes in the archive, where known
    modified: MatterDate | None = None
    declared: str | None = None  # media type, where the container's kind tells it


@dataclass(slots=True)
class ArchiveReading:
    """What is learned of an archive while its members are read."""

    passwords: tuple[str, ...] = field(default=(), repr=False)
    zone: str = "UTC"
    total: int | None = None  # members that it says it has
    findings: list[tuple[str, str]] = field(default_factory=list)  # (code, what) about the archive as a whole
    password_index: int | None = None  # 0-based number of the password that worked
    unread: list[tuple[str, str, str]] = field(default_factory=list)  # (name, code, what) of members without bytes


class LimitReached(Exception):  # noqa: N818 - what happened
    """No more may be expanded. The text says which limit."""


MEMBER_BYTES = 1024  # that a member counts as beside its own: a record is written of each


@dataclass(slots=True)
class Budget:
    """What may still be expanded of one item, over everything in it, however deep."""

    limits: Limits
    packed: int  # bytes of the item
    room: int | None = None  # bytes that what holds it leaves to it; None: nothing holds it
    expanded: int = 0
    members: int = 0
    until: float = field(default=0.0)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.until = time.monotonic() + self.limits.tree_seconds

    def take_member(self) -> None:
        """Count a member, which takes room even where it is empty. Raises LimitReached."""
        self.members += 1
        self.take_bytes(MEMBER_BYTES)
        if self.members > self.limits.members:
            raise LimitReached(f"more than {self.limits.members} members")
        if time.monotonic() > self.until:
            raise LimitReached(f"more than {self.limits.tree_seconds:g} seconds")

    def take_bytes(self, count: int) -> None:
        """Count expanded bytes. Raises LimitReached."""
        self.expanded += count
        if self.expanded > self.most:
            raise LimitReached(f"more than {self.most} bytes")

    @property
    def most(self) -> int:
        """Return the bytes that the item may expand to, with everything in it."""
        alone = min(self.limits.expanded, expanded_limit(self.packed, self.limits))
        return alone if self.room is None else min(self.room, alone)

    def rooms(self, sizes: list[int]) -> list[int]:
        """Divide what is left among archives that were found inside, by their sizes: they may hold archives again.

        >>> Budget(Limits(), 100, room=5000, expanded=2000).rooms([200, 100])
        [2000, 1000]
        """
        left, whole = max(0, self.most - self.expanded), max(1, sum(sizes))
        return [left * size // whole for size in sizes]

    def bounded(self, member: ArchiveMember) -> Iterator[bytes]:
        """Yield a member's bytes while the limits hold; sizes that the archive states are not trusted.

        Raises LimitReached for the archive, InputProblem(expansion_limit) for a member that expands too far, and what
        the member raises.
        """
        size = 0
        for piece in member.pieces():
            size += len(piece)
            self.take_bytes(len(piece))
            if member.packed is not None and size > max(PIECE_BYTES, self.limits.ratio * max(member.packed, 1)):
                raise InputProblem("expansion_limit", f"{member.name} expands over {self.limits.ratio:g} times")
            yield piece
