"""Reading with its peak of memory written down, for workers that a bench starts."""

from __future__ import annotations

from pathlib import Path

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source


def measured_read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """As `read_source`; the fact `peak` says how many MiB the worker held at most meanwhile (Linux)."""
    _forget_peak()
    reading = read_source(source, options, spool)
    reading.document.facts["peak"] = str(_peak())
    return reading


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak() -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)
