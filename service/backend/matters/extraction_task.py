"""Work on a Task that is an extraction from a matter: screen, ask, and say what came out.

It is done in the worker's own process, with its model, its store of answers and its budgets. Documents are read, and
large ones are processed and screened, in processes of their own; readers open nothing but files of the matter. It may be
stopped at any moment: what is answered is kept, and the next run goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.schemas.discovery.matter_jobs import MatterExtractionSummary
from thresher.schemas.errors import RETRIED_BY_WORKER, InputProblem, Note, SetupProblem, note
from thresher.schemas.policy import Policy
from thresher.schemas.target import Target
from thresher.schemas.work import Claim, MatterExtractionOrder, Outcome, Submission
from thresher.service.backend.matters.folders import FACTS_FILE
from thresher.service.backend.matters.import_task import later
from thresher.service.backend.resources import ServiceResources
from thresher.service.base.temp_folder import temp_folder
from thresher.service.base.threads import in_thread
from thresher.service.discovery.extraction.matter_extraction import (
    ExtractionChoice,
    ExtractionCounts,
    Parts,
    extract_matter,
)
from thresher.service.discovery.extraction.screening import screened_choice
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.privilege.screen import ScreenLists, kept_lists
from thresher.service.discovery.privilege.terms import DEFAULT_TERMS
from thresher.service.discovery.reading.produced_text import read_matter_source
from thresher.service.extraction.engine import UnitProcessor
from thresher.service.jobs.loop import Stage, TaskOutcome
from thresher.service.llm.client import ModelClient
from thresher.service.readers.pool import ReaderPool
from thresher.service.runs.folder_run import Event
from thresher.service.storage.answers.base import Store
from thresher.service.targets.target_map import Rule, TargetMap
from thresher.service.wiring.effects import opened_store

OUTCOME_PATH = "extraction"  # of the one Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What an extraction is done with: the worker's model (which stores the answers), targets, and who hears of stages."""

    model: ModelClient
    policy: Policy
    targets: tuple[Target, ...]
    stage: Stage
    elsewhere: UnitProcessor | None = None  # where large documents are processed


async def extract_from_matter(
    resources: ServiceResources, claim: Claim, asked: Submission, asking: Asking
) -> TaskOutcome:
    """Extract from all documents of a matter that may be asked. Raises Problem where it can not be done."""
    order = asked.extraction_order
    if order is None or resources.matters is None:
        raise SetupProblem("setting_missing", "THRESHER_MATTERS, on every worker")
    folder = await asyncio.to_thread(resources.matters.folder, claim.tenant, order.matter)
    try:
        async with (
            _opened(folder) as matter,
            _reader_pool(resources) as pool,
            opened_store(folder / "results") as store,
        ):
            summary, waiting = await _extracted(matter, order, Work(pool, store), asking)
    except SetupProblem as problem:
        if problem.code == "store_locked":
            return later(claim)
        raise
    outcome = Outcome(path=OUTCOME_PATH, status=summary.status, body=summary.model_dump_json())
    return TaskOutcome(outcomes=(outcome,), read=max(1, summary.asked), passing=waiting)


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[Matter]:
    """Provide a matter that is open for writing; opening compares and closing seals, which takes its time."""
    opening = asyncio.ensure_future(asyncio.to_thread(Matter, folder))
    try:
        matter = await asyncio.shield(opening)
    except asyncio.CancelledError:  # it is open a moment later, and nobody else could open it then
        with suppress(SetupProblem):
            await asyncio.to_thread((await opening).close)
        raise
    try:
        if not (folder / FACTS_FILE).exists():
            raise InputProblem("not_found", "the matter was deleted")
        yield matter
    finally:
        await in_thread(matter.close)


@asynccontextmanager
async def _reader_pool(resources: ServiceResources) -> AsyncIterator[ReaderPool]:
    with temp_folder(resources.scratch) as folder:
        async with ReaderPool(folder / "spool", read=read_matter_source) as pool:
            yield pool


@dataclass(frozen=True, slots=True)
class Work:
    """The processes that read, and the store that knows which documents are done."""

    pool: ReaderPool
    store: Store


async def _extracted(
    matter: Matter, order: MatterExtractionOrder, work: Work, asking: Asking
) -> tuple[MatterExtractionSummary, Note | None]:
    """Screen and extract; return what came out, and why some documents wait."""
    choice = ExtractionChoice(
        targets=tuple(TargetMap((Rule(glob="*", target=target),)) for target in asking.targets),
        policy=asking.policy,
        privilege=order.privilege,
        inclusive_only=order.inclusive_only,
    )
    asking.stage("screen")
    screened = await screened_choice(matter, choice, work.pool, _lists(matter, order))
    asking.stage("ask")
    parts = Parts(
        pool=work.pool, model=asking.model, store=work.store, report=_heard(asking.stage), elsewhere=asking.elsewhere
    )
    counts = await extract_matter(matter, screened or choice, parts)
    facts = {"asked": counts.asked, "shared": counts.shared, "states": dict(counts.states), "new": counts.new}
    matter.record_event("extraction", model=asking.model.name, **facts)
    waiting = _waiting(matter) if counts.states["new"] else None
    return _summary(counts, screened=screened is not None), waiting


def _lists(matter: Matter, order: MatterExtractionOrder) -> ScreenLists | None:
    """Return the lists that were given, each completed by the other of the last screen."""
    if not order.counsel and not order.terms:
        return None
    kept = kept_lists(matter) or ScreenLists((), DEFAULT_TERMS)
    return ScreenLists(order.counsel or kept.counsel, order.terms or kept.terms)


def _heard(stage: Stage) -> Any:
    """Return who hears of Events: the stage says how many documents are done."""
    done = 0

    def heard(event: Event) -> None:
        nonlocal done
        done += event.kind in {"finished", "refused", "kept"}
        stage(f"ask, {done} done")

    return heard


def _waiting(matter: Matter) -> Note | None:
    """Return why documents wait, where another try of the Task may help."""
    rows = matter.store.connection.execute("SELECT DISTINCT reason FROM outcomes WHERE state = 'new'").fetchall()
    return next((note(code) for (code,) in rows if code in RETRIED_BY_WORKER), None)


def _summary(counts: ExtractionCounts, *, screened: bool) -> MatterExtractionSummary:
    failed = "exceptions" if counts.states["exception"] or counts.unreadable else "complete"
    return MatterExtractionSummary(
        status="unfinished" if counts.states["new"] else failed,
        asked=counts.asked,
        states=dict(counts.states),
        shared=counts.shared,
        unreadable=counts.unreadable,
        passed=dict(counts.passed),
        screened=screened,
    )
