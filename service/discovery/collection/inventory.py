"""Find the files of a SOURCE, in the order of their names, and make units of those that are new."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.service.discovery.collection.items import key_path, shown_path
from thresher.service.discovery.matter.rows import inner_place, source_place

_UNIT_FILES, _UNIT_BYTES = 64, 64 << 20  # files of a unit at most, and bytes unless one file alone has more


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file or another entry of a SOURCE. `problem`: the code of why its bytes can not be had."""

    raw: bytes  # path within the SOURCE
    full: bytes  # path on this machine
    size: int = 0
    modified_ns: int = 0
    problem: str = ""


def walk(root: Path) -> Iterator[FoundFile]:
    """Yield the entries of a SOURCE that are no folders; links are not followed. A file is a SOURCE of one entry."""
    base = os.fsencode(root)
    if not root.is_dir():
        yield _found(os.path.basename(base), base)  # noqa: PTH119 - bytes
        return
    open_folders: list[tuple[bytes, bytes]] = [(b"", base)]
    while open_folders:
        raw, full = open_folders.pop()
        try:
            entries = sorted(os.scandir(full), key=lambda entry: entry.name)
        except OSError:
            yield FoundFile(raw, full, problem="permission_denied")
            continue
        inner = []
        for entry in entries:
            name = raw + b"/" + entry.name if raw else entry.name
            if entry.is_dir(follow_symlinks=False):
                inner.append((name, entry.path))
            else:
                yield _found(name, entry.path)
        open_folders.extend(reversed(inner))


def _found(raw: bytes, full: bytes) -> FoundFile:
    try:
        status = os.lstat(full)
    except OSError:
        return FoundFile(raw, full, problem="missing_file")
    if stat.S_ISLNK(status.st_mode):
        return FoundFile(raw, full, problem="linked_not_collected")
    if not stat.S_ISREG(status.st_mode):
        return FoundFile(raw, full, problem="unsupported_type")
    return FoundFile(raw, full, status.st_size, status.st_mtime_ns)


def file_item(found: FoundFile, source: int) -> dict[str, Any]:
    """Return a file as the item of a task."""
    shown = shown_path(found.raw)
    return {
        "name": shown.rpartition("/")[2],
        "path": shown,
        "raw": found.raw.hex(),
        "place": inner_place(source_place(source), key_path(found.raw)),
        "file": found.full.hex(),
        "size": found.size,
        "modified_ns": found.modified_ns,
        "problem": found.problem,
    }


def batches(items: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield items in batches that are one unit each."""
    batch: list[dict[str, Any]] = []
    size = 0
    for item in items:
        if batch and (len(batch) >= _UNIT_FILES or size + item["size"] > _UNIT_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item["size"]
    if batch:
        yield batch
