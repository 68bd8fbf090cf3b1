"""Store small records in one SQLite file that several processes may open at once, readable by its owner only."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from thresher.service.storage.answers.sqlite_opening import PRIVATE, disk_problem_of, sqlite_problem_of

LOOP_MAX_CHARS = 64 * 1024  # of records that are parsed in the event loop; more are in a thread
LOCK_WAIT_SECONDS = 10.0  # to wait for another process that writes
TABLE = """CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key, tenant)
) WITHOUT ROWID"""
FIND = "SELECT body FROM records WHERE {} ORDER BY tenant, key"


class SqliteRecordStore:
    """Records by kind, tenant and key. Make it with `await SqliteRecordStore.open(path)`.

    A change is durable at return.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, made if it is not there; blocks. Raises SetupProblem(store_failed)."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
            self._connection = sqlite3.connect(path, LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(TABLE)
        except OSError as error:
            raise disk_problem_of(error, path) from error
        except sqlite3.Error as error:
            raise sqlite_problem_of(error, path) from error
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> SqliteRecordStore:
        """Open the record store at `path`. Raises SetupProblem(store_failed)."""
        return await asyncio.to_thread(cls, path)

    async def put(self, kind: str, tenant: str, key: str, body: dict[str, Any] | None) -> None:
        """Store a record for good, in place of an older one; None deletes it."""
        place = (kind, tenant, key)
        if body is None:
            sql = "DELETE FROM records WHERE kind = ? AND tenant = ? AND key = ?"
            await self._do(lambda: self._connection.execute(sql, place))
        else:
            sql, text = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", json.dumps(body)
            await self._do(lambda: self._connection.execute(sql, (*place, text)))

    async def once(self, kind: str, tenant: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Store a record if there is none yet, and return the one that is stored.

        Of concurrent calls one comes first.
        """
        place, text = (kind, tenant, key), json.dumps(body)
        await self._do(
            lambda: self._connection.execute("INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?)", (*place, text))
        )
        return (await self.records(*place))[0]

    async def records(self, kind: str, tenant: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        """Return the records of a kind, sorted by tenant and key; None stands for all tenants or all keys."""
        given = {name: v for name, v in (("kind", kind), ("key", key), ("tenant", tenant)) if v is not None}
        sql = FIND.format(
            " AND ".join(f"{name} = :{name}" for name in given)
        )  # no OR: it would keep SQLite from the index
        try:
            async with self._turn:  # a few rows, read with every request: handing them to a thread would take longer
                rows = self._connection.execute(sql, given).fetchall()
        except sqlite3.Error as error:
            raise sqlite_problem_of(error, self._path) from error
        bodies = [body for (body,) in rows]
        return await asyncio.to_thread(_parsed, bodies) if sum(map(len, bodies)) > LOOP_MAX_CHARS else _parsed(bodies)

    async def aclose(self) -> None:
        """Close the file. Closing twice is no fault."""
        async with self._turn:
            self._connection.close()

    async def _do(self, work: Callable[[], Any]) -> Any:
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        except sqlite3.Error as error:
            raise sqlite_problem_of(error, self._path) from error


def _parsed(bodies: list[str]) -> list[dict[str, Any]]:
    return [json.loads(body) for body in bodies]
