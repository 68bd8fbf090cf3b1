"""SingleFlight: one piece of work for all that ask at once."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from thresher.service.base.single_flight import SingleFlight


async def test_what_many_ask_at_once_is_worked_out_once() -> None:
    """Fifty that ask for two keys: two pieces of work, and each gets its own key's."""
    flights: SingleFlight[str, str] = SingleFlight()
    begun: list[str] = []

    async def work(key: str) -> str:
        begun.append(key)
        await asyncio.sleep(0)
        return key.upper()

    got = await asyncio.gather(*(flights.of(key, partial(work, key)) for key in "ab" * 25))
    assert got == list("AB" * 25)
    assert sorted(begun) == ["a", "b"]


async def test_an_error_is_everybodys_and_is_not_remembered() -> None:
    """All that wait get the error; who asks afterwards has the work done again."""
    flights: SingleFlight[str, int] = SingleFlight()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError

    async def work() -> int:
        return 1

    got = await asyncio.gather(flights.of("a", fail), flights.of("a", work), return_exceptions=True)
    assert [type(g) for g in got] == [ValueError, ValueError]
    assert await flights.of("a", work) == 1


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    """The one that began is cancelled; the other still gets what it waits for."""
    flights: SingleFlight[str, int] = SingleFlight()
    go = asyncio.Event()

    async def work() -> int:
        await go.wait()
        return 1

    first = asyncio.create_task(flights.of("a", work))
    second = asyncio.create_task(flights.of("a", work))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()
    assert await second == 1
