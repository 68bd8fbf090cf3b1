"""Run large Units in processes, one Unit each at a time, under limits of time and memory.

Models are asked from here.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem, JobProblem, Problem, SetupProblem
from thresher.schemas.question import Model
from thresher.schemas.result import Result
from thresher.service.backend.processing.inbox import Inbox
from thresher.service.backend.processing.messages import (
    DoneMessage,
    QuestionMessage,
    RemoteModel,
    ReplyMessage,
    UnitOrder,
)
from thresher.service.base.fair_queue import FairQueue
from thresher.service.extraction.engine import Engine
from thresher.service.llm.client import ModelClient
from thresher.service.readers.pool_size import PoolSize, pool_size
from thresher.service.readers.process_deaths import pause_after_death
from thresher.service.readers.process_start import context
from thresher.service.telemetry.ids import current_tenant

log = logging.getLogger(__name__)

ORDERS_PER_PROCESS = 500  # Units after which a process is replaced, with the memory that libraries may leak
END_SECONDS = 2.0  # that a process has to end once it was killed


@dataclass(slots=True)
class _Child:
    """A process, and the connection to it."""

    process: BaseProcess
    line: (
        Connection  # blocks: an event loop that watched it might make it not block (uvloop), and messages would be lost
    )
    orders: int = 0
    listener: threading.Thread | None = None  # receives the messages of an UnitOrder


class _Died(Exception):  # noqa: N818 - what happened to a process
    """The process of a Unit died."""

    def __init__(self, path: str, exitcode: int | None) -> None:
        """Take the path of the Unit's first Document and the process' exit code, if it is known."""
        super().__init__(f"{path} (exit code {exitcode})")
        self.exitcode = exitcode


class ProcessingPool:
    """Processes for large Units, started when needed and kept for the next."""

    def __init__(self, fits: PoolSize | None = None) -> None:
        """Take how many run at once and the memory of each; None: by what this machine has."""
        self._room = fits or pool_size()
        self._turns = FairQueue(self._room.processors)
        self._idle: list[_Child] = []

    async def process(self, engine: Engine, documents: list[Document]) -> Result[Any]:
        """Process a Unit; where its process died, try it again, as the system may have been short of memory.

        Raises InputProblem (`timeout`, `too_large` …), JobProblem(`poisoned`) and SetupProblem(`machine_short`).
        """
        order = _order(engine, documents, self._room.processor)
        for death in count(1):
            try:
                async with self._turns.place(current_tenant.get()):
                    return _result_of(await self._run(order, engine.model))
            except _Died as died:
                log.warning("processor died", extra={"action": "processor.died", "why": str(died)})
                pause = pause_after_death(death, died.exitcode)
                if pause is None:
                    raise JobProblem("poisoned", str(died)) from None
            await asyncio.sleep(pause)
        raise AssertionError  # not reached: the last death has no pause

    async def _run(self, order: UnitOrder, model: Model) -> DoneMessage:
        """Return how an UnitOrder ended. Raises _Died."""
        async with self._child() as child:
            try:
                return await _run_order(child, order, model)
            except (EOFError, OSError):
                raise await _death_of(child, order) from None

    async def begin(self) -> None:
        """Start one process now, or the first large Unit would wait for its imports.

        Raises OSError where none can be started.
        """
        self._idle.append(await asyncio.to_thread(_start))

    async def aclose(self) -> None:
        """End the idle processes; those at work end with the tasks that wait for them."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_stop(child) for child in idle))

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[_Child]:
        """Provide a process for one UnitOrder; end the process if the UnitOrder fails."""
        child = await self._living() or await _started()
        try:
            yield child
        except BaseException:
            await asyncio.shield(_stop(child))
            raise
        child.orders += 1
        if child.orders < ORDERS_PER_PROCESS:
            self._idle.append(child)
        else:
            await _stop(child)

    async def _living(self) -> _Child | None:
        """Return an idle process; those that died idle are no word on the next Unit."""
        while self._idle:
            child = self._idle.pop()
            if not _has_ended(child):
                return child
            await _stop(child)
        return None


def _has_ended(child: _Child) -> bool:
    """Whether an idle process has ended: it says nothing unasked, so that there is only an end to be read."""
    try:
        return child.line.poll()
    except OSError:
        return True


def _start() -> _Child:
    from thresher.service.backend.processing.child_process import serve_orders  # noqa: PLC0415 - only where there is a large Unit

    here, there = context().Pipe()
    process = context().Process(target=serve_orders, args=(there,), daemon=True)  # type: ignore[attr-defined]
    process.start()
    there.close()
    return _Child(process, here)


async def _started() -> _Child:
    """Start a process. Raises SetupProblem(machine_short) where none can be started: it is no fault of the Unit."""
    try:
        return await asyncio.to_thread(_start)
    except (OSError, EOFError) as error:
        raise SetupProblem("machine_short", f"no process could be started ({type(error).__name__})") from error


async def _stop(child: _Child) -> None:
    """Kill a process and close its connection, once nobody reads from it any more."""
    child.process.kill()
    await asyncio.to_thread(child.process.join, END_SECONDS)
    if child.listener is not None:
        await asyncio.to_thread(child.listener.join, END_SECONDS)
    child.line.close()


def _order(engine: Engine, documents: list[Document], memory: int) -> UnitOrder:
    if engine.target.made_from is None:  # the process loads every target by its spec
        raise RuntimeError("a target that no other process can load")
    limits = engine.policy.read.limits
    beside = engine.model.beside if isinstance(engine.model, ModelClient) else None
    return UnitOrder(
        target=engine.target.made_from,
        policy=engine.policy,
        documents=documents,
        model=RemoteModel(name=engine.model.name, facts=engine.model.facts),
        beside=None if beside is None else RemoteModel(name=beside.name, facts=beside.facts),
        memory=min(memory, limits.memory),
        seconds=limits.seconds,
    )


async def _run_order(child: _Child, order: UnitOrder, model: Model) -> DoneMessage:
    """Send an UnitOrder and answer its questions until it is done.

    Raises EOFError and OSError where the process ends before.
    """
    sending, inbox, asking = asyncio.Lock(), Inbox(), set[asyncio.Task[None]]()
    await asyncio.to_thread(child.line.send, order)
    child.listener = inbox.listen(child.line)
    try:
        while not isinstance(message := await inbox.next(), DoneMessage):
            task = asyncio.create_task(_reply(partial(_send, child.line, sending), message, model))
            asking.add(task)
            task.add_done_callback(asking.discard)
            task.add_done_callback(inbox.put_fault)
    finally:
        await _cancel_all([*asking])
    return message


def _result_of(done: DoneMessage) -> Result[Any]:
    """Return the Result. Raises the Problem that came instead."""
    match done.result:
        case Problem():
            raise done.result
        case str():
            log.error("processing failed", extra={"action": "processing.failed", "why": done.result})
            raise RuntimeError("processing failed")
        case _:
            return done.result


async def _send(line: Connection, sending: asyncio.Lock, message: ReplyMessage) -> None:
    async with sending:
        with suppress(ConnectionError):  # the process ended: who listens to it reports that
            await asyncio.to_thread(line.send, message)


async def _reply(send: Any, asked: QuestionMessage, model: Model) -> None:
    """Ask a model, and send its reply."""
    chosen = model.beside if asked.beside and isinstance(model, ModelClient) else model
    try:
        reply = await (chosen or model).ask(asked.question)
    except Problem as problem:
        await send(ReplyMessage(asked.number, problem))
    else:
        await send(ReplyMessage(asked.number, reply))


async def _cancel_all(asking: Sequence[asyncio.Task[None]]) -> None:
    """Cancel questions that nobody waits for any more; a paid call is still stored."""
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def _death_of(child: _Child, order: UnitOrder) -> Exception:
    """Return why a process ended before its UnitOrder was done."""
    await asyncio.to_thread(child.process.join, END_SECONDS)
    code, path = child.process.exitcode, order.documents[0].source.path
    if code == -signal.SIGXCPU:
        return InputProblem("timeout", f"{path} took over {order.seconds:g} s of processing")
    return _Died(path, code)
