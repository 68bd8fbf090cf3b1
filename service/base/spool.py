"""Write files on their way to storage: readable by their owner alone, deleted with their process."""

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

from thresher.service.base.disk_faults import disk_faults_as_problems, write_all

Given = TypeVar("Given")
STALE_SECONDS = 86_400.0  # after which an incomplete upload is abandoned
FLUSH_THREADS = 4  # a disk flushes many writes in the time of one
LOCK = "alive"  # file that is locked as long as its process lives


class Spool:
    """A folder for files on their way."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        """Make the folder, and delete what dead processes left in it.

        `shared`: other machines use the folder too, so that only age tells what is left over. Otherwise a lock does.
        Raises SetupProblem(store_failed, storage_full).
        """
        self._shared = shared
        self._flushing = ThreadPoolExecutor(FLUSH_THREADS, "flush")
        self._held: int | None = None
        with disk_faults_as_problems(folder):
            private(folder)
            if shared:
                _sweep_old(folder)
                self._folder = folder
            else:
                _sweep_dead(folder)
                self._folder, self._held = _own_folder(folder)

    @property
    def folder(self) -> Path:
        """Return the folder of this process, for other files that must not outlive it."""
        return self._folder

    @contextmanager
    def part(self) -> Iterator[Path]:
        """Make an empty file; delete it at the end if it is still there."""
        with disk_faults_as_problems(self._folder):
            handle, name = mkstemp(dir=self._folder)  # 0600
            os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextmanager
    def held(self, some: Iterable[bytes]) -> Iterator[list[Path]]:
        """Write new files, flushed, each with some bytes; on failure delete those still there. Blocks."""
        made: list[Path] = []
        try:
            with disk_faults_as_problems(self._folder), ExitStack() as opened:
                files = []
                for data in some:
                    handle, name = mkstemp(dir=self._folder)  # 0600
                    made.append(Path(name))
                    files.append(
                        opened.enter_context(FileIO(handle, "wb"))
                    )  # no buffer: what fails is not written again
                    write_all(files[-1], data)
                self._in_threads(os.fsync, [file.fileno() for file in files])
            yield made
        except BaseException:
            for path in made:
                path.unlink(missing_ok=True)
            raise

    def flushed(self, folders: Iterable[Path]) -> None:
        """Flush the names in some folders to the disk. Blocks. Raises SetupProblem(store_failed)."""
        with disk_faults_as_problems(self._folder):
            self._in_threads(_flush, list(folders))

    def _in_threads(self, work: Callable[[Given], object], some: Sequence[Given]) -> None:
        """Do something with each item, in several threads."""
        lanes = [some[n::FLUSH_THREADS] for n in range(min(FLUSH_THREADS, len(some)))]
        deque(self._flushing.map(lambda lane: deque(map(work, lane), 0), lanes), 0)

    def close(self) -> None:
        """Delete the folder of this process. Closing twice is no fault."""
        if self._held is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._held)
            self._held = None


def _flush(folder: Path) -> None:
    """Flush a folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private(folder: Path) -> None:
    """Make a folder that only its owner can enter; another user's mount is left as it is. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(0o700)


@contextmanager
def writing(part: Path) -> Iterator[BinaryIO]:
    """Open a file for writing. When the block fails, its unwritten bytes may be lost."""
    with disk_faults_as_problems(part.parent):
        file = part.open("wb")
    try:
        yield file
    except BaseException:
        with suppress(OSError):  # the disk is still full
            file.close()
        raise
    with disk_faults_as_problems(part.parent):
        file.close()


def _own_folder(folder: Path) -> tuple[Path, int]:
    """Make a folder of this process; return it and the descriptor of its lock."""
    own = Path(mkdtemp(prefix=f"{os.getpid()}-", dir=folder))  # 0700
    held = os.open(own / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return own, held


def _sweep_dead(folder: Path) -> None:
    for own in folder.iterdir():
        if own.is_dir() and not _is_alive(own):
            shutil.rmtree(own, ignore_errors=True)


def _is_alive(own: Path) -> bool:
    """Whether a process holds a folder. One without a lock file is being made, or is old and abandoned."""
    try:
        held = os.open(own / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return time.time() - own.stat().st_mtime < STALE_SECONDS
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
            if time.time() - part.stat().st_mtime > STALE_SECONDS:
                part.unlink()
