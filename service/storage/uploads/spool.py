"""A Spool: files that are on their way, readable by their owner alone, and gone with the process that made them."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from tempfile import mkdtemp, mkstemp
from typing import BinaryIO, TypeVar

from thresher.service.base.disk_faults import disk, write

Given = TypeVar("Given")
STALE = 86_400.0  # seconds after which half of an upload belongs to nobody
FLUSHING = 4  # threads: a disk makes many writes durable in the time of one
MARK = "alive"  # locked as long as its process lives


class Spool:
    """A folder for files on their way."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        """Make the folder, and delete what dead processes left in it.

        `shared`: other machines use the folder too, so that only age tells what is left over. Else a lock tells it.
        Raises SetupProblem(store_failed, storage_full).
        """
        self._shared = shared
        self._flushing = ThreadPoolExecutor(FLUSHING, "flush")
        self._held: int | None = None
        with disk(folder):
            private(folder)
            if shared:
                _sweep_old(folder)
                self._folder = folder
            else:
                _sweep_dead(folder)
                self._folder, self._held = _own(folder)

    @property
    def folder(self) -> Path:
        """Where else may be written what must not outlive this process."""
        return self._folder

    @contextmanager
    def part(self) -> Iterator[Path]:
        """An empty file; what is left of it at the end is deleted."""
        with disk(self._folder):
            handle, name = mkstemp(dir=self._folder)  # 0600
            os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextmanager
    def held(self, some: Iterable[bytes]) -> Iterator[list[Path]]:
        """New files on the disk, each with some bytes; those that are still there where something fails are deleted. Blocks."""
        made: list[Path] = []
        try:
            with disk(self._folder), ExitStack() as opened:
                files = []
                for data in some:
                    handle, name = mkstemp(dir=self._folder)  # 0600
                    made.append(Path(name))
                    files.append(opened.enter_context(FileIO(handle, "wb")))  # no buffer: what fails is not tried again
                    write(files[-1], data)
                self._together(os.fsync, [file.fileno() for file in files])
            yield made
        except BaseException:
            for path in made:
                path.unlink(missing_ok=True)
            raise

    def flushed(self, folders: Iterable[Path]) -> None:
        """Have the names in some folders on the disk. Blocks. Raises SetupProblem(store_failed)."""
        with disk(self._folder):
            self._together(_flush, list(folders))

    def _together(self, work: Callable[[Given], object], some: Sequence[Given]) -> None:
        """Do something with each, as many at once as a disk likes."""
        lanes = [some[n::FLUSHING] for n in range(min(FLUSHING, len(some)))]
        deque(self._flushing.map(lambda lane: deque(map(work, lane), 0), lanes), 0)

    def close(self) -> None:
        """Leave nothing. Closing twice is no fault."""
        if self._held is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._held)
            self._held = None


def _flush(folder: Path) -> None:
    """Have a folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private(folder: Path) -> None:
    """Make a folder that only its owner can enter; a mount that is another's is left as it is. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(0o700)


@contextmanager
def writing(part: Path) -> Iterator[BinaryIO]:
    """A file to be written. What is still to be written when something else went wrong may be lost."""
    with disk(part.parent):
        file = part.open("wb")
    try:
        yield file
    except BaseException:
        with suppress(OSError):  # a full disk, once more
            file.close()
        raise
    with disk(part.parent):
        file.close()


def _own(folder: Path) -> tuple[Path, int]:
    """A folder of this process, and the lock that says so."""
    own = Path(mkdtemp(prefix=f"{os.getpid()}-", dir=folder))  # 0700
    held = os.open(own / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return own, held


def _sweep_dead(folder: Path) -> None:
    for own in folder.iterdir():
        if own.is_dir() and not _alive(own):
            shutil.rmtree(own, ignore_errors=True)


def _alive(own: Path) -> bool:
    """Whether a process holds a folder; one without a mark is being made, or was left long ago."""
    try:
        held = os.open(own / MARK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return time.time() - own.stat().st_mtime < STALE
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(held)
    return False


def _sweep_old(folder: Path) -> None:
    for part in folder.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()
