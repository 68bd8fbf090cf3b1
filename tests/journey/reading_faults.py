"""Faults that a reader may have, as functions that a worker process can import."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source
from thresher.service.readers.worker_process import widen_memory


def faulty_read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Reads as usual, unless the file's name asks for a fault."""
    fault = _FAULTS.get(source.name)
    if fault:
        fault()
    return read_source(source, options, spool)


def _loop() -> None:
    while True:
        time.sleep(0.01)


def _eat_memory() -> None:
    kept = []
    while True:
        kept.append(bytearray(64 << 20))


def _exit_politely() -> None:
    os._exit(0)


def _exit() -> None:
    os._exit(7)


def _segfault() -> None:
    ctypes.string_at(0)


def _shout() -> None:
    sys.stdout.write("noise " * 1000)
    os.write(1, b"noise from C\n")
    os.write(2, b"noise from C\n")


_FAULTS = {
    "loop.txt": _loop,
    "memory.txt": _eat_memory,
    "exit0.txt": _exit_politely,
    "exit.txt": _exit,
    "segfault.txt": _segfault,
    "shout.txt": _shout,
}


def telling_read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Reads as usual; the fact `modules` names the top-level modules that the process has loaded."""
    reading = read_source(source, options, spool)
    reading.document.facts["modules"] = " ".join({m.partition(".")[0] for m in sys.modules})
    return reading


def hungry_read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Reads as usual, after it took a GiB and gave it back; a "picture" asks for what pictures of pages take before."""
    if source.name.startswith("picture"):
        widen_memory()
    taken = bytearray(1 << 30)
    del taken
    return read_source(source, options, spool)


def dying_read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Reads as usual, after the process was killed from outside as often as the file's name says: `2-a.txt` twice."""
    met = Path(f"{source.blob}.met")
    times = met.stat().st_size if met.exists() else 0
    if times < int(source.name[0]):
        with met.open("ab") as file:
            file.write(b"x")
        os.kill(os.getpid(), signal.SIGKILL)
    return read_source(source, options, spool)
