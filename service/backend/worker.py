"""A worker: claims Tasks, runs the pipeline on their uploads, tells the Results. The same beside a server and far from it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from thresher.chunkers.tokens import counter
from thresher.schemas.account import LOCAL
from thresher.schemas.budget import EVERYBODY
from thresher.schemas.errors import ITSELF, InputProblem, Problem, note
from thresher.schemas.job import LoggedCall
from thresher.schemas.library import library_names
from thresher.schemas.policy import Policy
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.schemas.work import AskedTarget, Claim, Outcome, Submission, UploadedFile
from thresher.service.backend.processing.process_pool import Processors
from thresher.service.backend.resources import ServiceResources
from thresher.service.extraction.engine import Engine
from thresher.service.jobs.base import POISONED, Jobs
from thresher.service.jobs.budget_holds import HEAD
from thresher.service.jobs.loop import Loop, Stage, TaskOutcome
from thresher.service.llm.client import ModelClient
from thresher.service.llm.page_images import read_options
from thresher.service.readers.base import Reading
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReadingPool
from thresher.service.readers.vision_pages import Transcribing
from thresher.service.runs.folder_run import results_of
from thresher.service.runs.retryable import transient_reason
from thresher.service.settings import Settings
from thresher.service.storage.answers.base import Store
from thresher.service.storage.temp_folder import temp_folder
from thresher.service.targets.loading import load_target
from thresher.service.telemetry import tracing
from thresher.service.telemetry.ids import answers_of, asked_by, working_on
from thresher.service.tenants.budgets import Budgets
from thresher.service.wiring import engine_of, model_name, model_of

GRACE = 5.0  # seconds in which paid calls may come home when everything else has ended
TOKENIZER = "o200k_base"  # by which most models are counted
ORDERS = 64  # Jobs whose target and Policy are remembered
TARGETS = 32  # different ones that are kept
MODELS = 256  # the same of Models: a Job with a limit of dollars has its own
MODEL_CHOICES = {"model", "retries", "prices", "timeout", "batch", "batch_wait"} | {
    "ranking",
    "embedding_model",
    "embedding_price",
    "concurrency",
    "shared_concurrency",
    "requests_per_minute",
    "tokens_per_minute",
}


class Spending:
    """A Store that remembers what each Task in hand has cost."""

    def __init__(self, store: Store) -> None:
        """Nothing is spent yet."""
        self._store = store
        self._spent: dict[str, float] = {}
        self.answer = store.answer
        self.keep = store.keep

    async def log(self, call: LoggedCall) -> None:
        """See Store."""
        if call.task and call.attempt.usd and not call.attempt.stored:
            self._spent[call.task] = self._spent.get(call.task, 0.0) + call.attempt.usd
        await self._store.log(call)

    def taken(self, task: str) -> float:
        """What a Task has cost, in dollars; then it counts from nought."""
        return self._spent.pop(task, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What all Tasks of a Job are done with."""

    engine: Engine
    model: ModelClient
    trace: str | None  # the request's


@dataclass(slots=True, kw_only=True)
class Worker:
    """The parts that all Tasks of a worker use."""

    house: ServiceResources
    settings: Settings
    pool: ReadingPool
    processors: Processors | None = None  # for large Units; None: they are processed in this process
    budgets: Budgets | None = None
    targets: dict[str, Target] = field(default_factory=dict)  # those that the operator has, by name
    spending: Spending = field(init=False)
    _orders: OrderedDict[str, _Order] = field(default_factory=OrderedDict)
    _models: OrderedDict[str, ModelClient] = field(default_factory=OrderedDict)
    _targets: OrderedDict[str, Target] = field(default_factory=OrderedDict)  # of Jobs, by all that was asked

    def __post_init__(self) -> None:
        """Count what is spent."""
        self.spending = Spending(self.house.store)

    async def work(self, claim: Claim, stage: Stage) -> TaskOutcome:
        """The Outcomes of a Task. Raises Problem for what no Result can be given for."""
        working_on.set(claim.id)
        asked_by.set(claim.tenant)
        answers_of.set(None if self.settings.shared_answers or claim.tenant == LOCAL else claim.tenant)
        if self.budgets is not None:
            self.budgets.stopped.discard(claim.id)  # of an attempt that was dropped
        stage("read")
        order = await self._order(claim.job)
        facts = {"thresher.attempt": claim.attempt, "thresher.files": len(claim.files)}
        try:
            with tracing.under(order.trace), tracing.span("task", facts, kind="consumer"):
                return await self._worked(claim, stage, order)
        finally:
            self.spending.taken(claim.id)  # of a Task that was dropped

    async def _worked(self, claim: Claim, stage: Stage, order: _Order) -> TaskOutcome:
        engine, model, read = order.engine, order.model, 0
        if claim.deaths:  # if its work kills a process, then not this one
            engine = replace(engine, large=-1)

        async def walk(source: Source) -> AsyncIterator[Reading]:
            nonlocal read
            options = read_options(engine.policy, model.facts)
            async for reading in walk_tree(source, Transcribing(reads, model), options):
                stage("ask")
                read += 1
                yield reading

        found = []
        async with AsyncExitStack() as stack:
            reads = await stack.enter_async_context(self.pool.apart(stores=self.processors is not None))
            paths = [await stack.enter_async_context(self.house.uploads.local(f.sha256)) for f in claim.files]
            async for result, path in results_of(walk, engine, sources_of(claim.files, paths)):
                found.append((result, path))
        if self.budgets is not None and claim.id in self.budgets.stopped:
            return await self._stopped(claim, self.budgets)
        reasons = [
            why
            for codes in (ITSELF, frozenset({POISONED}))
            for result, _ in found
            if (why := transient_reason(result, codes))
        ]
        return TaskOutcome(
            outcomes=tuple(Outcome(path=p, status=r.status, body=r.model_dump_json()) for r, p in found),
            usd=self.spending.taken(claim.id),
            read=max(read, 1),
            passing=reasons[0] if reasons else None,
        )

    async def _stopped(self, claim: Claim, budgets: Budgets) -> TaskOutcome:
        """A budget was reached: all of it again in its next period where work is held, else a dead letter. Answers stay."""
        budgets.stopped.discard(claim.id)
        held = await budgets.held()
        until = max(held.get(claim.tenant, 0.0), held.get(EVERYBODY, 0.0))
        again_in = max(1.0, until - budgets.clock()) if until else None
        return TaskOutcome(
            outcomes=(), usd=self.spending.taken(claim.id), passing=note("budget_reached"), again_in=again_in
        )

    async def aclose(self, grace: float = 0.0) -> None:
        """Let paid calls come home within `grace` seconds; close connections."""
        await asyncio.gather(*(model.aclose(grace) for model in self._models.values()))

    async def _order(self, job: str) -> _Order:
        """What a Job's Tasks are done with."""
        if job not in self._orders:
            order = await self.house.jobs.order(job)
            policy = order.policy.model_copy(update={"model": model_name(order.policy, self.settings)})
            model = self._model(policy, job)
            engine = replace(engine_of(model, self._target(order), policy), elsewhere=self.processors)
            self._orders[job] = _Order(engine=engine, model=model, trace=order.trace)
            while len(self._orders) > ORDERS:
                self._orders.popitem(last=False)
        self._orders.move_to_end(job)
        return self._orders[job]

    def _model(self, policy: Policy, job: str) -> ModelClient:
        """One Model for all Jobs that choose the same; a Job with a limit of dollars has its own."""
        choices = policy.model_dump(mode="json", include=MODEL_CHOICES)
        key = json.dumps([choices, policy.max_cost, job if policy.max_cost is not None else ""])
        if key not in self._models:
            allowed = self.budgets.may_ask if self.budgets is not None else None
            self._models[key] = model_of(
                policy, self.settings, self.spending, self.house.limits, self.house.store, allowed
            )
        self._models.move_to_end(key)
        while len(self._models) > MODELS:  # an order that is remembered holds its own
            self._models.popitem(last=False)
        return self._models[key]

    def _target(self, order: Submission) -> Target:
        """Jobs that ask for the same share it: one takes 50 ms to make, and 0.1 MiB."""
        asked = order.target.model_dump_json()
        if asked not in self._targets:
            self._targets[asked] = target_of(order.target, self.targets)
        self._targets.move_to_end(asked)
        while len(self._targets) > TARGETS:
            self._targets.popitem(last=False)
        return self._targets[asked]


def target_of(asked: AskedTarget, known: dict[str, Target]) -> Target:
    """The Target of a Job. Raises InputProblem(target_invalid) where this worker's own is another than the server's."""
    target = known.get(asked.known_as or "")
    if target is None and asked.known_as not in {None, *library_names()}:
        raise InputProblem(
            "target_invalid", f"this worker has no target {asked.known_as}: start it with the server's --target"
        )
    if target is None:
        target = load_target(asked.known_as or asked.json_schema)
    if target.fingerprint != asked.fingerprint:
        raise InputProblem("target_invalid", f"{asked.name} is another here ({target.fingerprint}) than was asked for")
    return target


def sources_of(files: tuple[UploadedFile, ...], paths: list[Path]) -> list[Source]:
    """Sources of uploads, by their names; where two have one name, or one has none, by number too."""
    names = [f.name for f in files]
    shown = [n if n and names.count(n) == 1 else f"{i}/{n or 'upload'}" for i, n in enumerate(names)]
    return [
        Source(path=name, blob=str(path), sha256=file.sha256, size=path.stat().st_size, name=file.name)
        for name, path, file in zip(shown, paths, files, strict=True)
    ]


@asynccontextmanager
async def worker_loop(house: ServiceResources, settings: Settings, **choices: Any) -> AsyncIterator[Loop]:
    """A Loop over a house's Jobs that is ready to `run`; see Loop for the choices. `name` is made up where none is given."""
    name = choices.pop("name", None) or f"{socket.gethostname()}.{os.getpid()}"
    targets = choices.pop("targets", None) or {}
    budgets: Budgets | None = choices.pop("budgets", None)
    if budgets is not None:
        choices["before_claim"] = partial(_held_back, house.jobs, budgets)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(temp_folder(house.scratch))
        pool = await stack.enter_async_context(ReadingPool(folder / "spool"))
        processors = Processors()
        stack.push_async_callback(processors.aclose)
        worker = Worker(
            house=house, settings=settings, pool=pool, processors=processors, targets=targets, budgets=budgets
        )
        stack.push_async_callback(worker.aclose, min(GRACE, choices.get("grace", GRACE)))
        beginning = asyncio.create_task(_begun(pool, processors))
        stack.callback(beginning.cancel)
        yield Loop(jobs=house.jobs, work=worker.work, name=name, **choices)


async def _begun(pool: ReadingPool, processors: Processors) -> None:
    """Begin processes before there is work for them. Where that fails, the first work finds out and says so."""
    with suppress(OSError, RuntimeError, Problem):
        await asyncio.to_thread(counter(TOKENIZER), "")  # its vocabulary is large
        await pool.begin()
        await processors.begin()


async def _held_back(jobs: Jobs, budgets: Budgets) -> None:
    """Put the Tasks aside whose tenants' budgets are used up."""
    held = await budgets.held()
    while held and await jobs.hold(held) >= HEAD:
        continue
