"""Read the documents of a matter in this process, as its reading processes do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.pool import InlineReader

Made = TypeVar("Made")


class OneProcess(InlineReader):
    """Reads in this process, in the place of a pool."""

    @asynccontextmanager
    async def apart(self, *, stores: bool = False) -> AsyncIterator[OneProcess]:  # noqa: ARG002 - as the pool's
        """Provide itself."""
        yield self

    async def call(self, function: Callable[..., Made], source: Source, options: ReadOptions) -> Made:
        """Return what a function makes of a Source."""
        return function(source, options, self._spool)
