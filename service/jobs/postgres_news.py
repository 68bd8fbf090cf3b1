"""Send news between all processes of a PostgreSQL database: LISTEN and NOTIFY. A lost notice costs a poll, no more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from thresher.service.jobs.sql import LocalNews
from thresher.service.storage.answers.session import CHANNEL

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 2.0  # between two tries to listen


class PostgresNews(LocalNews):
    """Listens from the first wait on, and again whenever the database was away."""

    def __init__(self, address: str) -> None:
        """Take the address of the database."""
        super().__init__()
        self._address = address
        self._listening: asyncio.Task[None] | None = None

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, or sooner with news; start to listen at the first call."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        await super().wait(seconds)

    async def aclose(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None

    async def _listen(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._address, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}".encode())
                    async for _ in connection.notifies():
                        self.tell()
            except psycopg.Error as error:
                log.info("not listening", extra={"action": "jobs.deaf", "error": type(error).__name__})
            await asyncio.sleep(RECONNECT_SECONDS)
