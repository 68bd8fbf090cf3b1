"""Places: how many calls a provider has in hand at once, over all that share a limit; and its word that it wants none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from service.llm.limited import Limit, Rate


class Places(Protocol):
    """Places for calls under one name: of this process (LocalPlaces), or shared with others."""

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Wait for a place; it is given back at the end of the block."""
        ...

    def shut(self) -> float:
        """Seconds for which the provider wants no question, as far as is known here."""
        ...

    async def shut_for(self, seconds: float) -> None:
        """Tell whoever shares the places that the provider wants no question for a while."""
        ...


class Limits(Protocol):
    """All limits of a house, by name: whoever uses the same name shares the limit."""

    def rate(self, name: str, per_minute: float) -> Limit:
        """A limit a minute."""
        ...

    def places(self, name: str, most: int | None) -> Places:
        """Places for calls; None: as many as one likes."""
        ...

    async def aclose(self) -> None:
        """Give back what is held. Closing twice is no fault."""
        ...


class LocalPlaces:
    """Places of one process."""

    def __init__(self, most: int | None) -> None:
        """None: as many as one likes."""
        self._places = None if most is None else asyncio.Semaphore(most)
        self._shut_until = 0.0

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """See Places."""
        if self._places is None:
            yield
            return
        async with self._places:
            yield

    def shut(self) -> float:
        """See Places."""
        return self._shut_until - time.monotonic()

    async def shut_for(self, seconds: float) -> None:
        """See Places."""
        self._shut_until = max(self._shut_until, time.monotonic() + seconds)


class LocalLimits:
    """The limits of one process: Models made for several Jobs share them by name."""

    def __init__(self) -> None:
        """Nothing is limited yet."""
        self._rates: dict[tuple[str, float], Rate] = {}
        self._places: dict[tuple[str, int | None], LocalPlaces] = {}

    def rate(self, name: str, per_minute: float) -> Rate:
        """See Limits."""
        return self._rates.setdefault((name, per_minute), Rate(per_minute))

    def places(self, name: str, most: int | None) -> LocalPlaces:
        """See Limits."""
        return self._places.setdefault((name, most), LocalPlaces(most))

    async def aclose(self) -> None:
        """See Limits."""
