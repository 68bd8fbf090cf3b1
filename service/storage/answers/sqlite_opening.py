"""Open a store's file: owned by one process, readable by its owner only, with the newest schema."""

from __future__ import annotations

import errno
import os
import sqlite3
from importlib import resources
from pathlib import Path

from thresher.schemas.errors import SetupProblem
from thresher.service.storage.plain_databases import check_plain

PRIVATE = 0o600


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection with the newest schema, on which a commit is on the disk. For use from one thread.

    Raises SetupProblem(store_failed).
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(
            "PRAGMA locking_mode = EXCLUSIVE"
        )  # no other process may open it: no locks to take, no shared memory (for which a full disk has no room)
        check_plain(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # deleted content is overwritten in the file
        migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        raise sqlite_problem_of(error, path) from error
    except SetupProblem:
        connection.close()
        raise
    return connection


def sqlite_problem_of(error: sqlite3.Error, path: Path) -> SetupProblem:
    """Return SQLite's error as a Problem: storage_full, or store_failed."""
    full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return SetupProblem("storage_full" if full else "store_failed", f"{path} ({error})")


def disk_problem_of(error: OSError, path: Path) -> SetupProblem:
    """Return an error of the disk as a Problem: storage_full, or store_failed."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return SetupProblem("storage_full" if full else "store_failed", f"{path} ({error.strerror})")


def migrate(connection: sqlite3.Connection, topic: str = "") -> None:
    """Run the steps that this file has not seen, each as a whole or not at all; of one `topic`, where it is named."""
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) WITHOUT ROWID")
    done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    known = {name: step for name, step in steps().items() if name.endswith(topic)}
    if unknown := done - known.keys():
        raise SetupProblem("store_failed", f"made by a newer version ({max(unknown)})")
    for name in sorted(known.keys() - done):
        _step(connection, name, known[name])


def _step(connection: sqlite3.Connection, name: str, script: str) -> None:
    noted = f"INSERT INTO migrations VALUES ('{name}');"  # noqa: S608 - the name of a file of this package
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\n{noted}\nCOMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def steps() -> dict[str, str]:
    """Return the name and script of every step."""
    folder = resources.files("thresher.service.storage.answers.migrations")
    return {f.name.removesuffix(".sql"): f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".sql")}
