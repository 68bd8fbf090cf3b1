"""Write the reports of a Matter: `report.html`, and each table as CSV and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.discovery.matter.audit_log import head_of
from thresher.service.discovery.matter.folder import Matter, now
from thresher.service.discovery.overlay.carrying import escaped
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reports.html_report import MatterReport, html_report
from thresher.service.discovery.reports.tables import Cell, MatterTable, matter_tables
from thresher.service.discovery.reports.volumes import volumes_of
from thresher.service.exports.csv_tables import InertCsv
from thresher.service.exports.files import PartFiles


def write_reports(matter: Matter, reconciliation: Reconciliation, out: Path) -> list[Path]:
    """Write all reports into a folder, made where it is missing; return the files. On any fault nothing is left behind."""
    volumes = volumes_of(matter.store.documents())
    tables = matter_tables(matter, reconciliation, volumes)
    report = MatterReport(
        title=f"Matter {matter.folder.resolve().name}",
        made=now(),
        zone=matter.store.get("timezone") or "UTC",
        reconciliation=reconciliation,
        volumes=volumes,
        tables=tables,
        exceptions=_codes(matter),
        log_head=head_of(matter.folder / "audit.jsonl"),
    )
    with disk_faults_as_problems(out):
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _written(report, tables, out)


def _written(report: MatterReport, tables: list[MatterTable], out: Path) -> list[Path]:
    files = PartFiles()
    try:
        with files.part(out / "report.html").open("w", encoding="utf-8") as page:
            for piece in html_report(report):
                page.write(piece)
        for table in tables:
            write_csv(table, files.part(out / f"{table.name}.csv"))
            if table.name != "reconciliation":  # has more to say as JSON
                _write_json(table, files.part(out / f"{table.name}.json"))
        _write_whole(report.reconciliation, files.part(out / "reconciliation.json"))
    except BaseException:
        files.discard()
        raise
    return files.finish()


def write_csv(table: MatterTable, path: Path) -> None:
    """Write a table as CSV, marked as UTF-8; what a spreadsheet would run as a formula has a quote before it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = InertCsv(file)
        writer.writerow(table.columns)
        for row in table.rows():
            writer.writerow([_text(cell) for cell in row])


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return escaped(cell) if isinstance(cell, str) else "" if cell is None else str(cell)


def _write_json(table: MatterTable, path: Path) -> None:
    """Write a table as a JSON array, an object a row."""
    with path.open("w", encoding="utf-8") as file:
        separator = "[\n"
        for row in table.rows():
            record = {name: escaped(c) if isinstance(c, str) else c for name, c in zip(table.columns, row, strict=True)}
            file.write(separator + json.dumps(record, ensure_ascii=False))
            separator = ",\n"
        file.write("\n]\n" if separator != "[\n" else "[]\n")


def _write_whole(reconciliation: Reconciliation, path: Path) -> None:
    path.write_text(json.dumps(reconciliation.record(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _codes(matter: Matter) -> list[tuple[str, str, int, int]]:
    """Return each code with its level, how often it was found, and how many of these are open; errors first."""
    found: Counter[tuple[str, str]] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    for fault in matter.store.exceptions():
        found[fault.code, fault.level] += 1
        left[fault.code, fault.level] += fault.resolution == "open"
    ordered: Iterable[tuple[str, str]] = sorted(found, key=lambda one: (one[1], -found[one], one[0]))
    return [(code, level, found[code, level], left[code, level]) for code, level in ordered]
