"""What processes hold, seen from outside (Linux): memory, descriptors, threads; and whether it grows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.beside import below


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One look at a process."""

    memory: float  # MiB resident
    under: float  # MiB resident of all processes below it
    files: int  # descriptors
    threads: int


def look(pid: int) -> Held | None:
    """What a process holds now; None where it is gone."""
    try:
        files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        memory, threads = _status(pid)
    except OSError:
        return None
    under = sum(_memory(one) for one in below(pid))
    return Held(memory=memory, under=under, files=files, threads=threads)


def _status(pid: int) -> tuple[float, int]:
    facts = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(facts.get("VmRSS", "0 kB").split()[0]) / 1024, int(facts["Threads"])


def _memory(pid: int) -> float:
    try:
        return _status(pid)[0]
    except OSError:
        return 0.0


def slope(points: list[tuple[float, float]]) -> float:
    """Growth a unit of time, by least squares; nought for fewer than three points.

    >>> slope([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)])
    2.0
    """
    if len(points) < 3:
        return 0.0
    x0, y0 = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    spread = sum((x - x0) ** 2 for x, _ in points)
    return sum((x - x0) * (y - y0) for x, y in points) / spread if spread else 0.0
