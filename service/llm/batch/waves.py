"""Waves: calls of many documents, gathered until no more come, ordered as one batch, waited for, and handed out.

    ask -> in the book? -> its body, or wait for the batch that it is in
           else gathered -> intended -> ordered -> looked at, less and less often -> landed in the book -> handed out
                                             '---> cancelled, once no open Task wants any of it; what it had done still lands

Everything is decided from the book, so that it makes no difference who ordered a batch, or before which crash.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from schemas.batch import Ordered, Place
from schemas.errors import SetupProblem
from service.llm.batch.askers import Askers, left
from service.llm.batch.base import MOST_BYTES, MOST_ITEMS, Away, Book, Desk, Item, Landed, Pace, Refused
from service.llm.wire import Call

log = logging.getLogger(__name__)

TOGETHER = 500  # results that are kept in one transaction
ORPHANED = 600.0  # seconds after which a batch that was cancelled and does not end is waited for no more
GLANCE = (2.0, 60.0)  # seconds between two looks for batches that nobody wants: where some here want nothing, and else


@dataclass(slots=True)
class _Batch:
    """A batch that is waited for here."""

    keys: set[str] = field(default_factory=set)
    next_look: float = 0.0
    cancelled: float | None = None  # the age at which it was cancelled


class Waves:
    """All waves to one desk."""

    def __init__(self, book: Book, desk: Desk, pace: Pace) -> None:
        """Nothing is asked yet."""
        self._book, self._desk, self._pace = book, desk, pace
        self._askers = Askers()
        self._new: dict[str, None] = {}  # asked, and not yet looked up in the book
        self._wave: dict[str, None] = {}  # in no batch, in the order in which they came
        self._batches: dict[str, _Batch] = {}
        self._first = self._last = 0.0  # when the wave's first and last call came
        self._glanced = 0.0  # when it was last looked for batches that nobody wants
        self._news = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def ask(self, item: Item, call: Call) -> Landed:
        """What comes of a Call's item, hours later as it may be; status LEFT where no batch will answer it."""
        if len(item.body) > MOST_BYTES:
            return left(item.key, "too large for a batch")
        asker = self._askers.add(item, call)
        self._new[item.key] = None
        self._news.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        try:
            return await asker.coming
        finally:
            if self._askers.drop(asker):
                self._new.pop(item.key, None)
                self._wave.pop(item.key, None)

    async def aclose(self) -> None:
        """Look no more; what was ordered goes on, and is found again by its book."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._desk.aclose()

    async def _run(self) -> None:
        """Until nothing is asked any more, and nothing is left of what was cancelled."""
        try:
            while self._askers or any(batch.cancelled is not None for batch in self._batches.values()):
                self._news.clear()
                await self._round_or_wait()
                await self._pause()
            await self._book.tidy()
        except Exception:  # nobody may wait for ever
            log.exception("batches failed", extra={"action": "batch.failed"})
            self._askers.leave(self._askers.keys(), "an error of ours")

    async def _round_or_wait(self) -> None:
        try:
            await self._round()
        except SetupProblem as problem:
            log.warning("book of batches away", extra={"action": "batch.store_away", "code": problem.code})
            await asyncio.sleep(self._pace.looks[0])

    async def _round(self) -> None:
        await self._place()
        if self._wave and self._due() <= time.monotonic():
            await self._order()
        for name, batch in list(self._batches.items()):
            if batch.next_look <= time.monotonic():
                await self._look(name, batch)
        await self._forsake()

    async def _pause(self) -> None:
        times = [b.next_look for b in self._batches.values()] + ([self._due()] if self._wave else [])
        if self._new or not times:
            return
        try:
            async with asyncio.timeout(min(GLANCE[0], max(0.02, min(times) - time.monotonic()))):
                await self._news.wait()
        except TimeoutError:
            return

    def _due(self) -> float:
        """When the wave is to be ordered."""
        full = len(self._wave) >= MOST_ITEMS
        return 0.0 if full else min(self._last + self._pace.gather, self._first + self._pace.longest)

    async def _place(self) -> None:
        """Look up what is new: it is there, or in a batch, or goes with the next wave."""
        new, self._new = self._new, {}
        try:
            places = await self._book.where(new)
        except BaseException:
            self._new = new | self._new
            raise
        for key in new:
            if key in self._askers and not self._put(key, places.get(key)):
                self._first = self._first if self._wave else time.monotonic()
                self._last = time.monotonic()
                self._wave[key] = None
        await self._join(new, places)

    async def _join(self, keys: Collection[str], places: Mapping[str, Place]) -> None:
        """Note whose items came into batches that were there already."""
        found = {key: places[key].batch for key in keys if key in places and places[key].body is None}
        self._askers.ordered(found)
        for batch in set(found.values()):
            if tasks := self._askers.tasks([key for key in found if found[key] == batch]):
                await self._book.want(batch, tasks)

    def _put(self, key: str, place: Place | None) -> bool:
        """Hand out what is there, or note where it will come from; gives whether it was in a batch at all."""
        if place is None:
            return False
        if place.body is None or place.status is None:
            self._batches.setdefault(place.batch, _Batch()).keys.add(key)
        else:
            self._askers.hand(Landed(key=key, status=place.status, body=place.body))
        return True

    async def _order(self) -> None:
        """Order what has gathered, as much as one batch takes."""
        name = uuid.uuid4().hex
        items = self._some()
        keys = [item.key for item in items]
        self._askers.ordered(keys)
        own = await self._book.intend(name, self._desk.address, keys, self._askers.tasks(keys))
        for item in items:
            self._wave.pop(item.key, None)
            if item.key not in own:  # another worker was quicker
                self._new[item.key] = None
        items = [item for item in items if item.key in own]
        self._batches[name] = _Batch(keys={item.key for item in items})
        await self._submit(name, items)

    def _some(self) -> list[Item]:
        """Items of the next batch, in the order in which they came."""
        items: list[Item] = []
        size = 0
        for key in islice(self._wave, MOST_ITEMS):
            item = self._askers.item(key)
            size += len(item.body) + len(key) + 100
            if items and size > MOST_BYTES:
                break
            items.append(item)
        return items

    async def _submit(self, name: str, items: list[Item]) -> None:
        """Order until the provider has heard, or refuses, or it has been tried often enough."""
        for tried in range(self._pace.tries):
            await self._book.renew(name)
            try:
                theirs = await self._found(name, len(items), 0.0) if tried else None
                theirs = theirs or await self._desk.submit(name, items)
            except Refused as refused:
                await self._abandon(name, f"refused ({refused})")
                return
            except Away as away:
                log.warning("desk away", extra={"action": "batch.away", "why": str(away)})
                await asyncio.sleep(self._pace.looks[0] * 2**tried)
            else:
                await self._book.submitted(name, theirs)
                facts = {"batch": theirs, "count": len(items)}
                log.info("batch ordered", extra={"action": "batch.ordered", **facts})
                return
        await self._abandon(name, "the provider is away")

    async def _found(self, name: str, count: int, age: float) -> str | None:
        return await self._desk.find(name, count, time.time() - age, await self._book.known(self._desk.address))

    async def _look(self, name: str, batch: _Batch) -> None:
        """One look at a batch, and what follows from it."""
        found = await self._book.batch(name)
        if found is None or found[0].state == "ended":
            await self._handed(name, batch.keys)
            return
        ordered, age = found
        first, most = self._pace.looks
        batch.next_look = time.monotonic() + min(most, max(first, age / 20))
        try:
            if ordered.theirs is None:
                await self._ask_after(ordered, age)
            elif await self._desk.ended(ordered.theirs):
                await self._land(name, ordered.theirs)
            else:
                await self._patience(name, ordered, age)
        except Refused as refused:
            await self._abandon(name, f"the provider does not know it ({refused})")
        except Away as away:
            log.warning("desk away", extra={"action": "batch.away", "why": str(away)})
            await self._patience(name, ordered, age)

    async def _ask_after(self, ordered: Ordered, age: float) -> None:
        """An order whose end nobody heard: after some time the provider is asked; what it does not know is ordered anew."""
        if age < self._pace.lost:
            return
        theirs = await self._found(ordered.id, ordered.items, age)
        if theirs is not None:
            await self._book.submitted(ordered.id, theirs)
            return
        await self._book.end(ordered.id)
        self._new |= dict.fromkeys(self._batches.pop(ordered.id).keys & self._askers.keys())

    async def _patience(self, name: str, ordered: Ordered, age: float) -> None:
        """Cancel what takes too long; what does not even end then is left."""
        batch = self._batches[name]
        if age > self._pace.wait and batch.cancelled is None and ordered.theirs is not None:
            await self._cancel(batch, ordered.theirs)
            batch.cancelled = age
        elif batch.cancelled is not None and age > batch.cancelled + ORPHANED:
            self._askers.leave(self._batches.pop(name).keys, "it took too long")

    async def _forsake(self) -> None:
        """Cancel batches that no open Task wants any more, whoever ordered them; what they had done still comes."""
        idle = [b for b in self._batches.values() if b.cancelled is None and b.keys and not self._askers.wanted(b.keys)]
        if time.monotonic() < self._glanced + GLANCE[0 if idle else 1]:
            return
        self._glanced = time.monotonic()
        for ordered, age in await self._book.unwanted(self._desk.address):
            batch = self._batches.setdefault(ordered.id, _Batch())
            free = batch.cancelled is None and not self._askers.wanted(batch.keys)
            if free and ordered.theirs is not None and await self._cancel(batch, ordered.theirs):
                batch.cancelled = age

    async def _cancel(self, batch: _Batch, theirs: str) -> bool:
        """Tell the provider that a batch is not waited for; gives whether it heard."""
        batch.next_look = 0.0
        try:
            await self._desk.cancel(theirs)
        except (Away, Refused) as error:
            log.warning("batch not cancelled", extra={"action": "batch.not_cancelled", "why": str(error)})
            return isinstance(error, Refused)
        log.info("batch cancelled", extra={"action": "batch.cancelled", "batch": theirs})
        return True

    async def _land(self, name: str, theirs: str) -> None:
        """Keep all that came, before anyone reads it; then hand it out."""
        some: list[tuple[str, int, Mapping[str, Any]]] = []
        count = 0
        async for landed in self._desk.results(theirs):
            some.append((landed.key, landed.status, landed.body))
            count += 1
            if len(some) == TOGETHER:
                await self._book.landed(name, some)
                some = []
        await self._book.landed(name, some)
        keys = self._batches[name].keys
        await self._handed(name, keys, ended=True)
        log.info("batch landed", extra={"action": "batch.landed", "batch": theirs, "count": count})

    async def _handed(self, name: str, keys: set[str], *, ended: bool = False) -> None:
        """Hand out what a batch gave; what it did not give is left."""
        places = await self._book.where(keys)
        if ended:
            await self._book.end(name)
        missing = {key for key in keys if (place := places.get(key)) is None or place.body is None}
        for key in keys - missing:
            self._put(key, places[key])
        if missing:
            self._askers.leave(missing, "it expired or was cancelled")
        self._batches.pop(name, None)

    async def _abandon(self, name: str, why: str) -> None:
        await self._book.end(name)
        self._askers.leave(self._batches.pop(name).keys, why)
