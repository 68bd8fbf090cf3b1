"""Keep a Store in memory until the process ends: the shipped fake."""

from __future__ import annotations

import json
import time
from typing import Any

from thresher.schemas.job import LoggedCall, UnitState


class MemoryStore:
    """A Store in dictionaries. For tests, and for runs that need no resuming."""

    def __init__(self) -> None:
        """Start empty."""
        self._answers: dict[str, str] = {}
        self._kept: dict[str, float] = {}  # time of each answer
        self._calls: list[LoggedCall] = []
        self._units: dict[str, UnitState] = {}

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return a copy of the answer under a key; None where there is none."""
        kept = self._answers.get(key)
        return None if kept is None else json.loads(kept)

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Keep an answer; the first one under a key stays."""
        self._answers.setdefault(key, json.dumps(answer))
        self._kept.setdefault(key, time.time())

    async def log(self, call: LoggedCall) -> None:
        """Log a call."""
        self._calls.append(call)

    async def calls(self, unit: str | None = None) -> list[LoggedCall]:
        """Return the logged calls in order, of one Unit or of all."""
        return [c for c in self._calls if unit is None or c.unit == unit]

    async def mark(self, state: UnitState) -> None:
        """Set the state of a Unit."""
        self._units[state.id] = state

    async def unit(self, id: str) -> UnitState | None:  # noqa: A002 - as in Store
        """Return the state of one Unit; None where it was never marked."""
        return self._units.get(id)

    async def units(self) -> list[UnitState]:
        """Return all Units, in the order in which they were first marked."""
        return list(self._units.values())

    async def purge(self, before: float, *, limit: int = 1000) -> int:
        """Delete old answers that no call names; return how many."""
        named = {call.attempt.key for call in self._calls}
        gone = [key for key, at in self._kept.items() if at < before and key not in named][:limit]
        for key in gone:
            del self._answers[key], self._kept[key]
        return len(gone)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to write."""
