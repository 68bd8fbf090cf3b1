"""The Store protocol. One contract suite is run on every member."""

from __future__ import annotations

from typing import Any, Protocol

from thresher.schemas.job import LoggedCall, UnitState
from thresher.service.storage.answers.session import Transactions


class Store(Protocol):
    """Stores paid answers for good. All methods may be called concurrently from coroutines of one event loop."""

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return a copy of the answer stored under a key; None where there is none."""
        ...

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Store a JSON object, on the disk at return. The first one stored under a key stays."""
        ...

    async def log(self, call: LoggedCall) -> None:
        """Log a call. It is stored no later than the next `keep`, `mark` or `aclose`."""
        ...

    async def calls(self, unit: str | None = None) -> list[LoggedCall]:
        """Return the logged calls in order, of one Unit or of all."""
        ...

    async def mark(self, state: UnitState) -> None:
        """Set the state of a Unit; durable at return.

        "running" tells no more than an unmarked Unit: it is stored no later than the next `keep`, other `mark` or `aclose`.
        """
        ...

    async def unit(self, id: str) -> UnitState | None:  # noqa: A002 - the field's own name
        """Return the state of one Unit; None where it was never marked."""
        ...

    async def units(self) -> list[UnitState]:
        """Return all Units, in the order in which they were first marked."""
        ...

    async def purge(self, before: float, *, limit: int = 1000) -> int:
        """Delete at most `limit` answers stored before a time (seconds since 1970, UTC) that no call names.

        Return how many.

        They are left by a process that died between storing an answer and logging its call.
        """
        ...

    async def aclose(self) -> None:
        """Write what is pending and close. Closing twice is no fault."""
        ...


class DurableStore(Store, Transactions, Protocol):
    """A Store with other tables beside it in one database."""
