"""All limits of a house that many machines share, in its PostgreSQL database."""

from __future__ import annotations

import asyncio

from thresher.service.storage.answers.postgres_rate import PostgresRate
from thresher.service.storage.answers.session import Transactions
from thresher.service.storage.answers.shared_concurrency import SharedConcurrencyLimit


class SharedLimits:
    """Limits by name; see `service/llm/rate_limiting.py`."""

    def __init__(self, transactions: Transactions) -> None:
        """Nothing is limited yet."""
        self._transactions = transactions
        self._places: dict[tuple[str, int | None], SharedConcurrencyLimit] = {}

    def rate(self, name: str, per_minute: float) -> PostgresRate:
        """A limit a minute."""
        return PostgresRate(self._transactions, name, per_minute)

    def places(self, name: str, most: int | None) -> SharedConcurrencyLimit:
        """Places for calls; None: as many as one likes."""
        key = (name, most)
        if key not in self._places:
            self._places[key] = SharedConcurrencyLimit(self._transactions, name, most)
        return self._places[key]

    async def aclose(self) -> None:
        """Give back what is held. Closing twice is no fault."""
        await asyncio.gather(*(places.aclose() for places in self._places.values()))
