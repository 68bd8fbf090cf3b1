"""A Session: one transaction in one way of speaking, over SQLite's connection or PostgreSQL's.

SQL is written once, in what both understand, with `:name` for parameters. Only `skip` differs: PostgreSQL passes over
rows that another transaction holds, SQLite has one writer.
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
patience: ContextVar[float] = ContextVar("patience", default=float("inf"))
"""Seconds for which whoever asks here waits at most for a database that is away, however patient the Store is."""

CHANNEL = "thresher_jobs"  # of PostgreSQL's notices
Row = tuple[Any, ...]


class Session(Protocol):
    """What work in a transaction may say."""

    now: float  # seconds since 1970, UTC, by the clock that all owners of the data share
    up: float  # seconds since the database answers this process: before that, others too may have had no way to renew
    skip: str  # ends a SELECT of rows that are then changed
    seal: Cipher  # shuts what only the service may read

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """All rows."""
        ...

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """The first row."""
        ...

    def run(self, sql: str, /, **values: Any) -> int:
        """How many rows were changed."""
        ...

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> None:
        """One statement for many rows."""
        ...

    def notify(self) -> None:
        """Wake whoever waits in other processes, once this is on the disk."""
        ...


Work = Callable[[Session], Given]


class Transactions(Protocol):
    """Whatever does work in one transaction. The work may be done over, so it may change nothing but the database."""

    async def do(self, work: Work[Given], *, writes: bool = True, durable: bool = True) -> Given:
        """What the work gave, once it is on the disk. Raises what the work raised, and SetupProblem(store_failed).

        Work that only reads may see each of its statements at another moment. Work that need not be `durable` may be
        undone by a power cut, not by the end of the process; a member may take no notice.
        """
        ...


class SqliteSession:
    """Over sqlite3."""

    skip = ""
    up = float("inf")  # whoever has the file has it alone

    def __init__(self, connection: sqlite3.Connection, seal: Cipher, clock: Callable[[], float] = time.time) -> None:
        """Speak over a connection."""
        self._connection = connection
        self.seal = seal
        self.now = clock()

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """See Session."""
        rows: list[Row] = self._connection.execute(sql, values).fetchall()
        return rows

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """See Session."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def run(self, sql: str, /, **values: Any) -> int:
        """See Session."""
        return self._connection.execute(sql, values).rowcount

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> None:
        """See Session."""
        self._connection.executemany(sql, rows)

    def notify(self) -> None:
        """See Session. There is no other process."""


class PostgresSession:
    """Over psycopg."""

    skip = " FOR UPDATE SKIP LOCKED"

    def __init__(self, connection: psycopg.Connection[Row], seal: Cipher, now: float, up: float) -> None:
        """Speak over a connection; `now` is by the database's clock."""
        self._connection = connection
        self.seal = seal
        self.now = now
        self.up = up

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """See Session."""
        return self._connection.execute(_named(sql), _storable(values)).fetchall()

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """See Session."""
        return self._connection.execute(_named(sql), _storable(values)).fetchone()

    def run(self, sql: str, /, **values: Any) -> int:
        """See Session."""
        return self._connection.execute(_named(sql), _storable(values)).rowcount

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> None:
        """See Session."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_named(sql), [_storable(row) for row in rows])

    def notify(self) -> None:
        """See Session."""
        self._connection.execute(b"SELECT pg_notify(%s, '')", (CHANNEL,))


@lru_cache(maxsize=256)
def _named(sql: str) -> bytes:
    """Parameters as psycopg writes them.

    >>> _named("SELECT :a, x % 2")
    b'SELECT %(a)s, x %% 2'
    """
    return re.sub(r":(\w+)", r"%(\1)s", sql.replace("%", "%%")).encode()


def _storable(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Values as PostgreSQL takes them: its text holds no NUL and no lone surrogate."""
    return {k: _text(v) if isinstance(v, str) else v for k, v in values.items()}


def _text(value: str) -> str:
    """A text that PostgreSQL can hold.

    >>> _text("a" + chr(0)) == "a" + chr(0xFFFD), _text(chr(0xD800))
    (True, '?')
    """
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
