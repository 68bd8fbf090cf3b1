"""Store answers for many machines in one PostgreSQL database, over a few threads of each process.

Every piece of work is one transaction and may be run twice: where the database goes away, it is run again when the
database is back. Paid answers are retried until they are stored: `keep` gives up only when it is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Literal

from thresher.schemas.errors import SetupProblem
from thresher.schemas.job import LoggedCall, UnitState
from thresher.service.base.batching import Batcher
from thresher.service.base.resource_exhaustion import is_exhaustion
from thresher.service.storage.answers.call_rows import NAMES, SHOWN, VALUES, call_row, to_call
from thresher.service.storage.answers.codec import decoded, encoded, with_stored_key
from thresher.service.storage.answers.postgres_opening import (
    address_without_password,
    checked_database_address,
    connect,
    migrate,
)
from thresher.service.storage.answers.purging import purge
from thresher.service.storage.answers.session import Given, PostgresSession, Row, Session, Work
from thresher.service.storage.answers.session import database_wait as asker
from thresher.service.storage.answers.spending import COUNT, counted
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

THREADS = 4  # of one process, each with a connection
DATABASE_WAIT_SECONDS = 60.0  # for which work waits for a database that is away
PAUSE = (0.05, 2.0)  # seconds between two tries: the first, and the most
REFUSED = (
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "no password supplied",
    "pg_hba.conf rejects",
)
UNIT = "id, path, state, result, detail, at"
KEEP = "INSERT INTO answers (key, body, created) VALUES (:key, :body, :created) ON CONFLICT DO NOTHING"
LOG = f"INSERT INTO calls (once, {NAMES}) VALUES (:once, {VALUES}) ON CONFLICT DO NOTHING"  # noqa: S608 - columns of this package
MARK = """INSERT INTO units (id, path, state, result, detail, at) VALUES (:id, :path, :state, :result, :detail, :at)
    ON CONFLICT (id) DO UPDATE SET path = excluded.path, state = excluded.state,
    result = excluded.result, detail = excluded.detail, at = excluded.at"""
CLOCK = "SELECT extract(epoch FROM clock_timestamp())::float8, extract(epoch FROM pg_postmaster_start_time())::float8"


Writes = Literal["none", "some", "blind"]  # blind: no statement's result is read, so that they are sent as a pipeline


class _ThreadConnection(threading.local):
    """A thread's own connection."""

    connection: psycopg.Connection[Row] | None = None


class PostgresStore:
    """A Store over one database. Make it with `await PostgresStore.open(address)`."""

    def __init__(self, address: str, *, cipher: Cipher = NO_CIPHER, patience: float | None = None) -> None:
        """Take the address; no connection is opened yet. Raises SetupProblem(extra_missing)."""
        self.address = checked_database_address(address)
        self._cipher = cipher
        self._patience = DATABASE_WAIT_SECONDS if patience is None else patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="postgres")
        self._local = _ThreadConnection()
        self._open: set[psycopg.Connection[Row]] = set()
        self._since: float | None = None  # monotonic time when the database first answered after it was away
        self._start = 0.0  # when the database was started, by its own clock
        self._epoch = 0.0  # the database's time less this machine's monotonic time, the same for all threads
        self._later: list[dict[str, Any]] = []  # logged calls that nobody waits for: they go with the next write
        self._find: Batcher[str, bytes | None] = Batcher(self._bodies_of)
        self._put: Batcher[tuple[str, bytes], None] = Batcher(self._put_all)
        self._part = uuid.uuid4().hex[:12]  # names this process's share of the counts in `spent`
        self._closed = False
        self._known = False  # it has accepted a connection: what it refuses later may be transient

    @classmethod
    async def open(cls, address: str, *, cipher: Cipher = NO_CIPHER, patience: float | None = None) -> PostgresStore:
        """Open the Store at an address, with the newest schema.

        Raises SetupProblem at a refusal, or after `patience` s.
        """
        store = cls(address, cipher=cipher, patience=patience)
        try:
            await store._retried(store._migrate, store._patience)
        except BaseException:
            await store.aclose()
            raise
        return store

    async def do(self, work: Work[Given], *, writes: bool = True, durable: bool = True) -> Given:  # noqa: ARG002 - always durable: workers outlive a crash of the server
        """Run work in one transaction, again while the database is away."""
        return await self._retried(lambda: self._transact(work, "some" if writes else "none"), self._patience)

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return the answer under a key; None where there is none."""
        names = self._cipher.names(key)
        for name, body in zip(names, await asyncio.gather(*map(self._find, names)), strict=True):
            if body is not None:
                return decoded(body, name, self._cipher)
        return None

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Store an answer. Waits for a database that is away as long as it takes."""
        name = self._cipher.name(key)
        await self._put((name, encoded(answer, name, self._cipher)))

    async def _bodies_of(self, keys: list[str]) -> list[bytes | None]:
        """Select the bodies of the answers under some keys."""
        sql = "SELECT key, body FROM answers WHERE key = ANY(:keys)"
        rows = await self._persist(lambda s: s.all(sql, keys=keys), "none")
        known: dict[str, bytes] = dict(rows)
        return [known.get(key) for key in keys]

    async def _put_all(self, answers: list[tuple[str, bytes]]) -> list[None]:
        """Insert answers and log the waiting calls.

        Ordered by key, so that two processes do not wait for each other.
        """
        later, self._later = self._later, []

        def work(session: Session) -> None:
            session.many(KEEP, [{"key": k, "body": b, "created": session.now} for k, b in sorted(answers)])
            self._note(session, later)

        try:
            await self._persist(work, "blind")
        except BaseException:
            self._later = later + self._later  # no call is inserted twice: see LOG
            raise
        return [None] * len(answers)

    async def log(self, call: LoggedCall) -> None:
        """Log a call with the next write."""
        self._later.append({"once": uuid.uuid4().hex, **call_row(with_stored_key(call, self._cipher))})

    async def flush(self) -> None:
        """Write the waiting calls."""
        later, self._later = self._later, []
        try:
            if later:
                await self._persist(lambda s: self._note(s, later))
        except BaseException:
            self._later = later + self._later  # see _put_all
            raise

    def _note(self, session: Session, later: list[dict[str, Any]]) -> None:
        """Insert calls and count their cost together; calls inserted before were counted then."""
        if not later:
            return
        onces = [row["once"] for row in later]
        there = {once for (once,) in session.all("SELECT once FROM calls WHERE once = ANY(:onces)", onces=onces)}
        new = [row for row in later if row["once"] not in there]
        session.many(LOG, new)
        session.many(COUNT, counted(new, self._part))

    async def calls(self, unit: str | None = None) -> list[LoggedCall]:
        """Return the logged calls in order, of one Unit or of all."""
        await self.flush()
        sql = f"SELECT {SHOWN} FROM calls WHERE unit = :unit OR :every = 1 ORDER BY id"  # noqa: S608 - as above
        return [to_call(row) for row in await self.do(lambda s: s.all(sql, unit=unit or "", every=int(unit is None)))]

    async def mark(self, state: UnitState) -> None:
        """Set the state of a Unit."""
        await self.flush()
        await self._persist(lambda s: s.run(MARK, **state.model_dump()))

    async def unit(self, id: str) -> UnitState | None:  # noqa: A002 - as in Store
        """Return the state of one Unit; None where it was never marked."""
        row = await self.do(lambda s: s.one(f"SELECT {UNIT} FROM units WHERE id = :id", id=id))  # noqa: S608 - names of this module
        return None if row is None else _state(row)

    async def units(self) -> list[UnitState]:
        """Return all Units, in the order in which they were first marked."""
        rows = await self.do(lambda s: s.all(f"SELECT {UNIT} FROM units ORDER BY number"))  # noqa: S608 - as above
        return [_state(row) for row in rows]

    async def purge(self, before: float, *, limit: int = 1000) -> int:
        """Delete old answers that no call names; return how many."""
        await self.flush()
        return await self.do(lambda s: purge(s, before, limit))

    async def aclose(self) -> None:
        """Write the waiting calls for a short time, and close all connections."""
        if self._closed:
            return
        await self._find.aclose()
        await self._put.aclose()
        try:
            if self._later:
                later, self._later = self._later, []
                await self._retried(lambda: self._transact(lambda s: self._note(s, later)), PAUSE[1])
        except SetupProblem:
            log.warning("calls not noted: the database is away", extra={"action": "store.calls_lost"})
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._open:
            connection.close()

    async def _persist(self, work: Work[Given], writes: Writes = "some") -> Given:
        """Run work that a run cannot do without: it waits as long as it takes."""
        return await self._retried(lambda: self._transact(work, writes), float("inf"))

    async def _retried(self, perform: Callable[[], Given], patience: float) -> Given:
        """Return the result of `perform` in a thread, run again while the database is away.

        Raises SetupProblem(database_away, database_refused, machine_short, storage_full, store_failed).
        """
        import psycopg  # noqa: PLC0415 - an extra

        if self._closed:
            raise SetupProblem("store_failed", f"{address_without_password(self.address)} (closed)")
        until, pause = time.monotonic() + min(patience, asker.get()), PAUSE[0]
        while True:
            try:
                given = await self._in_thread(perform)
            except (psycopg.Error, OSError, RuntimeError) as error:
                if not isinstance(error, psycopg.Error) and not is_exhaustion(error):
                    raise
                if not self._is_transient(error) or time.monotonic() + pause > until:
                    raise SetupProblem(
                        _code_of(error), f"{address_without_password(self.address)} ({_first_line(error)})"
                    ) from error
                log.warning("database away", extra={"action": "store.away", "error": _first_line(error)})
            else:
                self._known = True
                return given
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE[1])

    async def _in_thread(self, perform: Callable[[], Given]) -> Given:
        """Return the result of `perform` in a thread.

        Raises SetupProblem(database_away) after the caller's patience.
        """
        giving = asyncio.get_running_loop().run_in_executor(self._threads, perform)
        try:
            async with asyncio.timeout(None if asker.get() == float("inf") else asker.get()):
                return await giving
        except TimeoutError:
            raise SetupProblem("database_away", f"{address_without_password(self.address)} (no answer)") from None

    def _is_transient(self, error: Exception) -> bool:
        """Whether another try may help: the database is away, two transactions met, or there was no thread."""
        passing = {"database_away", "storage_full", "machine_short"}
        return _code_of(error) in {*passing, *(("database_refused",) if self._known else ())}

    def _transact(self, work: Work[Given], writes: Writes = "some") -> Given:
        """Run work in one transaction over the thread's connection, which is dropped when it breaks."""
        connection = self._connection()
        now = time.monotonic()
        up = now - (self._since or now)
        try:
            with _transaction(connection, writes):
                return work(PostgresSession(connection, self._cipher, now + self._epoch, up))
        finally:
            if connection.closed:
                self._open.discard(connection)
                self._local.connection, self._since = None, None

    def _connection(self) -> psycopg.Connection[Row]:
        if self._local.connection is None:
            connection = connect(self.address)
            self._open.add(connection)
            now, start = connection.execute(CLOCK).fetchone() or (0.0, 0.0)
            self._local.connection = connection
            if self._since is None or start != self._start:  # another thread may not have noticed yet
                self._since, self._start, self._epoch = time.monotonic(), start, now - time.monotonic()
        return self._local.connection

    def _migrate(self) -> None:
        migrate(self._connection())


@contextmanager
def _transaction(connection: psycopg.Connection[Row], writes: Writes) -> Iterator[None]:
    """Make one transaction of some statements, in as few round trips as possible."""
    with ExitStack() as stack:
        if writes == "blind":
            stack.enter_context(connection.pipeline())
        if writes != "none":
            stack.enter_context(connection.transaction())
        yield


def _code_of(error: Exception) -> str:
    """Return the Problem code of an error."""
    import psycopg  # noqa: PLC0415 - an extra

    if not isinstance(error, psycopg.Error):
        return "machine_short"
    if isinstance(error, psycopg.errors.DiskFull):
        return "storage_full"
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return "store_failed"
    return "database_refused" if any(words in str(error) for words in REFUSED) else "database_away"


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _state(row: Row) -> UnitState:
    return UnitState(**dict(zip(UNIT.split(", "), row, strict=True)))
