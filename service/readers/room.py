"""How many reading processes fit here: what this process was given, not what the machine has. In a container that is much less."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # of this container or slice, version 2
ROOM = 1 << 30  # bytes that one reading process may need: OCR of a photo took 0.75 GiB


def readers_that_fit(cgroup: Path = CGROUP) -> int:
    """One core is left for the process that reads are for; each reading process has a GiB. At least one."""
    return max(1, min(_cores(cgroup) - 1, _memory(cgroup) // ROOM))


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
