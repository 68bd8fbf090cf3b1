"""Do with a matter what is neither import nor extraction nor export: reports, retries, resolutions, releases, verification, samples.

Each is done as its command does it. Whatever writes is sealed when the matter is closed; a killed one is done again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thresher.schemas.discovery.matter_actions import (
    ActionSummary,
    ReleaseAction,
    ReportAction,
    ResolveAction,
    RetryAction,
    SampleAction,
    ValidateAction,
    VerifyAction,
)
from thresher.schemas.discovery.matter_jobs import ExportedFile
from thresher.schemas.errors import InputProblem
from thresher.schemas.work import ActionOrder
from thresher.service.backend.matters.folders import FACTS_FILE
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.base.file_lock import lock
from thresher.service.base.file_names import printable_name
from thresher.service.discovery.collection.denist import gather
from thresher.service.discovery.collection.unit_pool import UnitPool
from thresher.service.discovery.custody.resolution import Chosen, resolve
from thresher.service.discovery.custody.retrying import retry, retry_options
from thresher.service.discovery.custody.verification import verify
from thresher.service.discovery.matter.audit_log import head_of
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.seal import sha256_of
from thresher.service.discovery.matter.work import WorkStore
from thresher.service.discovery.privilege.release import release
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reconciliation.reconciling import reconcile_and_keep
from thresher.service.discovery.reports.writing import write_reports
from thresher.service.discovery.results_of_matter import results_of
from thresher.service.discovery.sampling.drawing import FOLDER, FRAME, SHEET, draw, kept_sample, wanted_size
from thresher.service.discovery.sampling.frames import Judging, frame_of
from thresher.service.discovery.sampling.validating import VALIDATION, validate
from thresher.service.discovery.settling import settle

FOUND_MAX = 100  # deviations and paths that are told; more are counted
PROCESSES = 2  # that read again
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionJob:
    """The job that an action is done for, and what its tenant gave and may read."""

    id: str
    passwords: tuple[str, ...] = ()
    roots: tuple[Path, ...] = ()


def run_action(folder: Path, order: ActionOrder, job: ActionJob, say: Say) -> ActionSummary:
    """Do it, and return what came of it. Raises InputProblem for what was asked, SetupProblem for the machine."""
    asked = order.action
    say(asked.action)
    if isinstance(asked, VerifyAction):
        return _verified(folder, asked)
    with Matter(folder) as matter:
        if not (folder / FACTS_FILE).exists():
            raise InputProblem("not_found", "the matter was deleted")
        return _ACTIONS[type(asked)](matter, asked, job)


def _verified(folder: Path, asked: VerifyAction) -> ActionSummary:
    """Compare, while nobody writes; nothing is written, so that what is found stays to be found."""
    held = lock(folder / "matter.lock")
    try:
        with Matter(folder, writes=False) as matter:
            found = list(verify(matter, asked.head.lower()))
    finally:
        os.close(held)
    changed = [f"{one.gravity}: {printable_name(one.what)}" for one in found if one.gravity != "note"]
    notes = [f"note: {printable_name(one.what)}" for one in found if one.gravity == "note"]
    return ActionSummary(
        action=asked.action,
        status="changed" if changed else "complete",
        counts={"changed": len(changed), "notes": len(notes)},
        found=tuple((changed + notes)[:FOUND_MAX]),
        head=head_of(folder / "audit.jsonl"),
    )


def _reported(
    matter: Matter, action: str, balance: Reconciliation, counts: dict[str, int], found: tuple[str, ...] = ()
) -> ActionSummary:
    """Write the reports anew, and return what was done."""
    write_reports(matter, balance, matter.folder / "reports")
    return ActionSummary(
        action=action,
        status="complete" if balance.state == "reconciled" else "failed_reconciliation",
        counts=counts,
        found=found,
    )


# --- exceptions


def _retried(matter: Matter, asked: RetryAction, job: ActionJob) -> ActionSummary:
    options = retry_options(matter, job.passwords)
    sources = [Path(source.path) for source in WorkStore(matter.store).sources()]
    _may_read((*sources, *options.denist), (matter.folder.resolve(), *job.roots))
    with UnitPool(PROCESSES) as pool:
        known = gather(options.denist, matter.folder)
        code = asked.code.lower() if asked.code else None
        found = retry(matter, options, pool, known=str(known) if known else None, code=code)
    counts = {"tried": found.tried, "gone": found.gone, "asked_again": found.asked_again, "left": len(found.left)}
    done = _reported(matter, asked.action, settle(matter), counts, tuple(map(printable_name, found.left[:FOUND_MAX])))
    is_left = done.status == "complete" and found.tried > found.gone + found.asked_again
    return done.model_copy(update={"status": "exceptions"}) if is_left else done


def _may_read(paths: tuple[str | Path, ...], roots: tuple[Path, ...]) -> None:
    """Check that what was imported may be read still: roots may have been closed since. Raises InputProblem(source_refused)."""
    for path in map(Path, paths):
        if not any(path.resolve().is_relative_to(root) for root in roots):
            raise InputProblem("source_refused", str(path)[:200])


def _resolved(matter: Matter, asked: ResolveAction, _: ActionJob) -> ActionSummary:
    chosen = Chosen(ids=asked.exceptions, code=asked.code, document=asked.document)
    count = resolve(matter, chosen, asked.resolution, asked.by, asked.why)
    return _reported(matter, asked.action, reconcile_and_keep(matter), {asked.resolution: count})


def _released(matter: Matter, asked: ReleaseAction, _: ActionJob) -> ActionSummary:
    count = len(release(matter, asked.documents, asked.by, asked.why))
    return _reported(matter, asked.action, reconcile_and_keep(matter), {"released": count})


def _newly_reported(matter: Matter, asked: ReportAction, _: ActionJob) -> ActionSummary:
    return _reported(matter, asked.action, reconcile_and_keep(matter), {})


# --- samples


def _sampled(matter: Matter, asked: SampleAction, _: ActionJob) -> ActionSummary:
    size, judging = wanted_size(asked.size, asked.margin), Judging(asked.issue, asked.borderline)
    results = results_of(matter)
    frame = frame_of(matter, results, asked.frame, judging)
    sample = draw(matter, results, frame, seed=asked.seed, size=size, judging=judging, fields=asked.fields)[0]
    facts = {name: value for name, value in asdict(sample).items() if name != "ids"}
    return ActionSummary(
        action=asked.action,
        status="complete",
        counts={"drawn": sample.size, "frame": sample.frame_size},
        sample=sample.label,
        report=facts,
        files=_files(matter.folder / FOLDER / sample.label, SHEET, FRAME),
    )


def _validated(matter: Matter, asked: ValidateAction, job: ActionJob) -> ActionSummary:
    """Measure a sample; the sheet is kept beside it under the job's id."""
    sample = kept_sample(matter, asked.sample)
    folder = matter.folder / FOLDER / sample.label
    sheet = folder / f"coding-{job.id}.csv"
    digest = hashlib.sha256(asked.coding.encode()).hexdigest()
    matter.record_event("coding_received", sample=sample.label, file=sheet.name, sha256=digest)
    with disk_faults_as_problems(folder):
        sheet.write_text(asked.coding, encoding="utf-8", newline="")
    try:
        found = validate(
            matter, results_of(matter), sample, sheet, interval=asked.interval, true_positives=asked.true_positives
        )
    except InputProblem:
        sheet.unlink(missing_ok=True)
        raise
    return ActionSummary(
        action=asked.action,
        status="complete",
        counts={"coded": found.coded, "uncoded": found.uncoded, "unjudged": found.unjudged},
        sample=sample.label,
        report=found.record(),
        files=_files(folder, VALIDATION),
    )


def _files(folder: Path, *names: str) -> tuple[ExportedFile, ...]:
    files = [folder / name for name in names]
    return tuple(ExportedFile(name=f.name, size=f.stat().st_size, sha256=sha256_of(f)) for f in files)


_ACTIONS: dict[type[Any], Callable[[Matter, Any, ActionJob], ActionSummary]] = {
    ReportAction: _newly_reported,
    RetryAction: _retried,
    ResolveAction: _resolved,
    ReleaseAction: _released,
    SampleAction: _sampled,
    ValidateAction: _validated,
}
