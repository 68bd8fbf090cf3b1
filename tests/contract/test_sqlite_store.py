"""What only the file-based Store promises: durable, private, owned by one, upgraded step by step."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from thresher.schemas.errors import SetupProblem
from thresher.schemas.job import UnitState
from thresher.service.storage.answers import sqlite_opening
from thresher.service.storage.answers.sqlite import SqliteStore

WRITER = """
import asyncio, sys
from pathlib import Path
from thresher.service.storage.answers.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    for n in range(1_000_000):
        await store.keep(str(n), {"n": n})
        print(n, flush=True)

asyncio.run(main())
"""


def killed_while_writing(path: Path) -> list[int]:
    """Keep answers in another process, kill it, and give the numbers of those that it was told are kept."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = [int(process.stdout.readline()) for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return seen


async def test_what_was_kept_outlives_the_process(tmp_path: Path) -> None:
    """A process that is killed loses no answer that it was told is kept, and its lock goes with it."""
    path = tmp_path / "run.sqlite"
    seen = killed_while_writing(path)
    store = await SqliteStore.open(path)
    assert [await store.answer(str(n)) for n in seen] == [{"n": n} for n in seen]
    await store.aclose()


async def test_one_owner_at_a_time(tmp_path: Path) -> None:
    """A second run over the same folder is refused with a code, and let in when the first is done."""
    path = tmp_path / "run.sqlite"
    first = await SqliteStore.open(path)
    with pytest.raises(SetupProblem) as refused:
        await SqliteStore.open(path)
    assert refused.value.code == "store_locked"
    await first.aclose()
    second = await SqliteStore.open(path)
    await second.aclose()


def modes_in(folder: Path) -> dict[str, int]:
    """Permissions of the files of a folder."""
    return {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}


async def test_only_its_owner_may_read(tmp_path: Path) -> None:
    """Neither the file nor what SQLite lays beside it is readable by others, whatever the umask."""
    before = os.umask(0)
    try:
        store = await SqliteStore.open(tmp_path / "run.sqlite")
        await store.keep("k", {})
        modes = modes_in(tmp_path)
        await store.aclose()
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}, modes


async def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    """A foreign or damaged file is refused with a code, and the lock is let go."""
    path = tmp_path / "run.sqlite"
    path.write_bytes(b"this is no database at all" * 100)
    for _ in range(2):
        with pytest.raises(SetupProblem) as refused:
            await SqliteStore.open(path)
        assert refused.value.code == "store_failed"


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    """A file with a step that this version does not know is not touched."""
    path = tmp_path / "run.sqlite"
    await (await SqliteStore.open(path)).aclose()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO migrations VALUES ('9999_from_the_future')")
    connection.close()
    with pytest.raises(SetupProblem, match="9999_from_the_future"):
        await SqliteStore.open(path)


def test_a_step_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is whole or not at all, and the ones before it stay."""
    steps = {"0001_a": "CREATE TABLE a (x);", "0002_b": "CREATE TABLE b (x); CREATE TABLE a (x);"}
    monkeypatch.setattr(sqlite_opening, "steps", lambda: steps)
    connection = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)
    with pytest.raises(sqlite3.Error):
        sqlite_opening.migrate(connection)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"migrations", "a"}
    connection.close()


async def test_one_bad_job_harms_no_other(tmp_path: Path) -> None:
    """Work that fails in a shared transaction fails alone."""
    store = await SqliteStore.open(tmp_path / "run.sqlite")
    bad = store._do(lambda c: c.execute("INSERT INTO nothing VALUES (1)"))
    outcomes = await asyncio.gather(store.keep("a", {"n": 1}), bad, store.keep("b", {"n": 2}), return_exceptions=True)
    assert isinstance(outcomes[1], SetupProblem)
    assert (await store.answer("a"), await store.answer("b")) == ({"n": 1}, {"n": 2})
    await store.aclose()


async def test_after_closing(tmp_path: Path) -> None:
    """A closed Store says so, instead of waiting for ever."""
    store = await SqliteStore.open(tmp_path / "run.sqlite")
    await store.aclose()
    with pytest.raises(SetupProblem, match="closed"):
        await store.mark(UnitState(id="a", path="a", state="running"))


async def test_an_opening_that_is_cancelled_leaves_no_lock(tmp_path: Path) -> None:
    """The thread that opens goes on; what it opened is closed, so that the next may open it."""
    opening = asyncio.create_task(SqliteStore.open(tmp_path / "store.sqlite"))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await (await SqliteStore.open(tmp_path / "store.sqlite")).aclose()
