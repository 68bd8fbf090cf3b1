"""Read in worker processes, so that no file can hang or exhaust the whole run.

When a worker takes too long or dies, only its own file fails with a Problem.
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
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar
from uuid import uuid4

from thresher.schemas.errors import InputProblem, JobProblem, Problem, SetupProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.base.fair_queue import FairQueue
from thresher.service.base.resource_exhaustion import is_exhaustion
from thresher.service.readers import process_start, worker_process
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.pool_size import pool_size
from thresher.service.readers.process_deaths import pause_after_death
from thresher.service.readers.registry import read_source
from thresher.service.readers.worker_process import ReadFunction
from thresher.service.telemetry import tracing
from thresher.service.telemetry.ids import current_document, current_tenant, document_id

if TYPE_CHECKING:
    from pebble import ProcessPool

log = logging.getLogger(__name__)
Made = TypeVar("Made")

_TASKS_PER_WORKER = 500  # readings after which a worker is replaced, because libraries leak memory
_REBUILD_PAUSES_SECONDS = (0.0, 1.0, 4.0)  # before one reading is tried again because the whole pool broke
_READING_BYTES = 512 << 20  # bytes of memory that any reading may add
_PICTURES_BYTES = 2 << 30  # the same for one that reads images of pages: OCR of one at full size took 1.1 GiB
_BYTES_PER_FILE_BYTE = 32  # bytes of memory that each byte of the file may take in addition
# how libraries in C++ and Rust end where memory is refused
_OUT_OF_MEMORY_SIGNALS = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL}


class _Died(Exception):  # noqa: N818 - what happened to a process
    """A reading's process died."""

    def __init__(self, exitcode: int) -> None:
        """Take the process' exit code."""
        super().__init__(_describe_exit(exitcode))
        self.exitcode = exitcode


class AsyncReader(Protocol):
    """Any object that returns the Reading of a Source. Raises a Problem, and nothing else."""

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """Return the Document of one Source, and its children."""
        ...


class InlineReader:
    """Read in this process, without limits on time and memory: for tests and for trusted bytes."""

    def __init__(self, spool: Path) -> None:
        """Store children's bytes in the folder `spool`."""
        self._spool = Spool(spool)

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """Return the Document of one Source, and its children."""
        return read_source(source, options, self._spool)


class ReaderPool:
    """Read in `workers` processes of its own, each reading under `options.limits`."""

    def __init__(
        self,
        spool: Path,
        *,
        workers: int | None = None,
        tasks: int = _TASKS_PER_WORKER,
        read: ReadFunction[Reading] = read_source,
    ) -> None:
        """Store children's bytes in the folder `spool`; replace a worker after `tasks` readings.

        `read` is the function that a worker calls for a Source; its module must be importable.
        """
        fits = pool_size()
        self.workers = workers or fits.readers
        self._memory = fits.reader
        self._turns = FairQueue(self.workers)
        self._spool = Spool(spool)
        self._tasks = tasks
        self._read = read
        self._pool: ProcessPool | None = None
        self._beginning: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        """Return the pool; the processes start with the first reading."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers, even in the middle of a reading."""
        await self.close()

    async def close(self) -> None:
        """Stop the workers, even in the middle of a reading; the pool may be used again."""
        if self._beginning is not None:
            await asyncio.wait([self._beginning])
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(_stop, pool)

    async def begin(self) -> None:
        """Start the processes now, so that the first reading need not wait.

        Raises RuntimeError where none can be started.
        """
        pool = await self._running()
        begun = await asyncio.to_thread(lambda: [pool.schedule(worker_process.ready) for _ in range(self.workers)])
        await asyncio.gather(*map(asyncio.wrap_future, begun))

    @asynccontextmanager
    async def apart(self, *, stores: bool = False) -> AsyncIterator[AsyncReader]:
        """Use the same processes with another folder for children's bytes, which is removed at the end.

        `stores`: large Documents are stored in it, too, to be passed on to another process.
        """
        folder = self._spool.folder / uuid4().hex
        try:
            yield _WithFolder(self, Spool(folder, stores=stores))
        finally:
            if folder.exists():
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def read(self, source: Source, options: ReadOptions, spool: Spool | None = None) -> Reading:
        """Return the Document of one Source, and its children; `spool` replaces the folder for their bytes.

        Raises InputProblem (`timeout`, `too_large` …), JobProblem(`poisoned`) where the processes that read it died,
        and SetupProblem: `machine_short` where none could be started.
        """
        known = document_id(source.sha256)
        current_document.set(known)
        begun = time.perf_counter()
        with tracing.span("read", {"thresher.document": known, "thresher.bytes": source.size}) as span:
            reading = await self._call_with_retries(self._read, source, options, spool or self._spool)
            pages = len(reading.document.pages)
            span.set({"thresher.media_type": reading.document.source.media_type, "thresher.pages": pages})
        facts = {"media_type": reading.document.source.media_type, "pages": pages}
        seconds = round(time.perf_counter() - begun, 4)
        log.info("read", extra={"action": "document.read", **facts, "seconds": seconds})
        return reading

    async def call(self, function: ReadFunction[Made], source: Source, options: ReadOptions) -> Made:
        """Return what another function makes of one Source, in a worker and under the same limits as a reading.

        Its module must be importable. Raises as `read` does.
        """
        return await self._call_with_retries(function, source, options, self._spool)

    async def _call_with_retries(
        self, function: ReadFunction[Made], source: Source, options: ReadOptions, spool: Spool
    ) -> Made:
        """Call a function in a worker; retry where its process died, as the system may have been short of memory."""
        for death in count(1):
            try:
                return await self._call_rebuilding_pool(function, source, options, spool)
            except _Died as died:
                log.warning("reader died", extra={"action": "reader.died", "why": str(died)})
                pause = pause_after_death(death, died.exitcode)
                if pause is None:
                    raise JobProblem("poisoned", f"{source.path} ({died})") from None
            await asyncio.sleep(pause)
        raise AssertionError  # not reached: the last death has no pause

    async def _call_rebuilding_pool(
        self, function: ReadFunction[Made], source: Source, options: ReadOptions, spool: Spool
    ) -> Made:
        """Call a function in a worker, of a new pool where the old one broke."""
        for pause in (*_REBUILD_PAUSES_SECONDS, None):
            try:
                return await self._call_once(function, source, options, spool)
            except BrokenProcessPool:
                await self._discard_broken()
                if pause is not None:
                    await asyncio.sleep(pause)
        raise SetupProblem("machine_short", f"{source.path} (no reading process could be started)")

    async def _call_once(
        self, function: ReadFunction[Made], source: Source, options: ReadOptions, spool: Spool
    ) -> Made:
        """Call a function in a worker, and turn what can go wrong there into Problems."""
        from pebble import ProcessExpired  # noqa: PLC0415 - a run that reads nothing needs no processes

        limit = options.limits.seconds
        try:
            async with self._turns.place(current_tenant.get()):
                return await asyncio.wrap_future(
                    self._schedule(await self._running(), function, source, options, spool)
                )
        except TimeoutError:
            raise InputProblem("timeout", f"{source.path} took over {limit:g} s") from None
        except ProcessExpired as error:
            if -error.exitcode in _OUT_OF_MEMORY_SIGNALS:
                why = f"{source.path} needs more memory than the limit ({_describe_exit(error.exitcode)})"
                raise InputProblem("too_large", why) from None
            raise _Died(error.exitcode) from None
        except (Problem, BrokenProcessPool):
            raise
        except MemoryError:
            raise InputProblem("too_large", f"{source.path} needs more memory than the limit") from None
        except Exception as error:  # a result that could not be sent between processes
            if is_exhaustion(error):
                raise SetupProblem("machine_short", f"{source.path} ({type(error).__name__})") from error
            raise InputProblem("corrupt", f"{source.path} ({type(error).__name__})") from error

    def _schedule(
        self, pool: ProcessPool, function: ReadFunction[Made], source: Source, options: ReadOptions, spool: Spool
    ) -> Future[Made]:
        """Give the work to the pool with its limits of time and memory."""
        most = min(options.limits.memory, self._memory)
        memory = (
            min(most, _READING_BYTES + _BYTES_PER_FILE_BYTE * source.size),
            min(most, _PICTURES_BYTES + _BYTES_PER_FILE_BYTE * source.size),
        )
        try:
            return pool.schedule(
                worker_process.perform,
                args=(function, source, options, spool, memory),
                timeout=options.limits.seconds,
            )
        except RuntimeError as error:  # the pool has broken in the meantime
            raise BrokenProcessPool(str(error)) from error

    async def _running(self) -> ProcessPool:
        """Return the pool, started where there is none: not in the event loop, since a start may take seconds.

        Raises BrokenProcessPool where no process can be started.
        """
        while self._pool is None:
            if self._beginning is None:
                self._beginning = asyncio.ensure_future(asyncio.to_thread(self._begin_pool))
                self._beginning.add_done_callback(self._end_beginning)
            await asyncio.shield(self._beginning)
        return self._pool

    def _begin_pool(self) -> None:
        """Make the pool and start its processes. Blocks. Raises BrokenProcessPool."""
        from pebble import ProcessPool as Pool  # noqa: PLC0415 - as above

        pool = Pool(self.workers, self._tasks, worker_process.begin, context=process_start.context())
        if not _is_active(pool):
            _stop(pool)
            raise BrokenProcessPool("no process could be started")
        self._pool = pool

    def _end_beginning(self, begun: asyncio.Future[None]) -> None:
        """Forget a start that has ended, and what it raised: who waits for it has heard."""
        self._beginning = None
        if not begun.cancelled():
            begun.exception()

    async def _discard_broken(self) -> None:
        """Drop the pool if it is the one that broke; another reading may have replaced it already."""
        if self._pool is not None and not _is_active(self._pool):
            await self.close()


@dataclass(frozen=True, slots=True)
class _WithFolder:
    """A pool with another folder for children's bytes."""

    pool: ReaderPool
    spool: Spool

    async def read(self, source: Source, options: ReadOptions) -> Reading:
        """Return the Document of one Source, and its children."""
        return await self.pool.read(source, options, self.spool)


def _is_active(pool: ProcessPool) -> bool:
    """Whether a pool works. A new one starts its processes when it is asked. Blocks."""
    try:
        return pool.active
    except (BrokenProcessPool, RuntimeError):
        return False


def _stop(pool: ProcessPool) -> None:
    """Stop the processes of a pool, even in the middle of a reading. Blocks."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _describe_exit(exitcode: int) -> str:
    """Return how a process ended, in words.

    >>> _describe_exit(-11), _describe_exit(3)
    ('killed by SIGSEGV', 'exit code 3')
    """
    try:
        return f"killed by {signal.Signals(-exitcode).name}" if exitcode < 0 else f"exit code {exitcode}"
    except ValueError:
        return f"exit code {exitcode}"
