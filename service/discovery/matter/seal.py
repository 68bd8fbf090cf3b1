"""Seal a Matter: write down the hash of every record and every file, and the hash of that list into the log.

`seal.txt` has a line for each record and file: what it is, its name, its SHA-256. A later change of any of them shows,
and shows which; a change of the list itself shows by its hash in the log, whose lines are chained.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.base.ordinary_files import open_ordinary
from thresher.service.discovery.matter.store import MatterStore

FILE = "seal.txt"
EVENT = "sealed"
Gravity = Literal["changed", "missing", "added"]
_TABLES = {
    "settings": "name",
    "sources": "number",
    "inputs": "source || '/' || path",
    "documents": "id",
    "exceptions": "id",
    "containers": "id",
    "suppressed": "id",
    "outcomes": "document_id || ' ' || target",
}  # table and what names a row
_FOLDERS = ("texts", "results", "samples")
_FILLED_IN = ("coding.csv",)  # by people, at any time
_FILES = ("manifest.json",)
_NAME_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\\": "\\\\"})


def seal(store: MatterStore, folder: Path) -> tuple[str, int] | None:
    """Write the list of a Matter if anything happened since it was sealed last; return its hash and number of lines."""
    last = last_event(store)
    if last is None or last == EVENT:
        return None
    digest, count = hashlib.sha256(), 0
    with disk_faults_as_problems(folder):
        part = folder / f"{FILE}.part"
        with part.open("wb") as file:
            for text in sealed_lines(store, folder):
                data = f"{text}\n".encode("utf-8", "backslashreplace")
                digest.update(data)
                file.write(data)
                count += 1
        part.replace(folder / FILE)
    return digest.hexdigest(), count


def changed_since(store: MatterStore, folder: Path) -> Iterator[Difference]:
    """Yield what is not as it was sealed last; nothing where something was written since, for then no list says how it should be."""
    last = store.events(_last_number(store) - 1)
    if not last or last[-1][1]["event"] != EVENT or not (folder / FILE).exists():
        return
    digest = hashlib.sha256()
    for text in sealed_lines(store, folder):
        digest.update(f"{text}\n".encode("utf-8", "backslashreplace"))
    if digest.hexdigest() != last[-1][1]["sha256"]:
        with (folder / FILE).open(encoding="utf-8", errors="backslashreplace") as lines:
            yield from differences((line.rstrip("\n") for line in lines), sealed_lines(store, folder))


def _last_number(store: MatterStore) -> int:
    return int(store.connection.execute("SELECT MAX(number) FROM events").fetchone()[0] or 1)


def last_event(store: MatterStore) -> str | None:
    """Return the name of the last event of a Matter; None where nothing has happened."""
    row = store.connection.execute("SELECT MAX(number) FROM events").fetchone()
    events = store.events(row[0] - 1) if row[0] else []
    return str(events[-1][1]["event"]) if events else None


def sealed_lines(store: MatterStore, folder: Path) -> Iterator[str]:
    """Yield a line for each record and each file of a Matter, in order: kind, SHA-256, name."""
    for table, name in _TABLES.items():
        yield from _row_lines(store, table, name)
    for below in _FOLDERS:
        for path in _files(folder / below):
            yield line("file", path.relative_to(folder).as_posix(), sha256_of(path))
    for one in _FILES:
        if (folder / one).exists():
            yield line("file", one, sha256_of(folder / one))


def _row_lines(store: MatterStore, table: str, name: str) -> Iterator[str]:
    """Yield the lines of a table's rows, each hashed with all its columns."""
    statement = f"SELECT {name}, * FROM {table} ORDER BY 1"  # noqa: S608 - our own names
    for row in store.connection.execute(statement):
        yield line(table, str(row[0]), hashlib.sha256(repr(row[1:]).encode("utf-8", "backslashreplace")).hexdigest())


def line(kind: str, name: str, digest: str) -> str:
    """Return a line of the seal."""
    return f"{kind} {digest} {name.translate(_NAME_BREAKS)}"


def parted(text: str) -> tuple[str, str]:
    """Return what a line is about ("documents 3fa9…"), and the hash in it."""
    kind, digest, name = text.split(" ", 2)
    return f"{kind} {name}", digest


@dataclass(frozen=True, slots=True)
class Difference:
    """A record or a file that is not as a list says."""

    gravity: Gravity
    what: str  # "documents 3fa9…", "file texts/3f/3fa9….txt"


def differences(then: Iterator[str], now: Iterator[str]) -> Iterator[Difference]:
    """Yield what differs. Where a line is missing or added, all that follows is compared by name, in memory."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for old, new in zip_longest(then, now):
        if old == new:
            continue
        for text, own in ((old, before), (new, after)):
            if text is not None:
                what, digest = _parted(text)
                own[what] = digest
    for what, digest in before.items():
        if what not in after:
            yield Difference("missing", what)
        elif after[what] != digest:
            yield Difference("changed", what)
    for what in after.keys() - before.keys():
        yield Difference("added", what)


def _parted(text: str) -> tuple[str, str]:
    try:
        return parted(text)
    except ValueError:
        return f"{FILE}: {text!r}", ""


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, in order; databases of reviews have a log of their own."""
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if ".sqlite" not in name and not name.endswith(".part") and name not in _FILLED_IN:
                yield Path(base) / name


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file; "" where it can not be read."""
    try:
        with open_ordinary(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
