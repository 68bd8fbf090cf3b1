"""Workers as they run: real processes, killed and stopped; a real PostgreSQL, restarted under them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs_house import bodies, paid, script, submitted
from tests.postgres_server import Server
from tests.zygote import Command
from thresher.service.backend.resources import ServiceResources, opened_resources

ROOT = Path(__file__).parents[2]
COUNT = 60
LEASE = 8  # seconds; in tests nobody wants to wait for 30


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL of the test's own, that it may restart."""
    made = Server(fsync=True)
    yield made
    made.close()


@pytest.fixture
async def house(server: Server, tmp_path: Path) -> AsyncIterator[ServiceResources]:
    """The server's side of the jobs."""
    async with opened_resources(tmp_path / "house", server.fresh("thresher")) as made:
        yield made


def worker(folder: Path, *options: object) -> subprocess.Popen[bytes]:
    """A worker process."""
    with (folder / "log").open("ab") as log:
        return Command("worker", "--folder", folder, "--width", 4, "--lease", LEASE, *options, stderr=log)


async def begun(folder: Path) -> subprocess.Popen[bytes]:
    """A worker process that has begun to work."""
    log = folder / "log"
    before = log.read_bytes().count(b"in hand at once") if log.exists() else 0
    process = worker(folder)
    async with asyncio.timeout(60):
        while log.read_bytes().count(b"in hand at once") == before:  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.05)
    return process


async def counts(house: ServiceResources, job: str, least: int, seconds: float = 200) -> Any:
    """Counts when at least so many Tasks are done."""
    async with asyncio.timeout(seconds):
        while (now := (await house.jobs.job("a", job)).counts).done < least:  # noqa: ASYNC110 - other processes tell
            await asyncio.sleep(0.1)
    return now


def stop(*processes: subprocess.Popen[bytes]) -> list[int]:
    """End workers as an operator does; gives their exit codes."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    return [process.wait(120) for process in processes]


@pytest.mark.slow
async def test_a_killed_worker_and_a_restarted_database(
    house: ServiceResources, server: Server, tmp_path: Path
) -> None:
    """Three workers, one killed, the database crashed under them: every file once, no finished call made again."""
    job = await submitted(house, script(tmp_path, COUNT, latency=0.5), COUNT)
    address = server.address("thresher")
    workers = [worker(tmp_path / "house", "--database", address) for _ in range(3)]
    try:
        await counts(house, job.id, 8)
        os.kill(workers[0].pid, signal.SIGKILL)
        await counts(house, job.id, 16)
        await asyncio.to_thread(server.stop, signal.SIGQUIT)
        await asyncio.sleep(1)
        await asyncio.to_thread(server.start)
        assert (await counts(house, job.id, COUNT)).failed == 0
        codes = await asyncio.to_thread(stop, *workers[1:])
    finally:
        for process in workers:
            process.kill()
            process.wait()
    assert codes == [0, 0], (tmp_path / "house" / "log").read_text()
    assert sorted(await bodies(house, job.id)) == sorted(f"{n}.txt" for n in range(COUNT))
    repeated = {key: n for key, n in Counter(await paid(house)).items() if n > 1}
    assert repeated == {}
    events = await house.jobs.events("a", job.id, limit=1000)
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    assert Counter(e.kind for e in events)["done"] == COUNT


@pytest.mark.slow
async def test_the_embedded_worker_is_killed_and_goes_on(tmp_path: Path) -> None:
    """Over one SQLite file: killed again and again, each restart goes on at once, and no finished call is made again."""
    folder = tmp_path / "house"
    async with opened_resources(folder) as house:
        job = await submitted(house, script(tmp_path, COUNT, latency=0.2), COUNT)
    for seconds in (0.2, 0.7, 1.2):
        process = await begun(folder)
        await asyncio.sleep(seconds)
        process.kill()
        process.wait()
    for seconds in (6.0, 8.0, 16.0, 32.0, 64.0):  # the first is enough on a machine that does nothing else
        process = await begun(folder)
        await asyncio.sleep(seconds)
        assert await asyncio.to_thread(stop, process) == [0], (folder / "log").read_text()
        async with opened_resources(folder) as house:
            if (await house.jobs.job("a", job.id)).counts.done == COUNT:
                break
    async with opened_resources(folder) as house:
        assert (await house.jobs.job("a", job.id)).counts.done == COUNT
        assert len(await bodies(house, job.id)) == COUNT
        keys = await paid(house)
        assert len(keys) == len(set(keys)) == COUNT
