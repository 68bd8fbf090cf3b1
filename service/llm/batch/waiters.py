"""Waiters: who waits for which item of a batch, for which Task, and whether anybody still wants it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from thresher.service.llm.batch.base import Item, ItemResult
from thresher.service.llm.transport import Call
from thresher.service.telemetry.ids import working_on

log = logging.getLogger(__name__)

LEFT = 503  # status of an item that no batch will answer: it is asked by an ordinary call


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """One that waits for an item."""

    item: Item
    call: Call
    task: str | None = field(default_factory=working_on.get)  # None: no Task of a Job
    coming: asyncio.Future[ItemResult]


class Waiters:
    """All that wait in this process, by the key of the item."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._all: dict[str, Waiter] = {}

    def __contains__(self, key: object) -> bool:
        """Whether somebody waits for an item."""
        return key in self._all

    def __bool__(self) -> bool:
        """Whether somebody waits for anything."""
        return bool(self._all)

    def keys(self) -> set[str]:
        """Of all items that are waited for."""
        return set(self._all)

    def item(self, key: str) -> Item:
        """The item of a key that is waited for."""
        return self._all[key].item

    def add(self, item: Item, call: Call) -> Waiter:
        """Somebody waits, in place of whoever waited before."""
        coming: asyncio.Future[ItemResult] = asyncio.get_running_loop().create_future()
        made = self._all[item.key] = Waiter(item=item, call=call, coming=coming)
        return made

    def drop(self, asker: Waiter) -> bool:
        """It waits no more; gives whether nobody does: else the item was asked anew meanwhile."""
        if self._all.get(asker.item.key) is not asker:
            return False
        del self._all[asker.item.key]
        return True

    def ordered(self, keys: Collection[str]) -> None:
        """From now on these items cost: whoever is cancelled lets them come home."""
        for asker in self._of(keys):
            asker.call.sent.set()

    def tasks(self, keys: Collection[str]) -> set[str]:
        """Tasks for which some items are waited for."""
        return {asker.task for asker in self._of(keys) if asker.task is not None}

    def wanted(self, keys: Collection[str]) -> bool:
        """Whether somebody here still wants any of some items: a Call that comes home for nobody wants nothing."""
        return any(not asker.call.unwanted.is_set() for asker in self._of(keys))

    def hand(self, landed: ItemResult) -> None:
        """Give it to whoever waits for it."""
        found = self._all.get(landed.key)
        if found is not None and not found.coming.done():
            found.coming.set_result(landed)

    def leave(self, keys: Collection[str], why: str) -> None:
        """Let calls be made one by one."""
        log.info("calls left by a batch", extra={"action": "batch.left", "count": len(keys), "why": why})
        for key in keys:
            self.hand(left(key, why))

    def _of(self, keys: Collection[str]) -> list[Waiter]:
        return [self._all[key] for key in keys if key in self._all]


def left(key: str, why: str) -> ItemResult:
    """What came of an item that no batch will answer."""
    return ItemResult(key=key, status=LEFT, body={"error": {"message": f"batch: {why}", "type": "server_error"}})
