"""Batches of a service and its workers, over real HTTP: cancelled with the Jobs that wanted them, found again after kill -9."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journey.test_deployed import LEASE, House, workers_of
from tests.postgres_server import Server, programs
from tests.simulation.reader.batches import Batch, BatchFaults
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer

pytestmark = [pytest.mark.slow, pytest.mark.skipif(programs() is None, reason="no PostgreSQL")]
MODELS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-4-5"}
CLIENTS = {"openai": ("openai",), "anthropic": ("litellm",)}  # seconds to import
LONG = BatchFaults(seconds=600)


@pytest.fixture(params=MODELS)
def provider(request: pytest.FixtureRequest) -> str:
    """Each wire format in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """One PostgreSQL."""
    made = Server()
    yield made
    made.close()


@asynccontextmanager
async def waiting(
    folder: Path, provider: str, database: str | None = None
) -> AsyncIterator[tuple[House, ReaderServer]]:
    """A deployment whose every call waits for a batch, and the provider, whose batches take long."""
    async with ReaderServer(Reader(speed=100), batches=LONG) as server:
        base = server.base if provider == "openai" else server.base.removesuffix("/v1")
        keys = {"OPENAI_API_KEY": "none", "ANTHROPIC_API_KEY": "none", "THRESHER_API_BASE": base}
        (folder / "policy.json").write_text(json.dumps({"model": MODELS[provider], "batch": True, "repairs": 0}))
        house = House(folder, keys, database, preload=CLIENTS[provider])
        try:
            yield house, server
        finally:
            house.end()


async def until(true: Callable[[], bool], house: House, seconds: float = 200) -> None:
    """Wait for something to be so."""
    try:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - other processes do it
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(house.log) from None


async def said(house: House, action: str) -> None:
    """Wait for a log line; on a very busy machine a model's client alone takes a minute to load."""
    await until(lambda: action in house.log, house, 200)


def orders(server: ReaderServer) -> list[Batch]:
    """All batches that were ordered."""
    return list(server.batches.orders.values())


async def cancel(house: House, job: str) -> None:
    """DELETE, as a caller does."""
    assert (await house.curl("-X", "DELETE", f"{house.url}/v1/extractions/{job}"))["state"] == "cancelled"


async def calls(house: House, job: str, status: str = "made") -> list[dict[str, Any]]:
    """Calls of a job."""
    found = await house.curl(f"{house.url}/v1/calls?extraction={job}&status={status}")
    return list(found["calls"])


@pytest.mark.parametrize(
    ("provider", "shared"),
    [("openai", False), ("anthropic", True)],
    ids=["one process", "a worker"],
    indirect=["provider"],
)
async def test_a_cancelled_job_cancels_its_batch(
    provider: str, tmp_path: Path, postgres: Server, *, shared: bool
) -> None:
    """What the batch had done is kept, with its cost; what it had not done is not paid, by no call; asked anew, it is ordered."""
    database = postgres.fresh(f"cancel-{provider}") if shared else None
    async with waiting(tmp_path, provider, database) as (house, server):
        await house.serve("--width", 0 if shared else 8, "--policy", tmp_path / "policy.json")
        if shared:
            house.start("worker")
        job = (await house.upload(range(1, 9)))["id"]
        await until(lambda: bool(orders(server)), house)
        await said(house, "batch.ordered")
        await cancel(house, job)
        (first,) = orders(server)
        await until(lambda: first.cancelled, house, 120)
        await said(house, "batch.landed")
        kept = set(server.batches.paid)
        assert len(kept) == 4
        async with asyncio.timeout(120):
            while len(paid := await calls(house, job)) < 4:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        assert {c["attempt"]["key"] for c in paid} == kept
        assert all(c["attempt"]["usd"] > 0 for c in paid)
        server.batches.faults = BatchFaults()
        again = (await house.upload(range(1, 9)))["id"]
        assert len((await house.ended(again))["results"]) == 8, house.log
        assert [key for key, _ in orders(server)[1].items if key in kept] == []
        assert len(await calls(house, again, "stored")) == 4
        assert len(server.batches.paid) == len(set(server.batches.paid)) == 8
        assert server.requests == []


async def test_a_batch_that_another_job_wants_is_not_cancelled(tmp_path: Path) -> None:
    """Two Jobs in one batch: it is cancelled with the second of them, and not before."""
    async with waiting(tmp_path, "openai") as (house, server):
        await house.serve("--width", 8, "--policy", tmp_path / "policy.json")
        jobs = [(await house.upload(r))["id"] for r in (range(1, 4), range(4, 7))]
        await said(house, "batch.ordered")
        (both,) = orders(server)
        assert len(both.items) == 6
        await cancel(house, jobs[0])
        await asyncio.sleep(6)
        assert not both.cancelled
        await cancel(house, jobs[1])
        await until(lambda: both.cancelled, house, 120)
        assert server.requests == []


async def test_a_stopped_service_does_not_cancel_its_batch(tmp_path: Path) -> None:
    """SIGTERM is no cancellation: the next start finds the batch, orders nothing and pays nothing twice."""
    async with waiting(tmp_path, "anthropic") as (house, server):
        options = ("--width", 8, "--grace", 1, "--policy", tmp_path / "policy.json")
        first = await house.serve(*options)
        job = (await house.upload(range(1, 5)))["id"]
        await said(house, "batch.ordered")
        first.terminate()
        assert await asyncio.to_thread(first.wait, 120) == 0
        server.batches.faults = BatchFaults()
        await house.serve(*options)
        assert len((await house.ended(job))["results"]) == 4
        assert ([b.cancelled for b in orders(server)], len(server.batches.paid)) == ([False], 4)
        assert server.requests == []


async def test_a_killed_workers_batch_is_taken_over(provider: str, tmp_path: Path, postgres: Server) -> None:
    """Kill -9 while the batch is open: another worker has its files after the lease, waits for the same batch, orders nothing."""
    async with waiting(tmp_path, provider, postgres.fresh(f"killed-{provider}")) as (house, server):
        assert house.database is not None
        await house.serve("--width", 0, "--policy", tmp_path / "policy.json")
        victim = house.start("worker", "--lease", LEASE)
        job = (await house.upload(range(1, 9)))["id"]
        await said(house, "batch.ordered")
        victim.kill()
        await asyncio.to_thread(victim.wait)
        before = workers_of(house.database)
        house.start("worker", "--lease", LEASE)
        await until(lambda: bool(workers_of(house.database or "") - before), house)
        await asyncio.sleep(5)  # longer than a wave gathers: it would have ordered by now
        whole = len(orders(server)[0].items) == 8  # not where the victim lost a lease: it ordered only what it held
        assert len(orders(server)) == 1 or not whole
        server.batches.faults = BatchFaults()
        assert len((await house.ended(job))["results"]) == 8, house.log
        assert workers_of(house.database).isdisjoint(before)
        assert len(orders(server)) == 1 or not whole
        ordered = [key for batch in orders(server) for key, _ in batch.items]
        assert sorted(server.batches.paid) == sorted(ordered) == sorted(set(ordered))
        assert server.requests == []
        paid = await calls(house, job)
        assert len(paid) == len({c["attempt"]["key"] for c in paid}) == 8
