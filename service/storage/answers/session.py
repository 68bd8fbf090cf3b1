"""A Session: one transaction with one interface, over SQLite's connection or PostgreSQL's.

SQL is written once, in what both understand, with `:name` for parameters. Only `skip` differs: PostgreSQL skips rows
that another transaction has locked, SQLite has one writer.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from thresher.service.storage.encryption.base import Cipher

if TYPE_CHECKING:
    import psycopg

Given = TypeVar("Given")
database_wait: ContextVar[float] = ContextVar("patience", default=float("inf"))
"""Seconds that the caller in this context waits for a database that is away, however patient the Store is."""

CHANNEL = "thresher_jobs"  # of PostgreSQL's notices
Row = tuple[Any, ...]


class Session(Protocol):
    """The statements that work in a transaction may run."""

    now: float  # seconds since 1970, UTC, by the clock that all owners of the data share
    up: float  # seconds since the database answers this process: before that, others may have been unable to renew leases
    skip: str  # ends a SELECT of rows that are then changed
    cipher: Cipher  # encrypts what only the service may read

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows."""
        ...

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """Return the first row; None where there is none."""
        ...

    def run(self, sql: str, /, **values: Any) -> int:
        """Run a statement; return how many rows were changed."""
        ...

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> None:
        """Run one statement for many rows."""
        ...

    def notify(self) -> None:
        """Wake the waiting processes, once this transaction is on the disk."""
        ...


Work = Callable[[Session], Given]


class Transactions(Protocol):
    """Runs work in one transaction. The work may be run twice, so it may change nothing but the database."""

    async def do(self, work: Work[Given], *, writes: bool = True, durable: bool = True) -> Given:
        """Return the result of some work once it is on the disk.

        Raises what the work raised, and SetupProblem(store_failed).

        Work that only reads may see each of its statements at another moment. Work that need not be `durable` may be
        undone by a power cut, but not by the end of the process; a member may ignore this.
        """
        ...


class SqliteSession:
    """A Session over sqlite3."""

    skip = ""
    up = float("inf")  # the owner of the file is its only user

    def __init__(self, connection: sqlite3.Connection, cipher: Cipher, clock: Callable[[], float] = time.time) -> None:
        """Take a connection."""
        self._connection = connection
        self.cipher = cipher
        self.now = clock()

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows."""
        rows: list[Row] = self._connection.execute(sql, values).fetchall()
        return rows

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """Return the first row; None where there is none."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def run(self, sql: str, /, **values: Any) -> int:
        """Run a statement; return how many rows were changed."""
        return self._connection.execute(sql, values).rowcount

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> None:
        """Run one statement for many rows."""
        self._connection.executemany(sql, rows)

    def notify(self) -> None:
        """Do nothing: there is no other process."""


class PostgresSession:
    """A Session over psycopg."""

    skip = " FOR UPDATE SKIP LOCKED"

    def __init__(self, connection: psycopg.Connection[Row], cipher: Cipher, now: float, up: float) -> None:
        """Take a connection; `now` is by the database's clock."""
        self._connection = connection
        self.cipher = cipher
        self.now = now
        self.up = up

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows."""
        return self._connection.execute(_for_psycopg(sql), _storable(values)).fetchall()

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """Return the first row; None where there is none."""
        return self._connection.execute(_for_psycopg(sql), _storable(values)).fetchone()

    def run(self, sql: str, /, **values: Any) -> int:
        """Run a statement; return how many rows were changed."""
        return self._connection.execute(_for_psycopg(sql), _storable(values)).rowcount

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> None:
        """Run one statement for many rows."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_for_psycopg(sql), [_storable(row) for row in rows])

    def notify(self) -> None:
        """Send a notice on CHANNEL when the transaction ends."""
        self._connection.execute(b"SELECT pg_notify(%s, '')", (CHANNEL,))


@lru_cache(maxsize=256)
def _for_psycopg(sql: str) -> bytes:
    """Write parameters as psycopg does.

    >>> _for_psycopg("SELECT :a, x % 2")
    b'SELECT %(a)s, x %% 2'
    """
    return re.sub(r":(\w+)", r"%(\1)s", sql.replace("%", "%%")).encode()


def _storable(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return values as PostgreSQL takes them: its text holds no NUL and no lone surrogate."""
    return {k: _storable_text(v) if isinstance(v, str) else v for k, v in values.items()}


def _storable_text(value: str) -> str:
    """Replace what a text of PostgreSQL cannot hold.

    >>> _storable_text("a" + chr(0)) == "a" + chr(0xFFFD), _storable_text(chr(0xD800))
    (True, '?')
    """
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
