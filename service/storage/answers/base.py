"""The Store protocol. One contract suite is run on every member."""

from __future__ import annotations

from typing import Any, Protocol

from thresher.schemas.job import LoggedCall, UnitState
from thresher.service.storage.answers.session import Transactions


class Store(Protocol):
    """Keeps paid answers for good. All methods may be called from many coroutines of one event loop at once."""

    async def answer(self, key: str) -> dict[str, Any] | None:
        """The answer kept under a key, as a copy; None when there is none."""
        ...

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Keep a JSON object. It is on the disk when this returns. The first one kept under a key stays."""
        ...

    async def log(self, call: LoggedCall) -> None:
        """Note a call. It is kept no later than the next `keep`, `mark` or `aclose`."""
        ...

    async def calls(self, unit: str | None = None) -> list[LoggedCall]:
        """The calls noted, in order; of one Unit, or of all."""
        ...

    async def mark(self, state: UnitState) -> None:
        """Set the state of a Unit; durable when this returns.

        "running" says no more than silence would: it is kept no later than the next `keep`, other `mark` or `aclose`.
        """
        ...

    async def unit(self, id: str) -> UnitState | None:  # noqa: A002 - the field's own name
        """State of one Unit; None when it was never marked."""
        ...

    async def units(self) -> list[UnitState]:
        """All Units, in the order in which they were first marked."""
        ...

    async def purge(self, before: float, *, limit: int = 1000) -> int:
        """Forget answers that were kept before a time (seconds since 1970, UTC) and that no call names; gives how many.

        They are what is left of a process that died between an answer and the note of its call. Some at a time.
        """
        ...

    async def aclose(self) -> None:
        """Write what is pending and let go. Closing twice is no fault."""
        ...


class DurableStore(Store, Transactions, Protocol):
    """A Store that other tables lie beside, in one database."""
