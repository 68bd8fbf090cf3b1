"""Import collections into a Matter: find the files, do the units in worker processes, check the inputs at the end.

    SOURCEs -> inventory -> units (kept in the Matter) -> worker processes -> rows, in one transaction a unit

A killed import goes on where it was: units are done or not, and give the same rows whenever they are done.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from thresher.service.discovery.collection.context import CollectionContext
from thresher.service.discovery.collection.denist import gather
from thresher.service.discovery.collection.inventory import FoundFile, file_item, walk
from thresher.service.discovery.collection.items import Origin, key_path
from thresher.service.discovery.collection.manifest import write_manifest
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.collection.tasks import item_units
from thresher.service.discovery.collection.unit_pool import UnitPool
from thresher.service.discovery.collection.units import UnitSetting
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.matter.rows import inner_place, source_place
from thresher.service.discovery.matter.work import InputRow, SourceRow, UnitResult, WorkStore, WorkUnit

Progress = Callable[[int], None]  # is told how many documents a unit gave
_LOG_SECONDS = 5.0  # between two writings of the log while units are done; what it will say is in the store before
_COUNTED = {"documents": "documents", "exceptions": "exceptions", "containers": "containers", "left out": "suppressed"}


def import_collections(
    matter: Matter,
    sources: list[Path],
    custodian: str,
    options: CollectionOptions,
    *,
    pool: UnitPool,
    progress: Progress = lambda _: None,
) -> dict[str, int]:
    """Import SOURCEs of one custodian; return how many documents, exceptions and so on the Matter has more than before.

    `pool` does the units; `progress` is told of documents as they come.

    Raises SetupProblem for faults of the machine, InputProblem for a De-NIST list that can not be used.
    """
    before = _counts(matter)
    known = gather(options.denist, matter.folder)
    matter.originals.remove_parts()
    for path in sources:
        _SourceImport(matter, options, pool, str(known) if known else None, progress).run(path, custodian)
    write_manifest(matter, options)
    return {name: count - before[name] for name, count in _counts(matter).items()}


def _counts(matter: Matter) -> dict[str, int]:
    return {name: sum(matter.store.counts(table).values()) for name, table in _COUNTED.items()}


class _SourceImport:
    """The import of one SOURCE."""

    def __init__(
        self, matter: Matter, options: CollectionOptions, pool: UnitPool, known: str | None, progress: Progress
    ) -> None:
        self.matter, self.options, self.pool, self.known, self.progress = matter, options, pool, known, progress
        self.work = WorkStore(matter.store)
        self.received = (now(), _user())
        self.logged = time.monotonic()

    def run(self, path: Path, custodian: str) -> None:
        """Import the SOURCE at a path, go on with it, or add what is new in it."""
        root = path.resolve()
        row = self.work.source(str(root), custodian, root.name or "root")
        if row.state != "open":
            found = list(self._new_items(row, root))
            if not found and row.state == "finished":
                return
            origin = Origin(number=row.number, label=row.label, custodian=custodian)
            event = self.matter.event(
                "source", source=row.number, path=str(root), custodian=custodian, items=len(found)
            )
            self.work.plan(row.number, item_units(origin, iter(found)), event)
            self.matter.write_log()
        self._do_units(row)
        self._recheck(row, root)
        self.work.set_state(row.number, "finished")
        self.matter.record_event("source_finished", source=row.number)

    # --- inventory

    def _new_items(self, row: SourceRow, root: Path) -> Iterator[dict[str, Any]]:
        """Yield the files that were not received yet; one that has changed since is reported."""
        for found in walk(root):
            known = self.work.input(row.number, key_path(found.raw))
            if known is None and not self._is_recorded(row, found):
                yield file_item(found, row.number)
            elif known and (known.size, known.modified_ns) != (found.size, found.modified_ns):
                self._compare(row, known, os.fsdecode(found.full))

    def _is_recorded(self, row: SourceRow, found: FoundFile) -> bool:
        """Whether an entry without bytes was recorded by an earlier import."""
        if not found.problem:
            return False
        place = inner_place(source_place(row.number), key_path(found.raw))
        statement = "SELECT 1 FROM exceptions WHERE place = ? LIMIT 1"
        return self.matter.store.connection.execute(statement, (place,)).fetchone() is not None

    # --- units

    def _do_units(self, row: SourceRow) -> None:
        """Do all units of the SOURCE, also those that units give, with few in hand at once."""
        origin = Origin(number=row.number, label=row.label, custodian=row.custodian)
        setting = UnitSetting(origin, self.options, self.matter.originals, self.known)
        running: dict[Future[UnitResult], WorkUnit] = {}
        while True:
            room = 2 * self.pool.workers - len(running)
            for unit in self.work.waiting(row.number, {u.place for u in running.values()}, room) if room > 0 else []:
                running[self.pool.submit(unit, setting)] = unit
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                unit = running.pop(future)
                self._finish(unit, self.pool.result_of(unit, future, setting))

    def _finish(self, unit: WorkUnit, result: UnitResult) -> None:
        records = result.records
        digest = hashlib.sha256("\n".join(f"{row[0]} {row[8]}" for row in records.documents).encode()).hexdigest()
        facts = {name: len(getattr(records, table)) for name, table in _COUNTED.items()}
        event = self.matter.event(
            "unit", source=unit.source, place=unit.place.split("\x01"), **facts, **result.facts, documents_sha256=digest
        )
        self.work.finish(unit, result, event, self.received)
        if time.monotonic() - self.logged > _LOG_SECONDS:
            self.matter.write_log()
            self.logged = time.monotonic()
        self.progress(len(records.documents))

    # --- custody

    def _recheck(self, row: SourceRow, root: Path) -> None:
        """Hash all files of the SOURCE again, and report those that have changed or are gone."""
        self.matter.write_log()
        paths = {key_path(found.raw): found.full for found in walk(root)}
        inputs = list(self.work.inputs(row.number))
        with ThreadPoolExecutor(self.pool.workers) as threads:
            digests = threads.map(lambda known: _sha256(paths.get(known.path)), inputs)
            for known, digest in zip(inputs, digests, strict=True):
                if digest != known.sha256:
                    self._report_change(row, known, digest)

    def _compare(self, row: SourceRow, known: InputRow, path: str) -> None:
        digest = _sha256(os.fsencode(path))
        if digest != known.sha256:
            self._report_change(row, known, digest)

    def _report_change(self, row: SourceRow, known: InputRow, digest: str | None) -> None:
        origin = Origin(number=row.number, label=row.label, custodian=row.custodian)
        context = CollectionContext(origin, self.options, self.matter.originals)
        code = "hash_mismatch" if digest else "missing_file"
        place = inner_place(source_place(row.number), known.path)
        what = f"{known.path} was {known.sha256}" + (f" and is {digest}" if digest else "")
        context.add_exception(code, what, place=place, path=known.path, stage="inventory")
        event = self.matter.event(code, source=row.number, path=known.path, was=known.sha256, found=digest)
        self.matter.store.write(context.records, event)


def _sha256(path: bytes | None) -> str | None:
    """Return the hash of a file; None where it is not there or can not be read."""
    try:
        with open(path or b"", "rb") as file:  # noqa: PTH123 - a path of bytes
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
