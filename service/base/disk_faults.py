"""Report disk faults of this machine, not of a file, as Problems; and write files whole."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import TypeVar

from thresher.schemas.errors import SetupProblem

log = logging.getLogger(__name__)

T = TypeVar("T")
DISK_FULL_WAIT_SECONDS = 60.0  # seconds for which room on a full disk is waited for
RETRY_PAUSE_SECONDS = 0.5  # seconds between two tries
DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
MACHINE_ERRNOS = DISK_FULL_ERRNOS | {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EAGAIN,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.EIO,
}
"""What passes: the same file may be read in a while."""


@contextmanager
def disk_faults_as_problems(place: Path) -> Iterator[None]:
    """Raise disk faults of this machine as SetupProblem(storage_full, store_failed): they are not a file's fault."""
    try:
        yield
    except OSError as error:
        raise machine_problem(error, str(place)) from error


def machine_problem(error: OSError, what: str) -> SetupProblem:
    """Return the SetupProblem of a fault of this machine."""
    code = "storage_full" if error.errno in DISK_FULL_ERRNOS else "store_failed"
    return SetupProblem(code, f"{what} ({error.strerror or type(error).__name__})")


def write_all(file: FileIO, data: bytes) -> None:
    """Write all of some bytes; a disk that gets full takes a part of them first. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


async def retry_while_disk_full(
    work: Callable[[], Awaitable[T]], action: str, patience: float = DISK_FULL_WAIT_SECONDS
) -> T:
    """Retry work for `patience` seconds while the disk is full; return its result or raise its SetupProblem."""
    until = time.monotonic() + patience
    while True:
        try:
            return await work()
        except SetupProblem as problem:
            if problem.code != "storage_full" or time.monotonic() > until:
                raise
            log.warning("disk full", extra={"action": action})
            await asyncio.sleep(RETRY_PAUSE_SECONDS)
