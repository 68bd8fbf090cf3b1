"""Clients that read slowly: what they are sent is in no memory, a tenant has only so much of it, and one that stands still is cut."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import weakref
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Message

from thresher.service.server.api import connections, long_responses
from thresher.service.server.api.connections import TimedConnection
from thresher.service.server.api.long_responses import PIECE_BYTES, LongResponses

LONG = bytes(range(256)) * (1 << 12)  # 1 MiB
MADE: list[weakref.ref[Response]] = []


class Client:
    """One request, and a client that takes each piece when it is told to."""

    def __init__(self, app: LongResponses, path: str, tenant: str = "a", *, reads: bool = True) -> None:
        """Send it; a client that does not read yet waits at the first piece."""
        self.got: list[Message] = []
        self.goes_on, self._begun = asyncio.Event(), asyncio.Event()
        if reads:
            self.goes_on.set()
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"x-tenant", tenant.encode())]}  # fmt: skip
        self.task = asyncio.create_task(app({**scope, "state": {}}, self._receive, self._send))

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        self.got.append(message)
        if message["type"] == "http.response.body":
            self._begun.set()
            await self.goes_on.wait()

    @property
    def body(self) -> bytes:
        """What was sent so far."""
        return b"".join(m["body"] for m in self.got if m["type"] == "http.response.body")

    async def begun(self) -> None:
        """Wait until something of the body was sent."""
        await self._begun.wait()


@pytest.fixture
def app() -> LongResponses:
    """An application with a long body, a stream, and a short body."""
    inner = FastAPI()

    async def noted(request: Request) -> None:
        request.state.tenant = request.headers["x-tenant"]

    @inner.get("/long")
    async def long(request: Request) -> Response:
        await noted(request)
        made = Response(LONG)
        MADE.append(weakref.ref(made))
        return made

    @inner.get("/stream")
    async def stream(request: Request) -> Response:
        await noted(request)

        async def events() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.Event().wait()

        return StreamingResponse(events())

    @inner.get("/short")
    async def short(request: Request) -> Response:
        await noted(request)
        return Response(b"short")

    return LongResponses(inner)


async def test_a_long_body_is_in_no_memory_while_a_client_reads_it(app: LongResponses) -> None:
    """The application has ended and its response is gone; the client gets every byte, a piece at a time."""
    client = Client(app, "/long", reads=False)
    await client.begun()
    gc.collect()
    assert MADE[-1]() is None
    assert len(client.body) == PIECE_BYTES
    client.goes_on.set()
    await client.task
    assert client.body == LONG
    assert max(len(m.get("body", b"")) for m in client.got) == PIECE_BYTES
    assert not client.got[-1]["more_body"]


async def test_a_tenant_has_so_many_bytes_under_way_and_others_their_own(
    app: LongResponses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too much is answered with a code at once; when room is there again, it is sent."""
    monkeypatch.setattr(long_responses, "HELD_BYTES", 2 * len(LONG))
    slow = [Client(app, "/long", reads=False) for _ in range(2)]
    for one in slow:
        await one.begun()
    refused, other, short = Client(app, "/long"), Client(app, "/long", "b"), Client(app, "/short")
    await asyncio.gather(refused.task, other.task, short.task)
    assert (refused.got[0]["status"], json.loads(refused.body)["code"]) == (503, "too_many_responses")
    assert (other.body, short.body) == (LONG, b"short")
    for one in slow:
        one.goes_on.set()
        await one.task
    again = Client(app, "/long")
    await again.task
    assert again.body == LONG


async def test_a_client_that_goes_leaves_its_room(app: LongResponses, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is cancelled counts no more."""
    monkeypatch.setattr(long_responses, "HELD_BYTES", len(LONG))
    gone = Client(app, "/long", reads=False)
    await gone.begun()
    gone.task.cancel()
    await asyncio.wait([gone.task])
    again = Client(app, "/long")
    await again.task
    assert again.body == LONG


async def test_a_full_disk_is_answered_as_such(app: LongResponses, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half of a response is sent."""

    def full() -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(long_responses, "TemporaryFile", full)
    client = Client(app, "/long")
    await client.task
    assert (client.got[0]["status"], json.loads(client.body)["code"]) == (507, "storage_full")


async def test_a_stream_begins_at_once(app: LongResponses) -> None:
    """Events are neither gathered nor held back."""
    client = Client(app, "/stream")
    await client.begun()
    assert client.body == b"first"
    client.task.cancel()
    await asyncio.wait([client.task])


def test_a_client_that_takes_nothing_is_cut() -> None:
    """After a minute in which nothing moves; one that goes on in time is not."""
    timers: list[tuple[float, Any, SimpleNamespace]] = []

    def call_later(seconds: float, then: Any) -> SimpleNamespace:
        handle = SimpleNamespace(cancelled=False)
        handle.cancel = lambda: setattr(handle, "cancelled", True)
        timers.append((seconds, then, handle))
        return handle

    ends: list[str] = []
    connection = TimedConnection()
    connection.loop = cast("asyncio.AbstractEventLoop", SimpleNamespace(call_later=call_later))
    connection.transport = cast("asyncio.Transport", SimpleNamespace(abort=lambda: ends.append("cut")))
    connection.pause_writing()
    connection.resume_writing()
    assert timers[0][2].cancelled
    connection.pause_writing()
    seconds, then, handle = timers[1]
    assert (seconds, handle.cancelled) == (connections.STALLED_SECONDS, False)
    then()
    assert ends == ["cut"]
