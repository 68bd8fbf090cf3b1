"""Export a matter into a folder of its own among `exports/`, named after the job."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from thresher.schemas.discovery.matter_jobs import ExportedFile, ExportSummary
from thresher.schemas.errors import InputProblem
from thresher.schemas.work import ExportOrder
from thresher.service.backend.matters.folders import FACTS_FILE
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.seal import sha256_of
from thresher.service.discovery.overlay.writing import OverlayRequest, export_matter


def export_folder(matter: Path, job: str) -> Path:
    """Return where the files of an export lie."""
    return matter / "exports" / job


def run_export(folder: Path, job: str, order: ExportOrder, say: Callable[[str], None]) -> ExportSummary:
    """Export, from the beginning: what a killed try left is removed. Raises InputProblem for what was asked."""
    out = export_folder(folder, job)
    with Matter(folder) as matter:
        if not (folder / FACTS_FILE).exists():
            raise InputProblem("not_found", "the matter was deleted")
        say("export")
        shutil.rmtree(out, ignore_errors=True)
        exported = export_matter(
            matter,
            OverlayRequest(
                out=out,
                form=order.form,
                encoding=order.encoding,
                prefix=order.prefix,
                unencodable="escape" if order.escape else "refuse",
            ),
        )
    files = (ExportedFile(name=f.name, size=f.stat().st_size, sha256=sha256_of(f)) for f in exported.files)
    return ExportSummary(
        status="complete" if exported.reconciliation.state == "reconciled" else "failed_reconciliation",
        rows=exported.rows,
        altered=exported.altered,
        files=tuple(files),
    )
