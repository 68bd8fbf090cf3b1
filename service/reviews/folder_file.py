"""Keep the reviews of a folder of Results in one SQLite file inside it, which several processes may open at once."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from thresher.service.base.ordinary_files import check_ordinary_database
from thresher.service.base.plain_databases import check_plain
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.sql import SqlReviews
from thresher.service.storage.answers.session import Session, SqliteSession
from thresher.service.storage.answers.sqlite_opening import PRIVATE, disk_problem_of, migrate, sqlite_problem_of
from thresher.service.storage.encryption.base import NO_CIPHER

Given = TypeVar("Given")
FILE = Path(".thresher") / "reviews.sqlite"  # within the folder of Results
TENANT, COLLECTION = "local", "folder"
LOCK_WAIT_SECONDS = 10.0  # to wait for another process that writes


def connected(path: Path) -> sqlite3.Connection:
    """Return a connection to the file, made if it is not there. Raises OSError where something else lies in its place."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
    connection = sqlite3.connect(path, LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    check_plain(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    migrate(connection, "_reviews")
    return connection


def connected_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing, neither beside the file; what no log stands beside does not change.

    Raises OSError as `connected` does.
    """
    _check(path)
    fixed = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    address = f"{path.absolute().as_uri()}?mode=ro{fixed}"
    connection = sqlite3.connect(address, LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False, uri=True)
    check_plain(connection)
    return connection


def _check(path: Path) -> None:
    """Raise OSError for a link or a pipe in the place of the file, of its folder or of a log of SQLite's."""
    if path.parent.is_symlink():
        raise OSError(errno.ELOOP, "a link leads out of the folder of Results", str(path.parent))
    check_ordinary_database(path)


class SharedFile:
    """Transactions on a file that other processes may write, too. A change is durable at return."""

    def __init__(self, path: Path, connect: Callable[[Path], sqlite3.Connection] = connected) -> None:
        """Open the file by `connect`; blocks. Raises SetupProblem(store_failed, storage_full)."""
        self._path = path
        try:
            self._connection = connect(path)
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
    async with _opened(folder / FILE, connected) as reviews:
        yield reviews


@asynccontextmanager
async def opened_to_read(folder: Path) -> AsyncIterator[SqlReviews]:
    """Open reviews that are there, in a folder that may be read-only. Raises SetupProblem(store_failed)."""
    writable = all(os.access(place, os.W_OK) for place in (folder / FILE, (folder / FILE).parent))
    async with _opened(folder / FILE, connected if writable else connected_to_read) as reviews:
        yield reviews


@asynccontextmanager
async def _opened(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> AsyncIterator[SqlReviews]:
    file = await asyncio.to_thread(SharedFile, path, connect)
    try:
        yield SqlReviews(file)
    finally:
        file.close()


def folder_place(name: str, number: int = 0) -> ResultPlace:
    """Return the place of a Result in a folder, by its file's name within it."""
    return ResultPlace(tenant=TENANT, collection=COLLECTION, key=name, number=number)
