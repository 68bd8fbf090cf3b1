"""Run one import, export or other action on a matter in a process of its own: an order on standard input, what happens as lines of JSON on standard output.

    {"stage": "import"}      ...      {"summary": {...}}  or  {"problem": {"code": ..., "detail": ...}}

The process may be killed at any moment: the Matter then knows what is done, and the next process goes on there. It ends
itself when its standard input is closed, which the death of its parent does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from thresher.schemas.discovery.matter_import import ImportStatus, ImportSummary
from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.work import ActionOrder, ExportOrder, ImportOrder
from thresher.service.backend.matters.action_work import ActionJob, run_action
from thresher.service.backend.matters.export_work import run_export
from thresher.service.backend.matters.folders import FACTS_FILE
from thresher.service.backend.matters.received_files import received, unpacked
from thresher.service.backend.matters.source_counts import source_counts
from thresher.service.discovery.collection.import_run import import_collections
from thresher.service.discovery.collection.manifest import write_manifest
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.collection.unit_pool import UnitPool
from thresher.service.discovery.duplicates.deduplication import chosen_grouping
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.validation_report import ValidationReport
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.reports.writing import write_reports
from thresher.service.discovery.settling import settle
from thresher.service.readers.pool_size import pool_size
from thresher.service.readers.worker_process import limit_process

PROCESSES = 2  # that read for one import
Say = Callable[[str], None]


class Upload(BaseModel):
    """An upload as a file of this machine."""

    blob: Path
    name: str
    sha256: str


class ImportTask(BaseModel):
    """All that the process needs to know."""

    folder: Path  # of the matter
    job: str
    order: ImportOrder | ExportOrder | ActionOrder
    passwords: tuple[str, ...] = ()
    uploads: tuple[Upload, ...] = ()
    roots: tuple[Path, ...] = ()  # below which the tenant may read


def main() -> None:
    """Read the order, and run it."""
    task = ImportTask.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    size = pool_size()
    limit_process(size.processors * size.processor)  # three eighths of the memory; two imports run at once at most
    try:
        summary = _run(task, lambda stage: _say({"stage": stage}))
    except Problem as problem:
        _say({"problem": {"code": problem.code, "detail": problem.detail}})
    except MemoryError:
        _say({"problem": {"code": "too_large", "detail": "the import needs more memory than the limit"}})
    else:
        _say({"summary": summary.model_dump(mode="json")})


def _run(task: ImportTask, say: Say) -> BaseModel:
    if isinstance(task.order, ExportOrder):
        return run_export(task.folder, task.job, task.order, say)
    if isinstance(task.order, ActionOrder):
        return run_action(
            task.folder, task.order, ActionJob(id=task.job, passwords=task.passwords, roots=task.roots), say
        )
    return run_import(task, task.order, say)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """End this process and all that it started, once nobody waits for it."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def run_import(task: ImportTask, order: ImportOrder, say: Say) -> ImportSummary:
    """Do an import, or go on with one. Raises InputProblem for what was asked, SetupProblem for the machine."""
    with Matter(task.folder) as matter:
        if not (task.folder / FACTS_FILE).exists():
            raise InputProblem("not_found", "the matter was deleted")
        matter.record_event("import_begun", job=task.job)  # before anything is written, as it may be killed
        options = CollectionOptions(
            timezone=matter.store.get("timezone") or "UTC",
            passwords=task.passwords,
            copies=order.copies,
            denist=order.denist,
            denist_mode=order.denist_mode,
            embedded=order.embedded,
        )
        chosen_grouping(matter, order.dedup)
        say("receive")
        sources = [received(task.folder, u.blob, u.name, u.sha256) for u in task.uploads]
        sources += map(Path, order.paths)
        if order.kind == "production":
            return _production(matter, task, order, sources, options, say)
        before = _before(matter, task.job, order, sources)
        say("import")
        with UnitPool(PROCESSES) as pool:
            import_collections(matter, sources, order.custodian, options, pool=pool)
        say("settle")
        return _summary(matter, order, sources, before, None)


def _production(
    matter: Matter, task: ImportTask, order: ImportOrder, sources: list[Path], options: CollectionOptions, say: Say
) -> ImportSummary:
    if len(sources) != 1:
        raise InputProblem(
            "request_invalid", "one production at a time: a volume, its load file, or a ZIP of the volume"
        )
    source = unpacked(sources[0], task.passwords) if task.uploads else sources[0]
    production = find_production(source, order.loadfile, below=task.roots)
    before = _before(matter, task.job, order, [production.root.resolve()])
    say("import")
    loaded = import_production(matter, production, _load_options(order), order.custodian, apart=True)
    write_manifest(matter, options)
    report = loaded.validation.report
    say("settle")
    return _summary(matter, order, [production.root.resolve()], before, report)


def _load_options(order: ImportOrder) -> LoadOptions:
    try:
        return LoadOptions.model_validate(order.load_options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputProblem("policy_invalid", f"load_options: {where}: {first['msg']}") from error


def _before(matter: Matter, job: str, order: ImportOrder, sources: list[Path]) -> int:
    """Return how many documents the sources had before the job's first try, which a later try must not forget."""
    name = f"import {job}"
    kept = matter.store.get(name)
    if kept is None:
        kept = str(sum(source.documents for source in source_counts(matter, order.custodian, sources)))
        matter.store.set(name, kept)
    return int(kept)


def _summary(
    matter: Matter, order: ImportOrder, sources: list[Path], before: int, report: ValidationReport | None
) -> ImportSummary:
    reconciliation = settle(matter, order.dedup)
    write_reports(matter, reconciliation, matter.folder / "reports")
    found = tuple(source_counts(matter, order.custodian, sources))
    status: ImportStatus = "exceptions" if any(source.exceptions for source in found) else "complete"
    if reconciliation.state != "reconciled":
        status = "failed_reconciliation"
    if report is not None and report.status == "refused":
        status = "refused"
    return ImportSummary(
        status=status,
        sources=found,
        new_documents=max(0, sum(source.documents for source in found) - before),
        report=report.model_dump(mode="json") if report else None,
    )


if __name__ == "__main__":
    main()
