"""What a reading process is: quiet, deaf to Ctrl-C, and with a bound on its memory."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_all_start_methods, get_context, spawn
from multiprocessing.context import BaseContext, ForkServerContext, ForkServerProcess
from pathlib import Path
from threading import Lock
from typing import Any

from schemas.errors import InputProblem
from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Reading, Spool

ReadFunction = Callable[[Source, ReadOptions, Spool], Reading]

_PRELOAD = ["service.readers.worker", "service.readers.auction", "service.readers.plain"]
_starting = Lock()
_mapped = 0  # bytes of data that the process had before it read anything
_bound = 0  # bytes that it may add, as last set


def begin() -> None:
    """Prepare a fresh process. Never raises: a worker that can not begin would be started again for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, even inside C code
    _silence()
    global _mapped  # noqa: PLW0603 - a process has one memory
    _mapped = _data_bytes()
    _no_core_files()


def perform(read: ReadFunction, source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """One reading, under the memory limit of its options."""
    _limit_memory(options.limits.memory)
    try:
        return read(source, options, spool)
    except InputProblem:
        gc.collect()  # what failed for want of memory must not starve the next
        raise


def _silence() -> None:
    """Send what libraries print to nowhere, from C code too."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def _data_bytes() -> int:
    """Private writable memory of this process in bytes; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return next(int(x.split()[1]) * 1024 for x in status.splitlines() if x.startswith("VmData"))
    except (OSError, StopIteration, ValueError):
        return 0


def _limit_memory(added: int) -> None:
    """Allow `added` bytes over the start. RLIMIT_DATA: address space that is only reserved costs nothing."""
    global _bound  # noqa: PLW0603 - a process has one limit
    if not _mapped or added == _bound:
        return
    import resource  # noqa: PLC0415 - not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _mapped + added
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    _bound = added


def _no_core_files() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


class _Process(ForkServerProcess):
    """A process that does not import the caller's main module: a script needs no `if __name__` guard."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - the name that multiprocessing calls
        with _starting:
            real = spawn.get_preparation_data
            spawn.get_preparation_data = lambda name: _without_main(real(name))
            try:
                return ForkServerProcess._Popen(process_obj)  # noqa: SLF001 - the only hook
            finally:
                spawn.get_preparation_data = real


def _without_main(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if not key.startswith("init_main_from")}


class _Context(ForkServerContext):
    Process = _Process


def context() -> BaseContext:
    """How workers are started: forked from a clean, single-threaded server that has the light modules loaded."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    made = _Context()
    made.set_forkserver_preload(_PRELOAD)
    return made
