"""Serve `/metrics` and `/healthz` for a process without a web server: plain HTTP/1.1, one request a connection."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from thresher.schemas.errors import SetupProblem
from thresher.service.telemetry.metrics import MEDIA_TYPE, Metrics

REQUEST_SECONDS = 5.0  # in which a request must arrive
MAX_CONNECTIONS = 32  # open at a time; more are closed immediately
HEAD_MAX_BYTES = 16 * 1024  # of a request
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
JSON = "application/json"
Answer = tuple[int, str, str]  # status, media type, body
Answering = Callable[[str, str, str], Answer]  # of method, path, Host


@asynccontextmanager
async def serving_probes(host: str, port: int | None, metrics: Metrics) -> AsyncIterator[None]:
    """Answer probes at an address while a block lasts; at none where the port is None.

    Raises SetupProblem(address_taken).
    """
    if port is None:
        yield
        return

    def answer(method: str, path: str, asked: str) -> Answer:
        return _answer(metrics, method, path) if host not in LOOPBACK or asked in LOOPBACK else _problem(403)

    probes = _ProbeServer(answer)
    try:
        server = await asyncio.start_server(probes.serve, host, port, limit=HEAD_MAX_BYTES)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise SetupProblem("address_taken", f"{host}:{port} ({why})") from error
    try:
        yield
    finally:
        server.close()


class _ProbeServer:
    """The connections of probes."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                async with asyncio.timeout(REQUEST_SECONDS):
                    writer.write(_response_bytes(self._answer(*_parsed_head(await reader.readuntil(b"\r\n\r\n")))))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the prober is gone or too slow: nothing to answer
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()


def _parsed_head(head: bytes) -> tuple[str, str, str]:
    """Return method, path, and the Host without its port."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, *_ = [*first.split(" "), "", ""]
    host = next((v.strip() for n, _, v in (x.partition(":") for x in lines) if n.strip().lower() == "host"), "")
    return method, path.partition("?")[0], re.sub(r":\d+$", "", host).strip("[]")


def _answer(metrics: Metrics, method: str, path: str) -> Answer:
    if method not in {"GET", "HEAD"}:
        return _problem(405)
    if path == "/metrics":
        return 200, MEDIA_TYPE, metrics.text()
    return (200, JSON, json.dumps({"status": "alive"})) if path == "/healthz" else _problem(404)


def _problem(status: int) -> Answer:
    code = {403: "forbidden", 404: "not_found", 405: "method_not_allowed"}[status]
    return status, "application/problem+json", json.dumps({"type": "about:blank", "status": status, "code": code})


def _response_bytes(answer: Answer) -> bytes:
    status, kind, body = answer
    data = body.encode()
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
    return head.encode() + b"Cache-Control: no-store\r\nConnection: close\r\n\r\n" + data
