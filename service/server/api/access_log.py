"""Log one line for each request, with an `action` and ids, never a document's text, a file's name or a key."""

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
from thresher.service.server.api.security_headers import with_security_headers
from thresher.service.storage.answers.session import database_wait
from thresher.service.telemetry import tracing
from thresher.service.telemetry.ids import current_request

log = logging.getLogger(__name__)
DATABASE_WAIT_SECONDS = 10.0  # seconds that a request waits for a database that is away, before it is answered with 503
_ID_PATTERN = re.compile(r"[0-9A-Za-z._-]{1,64}")


@dataclass(slots=True)
class RequestLog:
    """An ASGI application whose requests are logged, counted and given an id."""

    app: ASGIApp
    service: AppState

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and record how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, answered = time.perf_counter(), {"status": 500}
        state = scope.setdefault("state", {})
        state["request"] = _request_id(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered["status"] = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", state["request"].encode())]
            await send(with_security_headers(message))

        current_request.set(state["request"])
        database_wait.set(DATABASE_WAIT_SECONDS)
        try:
            with _traced(scope) as span:
                await self.app(scope, receive, send_with_headers)
                span.rename(f"{_method(scope)} {_route(scope)}")
                span.set({"http.route": _route(scope), "http.response.status_code": answered["status"]})
        finally:
            self._record(scope, answered["status"], time.perf_counter() - begun)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
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
UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})  # probed every few seconds: their spans would be noise


@contextmanager
def _traced(scope: Scope) -> Iterator[tracing.Span]:
    """Open the span of a request, under its caller's."""
    if not tracing.is_enabled() or scope["path"] in UNTRACED:
        yield tracing.NO_SPAN
        return
    method = _method(scope)
    parent = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"traceparent"), None)
    with tracing.under(parent), tracing.span(method, {"http.request.method": method}, kind="server") as span:
        yield span


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """Return the pattern of a request's address, never the address itself."""
    return str(getattr(scope.get("route"), "path", "-"))


def _request_id(scope: Scope) -> str:
    """Return the caller's X-Request-Id where it is a plain one, else a new one."""
    given = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"x-request-id"), "")
    return given if _ID_PATTERN.fullmatch(given) else secrets.token_hex(8)
