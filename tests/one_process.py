"""Read the documents of a matter in this process, as its reading processes do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from thresher.service.readers.pool import InlineReader


class OneProcess(InlineReader):
    """Reads in this process, in the place of a pool."""

    @asynccontextmanager
    async def apart(self, *, stores: bool = False) -> AsyncIterator[OneProcess]:  # noqa: ARG002 - as the pool's
        """Provide itself."""
        yield self
