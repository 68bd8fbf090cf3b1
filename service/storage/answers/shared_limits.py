"""Provide the limits that many machines share, stored in their PostgreSQL database."""

from __future__ import annotations

import asyncio

from thresher.service.storage.answers.postgres_rate import SharedRateLimit
from thresher.service.storage.answers.session import Transactions
from thresher.service.storage.answers.shared_concurrency import SharedConcurrencyLimit


class SharedLimits:
    """Limits by name, as `service/llm/rate_limiting.py` defines them."""

    def __init__(self, transactions: Transactions) -> None:
        """Take the database; nothing is limited yet."""
        self._transactions = transactions
        self._places: dict[tuple[str, int | None], SharedConcurrencyLimit] = {}

    def rate(self, name: str, per_minute: float) -> SharedRateLimit:
        """Return a limit a minute."""
        return SharedRateLimit(self._transactions, name, per_minute)

    def places(self, name: str, most: int | None) -> SharedConcurrencyLimit:
        """Return the limit of concurrent calls under a name; None: no limit."""
        key = (name, most)
        if key not in self._places:
            self._places[key] = SharedConcurrencyLimit(self._transactions, name, most)
        return self._places[key]

    async def aclose(self) -> None:
        """Give back all slots. Closing twice is no fault."""
        await asyncio.gather(*(places.aclose() for places in self._places.values()))
