"""Keep hashes and sizes of a volume's files between the two passes, in a temporary file: a volume may have millions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

from thresher.service.discovery.productions.file_checks import FileFacts


class FileFactsStore:
    """Facts of files by path."""

    def __init__(self, path: Path) -> None:
        """Make the file."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE facts (path TEXT PRIMARY KEY, size, md5, sha1, sha256)")
        self._connection.execute("BEGIN")

    def put(self, facts: FileFacts) -> None:
        """Keep the facts of a file."""
        path, *rest = astuple(facts)
        row = (path.encode("utf-8", "surrogateescape"), *rest)
        self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?)", row)

    def get(self, path: str) -> FileFacts | None:
        """Return the facts of a file; None for one that was not hashed."""
        key = path.encode("utf-8", "surrogateescape")
        row = self._connection.execute("SELECT * FROM facts WHERE path = ?", (key,)).fetchone()
        return _facts(row) if row else None

    def __iter__(self) -> Iterator[FileFacts]:
        """Yield the facts of all files, by path."""
        return map(_facts, self._connection.execute("SELECT * FROM facts ORDER BY path"))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _facts(row: tuple[bytes, int, str, str, str]) -> FileFacts:
    path, size, md5, sha1, sha256 = row
    return FileFacts(path.decode("utf-8", "surrogateescape"), size, md5, sha1, sha256)
