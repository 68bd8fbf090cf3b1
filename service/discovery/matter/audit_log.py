"""Append to a log whose lines are chained: each holds the SHA-256 of the line before, so that no byte changes unseen.

A line is a JSON object with `number` (from 1, without gaps), `at`, `event`, its facts, and `prev_sha256`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIRST = "0" * 64  # `prev_sha256` of the first line
_TAIL_BYTES = 1 << 16


@dataclass(slots=True)
class AuditLog:
    """The log of a Matter, open for appending by one process."""

    path: Path
    number: int = 0  # of the last line
    last: str = FIRST  # SHA-256 of the last line, without its line end

    @classmethod
    def open(cls, path: Path) -> AuditLog:
        """Open or create a log. A last line that was cut off while it was written is removed: it never counted."""
        log = cls(path)
        path.touch(exist_ok=True)
        _cut_torn_line(path)
        line = _last_line(path)
        if line:
            log.number, log.last = int(json.loads(line)["number"]), hashlib.sha256(line).hexdigest()
        return log

    def append(self, events: list[tuple[int, dict[str, Any]]]) -> None:
        """Append events, each with its number; those that stand there already are passed over. Flushed to the disk."""
        lines = []
        for number, event in events:
            if number > self.number:
                line = _line({"number": number, **event, "prev_sha256": self.last})
                self.number, self.last = number, hashlib.sha256(line).hexdigest()
                lines.append(line + b"\n")
        if lines:
            with self.path.open("ab") as file:
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _cut_torn_line(path: Path) -> None:
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        end = size
        while end > 0:
            start = max(0, end - _TAIL_BYTES)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            file.truncate(end)


def _last_line(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        span = _TAIL_BYTES
        while True:
            file.seek(max(0, size - span))
            lines = file.read().rstrip(b"\n").split(b"\n")
            if len(lines) > 1 or span >= size:
                return lines[-1]
            span *= 4


def faults(path: Path) -> Iterator[str]:
    """Yield what is wrong with a log: lines that do not follow from the one before, gaps, lines that are no JSON."""
    last, number = FIRST, 0
    with path.open("rb") as file:
        for row, raw in enumerate(file, 1):
            line = raw.rstrip(b"\n")
            try:
                event = json.loads(line)
            except ValueError:
                yield f"line {row} is not JSON"
                continue
            if event.get("prev_sha256") != last:
                yield f"line {row} does not follow from the line before"
            if event.get("number") != number + 1:
                yield f"line {row} has the number {event.get('number')}"
            last, number = hashlib.sha256(line).hexdigest(), event.get("number", row)


def head_of(path: Path) -> str:
    """Return the SHA-256 of the last line of a log: noted elsewhere, it proves the whole log."""
    line = _last_line(path) if path.exists() else b""
    return hashlib.sha256(line).hexdigest() if line else FIRST
