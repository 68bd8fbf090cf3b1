"""A Source and all that it holds, depth first in document order, under limits that count over the whole tree.

    read the root -> allot what may be read of its children -> read each child the same way -> …

Nothing vanishes: what can not or must not be read is still in the list, as an empty Document whose Note says why.
What is allotted depends on document order alone, never on which worker is ready first.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem, Note, Problem, note
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.container import most_expanded
from thresher.service.readers.base import Reading
from thresher.service.readers.pool import Reads

_AHEAD = 8  # siblings whose reading is begun before their turn
_KEPT = 64  # readings kept for equal bytes that come again


async def read_tree(root: Source, pool: Reads, options: ReadOptions) -> list[Reading]:
    """The Readings of a Source and of all that it holds; the first is the root's.

    Raises what reading the root raises; a child that fails is in the list with its Problem as a Note.
    """
    return [reading async for reading in walk_tree(root, pool, options)]


async def walk_tree(root: Source, pool: Reads, options: ReadOptions) -> AsyncIterator[Reading]:
    """The Readings of `read_tree`, one at a time: a mailbox need not fit in memory."""
    limits = options.limits
    walk = _Walk(pool, options, _Budget(limits.members, min(limits.expanded, most_expanded(root.size, limits))))
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
    """What may still be read in the whole tree: Sources, and bytes."""

    members: int
    expanded: int

    def allot(self, children: Sequence[Source]) -> int:
        """How many of the children, from the first on, may be read; their cost is taken off."""
        allowed = 0
        for child in children:
            if self.members < 1 or child.size > self.expanded:
                break
            self.members -= 1
            self.expanded -= child.size
            allowed += 1
        return allowed

    def left(self, limits: Limits) -> Limits:
        """The limits of one reading now: no container may expand to more than the tree has left."""
        return limits.model_copy(update={"members": max(self.members, 0), "expanded": max(self.expanded, 0)})


@dataclass(slots=True)
class _Walk:
    """One walk over a tree, and the readings of bytes that it has met."""

    pool: Reads
    options: ReadOptions
    budget: _Budget
    seconds: float = 0.0  # that all readings took together
    seen: OrderedDict[tuple[str, str, str], asyncio.Task[Reading]] = field(default_factory=OrderedDict)

    def open(self, reading: Reading) -> _Node:
        """Allot what may be read of a Reading's children, and say on its Document where that is not all."""
        children = reading.children
        allowed = self.budget.allot(children)
        if allowed < len(children):
            reading = _noted(reading, note("expansion_limit", f"{allowed} of {len(children)} members read"))
        options = self.options
        if children:
            options = options.model_copy(update={"limits": self.budget.left(options.limits)})
        return _Node(reading, deque(children), allowed, options)

    async def read(self, child: Source, options: ReadOptions) -> Reading:
        """A child's Reading: of its bytes, of equal bytes read before, or an empty one that says why."""
        refusal = _refusal(child, options)
        if refusal:
            return _unread(child, refusal)
        key = (child.sha256, PurePosixPath(child.name).suffix.lower(), child.relation)
        if key not in self.seen:
            self.seen[key] = asyncio.ensure_future(self.timed(child, options))
            self._forget()
        try:
            return _relabelled(await asyncio.shield(self.seen[key]), child)
        except Problem as problem:
            return _unread(child, problem.note())

    async def timed(self, source: Source, options: ReadOptions) -> Reading:
        """One reading, whose time counts. Raises InputProblem(timeout) where the whole tree has used up its own."""
        if self.seconds > self.options.limits.tree_seconds:
            raise InputProblem("timeout", f"all of it took over {self.options.limits.tree_seconds:g} s")
        begun = time.monotonic()
        try:
            return await self.pool.read(source, options)
        finally:
            self.seconds += time.monotonic() - begun

    def drop(self) -> None:
        """Stop the readings that no one waits for any more."""
        for task in self.seen.values():
            task.cancel()

    def _forget(self) -> None:
        """Keep the newest; a reading still under way stays with those who wait for it."""
        while len(self.seen) > _KEPT:
            self.seen.popitem(last=False)


@dataclass(slots=True)
class _Node:
    """A Reading whose children are being read, some of them ahead of their turn."""

    reading: Reading
    waiting: deque[Source]
    allowed: int  # of the children still waiting
    options: ReadOptions
    ahead: deque[asyncio.Task[Reading]] = field(default_factory=deque)

    async def following(self, walk: _Walk) -> Reading | None:
        """The next child's Reading; None when there are no more."""
        while self.waiting and self.allowed and len(self.ahead) < _AHEAD:
            self.allowed -= 1
            self.ahead.append(asyncio.ensure_future(walk.read(self.waiting.popleft(), self.options)))
        if self.ahead:
            return await self.ahead.popleft()
        if self.waiting:
            return _unread(self.waiting.popleft(), note("expansion_limit", "the limit of the whole tree is used up"))
        return None

    def drop(self) -> None:
        """Stop what was begun ahead."""
        for task in self.ahead:
            task.cancel()


def _refusal(child: Source, options: ReadOptions) -> Note | None:
    """Why a child is not to be read, if so."""
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
    """A place in the list for what was not read."""
    return Reading(Document(source=child, text="", kind="unread", notes=[why]))


def _noted(reading: Reading, added: Note) -> Reading:
    document = copy(reading.document)
    document.notes = [*document.notes, added]
    return replace(reading, document=document)


def _relabelled(reading: Reading, child: Source) -> Reading:
    """The Reading of equal bytes as this child's own: its Source, and Sources below it that hold its id."""
    source = reading.document.source
    if (source.path, source.parent, source.ordinal) == (child.path, child.parent, child.ordinal):
        return reading
    own = child.model_copy(update={"media_type": source.media_type})
    grandchildren = [
        c.model_copy(
            update={
                "path": child.path + c.path.removeprefix(source.path),
                "parent": own.id,
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
    document.source, document.notes = own, notes
    return Reading(document, grandchildren)
