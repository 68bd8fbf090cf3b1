"""How many reading processes fit here: what this process was given, not what the machine has. In a container that is much less."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # of this container or slice, version 2
ROOM = 1 << 30  # bytes that one reading process may need: OCR of a photo took 0.75 GiB
FEWEST = 2  # readers, where there is memory: one tenant's file that takes minutes must not keep another's waiting
MOST = 4  # processes for large Units


@dataclass(frozen=True, slots=True)
class Room:
    """How many processes fit, and the bytes that one of either kind may add: together three quarters of the memory."""

    readers: int
    reader: int
    processors: int
    processor: int


def room(cgroup: Path = CGROUP) -> Room:
    """One core is left for the process that reads are for; each process has a GiB at least."""
    memory = _memory(cgroup)
    whole = memory // ROOM
    readers = max(1, min(max(FEWEST, _cores(cgroup) - 1), whole // 2))
    processors = max(1, min(MOST, whole // 4))
    return Room(
        readers=readers,
        reader=max(ROOM, memory * 3 // 8 // readers),
        processors=processors,
        processor=max(ROOM, memory * 3 // 8 // processors),
    )


def _cores(cgroup: Path) -> int:
    """Cores that this process may use: by affinity, and by the share of time that its group is given."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    quota, _, period = _said(cgroup / "cpu.max").partition(" ")
    if quota.isdecimal() and period.isdecimal() and int(period):
        return min(mine, math.ceil(int(quota) / int(period)))
    return mine


def _memory(cgroup: Path) -> int:
    """Bytes that this process and its children may use."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _said(cgroup / "memory.max")
    return min(whole, int(limit)) if limit.isdecimal() else whole


def _said(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
