"""JSON over HTTP on loopback: HTTP/1.1 with keep-alive, nothing streamed. What is answered, others say."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple, Self


class Request(NamedTuple):
    """One HTTP request."""

    method: str
    path: str
    kind: str  # its media type
    body: bytes
    key: str = ""  # the header Authorization


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    body: Any  # a JSON value, or bytes as they are
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Loopback(ABC):
    """`async with … as server: … server.base`. Keeps every request that was understood in `requests`."""

    def __init__(self, port: int = 0) -> None:
        """`port` 0: any free one."""
        self._port = port
        self.requests: list[dict[str, Any]] = []
        self._server: asyncio.Server | None = None

    @abstractmethod
    async def answer(self, request: Request) -> Answer:
        """What is answered. A ConnectionError cuts the connection instead."""

    def sent(self, raw: bytes, answer: Answer) -> None:  # noqa: B027 - who keeps no journal does nothing
        """The whole answer was handed over."""

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=2**20, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    @property
    def base(self) -> str:
        """What to give as `api_base`, for OpenAI's wire; Anthropic's clients take it without "/v1"."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _request(stream)) is not None:
                answer = await self.answer(request)
                writer.write(_response(answer))
                await writer.drain()
                self.sent(request.body, answer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side is gone, or the server is closing
        finally:
            writer.close()


async def _request(stream: asyncio.StreamReader) -> Request | None:
    """The next request on a connection; None at its end."""
    try:
        head = await stream.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, path, _ = first.split(" ")
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    body = await (_chunks(stream) if chunked else stream.readexactly(int(headers.get("content-length", "0"))))
    return Request(method, path, headers.get("content-type", ""), body, headers.get("authorization", ""))


async def _chunks(stream: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await stream.readline()).split(b";")[0], 16):
        body += (await stream.readexactly(size + 2))[:-2]
    await stream.readline()
    return body


def _response(answer: Answer) -> bytes:
    body = answer.body
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **answer.headers}
    first = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data
