"""The reading pool: one file's trouble is that file's alone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pebble.common.process
import pytest

from tests.journey.reading_faults import dying_read, faulty_read, hungry_read
from thresher.schemas.errors import Problem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source

LIMITS = ReadOptions(limits=Limits(seconds=600.0, memory=256 << 20))
HASTE = ReadOptions(limits=Limits(seconds=1.0, memory=256 << 20))


def _file(folder: Path, name: str, text: str = "Dear Sir, hello.") -> Source:
    (folder / name).write_text(text)
    return make_source(folder / name, folder)


def _held(folder: Path) -> list[str]:
    return [str(p) for p in (folder / "spool").rglob("*") if p.is_file()]


async def _code(pool: ReaderPool, source: Source) -> str:
    hangs = source.name in {"loop.txt", "exit0.txt"}
    try:
        return (await pool.read(source, HASTE if hangs else LIMITS)).document.text
    except Problem as problem:
        return problem.code


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("loop.txt", "timeout"),
        ("memory.txt", "too_large"),
        ("exit.txt", "poisoned"),
        ("exit0.txt", "timeout"),
        ("segfault.txt", "poisoned"),
        ("empty.txt", "zero_byte"),
    ],
)
async def test_a_fault_stays_with_its_file(tmp_path: Path, fault: str, code: str) -> None:
    """A reader that hangs, starves or dies gives one code; the files around it are read."""
    good = [_file(tmp_path, f"good{i}.txt", f"text {i}") for i in range(6)]
    bad = _file(tmp_path, fault, "" if fault == "empty.txt" else "x")
    async with ReaderPool(tmp_path / "spool", workers=2, read=faulty_read) as pool:
        begun = time.monotonic()
        found = await asyncio.gather(*(_code(pool, s) for s in (*good[:3], bad, *good[3:])))
        assert time.monotonic() - begun < 300  # long before the limit of the good ones
    assert found == ["text 0", "text 1", "text 2", code, "text 3", "text 4", "text 5"]


async def test_a_pool_whose_idle_worker_was_killed_reads_on(tmp_path: Path) -> None:
    """A worker that the system kills between two files costs nothing but a new start."""
    source = _file(tmp_path, "a.txt")
    async with ReaderPool(tmp_path / "spool", workers=1) as pool:
        await pool.read(source, LIMITS)
        assert pool._pool is not None
        for worker in pool._pool._pool_manager.worker_manager.workers:
            os.kill(worker, signal.SIGKILL)
        await asyncio.sleep(0.5)
        assert await _code(pool, source) == "Dear Sir, hello."


@pytest.mark.parametrize(("faults", "code"), [(2, "Dear Sir, hello."), (99, "machine_short")])
async def test_a_process_that_can_not_be_started_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: int, code: str
) -> None:
    """As when the server that starts processes was killed: tried again at once, and then by whoever asked."""
    left, launch = iter(range(faults)), pebble.common.process.launch_process

    def fails(*given: Any, **named: Any) -> Any:
        if next(left, None) is not None:
            raise ConnectionRefusedError
        return launch(*given, **named)

    monkeypatch.setattr("pebble.pool.process.launch_process", fails)
    monkeypatch.setattr("thresher.service.readers.pool._REBUILD_PAUSES_SECONDS", (0.0, 0.0, 0.0))
    async with ReaderPool(tmp_path / "spool", workers=1) as pool:
        assert await _code(pool, _file(tmp_path, "a.txt")) == code


async def test_a_reader_that_was_killed_is_not_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that is short of memory kills whom it likes, more than once: the file is read all the same."""
    monkeypatch.setattr("thresher.service.readers.process_deaths.RETRY_PAUSES_SECONDS", (0.0, 0.1, 0.1))
    async with ReaderPool(tmp_path / "spool", workers=1, read=dying_read) as pool:
        assert await _code(pool, _file(tmp_path, "1-a.txt")) == "Dear Sir, hello."
        assert await _code(pool, _file(tmp_path, "3-a.txt")) == "Dear Sir, hello."
        assert await _code(pool, _file(tmp_path, "9-a.txt")) == "poisoned"


async def test_pictures_of_pages_may_take_more(tmp_path: Path) -> None:
    """A reading may take half a GiB and its share; one that reads pictures of pages two, and the next one half a GiB again."""
    sources = [_file(tmp_path, name) for name in ("a.txt", "picture.txt", "b.txt")]
    most = ReadOptions(limits=Limits(seconds=600.0))
    async with ReaderPool(tmp_path / "spool", workers=1, read=hungry_read) as pool:
        pool._memory = 4 << 30
        found = []
        for source in sources:
            try:
                found.append((await pool.read(source, most)).document.text)
            except Problem as problem:
                found.append(problem.code)
    assert found == ["too_large", "Dear Sir, hello.", "too_large"]


async def test_what_a_file_held_is_gone_with_it(tmp_path: Path) -> None:
    """A worker that reads mails for months keeps none of their attachments; those of another in hand stay."""
    mail = EmailMessage()
    mail.set_content("See below.")
    mail.add_attachment(b"of one", maintype="application", subtype="octet-stream", filename="a.bin")
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    source = make_source(tmp_path / "a.eml")
    async with ReaderPool(tmp_path / "spool", workers=1) as pool:
        async with pool.apart() as other:
            kept = (await other.read(source, LIMITS)).children[0]
            async with pool.apart() as reads:
                gone = (await reads.read(source, LIMITS)).children[0]
                assert gone.blob != kept.blob
                assert len(_held(tmp_path)) == 2
            assert _held(tmp_path) == [kept.blob]
        assert _held(tmp_path) == []


async def test_processes_can_be_begun_before_there_is_work(tmp_path: Path) -> None:
    """All of them are there, and the reading that comes next begins none."""
    async with ReaderPool(tmp_path / "spool", workers=2) as pool:
        await pool.begin()
        assert pool._pool is not None
        begun = set(pool._pool._pool_manager.worker_manager.workers)
        assert len(begun) == 2
        await pool.read(_file(tmp_path, "a.txt"), LIMITS)
        assert set(pool._pool._pool_manager.worker_manager.workers) == begun


async def test_what_libraries_print_is_not_heard(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither Python's nor C's output of a reader reaches the terminal."""
    async with ReaderPool(tmp_path / "spool", workers=1, read=faulty_read) as pool:
        await pool.read(_file(tmp_path, "shout.txt"), LIMITS)
    captured = capfd.readouterr()
    assert "noise" not in captured.out + captured.err


async def test_workers_are_replaced(tmp_path: Path) -> None:
    """A worker ends after its share of readings and another takes over."""
    sources = [_file(tmp_path, f"{i}.txt", f"text {i}") for i in range(7)]
    async with ReaderPool(tmp_path / "spool", workers=1, tasks=2) as pool:
        assert [await _code(pool, s) for s in sources] == [f"text {i}" for i in range(7)]


async def test_a_cancelled_reading_frees_its_worker(tmp_path: Path) -> None:
    """What nobody waits for any more is stopped, long before its limit."""
    loop, good = _file(tmp_path, "loop.txt"), _file(tmp_path, "good.txt")
    async with ReaderPool(tmp_path / "spool", workers=1, read=faulty_read) as pool:
        task = asyncio.ensure_future(pool.read(loop, ReadOptions(limits=Limits(seconds=600))))
        await asyncio.sleep(1.0)
        task.cancel()
        assert await asyncio.wait_for(_code(pool, good), 300) == "Dear Sir, hello."


def test_a_script_without_a_main_guard_works(tmp_path: Path) -> None:
    """Workers do not run the caller's script again."""
    (tmp_path / "a.txt").write_text("hello")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from thresher.schemas.policy import ReadOptions
        from thresher.service.readers.pool import ReaderPool
        from thresher.service.readers.sources import make_source

        async def main():
            async with ReaderPool(Path(sys.argv[1]) / "spool", workers=1) as pool:
                reading = await pool.read(make_source(Path(sys.argv[1]) / "a.txt"), ReadOptions())
                print("read", reading.document.text)

        asyncio.run(main())
        """)
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("read hello\n", "")


async def test_what_pictures_leave_loaded_is_not_taken_from_the_next_file(tmp_path: Path) -> None:
    """A process that has read a photo, whose models stay loaded, still has its whole memory for a workbook."""
    inbox = Path(__file__).parents[2] / "samples" / "inbox"
    async with ReaderPool(tmp_path / "spool", workers=1) as pool:
        for name, word in (("receipt-photo.jpg", "TOTAL"), ("statement-bank.xlsx", "Opening transfer")):
            reading = await pool.read(make_source(inbox / name, inbox), ReadOptions())
            assert word.casefold() in reading.document.text.casefold()
