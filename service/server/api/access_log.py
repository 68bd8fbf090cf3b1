"""Records: one log line for each request, with an `action` and ids, never a document's text, a file's name or a key."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thresher.service.server.api.app_state import AppState
from thresher.service.storage.answers.session import patience
from thresher.service.telemetry import tracing
from thresher.service.telemetry.ids import requested

log = logging.getLogger(__name__)
PATIENCE = 10.0  # seconds for which a request waits for a database that is away, before it is told to come again
_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]


@dataclass(slots=True)
class Recorded:
    """An ASGI application whose requests are logged, counted and given an id."""

    app: ASGIApp
    service: AppState

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, seen = time.perf_counter(), {"status": 500}
        state = scope.setdefault("state", {})
        state["request"] = _request_id(scope)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                names = {name.lower() for name, _ in message["headers"]}
                extra = [h for h in SAFE if h[0] not in names]
                message["headers"] = [*message["headers"], *extra, (b"x-request-id", state["request"].encode())]
            await send(message)

        requested.set(state["request"])
        patience.set(PATIENCE)
        try:
            with _traced(scope) as span:
                await self.app(scope, receive, told)
                span.rename(f"{_method(scope)} {_route(scope)}")
                span.set({"http.route": _route(scope), "http.response.status_code": seen["status"]})
        finally:
            self._note(scope, seen["status"], time.perf_counter() - begun)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        method = _method(scope)
        self.service.metrics.add("thresher_requests_total", method=method, route=route, status=str(status))
        self.service.metrics.took(seconds)
        state: dict[str, Any] = scope["state"]
        facts = {k: state[k] for k in ("request", "tenant", "job") if state.get(k)}
        level = logging.ERROR if status >= 500 else logging.INFO
        line = {"action": "http.request", "method": method, "route": route, "status": status}
        log.log(level, "request", extra={**line, "seconds": round(seconds, 4), **facts})


METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds, by nobody who wants to know why


@contextmanager
def _traced(scope: Scope) -> Iterator[tracing.Span]:
    """The span of a request, under that of its caller."""
    if not tracing.on() or scope["path"] in UNTRACED:
        yield tracing.NOTHING
        return
    method = _method(scope)
    parent = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"traceparent"), None)
    with tracing.under(parent), tracing.span(method, {"http.request.method": method}, kind="server") as span:
        yield span


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """The pattern of a request's address: never the address itself."""
    return str(getattr(scope.get("route"), "path", "-"))


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-Id where it is a plain one, else a new one."""
    given = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"x-request-id"), "")
    return given if _ID.fullmatch(given) else secrets.token_hex(8)
