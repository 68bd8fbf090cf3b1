"""What a killed process had made durable: read from a copy of its files, so that they stay as they were left."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def answers_in(store: Path) -> Counter[str]:
    """Ids of the answers that a SQLite store holds, what stands only in its log included; none where there is no store."""
    if not store.exists():
        return Counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / store.name
        for suffix in ("", "-wal"):
            part = store.with_name(store.name + suffix)
            if part.exists():
                shutil.copyfile(part, copy.with_name(copy.name + suffix))
        connection = sqlite3.connect(copy)
        try:
            there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchone()
            rows = connection.execute("SELECT body FROM answers").fetchall() if there else []
        finally:
            connection.close()
    return ids(body for (body,) in rows)


def ids(bodies: Iterable[bytes]) -> Counter[str]:
    """Ids that the reader gave its answers: hashes of the requests."""
    return Counter(json.loads(zlib.decompress(body))["response"]["id"] for body in bodies)
