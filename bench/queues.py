"""The queue of our tables beside procrastinate, on the same PostgreSQL: what a document costs, and what a long queue costs.

    pip install procrastinate && python -m bench.queues [carry] [long] [dead] [--documents 2000] [--rows 1000000]

`carry`: so many documents put in, claimed and ended by a worker of 16, whose work is nothing. Ours writes what the service
needs of each: the document's row, its Outcome, an Event and the Job's counters. procrastinate carries ids and nothing else;
`+ rows` adds the rows that would still have to be written beside it (a document's state, its Outcome), each in a
transaction of its own. `long`: claims from a queue of so many. `dead`: a worker killed -9, with 30 s of silence allowed.
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
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.jobs import BODY, submission
from bench.watched import slope
from tests.postgres_server import Server
from thresher.schemas.work import Claim, Outcome
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.jobs.loop import Loop, Stage, TaskOutcome
from thresher.service.storage.answers.session import Session

WIDTH = 16
SILENCE = 30.0  # seconds
CLAIMS = 200
BESIDE = (
    "CREATE TABLE beside_documents (id BIGINT PRIMARY KEY, state TEXT NOT NULL)",
    "CREATE TABLE beside_outcomes (id BIGINT PRIMARY KEY, body TEXT NOT NULL)",
)


def processor(server: Server) -> float:
    """CPU seconds of this process and of PostgreSQL so far: its backends that have ended are in their parent's."""
    ticks = 0
    for pid in (os.getpid(), *_backends(server)):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15] if pid != os.getpid() else fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _backends(server: Server) -> list[int]:
    from bench.beside import below  # noqa: PLC0415 - beside nothing else

    assert server.process is not None
    return [server.process.pid, *below(server.process.pid)]


@asynccontextmanager
async def ours(address: str) -> AsyncIterator[ServiceResources]:
    """A house of our own."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened_resources(Path(folder), address) as house:
            yield house


@asynccontextmanager
async def theirs(address: str) -> AsyncIterator[Any]:
    """An app of procrastinate with its schema."""
    import procrastinate  # noqa: PLC0415 - no dependency

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, min_size=4, max_size=WIDTH))
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        yield app


async def measured(name: str, server: Server, documents: int, whole: Callable[[], Awaitable[None]]) -> None:
    """Print CPU and wall of something done to so many documents."""
    cpu, own, wall = processor(server), time.process_time(), time.perf_counter()
    await whole()
    cpu, own, wall = processor(server) - cpu, time.process_time() - own, time.perf_counter() - wall
    each = 1000 / documents
    print(
        f"carry  {name:24} {own * each:5.2f} ms CPU here, {cpu * each:5.2f} with PostgreSQL's, {wall * each:5.2f} ms wall"
    )


async def carry_ours(server: Server, documents: int) -> None:
    """Put in, claim, end."""
    async with ours(server.fresh(f"ours{time.time_ns()}")) as house:

        async def work(claim: Claim, stage: Stage) -> TaskOutcome:
            stage("ask")
            return TaskOutcome(outcomes=(Outcome(path=claim.files[0].name, status="complete", body=BODY),))

        async def whole() -> None:
            loop = Loop(jobs=house.jobs, work=work, name="bench", width=WIDTH)
            job, _ = await house.jobs.submit(submission(documents))
            running = asyncio.create_task(loop.run())
            while (await house.jobs.job("a", job.id)).state == "open":
                await house.jobs.wait(0.5)
            loop.stopping.set()
            await running

        await measured("ours", server, documents, whole)


async def carry_theirs(server: Server, documents: int, *, rows: bool) -> None:
    """The same, of ids."""
    address = server.fresh(f"theirs{time.time_ns()}")
    async with theirs(address) as app, ours(server.fresh(f"rows{time.time_ns()}")) as house:
        store: Any = house.store
        await store.do(lambda s: [s.run(sql) for sql in BESIDE])

        @app.task(name="document")  # type: ignore[untyped-decorator]
        async def document(number: int) -> None:
            if rows:
                await store.do(lambda s: _ended(s, number))

        async def whole() -> None:
            if rows:
                put = [{"id": n} for n in range(documents)]
                sql = "INSERT INTO beside_documents VALUES (:id, 'todo')"
                await store.do(lambda s: s.many(sql, put))
            await document.batch_defer_async(*({"number": n} for n in range(documents)))
            await app.run_worker_async(
                concurrency=WIDTH, wait=False, install_signal_handlers=False, delete_jobs="always"
            )

        await measured("procrastinate + rows" if rows else "procrastinate", server, documents, whole)


def _ended(session: Session, number: int) -> None:
    session.run("UPDATE beside_documents SET state = 'done' WHERE id = :id", id=number)
    session.run("INSERT INTO beside_outcomes VALUES (:id, :body)", id=number, body=BODY)


async def long_ours(server: Server, rows: int) -> None:
    """Claims from a long queue of ours."""
    async with ours(server.fresh("longours")) as house:
        begun = time.perf_counter()
        await house.jobs.submit(submission(rows))
        print(f"long   ours: {rows:,} put in within {time.perf_counter() - begun:.0f} s")

        async def one() -> Callable[[], Awaitable[None]]:
            (claim,) = await house.jobs.claim("bench")
            return lambda: house.jobs.finish(claim, [])

        await claims("ours", one)


async def long_theirs(server: Server, rows: int) -> None:
    """Claims from a long queue of procrastinate's, before and after the database has counted it."""
    address = server.fresh("longtheirs")
    async with theirs(address) as app:
        begun = time.perf_counter()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(
                """INSERT INTO procrastinate_jobs (queue_name, task_name, args)
                SELECT 'default', 'document', jsonb_build_object('number', n) FROM generate_series(1, %s) n""",
                (rows,),
            )
            print(
                f"long   procrastinate: {rows:,} put in within {time.perf_counter() - begun:.0f} s (by one statement)"
            )
            worker = await app.job_manager.register_worker()

            async def one() -> Callable[[], Awaitable[None]]:
                job = await app.job_manager.fetch_job(["default"], worker)
                return lambda: app.job_manager.finish_job(job, _succeeded(), delete_job=True)

            await claims("procrastinate", one)
            connection.execute("ANALYZE procrastinate_jobs")
            await claims("procrastinate, ANALYZE", one)


def _succeeded() -> Any:
    from procrastinate.jobs import Status  # noqa: PLC0415 - no dependency

    return Status.SUCCEEDED


async def claims(name: str, one: Callable[[], Awaitable[Callable[[], Awaitable[None]]]]) -> None:
    """Print what a claim takes, each ended before the next."""
    times = []
    for _ in range(CLAIMS):
        begun = time.perf_counter()
        end = await one()
        times.append(1000 * (time.perf_counter() - begun))
        await end()
    worst = sorted(times)[int(CLAIMS * 0.95)]
    grows = slope([(float(n), t) for n, t in enumerate(times)])
    print(
        f"long   {name:24} median {statistics.median(times):.1f} ms, 95 % under {worst:.1f} ms, {grows:+.3f} ms a claim"
    )


async def dead_theirs(server: Server) -> None:
    """How long until a killed worker's job is known to be stalled: putting it back is the application's own affair."""
    address = server.fresh("dead")
    async with theirs(address) as app:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('default', 'sleep', '{}')"
            )
            process = subprocess.Popen([sys.executable, "-m", "bench.queues", "sleeping", address])  # noqa: ASYNC220 - started once
            while not connection.execute("SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'").fetchone():  # noqa: ASYNC110 - another process takes it
                await asyncio.sleep(0.2)
            await asyncio.sleep(7)
            process.kill()
            killed = time.monotonic()
            process.wait()
        while not await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENCE):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.5)
        print(f"dead   procrastinate: stalled after {time.monotonic() - killed:.1f} s; nobody puts it back by itself")


async def sleeping(address: str) -> None:
    """A worker that is to be killed."""
    async with theirs_open(address) as app:

        @app.task(name="sleep")  # type: ignore[untyped-decorator]
        async def sleep() -> None:
            await asyncio.sleep(600)

        await app.run_worker_async(concurrency=1)


@asynccontextmanager
async def theirs_open(address: str) -> AsyncIterator[Any]:
    """An app over a schema that is there."""
    import procrastinate  # noqa: PLC0415 - no dependency

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address))
    async with app.open_async():
        yield app


async def everything(server: Server, given: argparse.Namespace) -> None:
    """What was asked for, or all."""
    what = given.what or ["carry", "long", "dead"]
    if "carry" in what:
        for _ in range(2):  # the first warms up
            await carry_ours(server, given.documents)
            await carry_theirs(server, given.documents, rows=False)
            await carry_theirs(server, given.documents, rows=True)
    if "long" in what:
        await long_ours(server, given.rows)
        await long_theirs(server, given.rows)
    if "dead" in what:
        await dead_theirs(server)


def main() -> None:
    """Run what was asked for, or all."""
    if sys.argv[1:2] == ["sleeping"]:
        asyncio.run(sleeping(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=[])
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    server = Server(fsync=True)
    try:
        asyncio.run(everything(server, parser.parse_args()))
    finally:
        server.close()


if __name__ == "__main__":
    main()
