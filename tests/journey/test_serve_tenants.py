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

from service.webhooks import signature
from tests.journey.serving import TARGET, Served, make_key, order, served

OPEN = {"/healthz", "/readyz"}  # what anybody may ask
OTHERS = {"/v1/budgets", "/v1/extractions", "/v1/targets", "/v1/webhooks/secret", "/metrics"}  # one's own, whoever asks


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


def test_a_tenant_sees_nothing_of_another_on_any_route(house: tuple[Served, str, str]) -> None:
    """Every route of the OpenAPI, every method, with the other's key and the owner's ids: 404, and nothing of the owner."""
    running, acme, bolt = house
    with running.client(acme) as owner, running.client(bolt) as other, running.client() as nobody:
        job = upload(owner, 41)
        assert owner.get(job["links"]["result"], params={"wait": 20}).status_code == 200
        owner.put("/v1/targets/secret-order", content=TARGET, headers={"content-type": "application/json"})
        walked = 0
        for path, methods in owner.get("/openapi.json").json()["paths"].items():
            address = path.replace("{id}", job["id"]).replace("{name}", "secret-order").replace("{group}", "model")
            query = {"extraction": job["id"]} if path.startswith("/v1/calls") else {}
            for method in sorted(methods, key=["get", "post", "put", "delete"].index):
                walked += 1
                strange = other.request(method, address, params=query)
                bad = nobody.request(method, address, params=query, headers={"Authorization": f"Bearer {acme[:-1]}!"})
                assert path in OPEN or bad.status_code == 401, (method, path)
                assert job["id"] in f"{address}{query}" or job["id"] not in strange.text, (method, path)
                assert "PO-41" not in strange.text, (method, path)
                if path not in OPEN | OTHERS and method != "put":
                    assert strange.status_code == 404, (method, path, strange.text)
        assert walked >= 14
        secrets = [c.get("/v1/webhooks/secret").json()["secret"] for c in (owner, other)]
        assert secrets[0] != secrets[1]
        assert owner.get(job["links"]["self"]).json()["state"] == "finished"
        assert owner.get("/v1/targets/secret-order").status_code == 200


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
        until = time.monotonic() + 30
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


@pytest.mark.slow
def test_no_request_of_the_openapi_gives_a_fault(house: tuple[Served, str, str]) -> None:
    """Generated requests over the whole contract, good ones and bad: never a 5xx."""
    import schemathesis
    from schemathesis.core.result import Ok

    running, acme, _ = house
    with running.client(acme) as client:
        contract = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    operations = [found.ok() for found in contract.get_all_operations() if isinstance(found, Ok)]
    until = time.monotonic() + 40
    seen = [
        _fuzz(operation, running.url, acme, until)
        for operation in operations
        if not operation.path.endswith("/events")  # a stream; its journey is above
    ]
    assert len(seen) >= 13
    assert sum(seen) > 100


def _fuzz(operation: Any, url: str, key: str, until: float) -> int:
    """Ask one operation many things; gives how many."""
    import hypothesis

    seen = [0]

    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(
        max_examples=15, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    def ask(case: Any) -> None:
        if time.monotonic() < until:
            seen[0] += 1
            response = case.call(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=20)
            assert response.status_code < 500, (operation.label, response.status_code, response.text[:300])

    ask()
    return seen[0]
