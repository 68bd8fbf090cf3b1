"""Compute how many reading processes fit into the cores and memory given to this process.

In a container these are much less than those of the machine.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # control group (version 2) of this container or slice
PROCESS_MIN_BYTES = 1 << 30  # bytes that one reading process may need: OCR of a photo took 0.75 GiB
MIN_READERS = 2  # readers at least, where there is memory: a file that takes minutes must not block other tenants
MAX_PROCESSORS = 4  # processes for large Units at most


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many processes of each kind fit, and bytes that one may add: together three quarters of the memory."""

    readers: int
    reader: int
    processors: int
    processor: int


def pool_size(cgroup: Path = CGROUP) -> PoolSize:
    """Compute the numbers: one core stays free for the calling process, and each process has at least 1 GiB."""
    memory = _memory(cgroup)
    fitting = memory // PROCESS_MIN_BYTES
    readers = max(1, min(max(MIN_READERS, _cores(cgroup) - 1), fitting // 2))
    processors = max(1, min(MAX_PROCESSORS, fitting // 4))
    return PoolSize(
        readers=readers,
        reader=max(PROCESS_MIN_BYTES, memory * 3 // 8 // readers),
        processors=processors,
        processor=max(PROCESS_MIN_BYTES, memory * 3 // 8 // processors),
    )


def _cores(cgroup: Path) -> int:
    """Return the cores that this process may use, by affinity and by the CPU quota of its group."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    quota, _, period = _content(cgroup / "cpu.max").partition(" ")
    if quota.isdecimal() and period.isdecimal() and int(period):
        return min(mine, math.ceil(int(quota) / int(period)))
    return mine


def _memory(cgroup: Path) -> int:
    """Return the bytes that this process and its children may use."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _content(cgroup / "memory.max")
    return min(whole, int(limit)) if limit.isdecimal() else whole


def _content(file: Path) -> str:
    """Return the text of a file of the control group; empty where there is none."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
