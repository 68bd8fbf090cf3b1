"""Read a Source and everything that it contains, depth first in document order, under limits for the whole tree.

    read the root -> allot what may be read of its children -> read each child the same way -> …

Nothing is dropped: what cannot or must not be read is in the list, too, as an empty Document with a Note of the reason.
What is read depends on document order alone, never on which worker is ready first.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem, Note, Problem, note
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.container import expanded_limit
from thresher.service.readers.base import Reading
from thresher.service.readers.pool import AsyncReader

_READ_AHEAD = 8  # siblings that are read ahead of their turn
_CACHED_READINGS = 64  # readings that are cached for equal bytes


async def read_tree(root: Source, pool: AsyncReader, options: ReadOptions) -> list[Reading]:
    """Return the Readings of a Source and of everything that it contains; the first is the root's.

    Raises what reading the root raises; a child that fails is in the list, with its Problem as a Note.
    """
    return [reading async for reading in walk_tree(root, pool, options)]


async def walk_tree(root: Source, pool: AsyncReader, options: ReadOptions) -> AsyncGenerator[Reading, None]:
    """Yield the Readings of `read_tree` one at a time, so that a mailbox need not fit in memory."""
    limits = options.limits
    walk = _Walk(pool, options, _Budget(limits.members, min(limits.expanded, expanded_limit(root.size, limits))))
    first = await walk.timed(root, options)
    waiting = [walk.open(first)]
    yield waiting[-1].reading
    try:
        while waiting:
            child = await waiting[-1].following(walk)
            if child is None:
                waiting.pop()
                continue
            waiting.append(walk.open(child))
            yield waiting[-1].reading
    finally:
        for node in waiting:
            node.drop()
        walk.drop()


@dataclass(slots=True)
class _Budget:
    """Sources and bytes that may still be read in the whole tree."""

    members: int
    expanded: int

    def allot(self, children: Sequence[Source]) -> int:
        """Return how many of the children, from the first on, may be read, and subtract their cost."""
        allowed = 0
        for child in children:
            if self.members < 1 or child.size > self.expanded:
                break
            self.members -= 1
            self.expanded -= child.size
            allowed += 1
        return allowed

    def left(self, limits: Limits) -> Limits:
        """Return the limits for one reading now: no container may expand to more than the tree has left."""
        return limits.model_copy(update={"members": max(self.members, 0), "expanded": max(self.expanded, 0)})


@dataclass(slots=True)
class _Walk:
    """One walk over a tree, with a cache of readings by content."""

    pool: AsyncReader
    options: ReadOptions
    budget: _Budget
    seconds: float = 0.0  # sum over all readings
    seen: OrderedDict[tuple[str, str, str], asyncio.Task[Reading]] = field(default_factory=OrderedDict)

    def open(self, reading: Reading) -> _Node:
        """Allot what may be read of a Reading's children, and add a Note to its Document where that is not all."""
        children = reading.children
        allowed = self.budget.allot(children)
        if allowed < len(children):
            reading = _with_note(reading, note("expansion_limit", f"{allowed} of {len(children)} members read"))
        options = self.options
        if children:
            options = options.model_copy(update={"limits": self.budget.left(options.limits)})
        return _Node(reading, deque(children), allowed, options)

    async def read(self, child: Source, options: ReadOptions) -> Reading:
        """Return a child's Reading: of its bytes, of equal bytes read before, or an empty one with the reason."""
        refusal = _refusal(child, options)
        if refusal:
            return _unread(child, refusal)
        key = (child.sha256, PurePosixPath(child.name).suffix.lower(), child.relation)
        if key not in self.seen:
            self.seen[key] = asyncio.ensure_future(self.timed(child, options))
            self._evict()
        try:
            return _relabelled(await asyncio.shield(self.seen[key]), child)
        except Problem as problem:
            return _unread(child, problem.note())

    async def timed(self, source: Source, options: ReadOptions) -> Reading:
        """Read one Source and add the time that it took.

        Raises InputProblem(timeout) where the whole tree has used up its time.
        """
        if self.seconds > self.options.limits.tree_seconds:
            raise InputProblem("timeout", f"all of it took over {self.options.limits.tree_seconds:g} s")
        begun = time.monotonic()
        try:
            return await self.pool.read(source, options)
        finally:
            self.seconds += time.monotonic() - begun

    def drop(self) -> None:
        """Cancel the readings that are still running."""
        for task in self.seen.values():
            task.cancel()

    def _evict(self) -> None:
        """Remove the oldest readings from the cache; one that is still running continues for its callers."""
        while len(self.seen) > _CACHED_READINGS:
            self.seen.popitem(last=False)


@dataclass(slots=True)
class _Node:
    """A Reading and its remaining children, some of them being read ahead."""

    reading: Reading
    waiting: deque[Source]
    allowed: int  # how many of the waiting children may still be read
    options: ReadOptions
    ahead: deque[asyncio.Task[Reading]] = field(default_factory=deque)

    async def following(self, walk: _Walk) -> Reading | None:
        """Return the next child's Reading; None when there are no more."""
        while self.waiting and self.allowed and len(self.ahead) < _READ_AHEAD:
            self.allowed -= 1
            self.ahead.append(asyncio.ensure_future(walk.read(self.waiting.popleft(), self.options)))
        if self.ahead:
            return await self.ahead.popleft()
        if self.waiting:
            return _unread(self.waiting.popleft(), note("expansion_limit", "the limit of the whole tree is used up"))
        return None

    def drop(self) -> None:
        """Cancel the readings ahead."""
        for task in self.ahead:
            task.cancel()


def _refusal(child: Source, options: ReadOptions) -> Note | None:
    """Return a Note of why a child must not be read; None where it may be."""
    if child.depth > options.limits.depth:
        return note("depth_limit", child.path)
    if child.size == 0:
        return InputProblem("zero_byte", child.path).note()
    if child.relation == "inline" and options.inline == "none" and _is_picture(child):
        return note("inline_unread", child.path)
    return None


def _is_picture(child: Source) -> bool:
    return (child.declared_type or "image/").startswith("image/")


def _unread(child: Source, why: Note) -> Reading:
    """Return an empty Document for a child that was not read, with the reason."""
    return Reading(Document(source=child, text="", kind="unread", notes=[why]))


def _with_note(reading: Reading, added: Note) -> Reading:
    """Return the Reading with one more Note on its Document."""
    document = copy(reading.document)
    document.notes = [*document.notes, added]
    return replace(reading, document=document)


def _relabelled(reading: Reading, child: Source) -> Reading:
    """Adapt the Reading of equal bytes to this child: its Source, the ids and paths of its children, and Notes."""
    source = reading.document.source
    if (source.path, source.parent, source.ordinal) == (child.path, child.parent, child.ordinal):
        return reading
    relabelled = child.model_copy(update={"media_type": source.media_type})
    grandchildren = [
        c.model_copy(
            update={
                "path": child.path + c.path.removeprefix(source.path),
                "parent": relabelled.id,
                "depth": child.depth + 1,
                "custodian": child.custodian,
            }
        )
        for c in reading.children
    ]
    notes = [
        n.model_copy(update={"message": n.message.replace(source.path, child.path)}) for n in reading.document.notes
    ]
    document = copy(reading.document)
    document.source, document.notes = relabelled, notes
    return Reading(document, grandchildren)
