"""Run `thresher matter extract`: the documents of a matter to Results."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from thresher.schemas.choices import PrivilegePolicy
from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.library.relevance import Relevance
from thresher.service.cli.exits import COMPLETE, INTERRUPTED, SOME_FAILED, SOME_NOT, UNAVAILABLE
from thresher.service.cli.extract import PAID_CALL_GRACE_SECONDS
from thresher.service.cli.matters.reading import counting, existing_matter, reader_pool
from thresher.service.cli.observability import observed
from thresher.service.cli.progress import Lines
from thresher.service.cli.summary import report
from thresher.service.discovery.extraction.matter_extraction import (
    ExtractionChoice,
    ExtractionCounts,
    Parts,
    extract_matter,
    planned,
)
from thresher.service.discovery.extraction.outcomes import Outcomes
from thresher.service.discovery.extraction.screening import screened_choice
from thresher.service.discovery.matter.folder import Matter
from thresher.service.llm.client import ModelClient
from thresher.service.llm.fresh_answers import WriteOnlyCache
from thresher.service.readers.pool import ReaderPool
from thresher.service.runs.folder_run import Event
from thresher.service.runs.policy_files import load_policy
from thresher.service.runs.run_counts import RunCounts
from thresher.service.settings import load
from thresher.service.storage.answers.base import DurableStore
from thresher.service.targets.target_map import load_targets
from thresher.service.wiring.effects import opened_store
from thresher.service.wiring.endpoints import model_name
from thresher.service.wiring.models import model_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command was told."""

    folder: Path
    targets: list[str]
    policy: Path | None
    choices: dict[str, Any]
    passwords: Path | None
    privilege: PrivilegePolicy
    inclusive_only: bool
    fresh: bool
    log: str


@dataclass(slots=True)
class _Ended:
    """How a run ended, beside its counts."""

    counts: ExtractionCounts | None = None
    interrupted: bool = False
    fault: Problem | None = None


def main(request: Request) -> int:
    """Extract; return the exit code. Raises InputProblem, SetupProblem."""
    settings = load()
    policy = load_policy(request.policy, request.choices, request.passwords)
    policy = policy.model_copy(update={"model": model_name(policy, settings)})
    choice = ExtractionChoice(
        targets=tuple(load_targets(spec, base=Path.cwd()) for spec in request.targets),
        policy=policy,
        privilege=request.privilege,
        inclusive_only=request.inclusive_only,
        fresh=request.fresh,
    )
    _check_issue(choice)
    with observed(settings, request.log), existing_matter(request.folder) as matter:
        return asyncio.run(_extract(matter, choice))


def _check_issue(choice: ExtractionChoice) -> None:
    """Raise InputProblem(option_invalid) for the target `relevance` without an issue to be relevant to."""
    names = {rule.target.name for targets in choice.targets for rule in targets.rules}
    if Relevance.__name__ in names and not choice.policy.instructions.strip():
        raise InputProblem("option_invalid", "relevance needs the issue, as text: --instructions 'Issue A: …'")


async def _extract(matter: Matter, choice: ExtractionChoice) -> int:
    """Perform one run. Ctrl-C cancels what is running; what is finished stays."""
    settings, tally, ended = load(), RunCounts(), _Ended()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(reader_pool())
        choice = await _screened(matter, choice, pool)
        store = await stack.enter_async_context(opened_store(matter.folder / "results"))
        answers = WriteOnlyCache(store, str(tally.begun)) if choice.fresh else store
        model = model_of(choice.policy, settings, answers, book=store)
        tally.files = len(planned(matter, choice, Outcomes(matter)).asked)
        sys.stderr.write(f"thresher: {tally.files} documents to ask, model {choice.policy.model}\n")
        parts = Parts(pool=pool, model=model, store=store, report=_heard(matter, tally))
        await _ran(matter, choice, parts, ended)
        await _print_end(matter, tally, store, model, ended)
    if ended.fault is not None:
        raise ended.fault
    return INTERRUPTED if ended.interrupted or ended.counts is None else _exit(tally, ended.counts.states)


async def _screened(matter: Matter, choice: ExtractionChoice, pool: ReaderPool) -> ExtractionChoice:
    """Screen what came since the last screen, before anything is asked; say so where there never was one."""
    screened = await screened_choice(matter, choice, pool, progress=counting("screened"))
    if screened is None and choice.privilege == "hold":
        sys.stderr.write("thresher: no privilege screen was made (`thresher matter privilege`), so nothing is held\n")
    return screened or choice


async def _ran(matter: Matter, choice: ExtractionChoice, parts: Parts, ended: _Ended) -> None:
    try:
        ended.counts = await extract_matter(matter, choice, parts)
    except asyncio.CancelledError:
        ended.interrupted = True
    except Problem as problem:
        ended.fault = problem


def _heard(matter: Matter, tally: RunCounts) -> Callable[[Event], None]:
    """Return who hears of Events: the counts, and lines on standard error on what is new, by Bates number or path."""
    lines = Lines(tally.files)

    def heard(event: Event) -> None:
        tally.add(event)
        if event.kind == "kept":
            return
        document = matter.store.document(event.path.rpartition("/")[2])
        lines(replace(event, path=document.bates_begin or document.path) if document else event)

    return heard


async def _print_end(matter: Matter, tally: RunCounts, store: DurableStore, model: ModelClient, ended: _Ended) -> None:
    """Close the model, and write what the run came to: into the log, and for people."""
    await model.aclose(PAID_CALL_GRACE_SECONDS if ended.interrupted else 0.0)
    tally.seconds = time.time() - tally.begun
    made = report(tally, await store.calls())
    counts = ended.counts
    facts: dict[str, Any] = {"model": model.name, "results": made["results"], "calls": made["calls"],
                             "interrupted": ended.interrupted}  # fmt: skip
    if counts is not None:
        facts |= {"asked": counts.asked, "shared": counts.shared, "unreadable": counts.unreadable,
                  "passed": dict(counts.passed), "states": dict(counts.states), "new": counts.new}  # fmt: skip
        passed = "".join(f", {count} {reason}" for reason, count in sorted(counts.passed.items()))
        states = "".join(f", {count} {state}" for state, count in sorted(counts.states.items()))
        typer.echo(
            f"{counts.asked} asked{states}; {counts.shared} answered by another, {counts.unreadable} unreadable{passed}"
        )
    matter.record_event("extraction", **facts)
    if ended.interrupted:
        sys.stderr.write("thresher: not finished; what is done is kept, and the same command goes on\n")
    calls = made["calls"]
    typer.echo(f"{calls['made']} model calls, {calls['usd']} USD; Results in {matter.folder / 'results'}")


def _exit(tally: RunCounts, states: Counter[str]) -> int:
    """Return the exit code: as for `extract`; a document of another kind than the target is no failure."""
    if tally.away and not tally.answered:
        return UNAVAILABLE
    if states["exception"]:
        return SOME_FAILED
    return SOME_NOT if states["partial"] or states["new"] else COMPLETE
