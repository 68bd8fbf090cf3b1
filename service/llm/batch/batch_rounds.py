"""BatchRounds: gather calls of many documents, submit them as one batch, wait for it, and hand out the results.

    ask -> in the ledger? -> its body, or wait for the batch that it is in
           else gathered -> intended -> submitted -> polled, less and less often -> stored in the ledger -> handed out
                                             '---> cancelled, once no open Task wants any of it; finished items still come

Everything is decided from the ledger, so that it makes no difference which process submitted a batch, or before which crash.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Collection, Mapping
from itertools import islice

from thresher.schemas.batch import Place
from thresher.schemas.errors import SetupProblem
from thresher.service.llm.batch.base import (
    MAX_BATCH_BYTES,
    MAX_BATCH_ITEMS,
    BatchApi,
    BatchLedger,
    BatchRefused,
    BatchTiming,
    Item,
    ItemResult,
    ProviderUnavailable,
)
from thresher.service.llm.batch.batch_polling import BatchPolling
from thresher.service.llm.batch.waiters import Waiters, not_batched_result
from thresher.service.llm.transport import Call

log = logging.getLogger(__name__)

MAX_PAUSE_SECONDS = 2.0  # seconds: the longest pause


class BatchRounds:
    """All rounds of batches to one BatchApi."""

    def __init__(self, book: BatchLedger, api: BatchApi, pace: BatchTiming) -> None:
        """Start without any call."""
        self._book, self._api, self._pace = book, api, pace
        self._askers = Waiters()
        self._watch = BatchPolling(book, api, pace, self._askers)
        self._new: dict[str, None] = {}  # asked, and not yet looked up in the ledger
        self._wave: dict[str, None] = {}  # in no batch, in the order in which they came
        self._first = self._last = 0.0  # when the round's first and last call came
        self._news = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def ask(self, item: Item, call: Call) -> ItemResult:
        """Return the result of a Call's item, perhaps hours later; status LEFT where no batch will answer it."""
        if len(item.body) > MAX_BATCH_BYTES:
            return not_batched_result(item.key, "too large for a batch")
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
        """Stop polling; submitted batches go on, and are found again in the ledger."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._api.aclose()

    async def _run(self) -> None:
        """Run rounds until no call waits and no cancelled batch is left."""
        try:
            while self._askers or self._watch.is_cancelling:
                self._news.clear()
                await self._round_or_wait()
                await self._pause()
                if not (self._askers or self._watch.is_cancelling):
                    await self._book.tidy()  # meanwhile a call may come, for which the rounds go on
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
        self._new |= dict.fromkeys(await self._watch.look())

    async def _pause(self) -> None:
        times = self._watch.looks + ([self._due()] if self._wave else [])
        if self._new or not times:
            return
        try:
            async with asyncio.timeout(min(MAX_PAUSE_SECONDS, max(0.02, min(times) - time.monotonic()))):
                await self._news.wait()
        except TimeoutError:
            return

    def _due(self) -> float:
        """Return the time at which the round's batch is to be submitted."""
        full = len(self._wave) >= MAX_BATCH_ITEMS
        return 0.0 if full else min(self._last + self._pace.gather, self._first + self._pace.longest)

    async def _place(self) -> None:
        """Look up new items: each has a result, is in a batch, or joins the next round."""
        new, self._new = self._new, {}
        try:
            places = await self._book.where(new)
        except BaseException:
            self._new = new | self._new
            raise
        for key in new:
            if key in self._askers and not self._watch.put(key, places.get(key)):
                self._first = self._first if self._wave else time.monotonic()
                self._last = time.monotonic()
                self._wave[key] = None
        await self._join(new, places)

    async def _join(self, keys: Collection[str], places: Mapping[str, Place]) -> None:
        """Record the Tasks whose items are in existing batches."""
        found = {key: places[key].batch for key in keys if key in places and places[key].body is None}
        self._askers.ordered(found)
        for batch in set(found.values()):
            if tasks := self._askers.tasks([key for key in found if found[key] == batch]):
                await self._book.want(batch, tasks)

    async def _order(self) -> None:
        """Submit the gathered items, as many as one batch takes."""
        name = uuid.uuid4().hex
        items = self._some()
        keys = [item.key for item in items]
        self._askers.ordered(keys)
        own = await self._book.intend(name, self._api.address, keys, self._askers.tasks(keys))
        for item in items:
            self._wave.pop(item.key, None)
            if item.key not in own:  # another worker was quicker
                self._new[item.key] = None
        items = [item for item in items if item.key in own]
        self._watch.add(name, [item.key for item in items])
        await self._submit(name, items)

    def _some(self) -> list[Item]:
        """Return the items of the next batch, in order of arrival."""
        items: list[Item] = []
        size = 0
        for key in islice(self._wave, MAX_BATCH_ITEMS):
            item = self._askers.item(key)
            size += len(item.body) + len(key) + 100
            if items and size > MAX_BATCH_BYTES:
                break
            items.append(item)
        return items

    async def _submit(self, name: str, items: list[Item]) -> None:
        """Submit until the provider accepts or refuses, or the tries are used up."""
        for tried in range(self._pace.tries):
            await self._book.renew(name)
            try:
                theirs = await self._watch.found(name, len(items), 0.0) if tried else None
                theirs = theirs or await self._api.submit(name, items)
            except BatchRefused as refused:
                await self._watch.abandon(name, f"refused ({refused})")
                return
            except ProviderUnavailable as away:
                log.warning("the provider of batches does not answer", extra={"action": "batch.away", "why": str(away)})
                await asyncio.sleep(self._pace.looks[0] * 2**tried)
            else:
                await self._book.submitted(name, theirs)
                facts = {"batch": theirs, "count": len(items)}
                log.info("batch ordered", extra={"action": "batch.ordered", **facts})
                return
        await self._watch.abandon(name, "the provider is away")
