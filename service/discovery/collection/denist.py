"""Look files up in lists of known files (NSRL), given by the user as digests, one a line, or as RDSv3 in SQLite.

All lists of a Matter are gathered once into one file of sorted digests, so that processes need no memory for them.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.matter.originals import Hashes

_DIGEST = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])")
_BATCH = 50_000
_LINE_BYTES = 1 << 16  # of a line at most: any file may be named as a list
_SQLITE = b"SQLite format 3\0"


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
    for name in lists:
        if not _add(connection, Path(name)):
            raise InputProblem("field_invalid", f"--denist {name} holds no digest")
    connection.close()
    part.replace(path)
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
    with path.open("rb") as file:
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


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the digest of each line: alone, in quotes, or the first column of NSRLFile.txt."""
    with path.open("rb") as file:
        while line := file.readline(_LINE_BYTES):
            found = _DIGEST.search(line)
            if found:
                yield bytes.fromhex(found[0].decode())


def _nsrl(path: Path) -> Iterator[bytes]:
    """Yield the SHA-1 of each row of an RDSv3 database."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        for (digest,) in connection.execute("SELECT sha1 FROM FILE"):
            yield bytes.fromhex(digest)
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise InputProblem("field_invalid", f"--denist {path} is no RDSv3 database ({error})") from error
    finally:
        connection.close()
