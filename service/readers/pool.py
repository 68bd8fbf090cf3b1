"""Reading in worker processes, so that no file can hang, starve or kill the run.

A worker that takes too long or dies takes only its own file with it: that file gets a Problem, the rest goes on.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from uuid import uuid4

from thresher.schemas.errors import InputProblem, JobProblem, Problem, SetupProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.base.resource_exhaustion import is_short
from thresher.service.readers import process_start, worker_process
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.fair_queue import Turns
from thresher.service.readers.pool_size import room
from thresher.service.readers.registry import read_source
from thresher.service.readers.worker_process import ReadFunction
from thresher.service.telemetry import tracing
from thresher.service.telemetry.ids import asked_by, document_id, reading_of

if TYPE_CHECKING:
    from pebble import ProcessPool

log = logging.getLogger(__name__)

_TASKS = 500  # readings after which a worker is replaced: what libraries leak goes with it
_REBUILDS = 2  # times one reading is tried again because the whole pool broke
_PAUSES = (0.0, 2.0, 8.0)  # seconds before a reading is tried again whose process died; by itself once at most
_READING = 512 << 20  # bytes that any reading may add
_PICTURES = 2 << 30  # the same of one that reads pictures of pages: OCR of one at full size took 1.1 GiB
_A_BYTE = 32  # bytes of memory that a byte of a file may take, beside what every reading may
_GAVE_UP = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL}  # how libraries in C++ and Rust end where memory is refused
_KILLED = "killed by SIGKILL"  # from outside: by a system that is short of memory, or by an operator


class _Died(Exception):  # noqa: N818 - what happened to a process
    """A reading's process died."""

    def __init__(self, how: str) -> None:
        """`how` it ended, in words."""
        super().__init__(how)
        self.how = how


class Reads(Protocol):
    """Whatever gives the Reading of a Source. Raises a Problem, and nothing else."""

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """The Document of one Source, and its children."""
        ...


class InlineReading:
    """Reads in this process, without limits on time and memory: for tests and for trusted bytes."""

    def __init__(self, spool: Path) -> None:
        """Children's bytes go to the folder `spool`."""
        self._spool = Spool(spool)

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """The Document of one Source, and its children."""
        return read_source(source, options, self._spool)


class ReadingPool:
    """Reads in `workers` processes of its own, each reading under `options.limits`."""

    def __init__(
        self, spool: Path, *, workers: int | None = None, tasks: int = _TASKS, read: ReadFunction = read_source
    ) -> None:
        """Children's bytes go to the folder `spool`; a worker is replaced after `tasks` readings.

        `read` is what a worker does with a Source: a function of an importable module.
        """
        fits = room()
        self.workers = workers or fits.readers
        self._memory = fits.reader
        self._turns = Turns(self.workers)
        self._spool = Spool(spool)
        self._tasks = tasks
        self._read = read
        self._pool: ProcessPool | None = None

    async def __aenter__(self) -> Self:
        """Start; the processes themselves start with the first reading."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers, whatever they are doing."""
        await self.close()

    async def close(self) -> None:
        """Stop the workers, whatever they are doing; the pool may be used again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            await asyncio.to_thread(pool.join)

    async def begin(self) -> None:
        """Begin the processes now: else the first reading waits for them. Raises RuntimeError where none can be begun."""
        begun = [self._running().schedule(worker_process.ready) for _ in range(self.workers)]
        await asyncio.gather(*map(asyncio.wrap_future, begun))

    @asynccontextmanager
    async def apart(self, *, stores: bool = False) -> AsyncIterator[Reads]:
        """The same processes, with a folder of its own for children's bytes: it is gone at the end.

        `stores`: large Documents lie in it too, for whoever passes them on to another process.
        """
        folder = self._spool.folder / uuid4().hex
        try:
            yield _Apart(self, Spool(folder, stores=stores))
        finally:
            if folder.exists():
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def read(self, source: Source, options: ReadOptions, spool: Spool | None = None) -> Reading:
        """The Document of one Source, and its children; `spool`: where else their bytes go.

        Raises InputProblem (`timeout`, `too_large` …), SetupProblem, and JobProblem: `poisoned` where its processes died,
        `worker_died` where none could be started.
        """
        known = document_id(source.sha256)
        reading_of.set(known)
        begun = time.perf_counter()
        with tracing.span("read", {"thresher.document": known, "thresher.bytes": source.size}) as span:
            reading = await self._surely(source, options, spool or self._spool)
            pages = len(reading.document.pages)
            span.set({"thresher.media_type": reading.document.source.media_type, "thresher.pages": pages})
        facts = {"media_type": reading.document.source.media_type, "pages": pages}
        seconds = round(time.perf_counter() - begun, 4)
        log.info("read", extra={"action": "document.read", **facts, "seconds": seconds})
        return reading

    async def _surely(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """The Reading; tried again where its process died, for that need not be the file's fault: the system may be short."""
        for pause in _PAUSES:
            try:
                return await self._rebuilding(source, options, spool)
            except _Died as died:
                log.warning("reader died", extra={"action": "reader.died", "why": died.how})
                if pause and died.how != _KILLED:
                    raise JobProblem("poisoned", f"{source.path} ({died.how})") from None
            await asyncio.sleep(pause)
        try:
            return await self._rebuilding(source, options, spool)
        except _Died as died:
            raise JobProblem("poisoned", f"{source.path} ({died.how})") from None

    async def _rebuilding(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """The Reading, from a new pool where the old one broke."""
        for _ in range(_REBUILDS + 1):
            try:
                return await self._read_once(source, options, spool)
            except BrokenProcessPool:
                await self._discard_broken()
        raise JobProblem("worker_died", f"{source.path} (no worker could be started)")

    async def _read_once(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        from pebble import ProcessExpired  # noqa: PLC0415 - a run that reads nothing needs no processes

        limit = options.limits.seconds
        try:
            async with self._turns.place(asked_by.get()):
                return await asyncio.wrap_future(self._schedule(source, options, spool))
        except TimeoutError:
            raise InputProblem("timeout", f"{source.path} took over {limit:g} s") from None
        except ProcessExpired as error:
            if -error.exitcode in _GAVE_UP:
                why = f"{source.path} needs more memory than the limit ({_how(error.exitcode)})"
                raise InputProblem("too_large", why) from None
            raise _Died(_how(error.exitcode)) from None
        except (Problem, BrokenProcessPool):
            raise
        except MemoryError:
            raise InputProblem("too_large", f"{source.path} needs more memory than the limit") from None
        except Exception as error:  # a result that could not cross the process border
            if is_short(error):
                raise SetupProblem("machine_short", f"{source.path} ({type(error).__name__})") from error
            raise InputProblem("corrupt", f"{source.path} ({type(error).__name__})") from error

    def _schedule(self, source: Source, options: ReadOptions, spool: Spool) -> Future[Reading]:
        most = min(options.limits.memory, self._memory)
        memory = (min(most, _READING + _A_BYTE * source.size), min(most, _PICTURES + _A_BYTE * source.size))
        try:
            return self._running().schedule(
                worker_process.perform,
                args=(self._read, source, options, spool, memory),
                timeout=options.limits.seconds,
            )
        except RuntimeError as error:  # the pool broke since
            raise BrokenProcessPool(str(error)) from error

    def _running(self) -> ProcessPool:
        from pebble import ProcessPool as Pool  # noqa: PLC0415 - as above

        if self._pool is None:
            self._pool = Pool(self.workers, self._tasks, worker_process.begin, context=process_start.context())
        return self._pool

    async def _discard_broken(self) -> None:
        """Drop the pool if it is the one that broke; another reading may have replaced it already."""
        if self._pool is not None and not self._pool.active:
            await self.close()


@dataclass(frozen=True, slots=True)
class _Apart:
    """A pool with another folder for children's bytes."""

    pool: ReadingPool
    spool: Spool

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """See ReadingPool."""
        return await self.pool.read(source, options, self.spool)


def _how(exitcode: int) -> str:
    """How a process ended, in words.

    >>> _how(-11), _how(3)
    ('killed by SIGSEGV', 'exit code 3')
    """
    try:
        return f"killed by {signal.Signals(-exitcode).name}" if exitcode < 0 else f"exit code {exitcode}"
    except ValueError:
        return f"exit code {exitcode}"
