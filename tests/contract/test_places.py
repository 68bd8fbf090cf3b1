"""ConcurrencyLimit for calls: of one process, and shared by many under leases."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.llm.rate_limiting import ConcurrencyLimit, LocalConcurrencyLimit, ProviderLimiter
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.session import Transactions
from thresher.service.storage.answers.shared_concurrency import SharedConcurrencyLimit, shares_of
from thresher.service.storage.answers.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
CALL = 0.05  # seconds that the server of these tests takes
BUSY = 5  # seconds for which it is busy: a beat is one


@pytest.fixture(params=["local", "sqlite", "postgres"])
async def hands(request: pytest.FixtureRequest) -> AsyncIterator[list[ConcurrencyLimit]]:
    """Six places in three hands."""
    if request.param == "local":
        yield [LocalConcurrencyLimit(6)] * 3
        return
    store = (
        await SqliteStore.open(None)
        if request.param == "sqlite"
        else await PostgresStore.open(request.getfixturevalue("database"))
    )
    made = [SharedConcurrencyLimit(store, "m", 6) for _ in range(3)]
    yield [*made]
    await asyncio.gather(*(places.aclose() for places in made))
    assert await left(store) == 0
    await store.aclose()


async def left(store: Transactions) -> int:
    """Rows of holders."""
    rows = await store.do(lambda s: s.all("SELECT held FROM places"))
    return len(rows)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(0, 40))
def test_shares_use_all_and_are_fair(wants: list[int], most: int) -> None:
    """All that is wanted or all there is goes out; who gets less than it wants gets as much as anyone, but for one."""
    shares = shares_of(wants, most)
    assert sum(shares) == min(sum(wants), most)
    assert all(share <= want for share, want in zip(shares, wants, strict=True))
    assert all(share >= max(shares) - 1 for share, want in zip(shares, wants, strict=True) if share < want)


async def test_no_more_hold_a_place_than_there_are(hands: list[ConcurrencyLimit]) -> None:
    """Sixty calls of three hands: never more than six at once, all of them get through, and six at once are reached."""
    inside, most, done = 0, 0, 0

    async def one(places: ConcurrencyLimit) -> None:
        nonlocal inside, most, done
        async with places.hold():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1
            done += 1

    await asyncio.gather(*(one(hands[n % 3]) for n in range(60)))
    assert (most, done) == (6, 60)


async def test_a_place_that_is_not_waited_for_any_more_is_not_lost(hands: list[ConcurrencyLimit]) -> None:
    """Calls that are cancelled, waiting or inside, give their place back."""

    async def one() -> None:
        async with hands[0].hold():
            await asyncio.sleep(600)

    calls = [asyncio.create_task(one()) for _ in range(12)]
    await asyncio.sleep(0.1)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    async with asyncio.timeout(60):
        await asyncio.gather(*(_short(hands[1]) for _ in range(6)))


async def _short(places: ConcurrencyLimit) -> None:
    async with places.hold():
        await asyncio.sleep(0.01)


async def test_who_has_all_gives_up_a_share(hands: list[ConcurrencyLimit]) -> None:
    """One hand has every place for calls without end; another that comes later is served within some beats."""
    stop = asyncio.Event()

    async def greedy() -> None:
        while not stop.is_set():
            async with hands[0].hold():
                await asyncio.sleep(0.02)

    calls = [asyncio.create_task(greedy()) for _ in range(20)]
    await asyncio.sleep(0.2)
    async with asyncio.timeout(60):
        await asyncio.gather(*(_short(hands[1]) for _ in range(10)))
    stop.set()
    await asyncio.gather(*calls)


async def test_a_provider_that_shuts_is_shut_for_all(hands: list[ConcurrencyLimit]) -> None:
    """A Retry-After that one process hears makes the others wait, with no other limit at all."""
    gates = [ProviderLimiter(concurrency=4, shared=places) for places in hands]
    begun = time.monotonic()
    await gates[0].tell_others(0.6)
    async with gates[1].passage(0.0):
        assert time.monotonic() - begun > 0.5


class Watched:
    """A server that counts who is in it. A process's name comes in, "ok" goes out after CALL seconds."""

    def __init__(self) -> None:
        """Nobody is in yet."""
        self.inside: Counter[str] = Counter()
        self.most = 0
        self.came: list[tuple[float, str]] = []
        self.busy = ""  # what the next one is told instead
        self.all_came = asyncio.Event()
        self.meetings: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection, which is closed whatever comes: else it complains when it is collected, in another test."""
        self.meetings.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await self._call(reader, writer)
        finally:
            writer.close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call; one whose process died is still in the provider's hands until it is done."""
        name = (await reader.readline()).decode().strip()
        self.inside[name] += 1
        self.most = max(self.most, self.inside.total())
        self.came.append((time.monotonic(), name))
        if len(self.since(0.0)) == 3:
            self.all_came.set()
        said, self.busy = self.busy or "ok", ""
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(CALL)
        self.inside[name] -= 1
        writer.write(f"{said}\n".encode())

    async def second(self) -> Counter[str]:
        """Calls that come within a second, by process."""
        begun = time.monotonic()
        await asyncio.sleep(1.0)
        return self.since(begun)

    def since(self, moment: float) -> Counter[str]:
        """Calls that came after a moment, by process."""
        return Counter(name for at, name in self.came if at > moment)


def started(*arguments: str) -> subprocess.Popen[bytes]:
    """A process that calls."""
    return subprocess.Popen([sys.executable, "-m", "tests.calling_process", *arguments], cwd=ROOT)


@asynccontextmanager
async def processes(
    database: str, most: int, lease: float
) -> AsyncIterator[tuple[Watched, list[subprocess.Popen[bytes]]]]:
    """Three processes that call a server as often as they are let."""
    watched = Watched()
    server = await asyncio.start_server(watched.serve, "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    store = await PostgresStore.open(database)  # the tables
    await store.aclose()
    made = [started(database, port, str(most), str(lease), name) for name in "abc"]
    try:
        async with asyncio.timeout(60):
            await watched.all_came.wait()
        yield watched, made
    finally:
        for process in made:
            process.kill()
            process.wait()
        server.close()
        for meeting in watched.meetings:
            meeting.cancel()
        await asyncio.gather(*watched.meetings, return_exceptions=True)


async def test_places_of_a_killed_process_come_back(database: str) -> None:
    """Three processes, six places, one killed: never over six, a fair share each; then the other two have all six."""
    async with processes(database, most=6, lease=4.0) as (watched, made), asyncio.timeout(120):
        while not fair(shares := await watched.second()):
            continue
        os.kill(made[0].pid, signal.SIGKILL)
        assert watched.most == 6, shares
        while watched.inside["b"] + watched.inside["c"] < 6:  # noqa: ASYNC110 - a lease runs out
            await asyncio.sleep(0.01)
        both = await watched.second()
    assert watched.most == 6
    assert both.keys() == {"b", "c"}


def fair(shares: Counter[str]) -> bool:
    """Whether all three processes were let in about as often."""
    return len(shares) == 3 and min(shares.values()) > 0.4 * max(shares.values())


async def test_a_busy_word_to_one_process_stops_all(database: str) -> None:
    """429 with Retry-After seen by one: within a beat no process asks, until the time has passed; then all go on."""
    async with processes(database, most=0, lease=10.0) as (watched, _), asyncio.timeout(120):
        told, watched.busy = time.monotonic(), f"busy {BUSY}"
        while watched.busy:  # noqa: ASYNC110 - until one is told
            await asyncio.sleep(0.01)
        while len(watched.since(told + BUSY)) < 3:  # noqa: ASYNC110 - until all go on
            await asyncio.sleep(0.1)
    assert not [at for at, _ in watched.came if told + BUSY / 2 < at < told + BUSY]
