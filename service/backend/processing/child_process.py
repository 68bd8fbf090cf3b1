"""Run a processing process: it takes one UnitOrder after another, and sends its questions to its parent."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import time
import traceback
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.question import ModelFacts, Question, Reply
from thresher.schemas.result import Result
from thresher.service.backend.processing.messages import (
    DoneMessage,
    QuestionMessage,
    RemoteModel,
    ReplyMessage,
    UnitOrder,
    WrittenResult,
)
from thresher.service.extraction.engine import Engine, engine_of
from thresher.service.llm.providers.embeddings import Embedding
from thresher.service.pipeline import process
from thresher.service.readers.worker_process import begin, limit_memory
from thresher.service.targets.loading import load_target

LONG_RESULT_EVIDENCE = 5_000  # pieces of evidence, about 1 MB of JSON, from which a Result is written here
KEPT_ENGINES = 4  # targets and policies that are not loaded anew for each order (0.1 s of CPU)
NICE = 5  # lower priority than processes that answer callers


def serve_orders(line: Connection) -> None:
    """Take Orders until the other end is closed."""
    begin()
    os.nice(NICE)
    gc.freeze()  # the collection after each order need not look at what was imported
    while True:
        try:
            order: UnitOrder = line.recv()
            line.send(DoneMessage(_outcome_of(order, line)))
        except (EOFError, OSError):
            return
        del order
        gc.collect()


def _outcome_of(order: UnitOrder, line: Connection) -> Result[Any] | Problem | str:
    _limit_time(order.seconds)
    try:
        return asyncio.run(_process(order, line))
    except Problem as problem:
        return problem
    except MemoryError:
        return InputProblem("too_large", f"{order.documents[0].source.path} needs more memory than the limit")
    except EOFError:
        raise
    except Exception:  # noqa: BLE001 - the parent decides what it means
        return traceback.format_exc()


async def _process(order: UnitOrder, line: Connection) -> Result[Any]:
    questions = PendingQuestions(line)
    known = _engine(pickle.dumps((order.model, order.target, order.policy)))
    engine = replace(known, model=ParentModel(order.model, questions))
    if order.beside is not None:
        embedding_model = ParentModel(order.beside, questions, beside=True)
        engine = replace(engine, embedder=Embedding(model=embedding_model))
    limit_memory(order.memory)  # what was loaded until now does not count
    asyncio.get_running_loop().add_reader(line.fileno(), questions.hear)
    return _written(await process(engine, order.documents))


@lru_cache(maxsize=KEPT_ENGINES)
def _engine(parts: bytes) -> Engine:
    """Return the Engine of a pickled model, target and Policy; its model can not be asked yet."""
    model, (spec, base), policy = pickle.loads(parts)  # noqa: S301 - pickled here
    return engine_of(ParentModel(model, None), load_target(spec, base=base), policy)


def _written(result: Result[Any]) -> Result[Any]:
    """Return a long Result as JSON: its parent would stand still while it writes it, or takes it apart."""
    body = result.model_dump_json() if len(result.evidence) > LONG_RESULT_EVIDENCE else ""
    return WrittenResult.of(result, body) if body else result


@dataclass(slots=True)
class PendingQuestions:
    """PendingQuestions that wait for the parent's reply."""

    line: Connection
    _waiting: dict[int, asyncio.Future[Reply | Problem]] = field(default_factory=dict)
    _asked: int = 0

    async def ask(self, question: Question, *, beside: bool) -> Reply:
        """Return the reply of the parent's model. Raises what it raised."""
        self._asked, number = self._asked + 1, self._asked
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self.line.send(QuestionMessage(number, question, beside))
        reply = await waiting
        if isinstance(reply, Reply):
            return reply
        raise reply

    def hear(self) -> None:
        """Read one reply, and give it to the question that waits for it."""
        try:
            message: ReplyMessage = self.line.recv()
        except (EOFError, OSError):
            os._exit(0)  # no parent waits for the Result any more
        waiting = self._waiting.pop(message.number)
        if not waiting.done():
            waiting.set_result(message.reply)


@dataclass(frozen=True, slots=True)
class ParentModel:
    """A Model whose questions the parent asks."""

    known: RemoteModel
    questions: PendingQuestions | None  # None: nothing can be asked
    beside: bool = False

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self.known.name

    @property
    def facts(self) -> ModelFacts:
        """Return the model's facts."""
        return self.known.facts

    async def ask(self, question: Question) -> Reply:
        """Send a question to the parent; return the reply."""
        if self.questions is None:
            raise RuntimeError("a model without a parent")
        return await self.questions.ask(question, beside=self.beside)


def _limit_time(seconds: float) -> None:
    """Let the system end the process (SIGXCPU) after some more seconds of processor time."""
    import resource  # noqa: PLC0415 - not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, hard))
