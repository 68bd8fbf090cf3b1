"""Do units in worker processes with limits of time and memory; what breaks one is found and does not break the rest."""

from __future__ import annotations

from concurrent.futures import Future
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from thresher.schemas.errors import Problem, SetupProblem
from thresher.service.base.resource_exhaustion import is_exhaustion
from thresher.service.discovery.collection.units import UnitSetting, give_up, perform, split
from thresher.service.discovery.matter.work import UnitResult, WorkUnit
from thresher.service.readers import process_start, worker_process
from thresher.service.readers.pool_size import pool_size

if TYPE_CHECKING:
    from pebble import ProcessPool

_UNITS_PER_WORKER = 2000  # after which a worker is replaced, because libraries leak memory
_MEMORY_BYTES = 2 << 30  # that a worker may add; less where the machine has not so much for a reading process


class UnitPool:
    """Worker processes for units."""

    def __init__(self, workers: int) -> None:
        """Use `workers` processes, started with the first unit."""
        self.workers = workers
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Self:
        """Return the pool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the processes."""
        self._discard()

    def _discard(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def submit(self, unit: WorkUnit, setting: UnitSetting) -> Future[UnitResult]:
        """Begin a unit; its Future raises what `result_of` handles."""
        from pebble import ProcessPool as Pool  # noqa: PLC0415 - loads slowly

        if self._pool is not None and not self._pool.active:
            self._discard()
        if self._pool is None:
            self._pool = Pool(self.workers, _UNITS_PER_WORKER, worker_process.begin, context=process_start.context())
        limits = setting.options.limits
        seconds = limits.tree_seconds if unit.task["do"] == "expand" else limits.seconds
        return cast("Future[UnitResult]", self._pool.schedule(run_unit, args=(unit, setting), timeout=seconds))

    def result_of(self, unit: WorkUnit, future: Future[UnitResult], setting: UnitSetting) -> UnitResult:
        """Return what a unit gave. Where it failed, its items are done one by one, and the one at fault is recorded.

        Raises SetupProblem for faults of the machine.
        """
        code, what = self._fault(future)
        if not code:
            return future.result()
        parts = split(unit)
        if len(parts) < 2:
            return give_up(unit, setting, code, what)
        whole = UnitResult()
        for part in parts:
            whole.add(self.result_of(part, self.submit(part, setting), setting))
        return whole

    def _fault(self, future: Future[UnitResult]) -> tuple[str, str]:
        """Return the code and the words of what went wrong; empty where nothing did."""
        from pebble import ProcessExpired  # noqa: PLC0415 - see above

        try:
            future.result()
        except TimeoutError:
            return "timeout", "it took too long"
        except MemoryError:
            return "too_large", "it needs more memory than the limit"
        except ProcessExpired as error:
            return "unknown", f"its process ended with {error.exitcode}"
        except (SetupProblem, KeyboardInterrupt):
            raise
        except Problem as problem:
            return "unknown", problem.message
        except Exception as error:
            if is_exhaustion(error):
                raise SetupProblem("machine_short", type(error).__name__) from error
            return "unknown", f"{type(error).__name__}: {error}"
        return "", ""


def run_unit(unit: WorkUnit, setting: UnitSetting) -> UnitResult:
    """Do a unit in a worker process, under a limit of memory."""
    worker_process.limit_memory(_memory())
    return perform(unit, setting)


@cache
def _memory() -> int:
    return min(_MEMORY_BYTES, pool_size().reader)
