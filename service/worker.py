"""A worker: claims Tasks, runs the pipeline on their uploads, tells the Results. The same beside a server and far from it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from schemas.errors import InputProblem, Note
from schemas.job import LoggedCall
from schemas.library import library_names
from schemas.policy import Policy
from schemas.source import Source
from schemas.target import Target
from schemas.work import AskedTarget, Claim, Outcome, Submission, UploadedFile
from service.jobs.loop import Loop, Stage, Worked
from service.llm.asking import Asking
from service.llm.wire import working_on
from service.pipeline import Engine
from service.readers.base import Reading
from service.readers.pool import ReadingPool
from service.readers.tree import walk_tree
from service.settings import Settings
from service.store.base import Store
from service.targets import load_target
from service.tasks import results_of, why_passing
from service.transcribe import Transcribing
from service.wiring import House, engine_of, model_name, model_of

GRACE = 5.0  # seconds in which paid calls may come home when everything else has ended
ORDERS = 256  # Jobs whose target and Policy are remembered
MODEL_CHOICES = {"model", "retries", "prices", "timeout", "batch", "batch_wait"} | {
    "concurrency",
    "shared_concurrency",
    "requests_per_minute",
    "tokens_per_minute",
}
PASSING = ("model_unavailable",)  # reasons in a Result for which its Task is tried again


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


@dataclass(slots=True, kw_only=True)
class Worker:
    """The parts that all Tasks of a worker use."""

    house: House
    settings: Settings
    pool: ReadingPool
    targets: dict[str, Target] = field(default_factory=dict)  # those that the operator has, by name
    spending: Spending = field(init=False)
    _orders: OrderedDict[str, tuple[Engine, Asking]] = field(default_factory=OrderedDict)
    _models: dict[str, Asking] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Count what is spent."""
        self.spending = Spending(self.house.store)

    async def work(self, claim: Claim, stage: Stage) -> Worked:
        """The Outcomes of a Task. Raises Problem for what no Result can be given for."""
        working_on.set(claim.id)
        stage("read")
        engine, model = await self._engine(claim.job)

        async def walk(source: Source) -> AsyncIterator[Reading]:
            async for reading in walk_tree(source, Transcribing(self.pool, model), engine.policy.read):
                stage("ask")
                yield reading

        found = []
        async with AsyncExitStack() as stack:
            paths = [await stack.enter_async_context(self.house.uploads.local(f.sha256)) for f in claim.files]
            async for result, path in results_of(walk, engine, sources_of(claim.files, paths)):
                found.append((result, path))
        reasons = [reason for result, _ in found if (reason := why_passing(result, PASSING))]
        return Worked(
            outcomes=tuple(Outcome(path=p, status=r.status, body=r.model_dump_json()) for r, p in found),
            usd=self.spending.taken(claim.id),
            passing=_note(reasons[0]) if reasons else None,
        )

    async def aclose(self, grace: float = 0.0) -> None:
        """Let paid calls come home within `grace` seconds; close connections."""
        await asyncio.gather(*(model.aclose(grace) for model in self._models.values()))

    async def _engine(self, job: str) -> tuple[Engine, Asking]:
        if job not in self._orders:
            order = await self.house.jobs.order(job)
            policy = order.policy.model_copy(update={"model": model_name(order.policy, self.settings)})
            model = self._model(policy, job)
            self._orders[job] = (engine_of(model, self._target(order), policy), model)
            while len(self._orders) > ORDERS:
                self._orders.popitem(last=False)
        self._orders.move_to_end(job)
        return self._orders[job]

    def _model(self, policy: Policy, job: str) -> Asking:
        """One Model for all Jobs that choose the same; a Job with a limit of dollars has its own."""
        choices = policy.model_dump(mode="json", include=MODEL_CHOICES)
        key = json.dumps([choices, policy.max_cost, job if policy.max_cost is not None else ""])
        if key not in self._models:
            self._models[key] = model_of(policy, self.settings, self.spending, self.house.limits, self.house.store)
        return self._models[key]

    def _target(self, order: Submission) -> Target:
        return target_of(order.target, self.targets)


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
async def worker_loop(house: House, settings: Settings, **choices: Any) -> AsyncIterator[Loop]:
    """A Loop over a house's Jobs that is ready to `run`; see Loop for the choices. `name` is made up where none is given."""
    name = choices.pop("name", None) or f"{socket.gethostname()}.{os.getpid()}"
    targets = choices.pop("targets", None) or {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="thresher-")))
        pool = await stack.enter_async_context(ReadingPool(folder / "spool"))
        worker = Worker(house=house, settings=settings, pool=pool, targets=targets)
        stack.push_async_callback(worker.aclose, min(GRACE, choices.get("grace", GRACE)))
        yield Loop(jobs=house.jobs, work=worker.work, name=name, **choices)


def _note(reason: str) -> Note:
    code, _, message = reason.partition(": ")
    return Note(code=code, message=message)
