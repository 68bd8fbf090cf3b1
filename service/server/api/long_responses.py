"""Send long responses from a file: a client that reads slowly holds no body in memory, and a tenant so many bytes at most.

An application gives a body whole. A long one goes into a file, so that the application ends and its memory is free, and then
to the client piece by piece, each once the one before has left. What an application gives in pieces (files, events) passes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thresher.schemas.errors import JobProblem, Problem
from thresher.service.base.disk_faults import machine_problem
from thresher.service.server.api import problems

PIECE_BYTES = 1 << 16  # sent at once; a body that is not longer is sent as it is
HELD_BYTES = 512 << 20  # of long responses under way to one tenant; one alone may be longer


class _RefusedError(Exception):
    """Ends an application whose response is not sent."""


class LongResponses:
    """An ASGI application round another one."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application whose responses are sent."""
        self._app = app
        self._held: Counter[str] = Counter()  # bytes by tenant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a response that the tenant has no room for, or the disk, is a Problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = _Response(send)
        try:
            with response.counted(self._held, scope):
                await self._app(scope, receive, response.take)
                await response.send_file()
        except _RefusedError as refusal:
            problem = refusal.__cause__
            if not isinstance(problem, Problem):
                raise
            await problems.answer(problem)(scope, receive, send)


class _Response:
    """The response to one request, as the application gives it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None  # held back until it is known that the body can be sent
        self._file: BinaryIO | None = None
        self._held: Counter[str] = Counter()
        self._scope: Scope = {}
        self._length = 0

    @contextmanager
    def counted(self, held: Counter[str], scope: Scope) -> Iterator[None]:
        """Count the bytes of the response among those of its tenant while the block lasts."""
        self._held, self._scope = held, scope
        try:
            yield
        finally:
            if self._file is not None:
                self._file.close()
            if self._length:
                held[self._tenant] -= self._length
                if not held[self._tenant]:
                    del held[self._tenant]

    @property
    def _tenant(self) -> str:
        return str(self._scope.get("state", {}).get("tenant") or "")

    async def take(self, message: Message) -> None:
        """Take a message of the application. Raises _RefusedError where the response can not be sent."""
        if message["type"] == "http.response.start":
            self._begin(message)
            if self._start is None:
                await self._send(message)
            return
        body = message.get("body", b"")
        if len(body) <= PIECE_BYTES or not self._tenant:
            await self._send_start()
            await self._send(message)
        elif message.get("more_body"):
            await self._send_start()
            for at in range(0, len(body), PIECE_BYTES):
                await self._send_piece(body[at : at + PIECE_BYTES])
        else:
            self._file = await asyncio.to_thread(_written, body)

    def _begin(self, message: Message) -> None:
        """Count a long response, and hold its head back."""
        lengths = [int(value) for name, value in message["headers"] if name.lower() == b"content-length"]
        if not self._tenant or not lengths or lengths[0] <= PIECE_BYTES:
            return
        under_way = self._held[self._tenant]
        if under_way and under_way + lengths[0] > HELD_BYTES:
            raise _RefusedError from JobProblem("too_many_responses")
        self._length, self._start = lengths[0], message
        self._held[self._tenant] += lengths[0]

    async def send_file(self) -> None:
        """Send the body that was kept, and close its file."""
        await self._send_start()
        while self._file is not None:
            piece = await asyncio.to_thread(self._file.read, PIECE_BYTES)
            if piece:
                await self._send_piece(piece)
            else:
                self._file.close()
                self._file = None
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_piece(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def _send_start(self) -> None:
        start, self._start = self._start, None
        if start is not None:
            await self._send(start)


def _written(body: bytes) -> BinaryIO:
    """Return a file that holds a body, and that nobody else can open. Raises _RefusedError where the disk has no room."""
    try:
        file = TemporaryFile()  # noqa: SIM115 - closed once it is sent
        file.write(body)
        file.seek(0)
    except OSError as error:
        raise _RefusedError from machine_problem(error, "a long response")
    return file
