"""Connections that can not be held for nothing: a head must come whole and soon, and a refused body is not listened to for long.

uvicorn bounds the silence after an answer; here the time for a request's head is bounded, also the first one's, and also
when it comes a letter at a time, and so is what a parser holds that is no body. Where an answer was given before the body was
read, the rest is read for a moment only, so that the client sees the answer, and then the connection ends.

httptools reads requests, in a fraction of h11's time. Of a request that wishes for another protocol, as some clients' first one
for HTTP/2 does, it leaves the body out: such a connection is h11's from there on.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
import httptools
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 15.0  # seconds in which the head of a request must have come, from the connection's or the last answer's end on
LINGER = 3.0  # seconds for which the rest of a refused body is still read
HANDLES, RESERVED = 16_384, 512  # file handles that are asked for, and those kept for files, stores and models
FRAMING = 64 * 1024  # bytes of a head, of trailers or between two pieces of a body


def connections_that_fit() -> int:
    """Connections for which there are file handles, RESERVED for all else; this process's limit is raised as far as it may."""
    import resource  # noqa: PLC0415 - not on every system

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = HANDLES if hard == resource.RLIM_INFINITY else min(hard, HANDLES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return max(1, min(most, soft if soft > 0 else most) - min(RESERVED, most // 2))


class Ending(asyncio.Protocol):
    """A connection that ends by itself, unless it is told to go on."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    connections: set[Any]
    most: ClassVar[int] = 1 << 20  # open at once
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See Protocol. One too many is cut: what is in hand needs its files."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        self._end_in(HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """See Protocol."""
        self._go_on()
        super().connection_lost(exc)

    def _end_in(self, seconds: float) -> None:
        self._go_on()
        self._late = self.loop.call_later(seconds, self.transport.close)

    def _go_on(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class Connection(Ending, HttpToolsProtocol):
    """An HTTP connection with bounds on what a client may leave unsaid, and on what it may say around a body."""

    _framing = 0  # bytes since a head, a piece of a body or a whole request ended

    def data_received(self, data: bytes) -> None:
        """See Protocol. Data that does not end a head gives no more time for it."""
        self._framing += len(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            self._hand_over(data[wish.args[0] :])
        except httptools.HttpParserError:
            self._refuse("Invalid HTTP request received.")
        else:
            if self._framing > FRAMING:
                self._refuse("Too long a head.")

    def on_headers_complete(self) -> None:
        """See HttpToolsProtocol."""
        self._framing = 0
        self._go_on()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """See HttpToolsProtocol."""
        self._framing = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """See HttpToolsProtocol. After the rest of a refused body, the next head may come."""
        self._framing = 0
        super().on_message_complete()
        if self._is_answered():
            self._end_in(HEAD)

    def on_response_complete(self) -> None:
        """See HttpToolsProtocol. With a body that nobody read, the connection is of no more use."""
        super().on_response_complete()
        if self._is_answered():  # else a request that came meanwhile is in hand
            self._end_in(LINGER if self.cycle.more_body else HEAD)

    def _is_answered(self) -> bool:
        return getattr(self.cycle, "response_complete", True)  # there is no cycle before the first request

    def _should_upgrade(self) -> bool:
        return True  # so that nothing is made of the request here

    def _hand_over(self, rest: bytes) -> None:
        """Let h11 read a request that wishes for another protocol, of which it takes no notice, and all that follows."""
        if not self._is_answered():
            self._refuse("Another request is in hand.")
            return
        self._go_on()
        self.connections.discard(self)
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%s: %s" % header for header in self.headers]
        other = PlainConnection(self.config, self.server_state, self.app_state, self.loop)
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def _refuse(self, why: str) -> None:
        """End the connection, with a word where no answer is under way."""
        if self.transport.is_closing():
            return
        if self._is_answered():
            self.send_400_response(why)
        else:
            self.transport.close()


class PlainConnection(Ending, H11Protocol):
    """The same, read by h11, which bounds a head and trailers itself."""

    def data_received(self, data: bytes) -> None:
        """See Protocol."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        elif self.conn.our_state is not h11.DONE:
            self._go_on()

    def on_response_complete(self) -> None:
        """See H11Protocol. With a body that nobody read, the connection is of no more use."""
        super().on_response_complete()
        self._go_on()
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY:
            self._end_in(LINGER)
        elif self.conn.their_state is h11.IDLE:
            self._end_in(HEAD)

    def _wait_for_head(self) -> None:
        if self._late is None:
            self._end_in(HEAD)
