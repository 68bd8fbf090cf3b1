"""Connections that can not be held for nothing: a head must come whole and soon, and a refused body is not listened to for long.

uvicorn bounds the silence after an answer; here the time for a request's head is bounded, also the first one's, and also
when it comes a letter at a time. Where an answer was given before the body was read, the rest is read for a moment only, so that
the client sees the answer, and then the connection ends.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 15.0  # seconds in which the head of a request must have come, from the connection's or the last answer's end on
LINGER = 3.0  # seconds for which the rest of a refused body is still read


class Connection(H11Protocol):
    """An HTTP connection with bounds on what a client may leave unsaid."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See Protocol."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See Protocol."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See Protocol. Data that does not end a head gives no more time for it."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._expect_head()
        elif self.conn.our_state is not h11.DONE:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """See H11Protocol. With a body that nobody read, the connection is of no more use."""
        super().on_response_complete()
        self._stop_waiting()
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY:
            self._late = self.loop.call_later(LINGER, self.transport.close)
        elif self.conn.their_state is h11.IDLE:
            self._expect_head()

    def _expect_head(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
