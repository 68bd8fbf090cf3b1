"""BatchPolling: poll submitted batches, less and less often, until they have results, fail or are cancelled."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.batch import Ordered, Place
from thresher.service.llm.batch.base import (
    BatchApi,
    BatchLedger,
    BatchRefused,
    BatchTiming,
    ItemResult,
    ProviderUnavailable,
)
from thresher.service.llm.batch.waiters import Waiters

log = logging.getLogger(__name__)

RESULTS_PER_TRANSACTION = 500  # results that are kept in one transaction
CANCEL_TIMEOUT_SECONDS = 600.0  # seconds after which a batch that was cancelled and does not end is waited for no more
UNWANTED_CHECK_SECONDS = (
    2.0,
    60.0,
)  # seconds between two looks for batches that nobody wants: where some here want nothing, and else


@dataclass(slots=True)
class _Batch:
    """A batch that this process waits for."""

    keys: set[str] = field(default_factory=set)
    next_look: float = 0.0
    cancelled: float | None = None  # the age at which it was cancelled


class BatchPolling:
    """The batches at one BatchApi that this process waits for."""

    def __init__(self, book: BatchLedger, api: BatchApi, pace: BatchTiming, askers: Waiters) -> None:
        """Start without any batch."""
        self._book, self._api, self._pace, self._askers = book, api, pace, askers
        self._batches: dict[str, _Batch] = {}
        self._glanced = 0.0  # when it was last looked for batches that nobody wants

    @property
    def looks(self) -> list[float]:
        """Return the times of the next poll of each batch, on the monotonic clock."""
        return [batch.next_look for batch in self._batches.values()]

    @property
    def is_cancelling(self) -> bool:
        """Whether some cancelled batch has not ended yet."""
        return any(batch.cancelled is not None for batch in self._batches.values())

    def add(self, name: str, keys: Collection[str]) -> None:
        """Wait for a batch."""
        self._batches[name] = _Batch(keys=set(keys))

    def put(self, key: str, place: Place | None) -> bool:
        """Hand out an item's result, or note its batch; return whether it was in a batch at all."""
        if place is None:
            return False
        if place.body is None or place.status is None:
            self._batches.setdefault(place.batch, _Batch()).keys.add(key)
        else:
            self._askers.hand(ItemResult(key=key, status=place.status, body=place.body))
        return True

    async def look(self) -> set[str]:
        """Check every batch that is due; return the keys to order again."""
        again: set[str] = set()
        for name, batch in list(self._batches.items()):
            if batch.next_look <= time.monotonic():
                again |= await self._look(name, batch)
        await self._forsake()
        return again

    async def found(self, name: str, count: int, age: float) -> str | None:
        """Return the provider's id of a batch by item count and age in seconds, or None. Raises ProviderUnavailable."""
        return await self._api.find(name, count, time.time() - age, await self._book.known(self._api.address))

    async def abandon(self, name: str, why: str) -> None:
        """Stop waiting for a batch."""
        await self._book.end(name)
        self._askers.leave(self._batches.pop(name).keys, why)

    async def _look(self, name: str, batch: _Batch) -> set[str]:
        """Poll a batch and act on its state; return the keys that must be ordered again."""
        found = await self._book.batch(name)
        if found is None or found[0].state == "ended":
            await self._handed(name, batch.keys)
            return set()
        ordered, age = found
        first, most = self._pace.looks
        batch.next_look = time.monotonic() + min(most, max(first, age / 20))
        try:
            if ordered.theirs is None:
                return await self._ask_after(ordered, age)
            if await self._api.ended(ordered.theirs):
                await self._land(name, ordered.theirs)
            else:
                await self._patience(name, ordered, age)
        except BatchRefused as refused:
            await self.abandon(name, f"the provider does not know it ({refused})")
        except ProviderUnavailable as away:
            log.warning("the provider of batches does not answer", extra={"action": "batch.away", "why": str(away)})
            await self._patience(name, ordered, age)
        return set()

    async def _ask_after(self, ordered: Ordered, age: float) -> set[str]:
        """Ask the provider for an unconfirmed order after some time; return the keys to order again if unknown."""
        if age < self._pace.lost:
            return set()
        theirs = await self.found(ordered.id, ordered.items, age)
        if theirs is not None:
            await self._book.submitted(ordered.id, theirs)
            return set()
        await self._book.end(ordered.id)
        return self._batches.pop(ordered.id).keys & self._askers.keys()

    async def _patience(self, name: str, ordered: Ordered, age: float) -> None:
        """Cancel a batch that takes too long; leave its items if it does not end even then."""
        batch = self._batches[name]
        if age > self._pace.wait and batch.cancelled is None and ordered.theirs is not None:
            await self._is_cancel_answered(batch, ordered.theirs)
            batch.cancelled = age
        elif batch.cancelled is not None and age > batch.cancelled + CANCEL_TIMEOUT_SECONDS:
            self._askers.leave(self._batches.pop(name).keys, "it took too long")

    async def _forsake(self) -> None:
        """Cancel batches that no open Task wants any more, of any process; finished items still come."""
        idle = [b for b in self._batches.values() if b.cancelled is None and b.keys and not self._askers.wanted(b.keys)]
        if time.monotonic() < self._glanced + UNWANTED_CHECK_SECONDS[0 if idle else 1]:
            return
        self._glanced = time.monotonic()
        for ordered, age in await self._book.unwanted(self._api.address):
            batch = self._batches.setdefault(ordered.id, _Batch())
            free = batch.cancelled is None and not self._askers.wanted(batch.keys)
            if free and ordered.theirs is not None and await self._is_cancel_answered(batch, ordered.theirs):
                batch.cancelled = age

    async def _is_cancel_answered(self, batch: _Batch, theirs: str) -> bool:
        """Ask the provider to cancel a batch; return whether it has answered.

        A refusal is an answer, too: the batch has ended already, or is not known, and the next poll finds that out.
        """
        batch.next_look = 0.0
        try:
            await self._api.cancel(theirs)
        except (ProviderUnavailable, BatchRefused) as error:
            log.warning("batch not cancelled", extra={"action": "batch.not_cancelled", "why": str(error)})
            return isinstance(error, BatchRefused)
        log.info("batch cancelled", extra={"action": "batch.cancelled", "batch": theirs})
        return True

    async def _land(self, name: str, theirs: str) -> None:
        """Store all results of a batch before anyone reads them, then hand them out."""
        some: list[tuple[str, int, Mapping[str, Any]]] = []
        count = 0
        async for landed in self._api.results(theirs):
            some.append((landed.key, landed.status, landed.body))
            count += 1
            if len(some) == RESULTS_PER_TRANSACTION:
                await self._book.landed(name, some)
                some = []
        await self._book.landed(name, some)
        keys = self._batches[name].keys
        await self._handed(name, keys, ended=True)
        log.info("batch landed", extra={"action": "batch.landed", "batch": theirs, "count": count})

    async def _handed(self, name: str, keys: set[str], *, ended: bool = False) -> None:
        """Hand out the results of a batch; items without a result get status LEFT."""
        places = await self._book.where(keys)
        if ended:
            await self._book.end(name)
        missing = {key for key in keys if (place := places.get(key)) is None or place.body is None}
        for key in keys - missing:
            self.put(key, places[key])
        if missing:
            self._askers.leave(missing, "it expired or was cancelled")
        self._batches.pop(name, None)
