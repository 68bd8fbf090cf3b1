"""What a reading process is: quiet, deaf to Ctrl-C, and with a bound on its memory."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.stored_documents import stored

ReadFunction = Callable[[Source, ReadOptions, Spool], Reading]

_mapped = 0  # bytes of data that the process had before it read anything
_held = 0  # the same before the present reading: models of an earlier one stay loaded
_bound = 0  # bytes that it may hold, as last set
_wide = 0  # bytes that it may add from the first picture of a page on


def begin() -> None:
    """Prepare a fresh process. Never raises: a worker that can not begin would be started again for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, even inside C code
    _silence()
    global _mapped  # noqa: PLW0603 - a process has one memory
    _mapped = _data_bytes()
    _no_core_files()


def ready() -> None:
    """Do nothing, in a process that has been begun."""


def perform(read: ReadFunction, source: Source, options: ReadOptions, spool: Spool, memory: tuple[int, int]) -> Reading:
    """One reading. `memory`: bytes that the process may add, and that it may once it reads pictures of pages."""
    global _held, _wide  # noqa: PLW0603 - a process has one memory
    narrow, _wide = memory
    _held = min(_data_bytes(), _mapped + _wide)
    limit_memory(narrow)
    try:
        reading = read(source, options, spool)
        return replace(reading, document=stored(reading.document, spool.folder)) if spool.stores else reading
    except InputProblem:
        gc.collect()  # what failed for want of memory must not starve the next
        raise


def widen_memory() -> None:
    """Allow what pictures of pages take; does nothing outside a reading process, or where more is allowed already."""
    if _held + _wide > _bound:
        limit_memory(_wide)


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


def limit_memory(added: int) -> None:
    """Allow `added` bytes over what is held. RLIMIT_DATA: address space that is only reserved costs nothing."""
    global _bound  # noqa: PLW0603 - a process has one limit
    wanted = max(_held, _mapped) + added
    if not _mapped or wanted == _bound:
        return
    import resource  # noqa: PLC0415 - not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    _bound = wanted


def _no_core_files() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
