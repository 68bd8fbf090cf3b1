"""Handling one Task: its files through the same pipeline as `thresher extract`, with Results for Outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import Note
from schemas.policy import Policy
from schemas.result import Result
from schemas.source import Source
from schemas.target import Target
from schemas.work import AskedTarget, Claim, Outcome, Submission
from service.llm.asking import Asking
from service.llm.wire import working_on
from service.loop import Worked
from service.pipeline import Engine
from service.readers.base import Reading
from service.readers.pool import Reads
from service.readers.tree import walk_tree
from service.store.memory import MemoryStore
from service.targets import load_target, target_from_schema
from service.tasks import Event, Run, run
from service.transcribe import Transcribing
from service.uploads.base import Uploads

AWAY = "model_unavailable"  # the one reason for which a Task is tried again: it passes by itself


@dataclass(slots=True)
class Collected:
    """Results in the order in which they come, kept as Outcomes."""

    outcomes: list[Outcome] = field(default_factory=list)
    usd: float = 0.0
    away: Note | None = None

    def write(self, path: str, result: Result[Any]) -> str:
        """See Results."""
        self.outcomes.append(Outcome(path=path, status=result.status, body=result.model_dump_json()))
        self.usd += result.usage.usd or 0.0
        for left in result.unresolved:
            if left.reason.startswith(AWAY):
                self.away = Note(code=AWAY, message=left.reason.partition(": ")[2])
        return path

    def read(self, name: str) -> Result[Any] | None:  # noqa: ARG002 - a Task has no Results of before
        """See Results."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The parts that every Task is handled with."""

    uploads: Uploads
    reads: Reads
    model: Callable[[Policy], Asking]
    engine: Callable[[Asking, Target, Policy], Engine]
    targets: dict[str, Target] = field(default_factory=dict)  # the operator's own, by name

    async def __call__(self, claim: Claim, order: Submission, stage: Callable[[str], None]) -> Worked:
        """See Work."""
        working_on.set(claim.id)
        stage("read")
        kept = Collected()
        async with AsyncExitStack() as stack:
            sources = [await self._source(stack, f.sha256, f.name) for f in claim.files]
            model = self.model(order.policy)
            stack.push_async_callback(model.aclose)
            engine = self.engine(model, target_of(order.target, self.targets), order.policy)
            job = Run(
                engine=lambda _: engine,
                walk=lambda source: self._walk(source, engine, stage),
                store=MemoryStore(),
                results=kept,
                policy=order.policy,
                report=_ignore,
                width=1,
            )
            await run(job, sources)
        return Worked(outcomes=kept.outcomes, usd=kept.usd, passing=kept.away)

    async def _source(self, stack: AsyncExitStack, sha256: str, name: str) -> Source:
        path = await stack.enter_async_context(self.uploads.local(sha256))
        return Source(path=name, blob=str(path), sha256=sha256, size=path.stat().st_size, name=name)

    async def _walk(self, source: Source, engine: Engine, stage: Callable[[str], None]) -> AsyncIterator[Reading]:
        async for reading in walk_tree(source, Transcribing(self.reads, engine.model), engine.policy.read):
            stage("extract")
            yield reading


def target_of(asked: AskedTarget, own: dict[str, Target]) -> Target:
    """The Target of a Submission. Raises InputProblem(target_invalid)."""
    if asked.known_as is None:
        return target_from_schema(asked.json_schema, asked.name)
    found = own[asked.known_as] if asked.known_as in own else load_target(asked.known_as)
    return found if found.fingerprint == asked.fingerprint else target_from_schema(asked.json_schema, asked.name)


def _ignore(_: Event) -> None:
    """Nobody looks on."""
