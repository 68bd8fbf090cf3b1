"""Probes: `/metrics` and `/healthz` of a process that serves nothing else. Plain HTTP/1.1, one request a connection, no web framework."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from thresher.schemas.errors import SetupProblem
from thresher.service.telemetry.metrics import MEDIA_TYPE, Metrics

LATEST = 5.0  # seconds in which a request must have come
MOST = 32  # connections at once; more are closed at once
LARGEST = 16 * 1024  # bytes of a request's head
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
JSON = "application/json"
Answer = tuple[int, str, str]  # status, media type, body
Answering = Callable[[str, str, str], Answer]  # of method, path, Host


@asynccontextmanager
async def probed(host: str, port: int | None, metrics: Metrics) -> AsyncIterator[None]:
    """While a block lasts, answer probes at an address; None: at none. Raises SetupProblem(address_taken)."""
    if port is None:
        yield
        return

    def answer(method: str, path: str, asked: str) -> Answer:
        return _answer(metrics, method, path) if host not in LOOPBACK or asked in LOOPBACK else _problem(403)

    door = _Door(answer)
    try:
        server = await asyncio.start_server(door.serve, host, port, limit=LARGEST)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise SetupProblem("address_taken", f"{host}:{port} ({why})") from error
    try:
        yield
    finally:
        server.close()


class _Door:
    """Connections of those who probe."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer."""
        self._open += 1
        try:
            if self._open <= MOST:
                async with asyncio.timeout(LATEST):
                    writer.write(_written(self._answer(*_asked(await reader.readuntil(b"\r\n\r\n")))))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # nobody who is waited for
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()


def _asked(head: bytes) -> tuple[str, str, str]:
    """Method, path, and the Host without its port."""
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


def _written(answer: Answer) -> bytes:
    status, kind, body = answer
    data = body.encode()
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
    return head.encode() + b"Cache-Control: no-store\r\nConnection: close\r\n\r\n" + data
