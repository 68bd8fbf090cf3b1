"""Limits a minute: of one process, and shared by many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from thresher.service.llm.rate_limiting import Limit, ProviderLimiter, Rate
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.postgres_rate import SharedRateLimit


@pytest.fixture
async def stores(database: str) -> AsyncIterator[list[PostgresStore]]:
    """Two processes' connections to one database."""
    made = [await PostgresStore.open(database) for _ in range(2)]
    yield made
    for store in made:
        await store.aclose()


@pytest.fixture(params=["local", "postgres"])
def pair(request: pytest.FixtureRequest) -> tuple[Limit, Limit]:
    """One limit in two hands: 6,000 a minute."""
    if request.param == "local":
        rate = Rate(6_000.0)
        return rate, rate
    stores: list[PostgresStore] = request.getfixturevalue("stores")
    return SharedRateLimit(stores[0], "x", 6_000.0), SharedRateLimit(stores[1], "x", 6_000.0)


async def test_two_hands_share_one_limit(pair: tuple[Limit, Limit]) -> None:
    """What one takes the other waits for: 6,000 of 100 a second are a minute, less the burst and the time it takes here."""
    now = time.monotonic()
    waits = [await pair[n % 2].take(20.0, now) for n in range(300)]
    assert 60.0 - 1.5 - (time.monotonic() - now) < max(waits) <= 60.0


async def test_what_is_brought_back_is_free(pair: tuple[Limit, Limit]) -> None:
    """An estimate that was too high costs nothing in the end."""
    now = time.monotonic()
    await pair[0].take(3_000.0, now)
    await pair[0].bring_back(3_000.0)
    assert await pair[1].take(1.0, now) < 1.0


async def test_a_provider_that_closes_is_closed_for_all(stores: list[PostgresStore]) -> None:
    """A Retry-After that one process hears makes the others wait."""
    gates = [ProviderLimiter(concurrency=4, requests=SharedRateLimit(store, "x", 6_000.0)) for store in stores]
    await gates[0].tell_others(0.5)
    begun = time.monotonic()
    async with gates[1].passage(1.0):
        assert time.monotonic() - begun > 0.4


async def test_names_are_limits_of_their_own(stores: list[PostgresStore]) -> None:
    """Another model's limit is another limit."""
    one, other = (SharedRateLimit(stores[0], name, 60.0) for name in ("a", "b"))
    await asyncio.gather(*(one.take(1.0, 0.0) for _ in range(10)))
    assert await other.take(1.0, 0.0) == 0.0
