"""Processes that a bench starts beside itself: the simulated reader, and the program as a user runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.zygote import Command

ROOT = Path(__file__).parents[1]
MODEL = "openai/gpt-4o-mini"  # by its wire; who answers is the reader
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A reader at work."""

    base: str
    journal: Path

    def environment(self) -> dict[str, str]:
        """What lets the program ask it."""
        return os.environ | {"OPENAI_API_KEY": "none", "THRESHER_API_BASE": self.base}

    def start(self, log: Path, *arguments: object) -> subprocess.Popen[bytes]:
        """The program with some arguments; what it says goes to a file."""
        with log.open("ab") as said:
            return Command(*arguments, env=self.environment(), stdout=said, stderr=said, stdin=subprocess.DEVNULL)


@contextmanager
def reader(journal: Path, *options: object) -> Iterator[Beside]:
    """The simulated reader in a process of its own, which notes every request."""
    process = Command[str](
        *("--journal", journal, *options), module="tests.simulation.reader", stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Beside(base=process.stdout.readline().strip(), journal=journal)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def until_ready(port: int, process: subprocess.Popen[bytes], seconds: float = 300.0) -> bool:
    """Wait until a service takes work; gives whether it does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://{HOST}:{port}/readyz", trust_env=False).status_code == 200:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return False


def stop(process: subprocess.Popen[bytes], seconds: float = 90.0) -> int:
    """End a process as an operator does; gives its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(seconds)


def below(pid: int) -> set[int]:
    """All processes under one (Linux)."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(file.parent.name)] = int(fields[1])
    found, grew = {pid}, True
    while grew:
        more = {one for one, parent in parents.items() if parent in found} - found
        found, grew = found | more, bool(more)
    return found - {pid}


def gone(pids: set[int], seconds: float = 15.0) -> set[int]:
    """Wait for processes to end; gives those that did not."""
    end = time.monotonic() + seconds
    while (left := {pid for pid in pids if _lives(pid)}) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
