"""Keep the reviews of a folder of Results in one SQLite file inside it, which several processes may open at once."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from thresher.schemas.review import ReviewEvent
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.sql import SqlReviews
from thresher.service.storage.answers.session import Session, SqliteSession
from thresher.service.storage.answers.sqlite_opening import PRIVATE, disk_problem_of, migrate, sqlite_problem_of
from thresher.service.storage.encryption.base import NO_CIPHER

Given = TypeVar("Given")
FILE = Path(".thresher") / "reviews.sqlite"  # within the folder of Results
TENANT, COLLECTION = "local", "folder"
LOCK_WAIT_SECONDS = 10.0  # to wait for another process that writes


class SharedFile:
    """Transactions on a file that other processes may write, too. A change is durable at return."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if it is not there; blocks. Raises SetupProblem(store_failed, storage_full)."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
            self._connection = sqlite3.connect(path, LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            migrate(self._connection, "_reviews")
        except OSError as error:
            raise disk_problem_of(error, path) from error
        except sqlite3.Error as error:
            raise sqlite_problem_of(error, path) from error
        self._turn = asyncio.Lock()

    async def do(self, work: Callable[[Session], Given], *, writes: bool = True, durable: bool = True) -> Given:
        """Return the result of some work, done in one transaction. Raises what the work raises, and SetupProblem."""
        del durable
        async with self._turn:
            return await asyncio.to_thread(self._transact, work, writes)

    def _transact(self, work: Callable[[Session], Given], writes: bool) -> Given:  # noqa: FBT001 - as in `do`
        try:
            self._connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                given = work(SqliteSession(self._connection, NO_CIPHER))
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise sqlite_problem_of(error, self._path) from error
        return given

    def close(self) -> None:
        """Close the file. Closing twice is no fault."""
        self._connection.close()


@asynccontextmanager
async def opened_folder_reviews(folder: Path) -> AsyncIterator[SqlReviews]:
    """Open the reviews of a folder of Results. Raises SetupProblem(store_failed, storage_full)."""
    file = await asyncio.to_thread(SharedFile, folder / FILE)
    try:
        yield SqlReviews(file)
    finally:
        file.close()


def folder_place(name: str, number: int = 0) -> ResultPlace:
    """Return the place of a Result in a folder, by its file's name within it."""
    return ResultPlace(tenant=TENANT, collection=COLLECTION, key=name, number=number)


def events_in_folder(folder: Path, name: str) -> list[ReviewEvent]:
    """Return what people said of one Result of a folder; blocks, and makes no file. For tables and reports."""
    if not (folder / FILE).exists():
        return []

    async def read() -> list[ReviewEvent]:
        async with opened_folder_reviews(folder) as reviews:
            return await reviews.events(folder_place(name))

    return asyncio.run(read())
