"""The journal of a reader: who asked what and when, by the hash of the request, on the disk as it happens.

A bench that kills the asking process counts by it what was asked twice: the reader does not know whom it serves.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

Kind = Literal["asked", "answered", "refused"]


@dataclass(frozen=True, slots=True)
class Noted:
    """One line."""

    at: float  # seconds since 1970, UTC
    kind: str
    request: str  # hash of its body


class Journal:
    """Appends to a file. What is noted can be read by others at once."""

    def __init__(self, path: Path) -> None:
        """Begin, or go on, a journal at `path`."""
        self._file = path.open("a", buffering=1, encoding="ascii")

    def note(self, kind: Kind, raw: bytes) -> None:
        """Note what happened to a request just now."""
        self._file.write(f"{time.time():.6f} {kind} {digest(raw)}\n")


class Follower:
    """Reads what a journal has beyond what was read before."""

    def __init__(self, path: Path) -> None:
        """Follow a journal, which need not be there yet."""
        self._path, self._place = path, 0

    def more(self) -> Iterator[Noted]:
        """Whole lines that are new."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._place)
            for line in file:
                if line.endswith(b"\n"):
                    self._place += len(line)
                    at, kind, request = line.decode("ascii").split()
                    yield Noted(float(at), kind, request)


def digest(raw: bytes) -> str:
    """What stands for a request's body."""
    return sha256(raw).hexdigest()[:32]
