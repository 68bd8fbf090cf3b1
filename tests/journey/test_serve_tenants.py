"""Tenants, webhooks and the whole OpenAPI of a real `thresher serve`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.serving import TARGET, Served, make_key, order, served
from thresher.service.tenants.webhook_signing import signature

OPEN = {"/healthz", "/readyz"}  # what anybody may ask


def upload(client: httpx.Client, n: int, **fields: str) -> dict[str, Any]:
    """Send one order; gives the job."""
    made = client.post("/v1/extractions", files={"file": (f"{n}.txt", order(n))}, data={"target": TARGET, **fields})
    assert made.status_code == 202, made.text
    job: dict[str, Any] = made.json()
    return job


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str, str]]:
    """A service with two tenants."""
    folder = tmp_path_factory.mktemp("tenants")
    keys = [make_key(folder / "data", name) for name in ("acme", "bolt")]
    with served(folder, "--private-webhooks") as running:
        yield running, keys[0], keys[1]


class Receiver(BaseHTTPRequestHandler):
    """A receiver of webhooks that fails at first."""

    got: list[tuple[dict[str, str], bytes]]
    failures: int

    def do_POST(self) -> None:
        """Keep what came."""
        kind: Any = type(self)
        kind.got.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(500 if len(kind.got) <= kind.failures else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiver(failures: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A real server on loopback, and what it got."""
    got: list[tuple[dict[str, str], bytes]] = []
    server = HTTPServer(("127.0.0.1", 0), type("One", (Receiver,), {"got": got, "failures": failures}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?a=1", got
    finally:
        server.shutdown()
        server.server_close()


def test_a_webhook_is_signed_and_sent_again_after_a_failure(house: tuple[Served, str, str]) -> None:
    """The receiver fails once, then gets the same word, signed with the tenant's secret."""
    running, acme, _ = house
    with running.client(acme) as client, receiver(failures=1) as (url, got):
        job = upload(client, 42, webhook=url)
        secret = client.get("/v1/webhooks/secret").json()["secret"]
        until = time.monotonic() + 120
        while len(got) < 2 and time.monotonic() < until:
            time.sleep(0.1)
    assert len(got) == 2
    assert got[0][1] == got[1][1]
    for headers, body in got:
        told = {k.lower(): v for k, v in headers.items()}
        assert told["webhook-signature"] == signature(secret, job["id"], int(told["webhook-timestamp"]), body)
    told_body = json.loads(got[0][1])
    assert (told_body["data"]["id"], told_body["data"]["counts"]["done"]) == (job["id"], 1)
    assert b"Acme" not in got[0][1]


def test_a_webhook_to_a_private_address_is_refused(tmp_path: Path) -> None:
    """Unless the operator allows it."""
    with served(tmp_path) as running, running.client() as client, receiver(failures=0) as (url, got):
        answer = client.post(
            "/v1/extractions", files={"file": ("a.txt", order(1))}, data={"target": TARGET, "webhook": url}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "address_refused")
        assert got == []


def test_the_openapi_names_every_problem_and_has_examples(house: tuple[Served, str, str]) -> None:
    """Every /v1 operation shows problems; the upload has an example; no operation lacks a word on what it gives."""
    running, acme, _ = house
    with running.client(acme) as client:
        paths = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["description"]
            assert path in OPEN or "4XX" in operation["responses"]
    assert "example" in paths["/v1/extractions"]["post"]["requestBody"]["content"]["multipart/form-data"]
