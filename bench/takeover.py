"""Three workers on PostgreSQL, one killed -9, PostgreSQL crashed and started again under them; then what was repeated.

    python -m bench.takeover [--documents 300] [--lease 30] [--restart 12] [--away 3] [--folder DIR]

The reader is the simulated one over HTTP. One worker is killed when a fifth of the documents are done; so many seconds
later PostgreSQL is stopped at once (SIGQUIT: no checkpoint) and started again. A Task of the dead worker is taken over
when the database has put it back: its Event says when. An answer's row says when it was kept; a request that reaches the
reader later than that is a finished call repeated.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.beside import Beside, reader, stop
from bench.kept import ids
from bench.sending import TENANT, submitted
from tests.postgres_server import Server
from tests.simulation.mixed import write
from tests.simulation.reader.journal import Follower
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.storage.answers.postgres import PostgresStore

WORKERS, WIDTH = 3, 8
SETTLED = 0.5  # seconds after which a kept answer is surely to be found
STOPPING = 0.5  # seconds in which a transaction that a stopped process has sent ends
MARGIN = 15.0  # seconds beyond the lease in which a takeover is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What argv asks for."""

    documents: int
    lease: float
    restart: float
    away: float


async def done(house: ServiceResources, jobs: list[str]) -> tuple[int, bool]:
    """Documents done, and whether all Jobs have ended."""
    found = [await house.jobs.job(TENANT, job) for job in jobs]
    return sum(j.counts.done for j in found), all(j.state != "open" for j in found)


async def until(house: ServiceResources, jobs: list[str], least: int) -> None:
    """Wait for so many documents to be done, or for all."""
    while (now := await done(house, jobs))[0] < least and not now[1]:  # noqa: ASYNC110 - other processes work
        await asyncio.sleep(0.25)


async def held(house: ServiceResources, jobs: list[str], pid: int) -> set[tuple[str, int]]:
    """Tasks in the hands of a process."""
    tasks = [t for job in jobs for t in await house.jobs.tasks(TENANT, job, limit=100_000)]
    return {(t.job, t.number) for t in tasks if t.state == "running" and (t.worker or "").endswith(f".{pid}")}


async def run(asked: Asked, server: Server, beside: Beside, folder: Path) -> bool:
    """Print what happened; gives whether what was asked for is reached."""
    address = server.fresh("takeover")
    files = write(folder / "in", asked.documents)
    async with opened_resources(folder, address) as house:
        jobs = await submitted(house, files)
        options = ["--database", address, "--folder", folder, "--width", WIDTH, "--lease", asked.lease]
        workers = [beside.start(folder / "log", "worker", *options) for _ in range(WORKERS)]
        try:
            begun = time.time()
            await until(house, jobs, asked.documents // 5)
            workers[0].send_signal(signal.SIGSTOP)  # what it holds does not change while it is looked at
            await asyncio.sleep(STOPPING)
            lost = await held(house, jobs, workers[0].pid)
            workers[0].kill()
            killed = time.time()
            await asyncio.sleep(asked.restart)
            await asyncio.to_thread(server.stop, signal.SIGQUIT)
            await asyncio.sleep(asked.away)
            await asyncio.to_thread(server.start)
            await until(house, jobs, asked.documents)
            wall = time.time() - begun
            codes = [await asyncio.to_thread(stop, worker) for worker in workers[1:]]
        finally:
            end(workers)
        print(f"{asked.documents} documents in {wall:.0f} s; workers ended with {codes}; {len(lost)} Tasks were lost")
        good = await judged(house, jobs, lost, killed, asked)
        return await repeated(house, beside.journal) and good and codes == [0, 0]


def end(workers: list[subprocess.Popen[bytes]]) -> None:
    """Leave none behind."""
    for worker in workers:
        worker.kill()
        worker.wait()


async def judged(
    house: ServiceResources, jobs: list[str], lost: set[tuple[str, int]], killed: float, asked: Asked
) -> bool:
    """Print how often each document was done, and how long a takeover took."""
    results = [o.path for job in jobs for o in await house.jobs.results(TENANT, job, limit=100_000)]
    events = [(job, e) for job in jobs for e in await house.jobs.events(TENANT, job, limit=100_000)]
    ends = Counter((job, e.task) for job, e in events if e.kind == "done")
    put_back = [(job, e) for job, e in events if e.kind == "again"]
    taken = [e.at - killed for job, e in put_back if (job, e.task) in lost]
    others = [(job, e.task) for job, e in put_back if (job, e.task) not in lost]
    once = len(results) == len(set(results)) == len(ends) == asked.documents and set(ends.values()) == {1}
    slowest = max(taken, default=0.0)
    print(f"every document once: {once} ({len(results)} results); failed: {sum(e.kind == 'failed' for _, e in events)}")
    print(f"put back: {len(taken)} after {min(taken, default=0):.1f} to {slowest:.1f} s (lease {asked.lease:g} s)")
    print(f"taken from the living: {len(others)}")
    return once and slowest <= asked.lease + MARGIN and not others


async def repeated(house: ServiceResources, journal: Path) -> bool:
    """Print how many requests reached the reader again; gives whether none of them had been kept."""
    assert isinstance(house.store, PostgresStore)
    rows = await house.store.do(lambda s: s.all("SELECT body, created FROM answers"), writes=False)
    kept: dict[str, list[float]] = {}
    for body, at in rows:
        kept.setdefault(next(iter(ids([body]))), []).append(at + SETTLED)
    times: dict[str, list[float]] = {}
    for noted in Follower(journal).more():
        if noted.kind == "asked":
            times.setdefault(noted.request, []).append(noted.at)
    again = sum(len(at) for at in times.values()) - len(rows)
    finished = sum(all(t > k for k in kept.get(r, [t])) for r, at in times.items() for t in at)
    print(f"calls: {len(rows)} answers, {again} asked again (in flight), {finished} finished calls repeated")
    return finished == 0 and len(kept) == len(times)


def main() -> None:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--lease", type=float, default=30.0)
    parser.add_argument("--restart", type=float, default=12.0, help="seconds from the kill to the database's crash")
    parser.add_argument("--away", type=float, default=3.0, help="seconds for which the database is away")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    asked = Asked(documents=given.documents, lease=given.lease, restart=given.restart, away=given.away)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as passing:
        reached = measure(asked, given.folder or Path(passing))
    print("reached" if reached else "NOT reached")


def measure(asked: Asked, folder: Path) -> bool:
    """Run over a PostgreSQL of its own; gives whether what was asked for is reached."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(fsync=True)
    try:
        with reader(folder / "journal", "--uncached") as beside:
            return asyncio.run(run(asked, server, beside, folder))
    finally:
        server.close()


if __name__ == "__main__":
    main()
