"""The simulated reader behind HTTP on loopback: OpenAI's /v1/chat/completions and Anthropic's /v1/messages, and their batches.

    python -m bench.reader --port 8123 --faults noisy --seed 7 --speed 100

HTTP/1.1 with keep-alive; nothing is streamed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

from bench.reader import anthropic_wire, openai_wire
from bench.reader.batches import Batches, BatchFaults, Dropped
from bench.reader.reader import Ask, Reader, Said

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}
Wire = tuple[Callable[[dict[str, Any]], Ask], Callable[[dict[str, Any], Said], dict[str, Any]]]
WIRES: dict[str, Wire] = {
    "/chat/completions": (openai_wire.ask, openai_wire.response),
    "/messages": (anthropic_wire.ask, anthropic_wire.response),
}


class ReaderServer:
    """`async with ReaderServer(Reader()) as server: … server.base`."""

    def __init__(self, reader: Reader, port: int = 0, batches: BatchFaults | None = None) -> None:
        """`port` 0: any free one."""
        self.reader, self._port = reader, port
        self.batches = Batches(reader, batches)
        self.requests: list[dict[str, Any]] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=2**20)
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
                status, headers, body = await self._answered(*request)
                writer.write(_response(status, headers, body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, Dropped):
            pass  # the other side is gone, or the server is closing
        finally:
            writer.close()

    async def _answered(self, method: str, path: str, kind: str, raw: bytes) -> tuple[int, dict[str, str], Any]:
        if (answered := self.batches.answer(method, path, kind, raw)) is not None:
            return answered[0], {}, answered[1]
        wire = next((w for end, w in WIRES.items() if path.split("?", maxsplit=1)[0].endswith(end)), None)
        if wire is None:
            return 404, {}, {"error": {"message": f"no {path}"}}
        try:
            request = json.loads(raw)
            asked = wire[0](request)
        except (ValueError, KeyError, TypeError) as error:
            return 400, {}, {"error": {"message": f"no request: {error!r}", "type": "invalid_request_error"}}
        self.requests.append(request)
        said = self.reader.answer(asked)
        await asyncio.sleep(said.seconds)
        headers = {} if said.retry_after is None else {"Retry-After": f"{said.retry_after:g}"}
        return said.status, headers, wire[1](request, said)


async def _request(stream: asyncio.StreamReader) -> tuple[str, str, str, bytes] | None:
    """(method, path, media type, body) of the next request on a connection; None at its end."""
    try:
        head = await stream.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, path, _ = first.split(" ")
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    body = await (_chunks(stream) if chunked else stream.readexactly(int(headers.get("content-length", "0"))))
    return method, path, headers.get("content-type", ""), body


async def _chunks(stream: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await stream.readline()).split(b";")[0], 16):
        body += (await stream.readexactly(size + 2))[:-2]
    await stream.readline()
    return body


def _response(status: int, headers: dict[str, str], body: Any) -> bytes:
    """`body`: a JSON value, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    all_headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{k}: {v}" for k, v in all_headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data
