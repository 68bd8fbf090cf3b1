"""Read files of folders that others may have made: ordinary ones only. A pipe would be waited for, a link leads elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path


def open_ordinary(path: Path | str | bytes, *, links: bool = False) -> BufferedReader:
    """Open a file to read its bytes. Raises OSError for a pipe, a socket, a device, a folder, and a link unless `links`.

    Nothing is waited for: a pipe without a writer is opened at once, and then refused.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    held = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(held).st_mode):
        os.close(held)
        raise _refusal(path)
    return os.fdopen(held, "rb")


def read_ordinary(path: Path | str, *, links: bool = False) -> bytes:
    """Return the bytes of a file. Raises OSError as `open_ordinary` does."""
    with open_ordinary(path, links=links) as file:
        return file.read()


def check_ordinary(path: Path) -> None:
    """Raise OSError where something lies that is no ordinary file; a link is none."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise _refusal(path)


def check_ordinary_database(path: Path) -> None:
    """Raise OSError where a file of SQLite's, or one that it keeps beside it, is no ordinary one."""
    for ending in ("", "-journal", "-wal", "-shm"):
        check_ordinary(path.with_name(path.name + ending))


def others_below(folder: Path) -> Iterator[Path]:
    """Yield what lies below a folder and is neither a folder nor an ordinary file; nothing is followed."""
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(base) / name
            if not (stat.S_ISDIR(mode := path.lstat().st_mode) or stat.S_ISREG(mode)):
                yield path


def _refusal(path: Path | str | bytes) -> OSError:
    return OSError(errno.EINVAL, "no ordinary file", os.fsdecode(path))
