"""Look files up in lists of known files (NSRL), given by the user as digests, one a line, or as RDSv3 in SQLite.

All lists of a Matter are gathered once into one file of sorted digests, so that processes need no memory for them.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.base.ordinary_files import open_ordinary
from thresher.service.discovery.matter.originals import Hashes

_DIGEST = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])")
_BATCH = 50_000
_LINE_BYTES = 1 << 16  # of a line at most: any file may be named as a list
_SQLITE = b"SQLite format 3\0"
_ROW_MIN_BYTES = 20  # of a row with a SHA-1 in a database, at least
_SHA1_CHARS = 40
_SECONDS_MIN, _BYTES_A_SECOND = (
    60.0,
    1e6,
)  # of the time in which a database is read at most: far more than a slow disk takes
_STEPS = 10_000  # of SQLite's machine between two looks at the clock


@dataclass(slots=True)
class KnownFiles:
    """Digests of known files, in a SQLite file that `gather` made; without one, nothing is known."""

    path: Path | None = None
    _connection: sqlite3.Connection | None = field(default=None, repr=False)

    def holds(self, hashes: Hashes) -> bool:
        """Whether a file is known by its SHA-256, SHA-1 or MD5. Empty files never are."""
        if self.path is None or not hashes.size:
            return False
        if self._connection is None:
            self._connection = sqlite3.connect(f"file:{self.path}?mode=ro&immutable=1", uri=True)
        digests = [bytes.fromhex(digest) for digest in (hashes.sha256, hashes.sha1, hashes.md5)]
        found = self._connection.execute("SELECT 1 FROM known WHERE digest IN (?, ?, ?) LIMIT 1", digests)
        return found.fetchone() is not None


def gather(lists: tuple[str, ...], folder: Path) -> Path | None:
    """Return a file in `folder` with the digests of all lists, made where it is missing; None without lists.

    Raises InputProblem(file_not_found, field_invalid) for a list that is not there or holds no digest.
    """
    if not lists:
        return None
    path = folder / f"known-{_fingerprint(lists)}.db"
    if path.exists():
        return path
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    connection = sqlite3.connect(part, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("CREATE TABLE known (digest BLOB PRIMARY KEY) WITHOUT ROWID")
    try:
        for name in lists:
            if not _add(connection, Path(name)):
                raise InputProblem("field_invalid", f"--denist {name} holds no digest")
        connection.close()
        part.replace(path)
    finally:
        connection.close()
        part.unlink(missing_ok=True)
    return path


def _fingerprint(lists: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in lists:
        try:
            stat = Path(name).stat()
        except OSError as error:
            raise InputProblem("file_not_found", f"--denist {name}") from error
        digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _add(connection: sqlite3.Connection, path: Path) -> int:
    """Add the digests of one list, and return how many there are."""
    with _opened(path) as file:
        is_sqlite = file.read(len(_SQLITE)) == _SQLITE
    count, batch = 0, []
    connection.execute("BEGIN")
    for digest in _nsrl(path) if is_sqlite else _lines(path):
        count += 1
        batch.append((digest,))
        if len(batch) >= _BATCH:
            connection.executemany("INSERT OR IGNORE INTO known VALUES (?)", batch)
            batch = []
    connection.executemany("INSERT OR IGNORE INTO known VALUES (?)", batch)
    connection.execute("COMMIT")
    return count


def _opened(path: Path) -> BufferedReader:
    """Open a list. Raises InputProblem(file_not_found) for what is no ordinary file: a pipe could be waited for without end."""
    try:
        return open_ordinary(path, links=True)
    except OSError as error:
        raise InputProblem("file_not_found", f"--denist {path} ({error.strerror})") from error


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the digest of each line: alone, in quotes, or the first column of NSRLFile.txt."""
    with _opened(path) as file:
        while line := file.readline(_LINE_BYTES):
            found = _DIGEST.search(line)
            if found:
                yield bytes.fromhex(found[0].decode())


def _nsrl(path: Path) -> Iterator[bytes]:
    """Yield the SHA-1 of each row of an RDSv3 database: of METADATA, or of FILE where that is no view of it.

    A stored row takes bytes, so that a file has only so many, and they are read in a time that grows with it: a database
    that somebody made to give rows without end gives none (pages that are shared by many, views, columns that are computed).
    """
    rows_left, until = path.stat().st_size // _ROW_MIN_BYTES, time.monotonic() + _seconds_for(path)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LINE_BYTES)
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        for (digest,) in connection.execute(f'SELECT sha1 FROM "{_stored_table(connection)}"'):  # noqa: S608 - of two
            rows_left -= 1
            yield _digest(digest, is_within=rows_left >= 0 and time.monotonic() < until)
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise InputProblem("field_invalid", f"--denist {path} is no RDSv3 database ({error})") from error
    finally:
        connection.close()


def _digest(text: str, *, is_within: bool) -> bytes:
    if len(text) != _SHA1_CHARS or not is_within:
        raise ValueError("more, or other, than a list of its size holds")
    return bytes.fromhex(text)


def _seconds_for(path: Path) -> float:
    return _SECONDS_MIN + path.stat().st_size / _BYTES_A_SECOND


def _stored_table(connection: sqlite3.Connection) -> str:
    """Return the name of the table with the digests. Raises ValueError where none is stored with a column `sha1`."""
    for name in ("METADATA", "FILE"):
        is_table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = ? COLLATE NOCASE"
        has_column = "SELECT 1 FROM pragma_table_xinfo(?) WHERE hidden = 0 AND name = 'sha1' COLLATE NOCASE"
        if all(connection.execute(asked, (name,)).fetchone() for asked in (is_table, has_column)):
            return name
    raise ValueError("it has no table METADATA or FILE with a column sha1")
