"""A collector of traces for tests: receives OTLP over HTTP as protobuf, and gives the spans."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Told:
    """One span as it was received."""

    trace: str
    id: str
    parent: str
    name: str
    kind: int
    facts: dict[str, Any]
    service: str
    error: bool


@dataclass
class Collector:
    """What was received so far."""

    url: str
    spans: list[Told] = field(default_factory=list)
    raw: bytes = b""

    def named(self, name: str) -> list[Told]:
        """Spans by the first word of their name."""
        return [s for s in self.spans if s.name.split()[0] == name]

    def path(self, span: Told) -> list[str]:
        """Names from the root to a span."""
        parent = next((s for s in self.spans if s.id == span.parent), None)
        return [*(self.path(parent) if parent else []), span.name]


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def decoded(body: bytes) -> Iterator[Told]:
    """The spans of one request."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = {a.key: _value(a.value) for a in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                facts = {a.key: _value(a.value) for a in span.attributes}
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                yield Told(*ids, span.name, span.kind, facts, about["service.name"], span.status.code == 2)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on loopback."""
    found = Collector("")

    class Handler(BaseHTTPRequestHandler):
        """Receives."""

        def do_POST(self) -> None:
            """Keep what came."""
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            found.raw += body
            found.spans += decoded(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
