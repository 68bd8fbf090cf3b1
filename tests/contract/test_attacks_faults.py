"""Attacks on the machine: no file handles, memory or threads, a damaged store. None ends as a fault of Thresher itself."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from tests.jobs_house import app_state, submitted
from thresher.schemas.errors import RETRIED_AS_TASK, RETRIED_BY_WORKER, SetupProblem
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.question import Question
from thresher.schemas.work import Claim
from thresher.service.backend.resources import opened_resources
from thresher.service.cli.command import run as command
from thresher.service.extraction.engine import engine_of
from thresher.service.jobs.loop import Loop, Stage, TaskOutcome
from thresher.service.llm.providers.scripted import scripted
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import InlineReader, ReaderPool
from thresher.service.readers.sources import find_sources, make_source
from thresher.service.runs.exports import Folder
from thresher.service.runs.folder_run import Event, Run, run
from thresher.service.server.api.app import application
from thresher.service.server.api.app_state import ServiceConfig
from thresher.service.server.api.connections import RESERVED, max_connections
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.targets.loading import target_from_schema

TARGET = target_from_schema({"title": "T", "type": "object", "properties": {"a": {"type": "string"}}})
SHORT: dict[str, Callable[[], Exception]] = {
    "files": lambda: OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
    "memory": MemoryError,
    "threads": lambda: RuntimeError("can't start new thread"),
}


def short(kind: str) -> Exception:
    """What is raised where the machine has no more of a kind."""
    return SHORT[kind]()


def test_the_code_is_one_that_passes() -> None:
    """A worker tries it again, wherever in a Result it stands."""
    assert "machine_short" in RETRIED_BY_WORKER & RETRIED_AS_TASK


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("times", [2, 99])
async def test_a_run_goes_on_when_it_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, times: int
) -> None:
    """Twice short: the Result is complete. For ever: it has failed for a reason that may pass, and is done by the next run."""
    monkeypatch.setattr("thresher.service.runs.unit_results.RETRY_PAUSES_SECONDS", (0.01, 0.01, 0.0))
    (tmp_path / "a.txt").write_text("letter a")
    left, told, policy = [times], list[Event](), Policy()

    def said(_: Question) -> dict[str, Any]:
        if left[0]:
            left[0] -= 1
            raise short(kind)
        return {"a": "letter a"}

    job = Run(
        engine=lambda _: engine_of(scripted(said), TARGET, policy),
        walk=lambda source: nullcontext(walk_tree(source, InlineReader(tmp_path / "spool"), policy.read)),
        store=(store := MemoryStore()),
        results=Folder(tmp_path / "out"),
        policy=policy,
        report=told.append,
    )
    await run(job, list(find_sources([tmp_path / "a.txt"])))
    (result,) = [event.result for event in told if event.result]
    codes = {problem.code for problem in result.problems}
    assert (result.status, codes) == (("complete", set()) if times == 2 else ("failed", {"machine_short"}))
    assert (await store.units())[-1].state == ("complete" if times == 2 else "running")


@pytest.mark.parametrize("kind", SHORT)
async def test_a_worker_tries_again(tmp_path: Path, kind: str) -> None:
    """The Task waits, with the reason; it has not failed."""

    async def work(_: Claim, __: Stage) -> TaskOutcome:
        raise short(kind)

    async with opened_resources(tmp_path) as house:
        job = await submitted(house, Policy(), 1)
        loop = Loop(jobs=house.jobs, work=work, name="w")
        task = asyncio.create_task(loop.run())
        async with asyncio.timeout(30):
            while (tasks := await house.jobs.tasks("a", job.id))[0].why is None:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        loop.stopping.set()
        await task
    assert (tasks[0].state, tasks[0].why.code) == ("todo", "machine_short")


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("method", ["claim", "beat", "finish"])
async def test_a_worker_goes_on_when_its_store_was_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, method: str
) -> None:
    """Neither the loop nor its heart ends, and what was done is settled."""
    monkeypatch.setattr("thresher.service.jobs.loop.RECONNECT_SECONDS", 0.01)
    monkeypatch.setattr("thresher.service.jobs.loop.MIN_HEARTBEAT_SECONDS", 0.01)
    failed, beaten = asyncio.Event(), asyncio.Event()

    async def work(_: Claim, __: Stage) -> TaskOutcome:
        if method == "beat":
            await beaten.wait()
        return TaskOutcome(outcomes=())

    async with opened_resources(tmp_path) as house:
        real = getattr(house.jobs, method)

        async def once_short(*given: Any, **named: Any) -> Any:
            if not failed.is_set():
                failed.set()
                raise short(kind)
            beaten.set()
            return await real(*given, **named)

        monkeypatch.setattr(house.jobs, method, once_short)
        job = await submitted(house, Policy(), 1)
        loop = Loop(jobs=house.jobs, work=work, name="w", lease=0.3, poll=0.1)
        task = asyncio.create_task(loop.run())
        async with asyncio.timeout(30):
            while (await house.jobs.job("a", job.id)).state == "open":  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        loop.stopping.set()
        await task
        assert ((await house.jobs.job("a", job.id)).counts.done, failed.is_set()) == (1, True)


async def test_a_database_without_a_thread_is_asked_again(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paid answer is kept when the threads are there again."""
    store = await PostgresStore.open(database)
    real, faults = store._in_thread, iter([short("threads")])

    async def once_short(perform: Callable[[], Any]) -> Any:
        if (fault := next(faults, None)) is not None:
            raise fault
        return await real(perform)

    monkeypatch.setattr(store, "_in_thread", once_short)
    await store.keep("key", {"paid": 1})
    assert await store.answer("key") == {"paid": 1}
    await store.aclose()


async def test_a_pool_that_can_not_start_damages_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says of itself is no word on the file."""
    (tmp_path / "a.txt").write_text("hello")

    def none_left(_: ReaderPool) -> None:
        raise short("files")

    monkeypatch.setattr(ReaderPool, "_running", none_left)
    monkeypatch.setattr("thresher.service.readers.pool._REBUILD_PAUSES_SECONDS", (0.0,))
    async with ReaderPool(tmp_path / "spool", workers=1) as pool:
        with pytest.raises(SetupProblem, match="machine_short"):
            await pool.read(make_source(tmp_path / "a.txt"), ReadOptions())


@pytest.mark.parametrize("kind", SHORT)
async def test_a_request_is_told_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """503 with Retry-After, not 500."""
    async with opened_resources(tmp_path) as house:
        service = app_state(house, offer=ServiceConfig(keyless=True))

        async def listing(*_: object, **__: object) -> None:
            raise short(kind)

        monkeypatch.setattr(service.jobs, "jobs", listing)
        transport = httpx.ASGITransport(application(service), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get("/v1/extractions")
    assert (answer.status_code, answer.json()["code"]) == (503, "machine_short")
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("kind", SHORT)
def test_a_command_ends_with_one_line(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    """No traceback; also out of a group of tasks."""
    group = ExceptionGroup("tasks", [short(kind)])

    def main() -> int:
        raise group

    with pytest.raises(typer.Exit):
        command(main)
    said = capsys.readouterr().err
    assert said.startswith("thresher: machine_short: ")
    assert said.count("\n") == 1


def test_a_full_disk_below_a_database_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A matter or store in SQLite that finds no room ends with a code and a remedy, not with a traceback."""

    def main() -> int:
        connection = sqlite3.connect(":memory:")
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE kept (data)")
        connection.execute("INSERT INTO kept VALUES (zeroblob(100000))")
        return 0

    with pytest.raises(typer.Exit) as ended:
        command(main)
    said = capsys.readouterr().err
    assert ended.value.exit_code == 2
    assert "storage_full" in said
    assert len(said.splitlines()) == 1


PRINTING = """
import sys, typer
from thresher.service.cli.command import run
typer.run(lambda: run(lambda: 0 * sys.stdout.write("line\\n" * 100_000)))
"""


def test_a_command_ends_well_when_nobody_reads_on() -> None:
    """As with `thresher read FILE | head -1`: no traceback, and 0."""
    with subprocess.Popen([sys.executable, "-c", PRINTING], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"line\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_another_broken_pipe_is_not_swallowed() -> None:
    """Only standard output may be left unread: a pipe to a process that died is a fault."""

    def main() -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        command(main)


async def test_a_damaged_store_is_told_as_such(tmp_path: Path) -> None:
    """Whatever page is damaged: an answer is right, or a Problem says that the store can not be read."""
    path = tmp_path / "store.sqlite"
    store = await SqliteStore.open(path)
    for n in range(100):
        await store.keep(f"key {n}", {"text": os.urandom(300).hex()})
    await store.aclose()
    whole = path.read_bytes()
    for page in range(4096, len(whole), len(whole) // 6):
        path.write_bytes(whole[:page] + os.urandom(4096) + whole[page + 4096 :])
        await _read(path)


async def _read(path: Path) -> None:
    try:
        store = await SqliteStore.open(path)
    except SetupProblem:
        return
    try:
        for n in range(100):
            await store.answer(f"key {n}")
    except SetupProblem as problem:
        assert problem.code in {"store_failed", "storage_damaged"}  # noqa: PT017 - it need not be raised
    finally:
        await store.aclose()


def test_connections_leave_room_for_files() -> None:
    """As many file handles as this process may have, less those that all else needs."""
    import resource

    most = max_connections()
    assert 0 < most <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - min(RESERVED, most)
