"""What befalls the machines in the soak: kills, a database that goes away, a full disk; each at its times."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.beside import Beside
from tests.postgres_server import Server

SIZE = "250m"  # of the small disk
FULL = 8.0  # seconds
AWAY = 6.0  # seconds


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of its own at `folder`; gives whether there is one: only root may make it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=False).returncode
    try:
        yield made == 0
    finally:
        if made == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def _blow(balloon: Path) -> None:
    """Add to a file until there is no room, by halves."""
    piece = 1 << 24
    with balloon.open("ab", buffering=0) as file:
        while piece:
            try:
                if file.write(bytes(piece)) == piece:
                    continue
            except OSError:
                pass
            piece //= 2


@dataclass(slots=True, kw_only=True)
class Process:
    """One that may be killed and begun again."""

    name: str
    beside: Beside
    log: Path
    arguments: list[object]
    running: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def pid(self) -> int:
        """Of the one that runs now."""
        return self.running.pid if self.running else 0

    def start(self) -> None:
        """Begin."""
        self.running = self.beside.start(self.log, *self.arguments)
        self.starts += 1

    def kill(self) -> None:
        """As a crash would, and begin again."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
        self.start()


@dataclass(slots=True, kw_only=True)
class Faults:
    """What is done, and what of it was done since somebody looked."""

    server: Server
    disk: Path
    begun: float = field(default_factory=time.monotonic)
    done: list[str] = field(default_factory=list)

    async def every(self, seconds: float, until: float, what: Callable[[], Awaitable[None]]) -> None:
        """Do something again and again up to some second of the run."""
        while True:
            await asyncio.sleep(seconds)
            if time.monotonic() - self.begun > until:
                return
            await what()

    async def database_away(self) -> None:
        """PostgreSQL crashes and comes back."""
        self.done.append("database away")
        await asyncio.to_thread(self.server.stop, signal.SIGQUIT)
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(self.server.start)

    async def disk_full(self) -> None:
        """The small disk has no room for a while."""
        self.done.append("disk full")
        balloon = self.disk / "balloon"
        until = time.monotonic() + FULL
        while time.monotonic() < until:  # what others free meanwhile is taken too
            await asyncio.to_thread(_blow, balloon)
            await asyncio.sleep(0.1)
        balloon.unlink()

    def killer(self, process: Process) -> Callable[[], Awaitable[None]]:
        """What kills a process."""

        async def kill() -> None:
            self.done.append(f"{process.name} killed")
            await asyncio.to_thread(process.kill)

        return kill
