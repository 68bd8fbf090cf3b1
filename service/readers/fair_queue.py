"""Turns: who gets a process next, so that no tenant's files keep all of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Turns:
    """Some places that callers wait for.

    One tenant holds at most all but one, and the only one where there is one. Who is no tenant (None) may hold all.
    A free place goes to the tenant that holds the fewest, among equals to who has waited longest.
    """

    places: int
    _held: Counter[str | None] = field(default_factory=Counter)
    _waiting: list[tuple[str | None, asyncio.Future[None]]] = field(default_factory=list)

    @asynccontextmanager
    async def place(self, tenant: str | None) -> AsyncIterator[None]:
        """A place for as long as the block takes."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append((tenant, waiting))
        self._hand_out()
        try:
            await waiting
            yield
        finally:
            if waiting.done() and not waiting.cancelled():
                self._held[tenant] -= 1
            self._waiting = [w for w in self._waiting if w[1] is not waiting]
            self._hand_out()

    def _hand_out(self) -> None:
        while (chosen := self._next()) is not None:
            tenant, waiting = self._waiting.pop(chosen)
            if not waiting.done():
                self._held[tenant] += 1
                waiting.set_result(None)

    def _next(self) -> int | None:
        """Number of the one whose turn it is; None where nobody can have a place now."""
        if self._held.total() >= self.places:
            return None
        able = [i for i, (tenant, _) in enumerate(self._waiting) if self._held[tenant] < self._most(tenant)]
        return min(able, key=lambda i: self._held[self._waiting[i][0]], default=None)

    def _most(self, tenant: str | None) -> int:
        return self.places if tenant is None else max(1, self.places - 1)
