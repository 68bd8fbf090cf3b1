"""Run a worker: claim Tasks, run the pipeline on their uploads, store the Results.

The same beside a server and far from it.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from thresher.schemas.errors import RETRIED_BY_WORKER, InputProblem, note
from thresher.schemas.library import library_names
from thresher.schemas.policy import Policy
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.schemas.tenants.account import LOCAL
from thresher.schemas.tenants.budget import ALL_TENANTS
from thresher.schemas.work import AskedTarget, Claim, Outcome, Submission, UploadedFile
from thresher.service.backend.matters.extraction_task import Asking, extract_from_matter
from thresher.service.backend.matters.import_task import Imports
from thresher.service.backend.model_cache import ModelCache
from thresher.service.backend.processing.process_pool import ProcessingPool
from thresher.service.backend.resources import ServiceResources
from thresher.service.backend.task_costs import TaskCosts
from thresher.service.extraction.engine import Engine, engine_of
from thresher.service.jobs.base import POISONED
from thresher.service.jobs.loop import Stage, TaskOutcome
from thresher.service.llm.client import ModelClient
from thresher.service.readers.base import Reading
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.runs.read_options import read_options
from thresher.service.runs.retryable import transient_reason
from thresher.service.runs.transcription import TranscribingReader
from thresher.service.runs.unit_results import results_of
from thresher.service.settings import Settings
from thresher.service.targets.loading import load_target
from thresher.service.telemetry import tracing
from thresher.service.telemetry.ids import answers_tenant, current_task, current_tenant
from thresher.service.tenants.budgets import Budgets
from thresher.service.wiring.endpoints import model_name
from thresher.service.wiring.models import model_of

CACHED_JOBS = 64  # Jobs whose target and Policy are cached
CACHED_TARGETS = 32  # different targets that are cached
CACHED_MODELS = 256  # Models that are cached: a Job with a limit of dollars has its own
MODEL_CHOICES = {
    "model",
    "retries",
    "prices",
    "timeout",
    "batch",
    "batch_wait",
    "ranking",
    "embedding_model",
    "embedding_price",
    "concurrency",
    "shared_concurrency",
    "requests_per_minute",
    "tokens_per_minute",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What all Tasks of a Job are done with."""

    engine: Engine
    model: ModelClient
    key: str  # under which the model is kept
    trace: str | None  # `traceparent` of the request


@dataclass(slots=True, kw_only=True)
class Worker:
    """The parts that all Tasks of a worker use."""

    resources: ServiceResources
    settings: Settings
    pool: ReaderPool
    processors: ProcessingPool | None = None  # for large Units; None: they are processed in this process
    budgets: Budgets | None = None
    targets: dict[str, Target] = field(default_factory=dict)  # the operator's own, by name
    spending: TaskCosts = field(init=False)
    imports: Imports = field(init=False)
    _orders: OrderedDict[str, _Order | Submission] = field(default_factory=OrderedDict)
    _models: ModelCache = field(default_factory=lambda: ModelCache(CACHED_MODELS))
    _targets: OrderedDict[str, Target] = field(default_factory=OrderedDict)  # of Jobs, by their whole definition

    def __post_init__(self) -> None:
        """Count what is spent."""
        self.spending = TaskCosts(self.resources.store)
        self.imports = Imports(resources=self.resources, settings=self.settings)

    async def work(self, claim: Claim, stage: Stage) -> TaskOutcome:
        """Work on a Task; return its Outcomes. Raises Problem where no Result can be given."""
        current_task.set(claim.id)
        current_tenant.set(claim.tenant)
        answers_tenant.set(None if self.settings.shared_answers or claim.tenant == LOCAL else claim.tenant)
        if self.budgets is not None:
            self.budgets.stopped.discard(claim.id)  # left by an attempt that was dropped
        stage("read")
        order = await self._order(claim.job)
        if isinstance(order, Submission):
            work = self._extract_from_matter if order.extraction_order else self.imports.work
            return await work(claim, order, stage)
        facts = {"thresher.attempt": claim.attempt, "thresher.files": len(claim.files)}
        try:
            with (
                self._models.used(order.key, order.model),
                tracing.under(order.trace),
                tracing.span("task", facts, kind="consumer"),
            ):
                return await self._results(claim, stage, order)
        finally:
            self.spending.taken(claim.id)  # left by a Task that was dropped

    async def _results(self, claim: Claim, stage: Stage, order: _Order) -> TaskOutcome:
        engine, model, read = order.engine, order.model, 0
        if claim.deaths:  # its work may kill a process: not this one
            engine = replace(engine, large=-1)

        async def walk(source: Source) -> AsyncIterator[Reading]:
            nonlocal read
            options = read_options(engine.policy, model.facts)
            async for reading in walk_tree(source, TranscribingReader(reads, model), options):
                stage("ask")
                read += 1
                yield reading

        found = []
        async with AsyncExitStack() as stack:
            reads = await stack.enter_async_context(self.pool.apart(stores=self.processors is not None))
            paths = [await stack.enter_async_context(self.resources.uploads.local(f.sha256)) for f in claim.files]
            async for result, path in results_of(
                lambda s: nullcontext(walk(s)), engine, sources_of(claim.files, paths)
            ):
                found.append((result, path))
        if self.budgets is not None and claim.id in self.budgets.stopped:
            return await self._stopped_by_budget(claim, self.budgets)
        reasons = [
            why
            for codes in (RETRIED_BY_WORKER, frozenset({POISONED}))
            for result, _ in found
            if (why := transient_reason(result, codes))
        ]
        return TaskOutcome(
            outcomes=await asyncio.to_thread(_outcomes, found),
            usd=self.spending.taken(claim.id),
            read=max(read, 1),
            passing=reasons[0] if reasons else None,
        )

    async def _extract_from_matter(self, claim: Claim, asked: Submission, stage: Stage) -> TaskOutcome:
        """Extract from a matter, with the model and the budgets of any other Job."""
        policy, key, model = self._client(asked.policy, claim.job)
        targets = (
            tuple(self._target(target) for target in asked.extraction_order.targets) if asked.extraction_order else ()
        )
        asking = Asking(model=model, policy=policy, targets=targets, stage=stage, elsewhere=self.processors)
        try:
            with self._models.used(key, model), tracing.under(asked.trace), tracing.span("task", kind="consumer"):
                outcome = await extract_from_matter(self.resources, claim, asked, asking)
            if self.budgets is not None and claim.id in self.budgets.stopped:
                return await self._stopped_by_budget(claim, self.budgets)
            return replace(outcome, usd=self.spending.taken(claim.id))
        finally:
            self.spending.taken(claim.id)

    async def _stopped_by_budget(self, claim: Claim, budgets: Budgets) -> TaskOutcome:
        """Report a reached budget: the Task is done again in the next period where work is held, else fails.

        Answers stay.
        """
        budgets.stopped.discard(claim.id)
        held = await budgets.held()
        until = max(held.get(claim.tenant, 0.0), held.get(ALL_TENANTS, 0.0))
        again_in = max(1.0, until - budgets.clock()) if until else None
        return TaskOutcome(
            outcomes=(), usd=self.spending.taken(claim.id), passing=note("budget_reached"), again_in=again_in
        )

    async def aclose(self, grace: float = 0.0) -> None:
        """Give paid calls `grace` seconds to return; close connections."""
        await self._models.aclose(grace)

    async def _order(self, job: str) -> _Order | Submission:
        """Return what a Job's Tasks are done with; of work on a matter what was asked."""
        order = self._orders.get(job)
        if order is None:
            order = self._orders[job] = await self._new_order(job)
        self._orders.move_to_end(job)
        while len(self._orders) > CACHED_JOBS:
            self._orders.popitem(last=False)
        return order

    async def _new_order(self, job: str) -> _Order | Submission:
        order = await self.resources.jobs.order(job)
        if order.matter_order is not None:
            return order
        policy, key, model = self._client(order.policy, job)
        engine = replace(engine_of(model, self._target(order.target), policy), elsewhere=self.processors)
        return _Order(engine=engine, model=model, key=key, trace=order.trace)

    def _client(self, asked: Policy, job: str) -> tuple[Policy, str, ModelClient]:
        """Return a Job's Policy with its model, and that Model with the key under which it is kept."""
        policy = asked.model_copy(update={"model": model_name(asked, self.settings)})
        choices = policy.model_dump(mode="json", include=MODEL_CHOICES)
        own = job if policy.max_cost is not None else ""  # a Job with a limit of dollars has its own Model
        key = json.dumps([choices, policy.max_cost, own])
        return policy, key, self._models.get(key, lambda: self._model(policy))

    def _model(self, policy: Policy) -> ModelClient:
        allowed = None if self.budgets is None else partial(_may_ask, self.budgets)
        return model_of(policy, self.settings, self.spending, self.resources.limits, self.resources.store, allowed)

    def _target(self, wanted: AskedTarget) -> Target:
        """Return the Target of a Job, shared by Jobs that ask for the same: one takes 50 ms to make, and 0.1 MiB."""
        asked = wanted.model_dump_json()
        if asked not in self._targets:
            self._targets[asked] = target_of(wanted, self.targets)
        self._targets.move_to_end(asked)
        while len(self._targets) > CACHED_TARGETS:
            self._targets.popitem(last=False)
        return self._targets[asked]


async def _may_ask(budgets: Budgets) -> None:
    """Raise ModelProblem(budget_reached) where the Task in hand may ask no more questions."""
    tenant = current_tenant.get()
    if tenant is not None:
        await budgets.may_ask(tenant, current_task.get() or "")


def _outcomes(found: list[tuple[Result[Any], str]]) -> tuple[Outcome, ...]:
    """Return the Outcomes of a Task, with Results as JSON: a long list takes its time."""
    return tuple(Outcome(path=path, status=r.status, body=r.model_dump_json()) for r, path in found)


def target_of(asked: AskedTarget, known: dict[str, Target]) -> Target:
    """Return the Target of a Job. Raises InputProblem(target_invalid) where it differs from the server's."""
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
    """Return Sources of uploads by their names, with their number where a name is missing or not unique."""
    return [
        Source(path=name, blob=str(path), sha256=file.sha256, size=path.stat().st_size, name=file.name)
        for name, path, file in zip(shown_names(files), paths, files, strict=True)
    ]


def shown_names(files: tuple[UploadedFile, ...]) -> list[str]:
    """Return the paths by which Results name a Task's files."""
    names = [f.name for f in files]
    return [n if n and names.count(n) == 1 else f"{i}/{n or 'upload'}" for i, n in enumerate(names)]
