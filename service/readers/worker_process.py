"""Set up a reading process: silent, not interrupted by Ctrl-C, and with a limit on its memory."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.stored_documents import store_if_large

Made = TypeVar("Made")
ReadFunction = Callable[[Source, ReadOptions, Spool], Made]

_start_bytes = 0  # private memory of the process before it read anything
_held_bytes = 0  # the same before the current reading: models of an earlier one stay loaded
_limit_bytes = 0  # its memory limit, as last set
_picture_bytes = 0  # what it may add from the first image of a page on


def begin() -> None:
    """Prepare a fresh process. Never raises: a worker that failed here would be restarted for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, even inside C code
    _silence()
    _measure()


def ready() -> None:
    """Do nothing; called to start a process."""


def perform(
    function: ReadFunction[Made], source: Source, options: ReadOptions, spool: Spool, memory: tuple[int, int]
) -> Made:
    """Return what a function makes of one Source, under a limit of memory.

    `memory`: bytes that the process may add, and bytes that it may add once it reads images of pages.
    """
    global _held_bytes, _picture_bytes  # noqa: PLW0603 - a process has one memory
    narrow, _picture_bytes = memory
    _held_bytes = min(_data_bytes(), _start_bytes + _picture_bytes)
    limit_memory(narrow)
    try:
        made = function(source, options, spool)
    except InputProblem:
        gc.collect()  # memory of a failed reading must be free for the next one
        raise
    if spool.stores and isinstance(made, Reading):
        return replace(made, document=store_if_large(made.document, spool.folder))
    return made


def widen_memory() -> None:
    """Raise the limit to what images of pages take, where it is lower. Does nothing outside a reading process."""
    if _held_bytes + _picture_bytes > _limit_bytes:
        limit_memory(_picture_bytes)


def limit_process(added: int) -> None:
    """Allow a process that is no reading one `added` bytes over what it has now."""
    _measure()
    limit_memory(added)


def _measure() -> None:
    global _start_bytes  # noqa: PLW0603 - a process has one memory
    _start_bytes = _data_bytes()
    _no_core_files()


def _silence() -> None:
    """Discard what libraries print, from C code, too."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def _data_bytes() -> int:
    """Return the private writable memory of this process in bytes; 0 where the system does not report it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return next(int(x.split()[1]) * 1024 for x in status.splitlines() if x.startswith("VmData"))
    except (OSError, StopIteration, ValueError):
        return 0


def limit_memory(added: int) -> None:
    """Allow `added` bytes over what is in use, by RLIMIT_DATA: address space that is only reserved does not count."""
    global _limit_bytes  # noqa: PLW0603 - a process has one limit
    wanted = max(_held_bytes, _start_bytes) + added
    if not _start_bytes or wanted == _limit_bytes:
        return
    import resource  # noqa: PLC0415 - not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    _limit_bytes = wanted


def _no_core_files() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
