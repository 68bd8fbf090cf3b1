"""Export a Matter: the overlay, the tables beside it, its manifest, and the proof that no document is missing.

documents + Results as people corrected them -> rows -> file -> read again and counted -> reconciliation
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem
from thresher.schemas.numbers import write_json
from thresher.schemas.result import VERSION
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.discovery.matter.audit_log import head_of
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.overlay.carrying import Altered, Carrier, Unencodable, escaped
from thresher.service.discovery.overlay.columns import overlay_columns
from thresher.service.discovery.overlay.overlay_file import Form, OverlayFile, delimiters_of
from thresher.service.discovery.overlay.rows import DocumentKeys, OverlayRows, document_keys
from thresher.service.discovery.privilege.privilege_log import privilege_log, write_privilege_log
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reconciliation.reconciling import reconcile_and_keep
from thresher.service.discovery.reports.tables import MatterTable, matter_tables
from thresher.service.discovery.reports.volumes import volumes_of
from thresher.service.discovery.reports.writing import write_csv
from thresher.service.discovery.results_of_matter import MatterResults, results_of
from thresher.service.exports.csv_tables import InertCsv
from thresher.service.exports.files import PartFiles

ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16-le", "utf-16-le": "utf-16-le",
             "utf-16-be": "utf-16-be", "cp1252": "cp1252", "windows-1252": "cp1252", "ansi": "cp1252"}  # fmt: skip
BESIDE = ("families", "exceptions", "duplicates", "threads")  # tables that are written beside the overlay


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayRequest:
    """What is asked for."""

    out: Path
    form: Form = "dat"
    encoding: str = "utf-8"
    prefix: str = "X_"
    unencodable: Unencodable = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What came out."""

    files: tuple[Path, ...]
    rows: int  # as read again from the file
    altered: int  # cells that stand otherwise than in the Result; `altered.csv` has them
    reconciliation: Reconciliation


@dataclass(slots=True)
class _Listing:
    """A CSV that is written while rows pass, and a count of its rows."""

    writer: Any
    count: int = 0

    def add(self, cells: tuple[str, ...]) -> None:
        """Add a row."""
        self.writer.writerow([escaped(cell) for cell in cells])
        self.count += 1


def export_matter(matter: Matter, request: OverlayRequest) -> Exported:
    """Export a Matter into a folder. Raises InputProblem for an encoding, a prefix or text that can not be written."""
    encoding = ENCODINGS.get(request.encoding.casefold())
    if encoding is None:
        raise InputProblem("field_invalid", f"--encoding {request.encoding}: {', '.join(sorted(set(ENCODINGS)))}")
    with disk_faults_as_problems(request.out):
        request.out.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _Exporting(matter, request, encoding).run()


@dataclass(slots=True)
class _Exporting:
    """One export."""

    matter: Matter
    request: OverlayRequest
    encoding: str
    results: MatterResults = field(init=False)
    keys: DocumentKeys = field(init=False)

    def __post_init__(self) -> None:
        self.results = results_of(self.matter)
        self.keys = document_keys(self.matter)

    def run(self) -> Exported:
        """Write the overlay, then what stands beside it."""
        head = head_of(self.matter.folder / "audit.jsonl")
        files = PartFiles()
        try:
            overlay, altered = self._overlay(head[:16], files.part(self._beside("altered.csv")))
            self._unsupported(files.part(self._beside("unsupported.csv")))
            rows = overlay.count()
            found = reconcile_and_keep(self.matter, results=self.results, overlay_rows=rows)
            for table in self._tables(found):
                write_csv(table, files.part(self._beside(f"{table.name}.csv")))
            write_privilege_log(privilege_log(self.matter), files.part(self._beside("privilege_log.csv")))
            _write_json(found.record(), files.part(self._beside("reconciliation.json")))
        except BaseException:
            files.discard()
            raise
        written = [overlay.path, *files.finish()]
        manifest = self._manifest(written, rows, altered, head)
        return Exported(files=(*written, manifest), rows=rows, altered=altered, reconciliation=found)

    def _beside(self, name: str) -> Path:
        return self.request.out / name

    def _overlay(self, run: str, altered: Path) -> tuple[OverlayFile, int]:
        """Write the overlay and the list of cells that it can not carry as they are; return both."""
        columns = overlay_columns(self.results.found.targets(), key=self.keys.name, prefix=self.request.prefix)
        rows = OverlayRows(matter=self.matter, results=self.results, columns=columns, keys=self.keys, run=run)
        with altered.open("w", encoding="utf-8-sig", newline="") as stream:
            listing = _Listing(InertCsv(stream))
            listing.writer.writerow(Altered.__slots__)
            overlay = OverlayFile(
                out=self.request.out,
                form=self.request.form,
                columns=columns,
                carrier=self._carrier(listing.add),
            )
            overlay.write(rows)
        return overlay, listing.count

    def _carrier(self, add: Callable[[tuple[str, ...]], None]) -> Carrier:
        typed = self.request.form in {"jsonl", "parquet"}
        return Carrier(
            encoding="utf-8" if typed else self.encoding,
            delimiters=delimiters_of(self.request.form),
            unencodable=self.request.unencodable,
            altered=lambda one: add(astuple(one)),
        )

    def _unsupported(self, path: Path) -> None:
        """List every value that was given and that its document does not hold: it is in no column."""
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = InertCsv(stream)
            writer.writerow(("document", "target", "field", "value", "reason"))
            for row in self._unsupported_rows():
                writer.writerow([escaped(cell) for cell in row])

    def _unsupported_rows(self) -> Iterator[tuple[str, ...]]:
        for document in self.matter.store.documents():
            for one in self.results.reviewed(document) if self.results.has_own(document) else ():
                for gone in one.result.unsupported:
                    facts = (gone.path, write_json(gone.value), gone.reason)
                    yield (self.keys.of(document), one.result.target.name, *facts)

    def _tables(self, found: Reconciliation) -> Iterator[MatterTable]:
        volumes = volumes_of(self.matter.store.documents())
        for table in matter_tables(self.matter, found, volumes):
            if table.name in BESIDE:
                yield table

    def _manifest(self, written: list[Path], rows: int, altered: int, head: str) -> Path:
        """Write what was exported, from which state of the Matter, with the hash of every file; also into the log."""
        files = [{"name": path.name, "size": path.stat().st_size, "sha256": _sha256(path)} for path in written]
        facts: dict[str, Any] = {
            "version": VERSION,
            "made": now(),
            "matter": self.matter.folder.resolve().name,
            "log_head": head,
            "processing_timezone": self.matter.store.get("timezone") or "UTC",
            "form": self.request.form,
            "encoding": self.encoding,
            "prefix": self.request.prefix,
            "key": self.keys.name,
            "rows": rows,
            "altered": altered,
            "files": files,
        }
        path = self._beside("manifest.json")
        _write_json(facts, path)
        own = {"name": path.name, "size": path.stat().st_size, "sha256": _sha256(path)}
        self.matter.record_event("export", folder=str(self.request.out.resolve()), rows=rows, files=[*files, own])
        return path


def _write_json(facts: Any, path: Path) -> None:
    path.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
