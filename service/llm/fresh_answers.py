"""WriteOnlyCache: a store that finds no earlier answer, and stores new ones next to the earlier ones."""

from __future__ import annotations

from typing import Any

from thresher.schemas.job import LoggedCall
from thresher.service.llm.transport import Records


class WriteOnlyCache:
    """The answers of one run that asks everything again."""

    def __init__(self, store: Records, stamp: str) -> None:
        """Wrap a store; `stamp` distinguishes this run from all others."""
        self._store, self._stamp = store, stamp

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return an answer that this run stored, None for any earlier one."""
        return await self._store.answer(self._own(key))

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Store an answer under a key of this run."""
        await self._store.keep(self._own(key), answer)

    async def log(self, call: LoggedCall) -> None:
        """Log a call in the underlying store."""
        await self._store.log(call)

    def _own(self, key: str) -> str:
        return f"{key} {self._stamp}"
