"""The part of a lock that a container needs: what the product itself asks for, without the tools of its development.

    python deploy/runtime_lock.py requirements.lock              what `thresher[all]` needs, hashes and all
    python deploy/runtime_lock.py requirements.lock hatchling    what one package of the lock needs, and the package

The lock's own remarks say why each package is in it (`# via …`); those that lead to the product are kept.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

PRODUCT = "thresher (pyproject.toml)"
PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==")


@dataclass(slots=True)
class Pinned:
    """One pin of a lock, with all its lines, and who asked for it."""

    name: str
    lines: list[str] = field(default_factory=list)
    asked_by: list[str] = field(default_factory=list)


def pins(lock: str) -> list[Pinned]:
    """The pins of a lock, in order. A package may have several, for different machines."""
    found: list[Pinned] = []
    for line in lock.splitlines():
        if start := PIN.match(line):
            found.append(Pinned(start[1]))
        if not found:
            continue
        found[-1].lines.append(line)
        remark = line.strip().removeprefix("#").strip().removeprefix("via").strip()
        if line.strip().startswith("#") and remark:
            found[-1].asked_by.append(remark)
    return found


def needed(lock: list[Pinned], root: str = PRODUCT) -> list[Pinned]:
    """The pins that `root` leads to; a root that is a package of the lock is one of them."""
    names = {root}
    while more := {p.name for p in lock if names & set(p.asked_by)} - names:
        names |= more
    return [p for p in lock if p.name in names]


def main(path: str, root: str = PRODUCT) -> None:
    """Write the part of a lock to standard output."""
    for pin in needed(pins(Path(path).read_text(encoding="utf-8")), root):
        sys.stdout.write("\n".join(pin.lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
