"""Keep the page images of each document between the two passes, in a temporary file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DocumentImages:
    """The page images of one document, in order: keys, and the files that are there."""

    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()  # below the volume's root; one file may hold all pages


class ImagePages:
    """Page images by the ordinal of their document."""

    def __init__(self, path: Path) -> None:
        """Make the file."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute(
            "CREATE TABLE pages (document INTEGER, number INTEGER PRIMARY KEY, key TEXT, path BLOB)"
        )
        self._connection.execute("CREATE INDEX pages_document ON pages (document)")
        self._connection.execute("CREATE TABLE natives (document INTEGER PRIMARY KEY, path BLOB)")
        self._connection.execute("BEGIN")

    def put(self, document: int, key: str, path: str | None) -> None:
        """Keep the next page of a document; no path for a page whose image is not there."""
        raw = path.encode("utf-8", "surrogateescape") if path else None
        self._connection.execute("INSERT INTO pages (document, key, path) VALUES (?, ?, ?)", (document, key, raw))

    def put_native(self, document: int, path: str) -> None:
        """Keep the native that an image load file names."""
        raw = path.encode("utf-8", "surrogateescape")
        self._connection.execute("INSERT OR REPLACE INTO natives VALUES (?, ?)", (document, raw))

    def native(self, document: int) -> str | None:
        """Return the native that an image load file names; None where it names none."""
        row = self._connection.execute("SELECT path FROM natives WHERE document = ?", (document,)).fetchone()
        return row[0].decode("utf-8", "surrogateescape") if row else None

    def get(self, document: int) -> DocumentImages:
        """Return the page images of a document."""
        rows = self._connection.execute("SELECT key, path FROM pages WHERE document = ? ORDER BY number", (document,))
        found = rows.fetchall()
        paths = dict.fromkeys(path.decode("utf-8", "surrogateescape") for _, path in found if path)
        return DocumentImages(tuple(key for key, _ in found), tuple(paths))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
