"""Process a folder of files to a folder of Results, resumable, with counts that add up.

    files -> (target by map) -> tree of Documents -> Units -> pipeline -> DIR/<path>.json, run.json, exceptions.jsonl

A file whose Results are there and answer the same question (bytes, target and its code, Policy, model and its address,
prompts, stages) is not processed again. A file that failed for a transient reason (the model was unavailable, the cost
limit was reached, a fault of this program) is. Another question about the same file overwrites its Results; the earlier
question is then answered again, from the answers in the store.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from thresher.schemas.errors import Note, Problem, SetupProblem, note
from thresher.schemas.job import UnitState
from thresher.schemas.policy import Policy
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.stages import STAGES
from thresher.service.base.resource_exhaustion import is_exhaustion
from thresher.service.extraction.engine import Engine
from thresher.service.prompts import prompts
from thresher.service.readers.sources import RefusedPath
from thresher.service.runs.retryable import transient_reason
from thresher.service.runs.unit_results import (
    RETRY_PAUSES_SECONDS,
    Walk,
    documents_of,
    file_results,
    listing,
    unit_result,
)
from thresher.service.runs.units import Unit

DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
CALL_CHOICES = {"concurrency", "shared_concurrency", "timeout", "retries", "max_cost", "prices", "batch", "batch_wait"}
"""Choices that change how and when models are asked, but not what they answer."""


class Results(Protocol):
    """Write Results, and read those of an earlier run."""

    def write(self, path: str, result: Result[Any]) -> str:
        """Write a Result under its Unit's path; return the name to read it by."""
        ...

    def read(self, name: str) -> Result[Any] | None:
        """Return a stored Result; None when it is gone."""
        ...


class UnitStates(Protocol):
    """The part of a store that a run needs: how far each Unit has come."""

    async def mark(self, state: UnitState) -> None:
        """Set the state of a Unit; durable at return, but for "running"."""
        ...

    async def units(self) -> list[UnitState]:
        """Return the states of all Units."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A step of a run, for a display and for the counts."""

    kind: Literal["begun", "kept", "done", "finished", "no_target", "refused"]
    path: str
    result: Result[Any] | None = None
    name: str = ""  # to read the Result by
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The effects and choices of one run."""

    engine: Callable[[Source], Engine | None]  # by the target map; None: no pattern matches
    walk: Walk
    store: UnitStates
    results: Results
    policy: Policy
    report: Callable[[Event], None] = lambda _: None
    clock: Callable[[], float] = time.time
    width: int = 4  # files processed at once
    fresh: bool = False  # no Result of an earlier run is used


async def run(job: Run, found: Iterable[Source | RefusedPath]) -> None:
    """Process every file. After a cancellation the next run continues with what is not finished.

    Raises Problem where no other file would fare better: no key, no such model, nothing at its address.
    """
    states = _newest(await job.store.units())
    if job.policy.unit == "folder":
        await _folder(job, found)
        return
    slots = asyncio.Semaphore(job.width)
    try:
        async with asyncio.TaskGroup() as group:
            for source in found:
                if isinstance(source, RefusedPath):
                    job.report(Event(kind="refused", path=source.path, note=source.problem.note()))
                    continue
                await slots.acquire()
                group.create_task(_released(slots, _file(job, source, states)))
    except ExceptionGroup as faults:  # of which a Problem ends the run with its one message
        raise next((f for f in faults.exceptions if isinstance(f, Problem)), faults) from faults


async def _released(slots: asyncio.Semaphore, work: Awaitable[None]) -> None:
    try:
        await work
    finally:
        slots.release()


async def _file(job: Run, source: Source, states: dict[str, UnitState]) -> None:
    engine = job.engine(source)
    if engine is None:
        job.report(Event(kind="no_target", path=source.path))
        return
    key, last = file_key(source, engine), states.get(source.path)
    if not job.fresh and last is not None and last.id == key and _kept(job, source, last):
        return
    job.report(Event(kind="begun", path=source.path))
    await job.store.mark(UnitState(id=key, path=source.path, state="running", at=job.clock()))
    names, passing = [], False
    async with aclosing(file_results(job.walk, engine, source)) as results:
        async for result, path in results:
            if (name := await _written(job, path, result)) is None:
                return
            names.append(name)
            passing = passing or transient_reason(result) is not None
            job.report(Event(kind="done", path=path, result=result, name=names[-1]))
    state: Literal["running", "complete"] = "running" if passing else "complete"
    await job.store.mark(UnitState(id=key, path=source.path, state=state, result="\n".join(names), at=job.clock()))
    job.report(Event(kind="finished", path=source.path))


async def _written(job: Run, path: str, result: Result[Any]) -> str | None:
    """Return the name under which a Result is written; None, and an Event, where it cannot be written.

    A transient fault is waited for. Raises SetupProblem(storage_full) where there is no room for any other.
    """
    for pause in RETRY_PAUSES_SECONDS:
        try:
            return job.results.write(path, result)
        except OSError as error:
            if error.errno in DISK_FULL_ERRNOS:
                raise SetupProblem("storage_full", str(error.strerror)) from error
            if not is_exhaustion(error) or pause == RETRY_PAUSES_SECONDS[-1]:
                why = note("store_failed", f"{path} ({error.strerror or type(error).__name__})")
                job.report(Event(kind="refused", path=path, note=why))
                return None
        await asyncio.sleep(pause)
    return None


async def _folder(job: Run, found: Iterable[Source | RefusedPath]) -> None:
    """Process all files as one Unit, under a Document that only lists them; the first file decides the target."""
    sources, documents = [], []
    async with AsyncExitStack() as stack:
        for source in found:
            if isinstance(source, RefusedPath):
                job.report(Event(kind="refused", path=source.path, note=source.problem.note()))
                continue
            sources.append(source)
            job.report(Event(kind="begun", path=source.path))
            documents += await documents_of(stack, job.walk, source)
            job.report(Event(kind="finished", path=source.path))
        engine = next((e for e in map(job.engine, sources) if e), None)
        if engine is None:
            return
        unit = Unit(documents=[listing(sources), *documents])
        result = await unit_result(engine, unit)
    if (name := await _written(job, unit.path, result)) is not None:
        job.report(Event(kind="done", path=unit.path, result=result, name=name))


def file_key(source: Source, engine: Engine) -> str:
    """Return the key of a file's work: a hash of everything that can change its Results.

    That is its bytes, the target with its code, the Policy, the model with its address, the prompts, and the stages.
    """
    target, models = engine.target, engine.model_identities
    asked = {name: prompt.fingerprint for name, prompt in prompts().items()}
    choices = engine.policy.model_dump_json(exclude=CALL_CHOICES)
    body = [source.path, source.sha256, target.fingerprint, target.code, choices, models, asked, STAGES]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


def _kept(job: Run, source: Source, state: UnitState) -> bool:
    """Whether the file is finished and all its Results are still there; reports them if so."""
    if state.state != "complete" or state.result is None:
        return False
    names = state.result.split("\n") if state.result else []
    results = [job.results.read(name) for name in names]
    if any(r is None for r in results):
        return False
    for name, result in zip(names, results, strict=True):
        job.report(Event(kind="kept", path=result.source.path if result else "", result=result, name=name))
    job.report(Event(kind="finished", path=source.path))
    return True


def _newest(states: Iterable[UnitState]) -> dict[str, UnitState]:
    """Return the last state of each path: it overwrote the Results of earlier questions."""
    return {s.path: s for s in sorted(states, key=lambda s: s.at)}
