"""A hub of models on loopback that speaks the protocol of huggingface.co, and a second host that holds the bytes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "acme/tiny-gguf/tiny.Q4.gguf"
BYTES = b"GGUF" + bytes(range(256)) * 8_000


@dataclass
class HubServer:
    """What the hub holds, how it misbehaves, and what it was asked."""

    name: str = NAME
    body: bytes = BYTES
    states_checksum: bool = True
    stated: str = hashlib.sha256(BYTES).hexdigest()
    cuts: list[int] = field(default_factory=list)  # bytes after which the next answers break off
    ranges: bool = True
    needs_token: str | None = None
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)  # method, path, Range, Authorization
    address: str = ""
    store: str = ""


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._answer()

    def do_GET(self) -> None:
        """Answer with a body."""
        self._answer()

    def _answer(self) -> None:
        said = (self.headers.get("Range", ""), self.headers.get("Authorization", ""))
        self.hub.asked.append((self.command, self.path, *said))
        if self.path == f"/old/{self.hub.name.partition('/')[2].replace('/', '/resolve/main/', 1)}":
            self._head(307, {"Location": f"/{_resolved(self.hub.name)}"})
        elif self.path == f"/{_resolved(self.hub.name)}":
            self._resolve()
        elif self.path == "/blob?signature=1":
            self._blob()
        else:
            self._head(404, {"X-Error-Code": "EntryNotFound"})

    def _resolve(self) -> None:
        if self.hub.needs_token and self.headers.get("Authorization") != f"Bearer {self.hub.needs_token}":
            self._head(401, {"X-Error-Code": "GatedRepo"})
            return
        linked = {"X-Linked-Etag": f'"{self.hub.stated}"', "X-Linked-Size": str(len(self.hub.body))}
        self._head(
            302, {"Location": f"{self.hub.store}/blob?signature=1", **(linked if self.hub.states_checksum else {})}
        )

    def _blob(self) -> None:
        start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if self.headers.get("Range") else 0
        start = start if self.hub.ranges else 0
        body = self.hub.body[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.hub.cuts.pop(0) if self.hub.cuts else None
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": "0", **headers}.items():
            self.send_header(key, value)
        self.end_headers()


def _resolved(name: str) -> str:
    owner, repo, file = name.split("/", 2)
    return f"{owner}/{repo}/resolve/main/{file}"


@contextmanager
def hub_server(**behaviour: object) -> Iterator[HubServer]:
    """Serve a hub and its store on two ports, as two hosts, for as long as the context lasts."""
    hub = HubServer(**behaviour)  # type: ignore[arg-type]
    handler = type("Handler", (_Handler,), {"hub": hub})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    hub.address, hub.store = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
