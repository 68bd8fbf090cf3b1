"""Store answers for one machine in one SQLite file, owned by one process, written by one thread.

All work that waits when the thread looks becomes one transaction, so that one flush to the disk serves many answers: an
answer costs a fraction of a millisecond under load, and is still on the disk before it is parsed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from thresher.schemas.errors import SetupProblem
from thresher.schemas.job import LoggedCall, UnitState
from thresher.service.base.disk_faults import DISK_FULL_WAIT_SECONDS, retry_while_disk_full
from thresher.service.base.file_lock import lock
from thresher.service.storage.answers.bloom_filter import BloomFilter
from thresher.service.storage.answers.call_rows import NAMES, SHOWN, VALUES, call_row, to_call
from thresher.service.storage.answers.codec import decoded, encoded, with_stored_key
from thresher.service.storage.answers.purging import purge
from thresher.service.storage.answers.session import Given, SqliteSession
from thresher.service.storage.answers.session import Work as SessionWork
from thresher.service.storage.answers.spending import COUNT, counted
from thresher.service.storage.answers.sqlite_opening import connect, disk_problem_of, migrate, sqlite_problem_of
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher

log = logging.getLogger(__name__)

BATCH_MAX = 500  # pieces of work in one transaction
BATCH_WAIT_SECONDS = 0.004  # that a write waits for others: one flush to the disk serves them all
LOG = f"INSERT INTO calls ({NAMES}) VALUES ({VALUES})"  # noqa: S608 - columns of this package
Work = Callable[[sqlite3.Connection], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Work for the thread, and the future of its result."""

    work: Work
    outcome: asyncio.Future[Any] | None  # None: nobody waits
    writes: bool = True
    durable: bool = True  # survives a power cut


class SqliteStore:
    """A Store over one file. Make it with `await SqliteStore.open(path)`."""

    def __init__(self, path: Path | None, cipher: Cipher = NO_CIPHER, patience: float = DISK_FULL_WAIT_SECONDS) -> None:
        """Lock and open the file, or stay in memory (None); blocks. Raises SetupProblem(store_locked, store_failed)."""
        self._cipher = cipher
        self._patience = patience
        self._path = path or Path(":memory:")
        self._held, self._connection = _in_memory() if path is None else _open_file(path)
        had_answers = self._connection.execute("SELECT 1 FROM answers LIMIT 1").fetchone()
        self._seen: BloomFilter | None = (
            None if had_answers else BloomFilter()
        )  # names of all answers; None: there were answers at the start
        self._jobs: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._later: list[_Job] = []  # work that nobody waits for: it goes with the next that somebody waits for
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()
        self._closed = False

    @classmethod
    async def open(
        cls, path: Path | None, cipher: Cipher = NO_CIPHER, patience: float = DISK_FULL_WAIT_SECONDS
    ) -> SqliteStore:
        """Open the Store at `path`, made if it is not there; None: in memory.

        Raises SetupProblem(store_locked, store_failed).

        `patience`: seconds for which an answer waits for room on a full disk.
        """
        opening = asyncio.ensure_future(asyncio.to_thread(cls, path, cipher, patience))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:  # it is open a moment later, and nobody else could open it then
            with suppress(SetupProblem):
                await (await opening).aclose()
            raise

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return the answer under a key. The thread looks only for keys that may be there, if the file began empty."""
        names = self._cipher.names(key)
        if self._seen is not None and not any(map(self._seen.may_hold, names)) and not self._closed:
            return None
        sql = "SELECT key, body FROM answers WHERE key IN (?, ?)"
        row = await self._do(lambda c: c.execute(sql, (names[0], names[-1])).fetchone(), writes=False)
        return None if row is None else decoded(row[1], row[0], self._cipher)

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Store an answer, which is paid for: retried while the disk is full. Raises SetupProblem(storage_full)."""
        name = self._cipher.name(key)
        row = (name, encoded(answer, name, self._cipher), time.time())
        if self._seen is not None:
            self._seen.add(name)  # first: the thread stores it even if the caller is cancelled

        async def put() -> None:
            await self._do(lambda c: c.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", row))

        await retry_while_disk_full(put, "store.full", self._patience)

    async def log(self, call: LoggedCall) -> None:
        """Log a call with the next durable write."""
        row = call_row(with_stored_key(call, self._cipher))

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(LOG, row)
            connection.executemany(COUNT, counted([row], ""))

        self._later.append(_Job(work=work, outcome=None))

    async def calls(self, unit: str | None = None) -> list[LoggedCall]:
        """Return the logged calls in order, of one Unit or of all."""
        sql = f"SELECT {SHOWN} FROM calls WHERE ?1 IS NULL OR unit = ?1 ORDER BY id"  # noqa: S608 - columns of this package
        return [to_call(row) for row in await self._do(lambda c: c.execute(sql, (unit,)).fetchall())]

    async def mark(self, state: UnitState) -> None:
        """Set the state of a Unit."""
        sql = """INSERT INTO units (id, path, state, result, detail, at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET path = excluded.path, state = excluded.state,
            result = excluded.result, detail = excluded.detail, at = excluded.at"""
        row = (state.id, state.path, state.state, state.result, state.detail, state.at)
        if state.state == "running" and not self._closed:
            self._later.append(_Job(work=lambda c: c.execute(sql, row), outcome=None))
        else:
            await self._do(lambda c: c.execute(sql, row))

    async def unit(self, id: str) -> UnitState | None:  # noqa: A002 - as in Store
        """Return the state of one Unit; None where it was never marked."""
        sql = "SELECT id, path, state, result, detail, at FROM units WHERE id = ?"
        row = await self._do(lambda c: c.execute(sql, (id,)).fetchone())
        return None if row is None else _state(row)

    async def units(self) -> list[UnitState]:
        """Return all Units, in the order in which they were first marked."""
        sql = "SELECT id, path, state, result, detail, at FROM units ORDER BY number"
        return [_state(row) for row in await self._do(lambda c: c.execute(sql).fetchall())]

    async def purge(self, before: float, *, limit: int = 1000) -> int:
        """Delete old answers that no call names; return how many. Waiting calls are written first, with this write."""
        return await self.do(lambda s: purge(s, before, limit))

    async def aclose(self) -> None:
        """Write what is pending and release the file."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(self._later)
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()
        if self._held is not None:
            os.close(self._held)

    async def do(self, work: SessionWork[Given], *, writes: bool = True, durable: bool = True) -> Given:
        """Run work of the Jobs beside this Store in one transaction."""
        given: Given = await self._do(lambda c: work(SqliteSession(c, self._cipher)), writes=writes, durable=durable)
        return given

    async def _do(self, work: Work, *, writes: bool = True, durable: bool = True) -> Any:
        """Return the result of work that the thread did, once on the disk.

        Raises SetupProblem(store_failed, storage_full).
        """
        if self._closed:
            raise SetupProblem("store_failed", f"{self._path} (closed)")
        outcome = asyncio.get_running_loop().create_future()
        later: list[_Job] = []
        if writes and durable:
            later, self._later = self._later, []
        self._jobs.put([*later, _Job(work=work, outcome=outcome, writes=writes, durable=durable)])
        try:
            return await outcome
        except sqlite3.Error as error:
            raise sqlite_problem_of(error, self._path) from error

    def _run(self) -> None:
        """Run the thread: take the waiting work, do it in one transaction, report the results."""
        going, unwritten = True, list[_Job]()
        while going:
            jobs: list[_Job] = []
            while going and len(jobs) < BATCH_MAX:
                try:
                    some = self._jobs.get(block=not jobs)
                except Empty:
                    break
                if not jobs and some and some[-1].writes and some[-1].durable:
                    time.sleep(BATCH_WAIT_SECONDS)
                going = some is not None
                jobs += some or ()
            if any(job.writes for job in jobs):
                jobs = unwritten + jobs
                outcomes = _transact(self._connection, jobs)
                unwritten = [j for j, o in zip(jobs, outcomes, strict=True) if j.outcome is None and _is_disk_full(o)]
                _report(jobs, outcomes)
            elif jobs:
                _report(jobs, _transact(self._connection, jobs))


def _is_disk_full(outcome: Any) -> bool:
    return isinstance(outcome, sqlite3.Error) and sqlite_problem_of(outcome, Path()).code == "storage_full"


def _open_file(path: Path) -> tuple[int | None, sqlite3.Connection]:
    """Return the descriptor of the lock, and the connection."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = lock(path.with_name(path.name + ".lock"))
    except OSError as error:
        raise disk_problem_of(error, path) from error
    try:
        return held, connect(path)
    except SetupProblem:
        os.close(held)
        raise


def _in_memory() -> tuple[int | None, sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection)
    return None, connection


def _transact(connection: sqlite3.Connection, jobs: list[_Job]) -> list[Any]:
    """Do jobs in one transaction, or one by one where that fails; return results or exceptions."""
    try:
        if not any(job.writes for job in jobs):
            return [job.work(connection) for job in jobs]
        durable = any(job.writes and job.durable for job in jobs)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")  # a later FULL flushes this, too
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [job.work(connection) for job in jobs]
        connection.execute("COMMIT")
    except Exception as error:  # noqa: BLE001 - any error goes to the coroutine that asked, not to the thread
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return [error] if len(jobs) == 1 else [_transact(connection, [job])[0] for job in jobs]
    return outcomes


def _report(jobs: list[_Job], outcomes: list[Any]) -> None:
    """Settle the futures of a batch with one call into each event loop."""
    waiting: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.outcome is not None:
            waiting.setdefault(job.outcome.get_loop(), []).append((job.outcome, outcome))
    for loop, pairs in waiting.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_set_results, pairs)


def _set_results(pairs: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in pairs:
        if future.done():  # the caller was cancelled
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _state(row: tuple[Any, ...]) -> UnitState:
    names = ("id", "path", "state", "result", "detail", "at")
    return UnitState(**dict(zip(names, row, strict=True)))
