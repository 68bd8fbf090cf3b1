"""Waiters: record which Task waits for which item of a batch, and whether anybody still wants it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from thresher.service.llm.batch.base import Item, ItemResult
from thresher.service.llm.transport import Call
from thresher.service.telemetry.ids import current_task

log = logging.getLogger(__name__)

NOT_BATCHED_STATUS = 503  # status of an item that no batch will answer: it is asked by an ordinary call


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """A caller that waits for an item."""

    item: Item
    call: Call
    task: str | None = field(default_factory=current_task.get)  # None: no Task of a Job
    coming: asyncio.Future[ItemResult]


class Waiters:
    """All that wait in this process, by the key of the item."""

    def __init__(self) -> None:
        """Start without any waiter."""
        self._all: dict[str, Waiter] = {}

    def __contains__(self, key: object) -> bool:
        """Whether somebody waits for an item."""
        return key in self._all

    def __bool__(self) -> bool:
        """Whether somebody waits for anything."""
        return bool(self._all)

    def keys(self) -> set[str]:
        """Return the keys of all items that are waited for."""
        return set(self._all)

    def item(self, key: str) -> Item:
        """Return the item of a key that is waited for."""
        return self._all[key].item

    def add(self, item: Item, call: Call) -> Waiter:
        """Add a waiter for an item, in place of any earlier one."""
        coming: asyncio.Future[ItemResult] = asyncio.get_running_loop().create_future()
        made = self._all[item.key] = Waiter(item=item, call=call, coming=coming)
        return made

    def drop(self, asker: Waiter) -> bool:
        """Remove a waiter; return whether it was the current one of its item, so that nobody waits now."""
        if self._all.get(asker.item.key) is not asker:
            return False
        del self._all[asker.item.key]
        return True

    def ordered(self, keys: Collection[str]) -> None:
        """Mark the calls of these items as sent: they cost from now on, even if the caller is cancelled."""
        for asker in self._of(keys):
            asker.call.sent.set()

    def tasks(self, keys: Collection[str]) -> set[str]:
        """Return the Tasks for which some items are waited for."""
        return {asker.task for asker in self._of(keys) if asker.task is not None}

    def wanted(self, keys: Collection[str]) -> bool:
        """Whether a caller here still wants any of some items; a Call whose caller has gone does not count."""
        return any(not asker.call.unwanted.is_set() for asker in self._of(keys))

    def hand(self, landed: ItemResult) -> None:
        """Hand a result to the waiter of its item."""
        found = self._all.get(landed.key)
        if found is not None and not found.coming.done():
            found.coming.set_result(landed)

    def leave(self, keys: Collection[str], why: str) -> None:
        """Hand status LEFT to the waiters, so that their calls are made one by one."""
        log.info("calls left by a batch", extra={"action": "batch.left", "count": len(keys), "why": why})
        for key in keys:
            self.hand(not_batched_result(key, why))

    def _of(self, keys: Collection[str]) -> list[Waiter]:
        return [self._all[key] for key in keys if key in self._all]


def not_batched_result(key: str, why: str) -> ItemResult:
    """Return the result of an item that no batch will answer: status LEFT and the reason."""
    return ItemResult(
        key=key, status=NOT_BATCHED_STATUS, body={"error": {"message": f"batch: {why}", "type": "server_error"}}
    )
