"""Open the folder of a Matter, and find in it the records, the original bytes and the log."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import SetupProblem
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.base.file_lock import lock
from thresher.service.base.ordinary_files import check_ordinary, check_ordinary_database, others_below
from thresher.service.discovery.matter.audit_log import AuditLog
from thresher.service.discovery.matter.originals import Originals
from thresher.service.discovery.matter.seal import EVENT, FILE, changed_since, seal
from thresher.service.discovery.matter.store import MatterStore

FOUND_CHANGED = (
    "found_changed"  # the event that names what had changed, when a command began to write, since it was sealed
)
FOUND_ITEMS = 1000  # of them named at most
_TEMPORARY = ("production-*", "reading-*", "originals/embedded-*", "originals/7z-*.part")
_FOLDERS = ("originals", "texts", "results", "reports", "exports")
SAMPLES = "samples"
_FILES = ("audit.jsonl", "manifest.json", "manifest.json.part", "matter.lock", FILE, f"{FILE}.part")


class Matter:
    """One Matter: `store` (records), `originals` (bytes), `log`. One process may write to it at a time."""

    def __init__(self, folder: Path, *, writes: bool = True, shared: bool = False) -> None:
        """Open the folder, made where it is missing and `writes`, for several machines if `shared`.

        Raises SetupProblem(store_locked, store_failed).
        """
        self.folder = folder
        self.originals = Originals(folder / "originals")
        self._lock: int | None = None
        _check_own(folder, deep=writes)
        if not writes and not (folder / "matter.db").exists():
            raise SetupProblem("store_failed", f"{folder} holds no matter; make one with `thresher import`")
        if writes:
            self._make_folders()
            self._lock = lock(folder / "matter.lock")
            self._sweep()
        self.store = MatterStore(folder / "matter.db", shared=shared)
        self.log = AuditLog.open(folder / "audit.jsonl") if writes else None
        self.write_log()
        if writes:
            self._compare()

    def _sweep(self) -> None:
        """Remove temporary folders that a killed process left."""
        for pattern in _TEMPORARY:
            for left in self.folder.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)

    def _compare(self) -> None:
        """Write into the log what has changed since it was sealed: the next seal would hide it."""
        found = [f"{one.gravity}: {one.what}" for one in changed_since(self.store, self.folder)]
        if found:
            self.record_event(FOUND_CHANGED, count=len(found), items=found[:FOUND_ITEMS])

    def _make_folders(self) -> None:
        """Make the folders that are missing. A new matter is its owner's alone; a folder that is there keeps its rights."""
        with disk_faults_as_problems(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name in _FOLDERS:
                (self.folder / name).mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Return the Matter itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the Matter."""
        self.close()

    def close(self) -> None:
        """Seal what was written, write the log, and close all files."""
        if self.log is not None:
            self._seal()
        self.store.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _seal(self) -> None:
        """Write down the hashes of all that is there now, and the hash of that list into the log."""
        self.write_log()
        sealed = seal(self.store, self.folder)
        if sealed is not None:
            self.record_event(EVENT, sha256=sealed[0], lines=sealed[1])

    def write_log(self) -> None:
        """Append to the log what the store says happened since its last line."""
        if self.log is not None:
            self.log.append(self.store.events(self.log.number))

    def event(self, name: str, **facts: Any) -> dict[str, Any]:
        """Return an event that happens now, to be written with the records that it is about."""
        return {"at": now(), "event": name, **facts}

    def record_event(self, name: str, **facts: Any) -> None:
        """Write an event that is about no record, to the store and to the log."""
        self.store.add_event(self.event(name, **facts))
        self.write_log()

    def original(self, document: MatterDocument) -> Path:
        """Return the file with a document's bytes: where it lies in its SOURCE if it was left there, else our copy."""
        copy = self.originals.path(document.sha256)
        if copy.exists():
            return copy
        raw = bytes.fromhex(document.path_bytes) if document.path_bytes else document.path.encode()
        return self.file_of(document.source, document.path, raw)

    def file_of(self, source: int, path: str, raw: bytes) -> Path:
        """Return where a file of a SOURCE lies, or lay, by its path there and the bytes of that."""
        row = self.store.connection.execute("SELECT path FROM sources WHERE number = ?", (source,)).fetchone()
        base = Path(row[0]) if row else Path()
        if raw != path.encode():
            return Path(os.fsdecode(os.path.join(os.fsencode(base), raw)))  # noqa: PTH118 - bytes
        return base / path if base.is_dir() else base

    def write_manifest(self, facts: dict[str, Any]) -> None:
        """Replace `manifest.json`."""
        part = self.folder / "manifest.json.part"
        with disk_faults_as_problems(self.folder):
            part.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            part.replace(self.folder / "manifest.json")


def _check_own(folder: Path, *, deep: bool) -> None:
    """Raise SetupProblem(store_failed) where a link or a pipe lies in a Matter: who made it could have other files read.

    `deep`: also below the folders that are written into; an original is named after its hash, and read by it.
    """
    with disk_faults_as_problems(folder):
        check_ordinary_database(folder / "matter.db")
        for name in _FILES:
            check_ordinary(folder / name)
    found = [path for path in _own_folders(folder) if path.is_symlink()]
    if deep and not found:
        found = [path for name in (*_FOLDERS[1:], SAMPLES) for path in others_below(folder / name)]
    if found:
        raise SetupProblem("store_failed", f"{found[0]} is a link or a pipe; a matter holds neither")


def _own_folders(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in (*_FOLDERS, SAMPLES))
    yield from (folder / _FOLDERS[0]).glob("*")


def now() -> str:
    """Return the time of day as ISO 8601 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
