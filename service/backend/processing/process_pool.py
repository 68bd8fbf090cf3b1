"""Processes that take one large Unit each, under limits of time and memory. Models are asked from here."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem, JobProblem, Problem
from thresher.schemas.result import Result
from thresher.service.backend.processing.messages import Asked, Asker, Done, Order, Replied
from thresher.service.extraction.engine import Engine
from thresher.service.llm.base import Model
from thresher.service.llm.client import ModelClient
from thresher.service.readers.fair_queue import Turns
from thresher.service.readers.pool_size import Room, room
from thresher.service.readers.process_start import context
from thresher.service.telemetry.ids import asked_by

log = logging.getLogger(__name__)

DEATHS = 2  # processes that one Unit may kill
ORDERS = 50  # Units after which a process is replaced: what libraries leak goes with it
PATIENCE = 2.0  # seconds that a process has to end once it is told to


@dataclass(slots=True)
class _Child:
    """A process, and the line to it."""

    process: BaseProcess
    line: Connection
    orders: int = 0


class Processors:
    """Processes for large Units, begun when they are wanted and kept for the next."""

    def __init__(self, fits: Room | None = None) -> None:
        """`fits`: how many at once, and the memory of each; None: by what this machine has."""
        self._room = fits or room()
        self._turns = Turns(self._room.processors)
        self._idle: list[_Child] = []

    async def process(self, engine: Engine, documents: list[Document]) -> Result[Any]:
        """The Result of a Unit; where its process died it is tried once more.

        Raises InputProblem (`timeout`, `too_large` …) and JobProblem(`poisoned`).
        """
        order = _order(engine, documents, self._room.processor)
        async with self._turns.place(asked_by.get()):
            for _ in range(DEATHS):
                try:
                    return _given(await self._done(order, engine.model))
                except JobProblem as problem:
                    if problem.code != "worker_died":
                        raise
                    how = problem.detail
                    log.warning("processor died", extra={"action": "processor.died", "why": how})
        raise JobProblem("poisoned", how)

    async def _done(self, order: Order, model: Model) -> Done:
        """How an Order ended. Raises JobProblem(worker_died)."""
        async with self._child() as child:
            try:
                return await _talk(child, order, model)
            except (EOFError, OSError):
                raise await _ended(child, order) from None

    async def begin(self) -> None:
        """Begin one process now: else the first large Unit waits for all that it loads. Raises OSError where none can be."""
        self._idle.append(await asyncio.to_thread(_begun))

    async def aclose(self) -> None:
        """End the processes that wait; those at work end with who waits for them."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_stopped(child) for child in idle))

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[_Child]:
        """A process for one Order; one that did not come to its end is ended."""
        child = self._idle.pop() if self._idle else await asyncio.to_thread(_begun)
        try:
            yield child
        except BaseException:
            await asyncio.shield(_stopped(child))
            raise
        child.orders += 1
        if child.orders < ORDERS:
            self._idle.append(child)
        else:
            await _stopped(child)


def _begun() -> _Child:
    from thresher.service.backend.processing.child_process import live  # noqa: PLC0415 - only where there is a large Unit

    here, there = context().Pipe()
    process = context().Process(target=live, args=(there,), daemon=True)  # type: ignore[attr-defined]
    process.start()
    there.close()
    return _Child(process, here)


async def _stopped(child: _Child) -> None:
    """End a process and close its line."""
    child.line.close()
    child.process.kill()
    await asyncio.to_thread(child.process.join, PATIENCE)


def _order(engine: Engine, documents: list[Document], memory: int) -> Order:
    if engine.target.made_from is None:  # the worker loads every target by its spec
        raise RuntimeError("a target that no other process can load")
    limits = engine.policy.read.limits
    beside = engine.model.beside if isinstance(engine.model, ModelClient) else None
    return Order(
        target=engine.target.made_from,
        policy=engine.policy,
        documents=documents,
        model=Asker(name=engine.model.name, facts=engine.model.facts),
        beside=None if beside is None else Asker(name=beside.name, facts=beside.facts),
        memory=min(memory, limits.memory),
        seconds=limits.seconds,
    )


async def _talk(child: _Child, order: Order, model: Model) -> Done:
    """Give an Order and ask what it asks, until it is done. Raises EOFError and OSError where the process ends before."""
    sending = asyncio.Lock()
    await asyncio.to_thread(child.line.send, order)
    asking: set[asyncio.Task[None]] = set()
    try:
        while not isinstance(said := await _heard(child.line), Done):
            task = asyncio.create_task(_reply(partial(_send, child.line, sending), said, model))
            asking.add(task)
            task.add_done_callback(asking.discard)
    finally:
        await _dropped([*asking])
    return said


def _given(done: Done) -> Result[Any]:
    """The Result. Raises what there is instead of one."""
    match done.result:
        case Problem():
            raise done.result
        case str():
            log.error("processing failed", extra={"action": "processing.failed", "why": done.result})
            raise RuntimeError("processing failed")
        case _:
            return done.result


async def _send(line: Connection, sending: asyncio.Lock, said: Replied) -> None:
    async with sending:
        with suppress(OSError):  # the process ended; whoever hears it tells
            await asyncio.to_thread(line.send, said)


async def _reply(send: Any, asked: Asked, model: Model) -> None:
    """Ask a model, and send what it said."""
    chosen = model.beside if asked.beside and isinstance(model, ModelClient) else model
    try:
        reply = await (chosen or model).ask(asked.question)
    except Problem as problem:
        await send(Replied(asked.number, problem))
    else:
        await send(Replied(asked.number, reply))


async def _heard(line: Connection) -> Asked | Done:
    """The next word of a process."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(line.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(line.fileno())
    said: Asked | Done = await asyncio.to_thread(line.recv)
    return said


async def _dropped(asking: Sequence[asyncio.Task[None]]) -> None:
    """End questions that nobody waits for any more; a paid call goes on to its store by itself."""
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def _ended(child: _Child, order: Order) -> Problem:
    """Why a process ended before its Order was done."""
    await asyncio.to_thread(child.process.join, PATIENCE)
    code, path = child.process.exitcode, order.documents[0].source.path
    if code == -signal.SIGXCPU:
        return InputProblem("timeout", f"{path} took over {order.seconds:g} s of processing")
    return JobProblem("worker_died", f"{path} (exit code {code})")
