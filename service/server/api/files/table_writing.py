"""Write the finished Results of a job as tables, as people have corrected them; what has no Result stands there too.

Results of the job -> a spool on the disk, a page at a time -> tables
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.result import AnyResult
from thresher.schemas.review import ReviewEvent
from thresher.schemas.source import Source
from thresher.schemas.work import Job, KeptOutcome
from thresher.service.backend.worker import target_of
from thresher.service.exports.finished_results import LeftOut
from thresher.service.exports.reviewed_results import ReviewedResult, reviewed
from thresher.service.exports.target_fields import TargetFields, inferred_target
from thresher.service.exports.writing import Export, export
from thresher.service.readers.base import Spool
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.stored_result import LONG_RESULT_CHARS
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.result_pages import failures, in_current_form

PAGE_RESULTS = 100  # Results read in one query
EXPORT_SECONDS = 600.0  # that tables of long Results may take
Made = TypeVar("Made")
Events = Mapping[str, list[ReviewEvent]]


async def write_tables(
    parts: AppState, job: Job, form: Literal["csv", "xlsx"], folder: Path, *, bom: bool = False
) -> list[Path]:
    """Write the tables of a job into a folder; return the files, that of documents first."""
    spool = folder / "results"
    await _fill(parts, job, spool)
    events = await _events(parts, job)
    target = await _target(parts, job, spool)
    wanted = Export(out=folder, form=form, targets=[target], bom=bom, left_out=await _left_out(parts, job))
    return await _on_spool(parts, spool, _export, events, wanted)


async def _on_spool(parts: AppState, spool: Path, work: Callable[..., Made], *more: Any) -> Made:
    """Return what some work makes of a spool: in a drawing process where it is long, since reading it stops other threads."""
    size = (await asyncio.to_thread(spool.stat)).st_size
    if size <= LONG_RESULT_CHARS or parts.review_service is None:
        return await asyncio.to_thread(work, spool, *more)
    source = Source(path="results", blob=str(spool), sha256="", size=size)
    options = ReadOptions(limits=Limits(seconds=EXPORT_SECONDS))
    return await parts.review_service.views.pool.call(partial(_apart, work=work, more=more), source, options)


def _apart(
    source: Source, options: ReadOptions, spool: Spool, *, work: Callable[..., Made], more: tuple[Any, ...]
) -> Made:
    del options, spool
    return work(Path(source.blob), *more)


def _export(spool: Path, events: Events, wanted: Export) -> list[Path]:
    return export(_results(spool, events), wanted)


def _inferred(spool: Path) -> TargetFields:
    return inferred_target(r.result for r in _results(spool, {}))


async def _fill(parts: AppState, job: Job, spool: Path) -> None:
    """Write a line for each Result: its key and its JSON."""
    after = (-1, -1)
    await asyncio.to_thread(_append, spool, "")
    while some := await parts.jobs.results(job.tenant, job.id, after=after, limit=PAGE_RESULTS):
        after = (some[-1].task, some[-1].number)
        await asyncio.to_thread(_append_results, spool, some)


def _append_results(spool: Path, some: list[KeptOutcome]) -> None:
    for outcome in some:
        _append(spool, f"{outcome.task}.{outcome.number}\t{in_current_form(outcome.body)}\n")


def _append(spool: Path, lines: str) -> None:
    with spool.open("a", encoding="utf-8", newline="\n") as file:
        file.write(lines)


def _results(spool: Path, events: Events) -> Iterator[ReviewedResult]:
    """Yield each Result as people corrected it; one is in memory at a time."""
    with spool.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            key, _, body = line.partition("\t")
            yield reviewed(AnyResult.model_validate_json(body), events.get(key, ()))


async def _events(parts: AppState, job: Job) -> Events:
    """Return what people said of the job's Results, by key."""
    if parts.review_service is None:
        return {}
    reviews, found = parts.review_service.reviews, dict[str, list[ReviewEvent]]()
    for key, progress in (await reviews.states(job.tenant, job.id)).items():
        place = ResultPlace(tenant=job.tenant, collection=job.id, key=key, number=progress.number)
        found[key] = await reviews.events(place)
    return found


async def _target(parts: AppState, job: Job, spool: Path) -> TargetFields:
    """Return the fields of the job's target; those of the data where it is the operator's and was changed since."""
    asked = (await parts.jobs.order(job.id)).target
    try:
        target = await asyncio.to_thread(target_of, asked, parts.offer.targets)
    except InputProblem:
        found = await _on_spool(parts, spool, _inferred)
        return replace(found, name=job.target, fingerprint=job.fingerprint)
    return TargetFields.of(target)


async def _left_out(parts: AppState, job: Job) -> list[LeftOut]:
    """Return the files without a Result: failed, cancelled, or not reached yet."""
    failed = await failures(parts.jobs, job)
    gone = [LeftOut(f.file, f.state, f.problem.message if f.problem else f.state) for f in failed]
    left = job.counts.todo + job.counts.running
    unfinished = [LeftOut("", "unfinished", f"{left} files not processed yet")] if left else []
    return [*gone, *unfinished]
