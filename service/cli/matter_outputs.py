"""Run `thresher matter report` and `thresher matter export`."""

from __future__ import annotations

from pathlib import Path

import typer

from thresher.service.base.file_names import printable_name
from thresher.service.cli.exits import COMPLETE, SOME_FAILED
from thresher.service.cli.matter_relations import opened_matter
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.seal import sha256_of
from thresher.service.discovery.overlay.writing import OverlayRequest, export_matter
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reconciliation.reconciling import reconcile_and_keep
from thresher.service.discovery.reports.writing import write_reports


def report_main(folder: Path, out: Path | None) -> int:
    """Reconcile a matter and write its reports; 4 where counts do not come out."""
    place = out or folder / "reports"
    with opened_matter(folder) as matter:
        found = reconcile_and_keep(matter)
        files = write_reports(matter, found, place)
        facts = [{"name": path.name, "sha256": sha256_of(path)} for path in files]
        matter.record_event("report", folder=str(place.resolve()), files=facts)
    typer.echo(f"{len(files)} files in {place}; begin with report.html")
    return told(found)


def export_main(folder: Path, request: OverlayRequest) -> int:
    """Export a matter; 4 where counts do not come out."""
    with opened_matter(folder) as matter:
        exported = export_matter(matter, request)
    typer.echo(f"{exported.rows:,} rows in {exported.files[0]}, {len(exported.files) - 1} files beside it")
    if exported.altered:
        typer.echo(f"{exported.altered:,} cells could not be written as they are; altered.csv has the originals")
    return told(exported.reconciliation)


def reconciled_after(matter: Matter) -> int:
    """Reconcile after an import, and say how that came out; 4 where counts do not come out."""
    return told(reconcile_and_keep(matter))


def told(found: Reconciliation) -> int:
    """Print whether the equations hold, those that do not one by one; return the exit code."""
    if found.state == "reconciled":
        typer.echo(f"reconciled: all {len(found.equations)} equations hold")
        return COMPLETE
    typer.echo("failed_reconciliation: these counts do not come out", err=True)
    for one in found.failing:
        where = "in total" if one.scope.kind == "total" else f"{one.scope.kind} {printable_name(one.scope.name)}"
        typer.echo(f"  {where}: {one.told}", err=True)
    for container in found.unbalanced:
        typer.echo(f"  {printable_name(container)}", err=True)
    return SOME_FAILED
