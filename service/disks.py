"""Disks: what this machine says of itself and not of a file, as Problems; and bytes that are written whole."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from schemas.errors import SetupProblem

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
MACHINE = FULL | {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ESTALE, errno.ETIMEDOUT, errno.EIO}
"""What passes: the same file may be read in a while."""


@contextmanager
def disk(place: Path) -> Iterator[None]:
    """Faults of this machine's disk as SetupProblem(storage_full, store_failed): they are not a file's."""
    try:
        yield
    except OSError as error:
        raise of_machine(error, str(place)) from error


def of_machine(error: OSError, what: str) -> SetupProblem:
    """A fault of this machine as a Problem."""
    code = "storage_full" if error.errno in FULL else "store_failed"
    return SetupProblem(code, f"{what} ({error.strerror or type(error).__name__})")


def write(file: FileIO, data: bytes) -> None:
    """Write all of some bytes: a disk that gets full takes a part of them first. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
