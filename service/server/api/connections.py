"""Bound what a connection may hold open: a head must arrive soon, and a refused body is read for a moment only.

uvicorn bounds the silence after an answer. This module also bounds the time for a request's head, the first one
included, even when it arrives byte by byte, the bytes that a parser holds outside of a body, and the time in which a client
takes nothing of what it is sent. Where an answer was given before the body was read, the rest is read for a moment, so that
the client sees the answer, and then the connection ends. While a request is in hand uvicorn reads no more, but what it has
read may hold thousands of requests, each a hundred times as large in memory: a connection on which too many wait is ended.

httptools reads requests in a fraction of h11's time. It leaves out the body of a request that asks for another
protocol, as some clients' first one for HTTP/2 does: h11 takes over such a connection from there on.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
import httptools
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 15.0  # seconds for the head of a request, from the start of the connection or the end of the last answer
STALLED_SECONDS = 60.0  # seconds in which a client must take what waits for it: some 100 KiB
LINGER_SECONDS = 3.0  # seconds for which the rest of a refused body is still read
HANDLES, RESERVED = 16_384, 512  # file handles that are requested, and those reserved for files, stores and models
PIPELINED_MAX = 16  # requests of a connection that wait for the answer to an earlier one
FRAMING_MAX_BYTES = 64 * 1024  # bytes of a head, of trailers or between two pieces of a body


def max_connections() -> int:
    """Return how many connections have file handles, RESERVED left aside.

    Raise this process's limit as far as allowed.
    """
    import resource  # noqa: PLC0415 - not on every system

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = HANDLES if hard == resource.RLIM_INFINITY else min(hard, HANDLES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return max(1, min(most, soft if soft > 0 else most) - min(RESERVED, most // 2))


class TimedConnection(asyncio.Protocol):
    """A connection that closes when its timer runs out."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    connections: set[Any]
    most: ClassVar[int] = 1 << 20  # open at once
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first head; abort the connection where too many are open."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        self._start_timer(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        self._stop_timer()
        self._stop_waiting()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Hold the application back, and end the connection if the client takes nothing for too long."""
        super().pause_writing()
        self._stop_waiting()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Let the application go on."""
        self._stop_waiting()
        super().resume_writing()

    def _stop_waiting(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class HttpConnection(TimedConnection, HttpToolsProtocol):
    """An HTTP connection with bounds on time and bytes around the bodies of requests."""

    _framing_bytes = 0  # bytes since a head, a piece of a body or a whole request ended

    def data_received(self, data: bytes) -> None:
        """Parse data. Data that does not end a head gives no more time for it."""
        self._framing_bytes += len(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            self._hand_over(data[wish.args[0] :])
        except httptools.HttpParserError:
            self._refuse("Invalid HTTP request received.")
        else:
            if self._framing_bytes > FRAMING_MAX_BYTES:
                self._refuse("Too long a head.")

    def on_headers_complete(self) -> None:
        """Stop the timer for the head. Raises ConnectionError, which ends the connection, where too many requests wait."""
        if len(self.pipeline) >= PIPELINED_MAX:
            raise ConnectionError("too many requests wait")
        self._framing_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Reset the count of framing bytes."""
        self._framing_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next head after the rest of a refused body."""
        self._framing_bytes = 0
        super().on_message_complete()
        if self._is_answered():
            self._start_timer(HEAD_SECONDS)

    def on_response_complete(self) -> None:
        """Start the timer: short where a body was not read, since the connection is of no more use then."""
        super().on_response_complete()
        if self._is_answered():  # else another request is in work
            self._start_timer(LINGER_SECONDS if self.cycle.more_body else HEAD_SECONDS)

    def _is_answered(self) -> bool:
        return getattr(self.cycle, "response_complete", True)  # there is no cycle before the first request

    def _should_upgrade(self) -> bool:
        return True  # so that httptools leaves the request to _hand_over

    def _hand_over(self, rest: bytes) -> None:
        """Let h11 read a request that asks for another protocol, which it ignores, and all that follows."""
        if not self._is_answered():
            self._refuse("Another request is in hand.")
            return
        self._stop_timer()
        self.connections.discard(self)
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%s: %s" % header for header in self.headers]
        other = H11Connection(self.config, self.server_state, self.app_state, self.loop)
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def _refuse(self, why: str) -> None:
        """End the connection, with an answer where none is under way."""
        if self.transport.is_closing():
            return
        if self._is_answered():
            self.send_400_response(why)
        else:
            self.transport.close()


class H11Connection(TimedConnection, H11Protocol):
    """An HTTP connection read by h11, which bounds heads and trailers itself."""

    def data_received(self, data: bytes) -> None:
        """Parse data; run the timer while a head is awaited."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        elif self.conn.our_state is not h11.DONE:
            self._stop_timer()

    def on_response_complete(self) -> None:
        """Start the timer: short where a body was not read, since the connection is of no more use then."""
        super().on_response_complete()
        self._stop_timer()
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY:
            self._start_timer(LINGER_SECONDS)
        elif self.conn.their_state is h11.IDLE:
            self._start_timer(HEAD_SECONDS)

    def _wait_for_head(self) -> None:
        if self._timer is None:
            self._start_timer(HEAD_SECONDS)
