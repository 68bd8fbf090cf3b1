"""No canary sings: neither a document's text nor a key is in any log line, problem or traceback, whatever goes wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.serving import TARGET, Served, make_key, served
from tests.zygote import ran

KEY = "canary-Jq7vX2mP9wTz4KdR"  # the operator's key at a provider
WORD = "Kanarienvogel"  # stands in every document
NAME = "Zeisig"  # stands in every file's name
BAD = {"1": 400, "2": 401, "3": 500}


class Echo(BaseHTTPRequestHandler):
    """A provider whose errors repeat the key and all that was asked."""

    def do_POST(self) -> None:
        """Answer, or complain with everything it knows."""
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        status = next((code for n, code in BAD.items() if f"PO-{n}-" in asked), 200)
        said = json.dumps({"number": "PO-9-", "buyer": WORD})
        body: dict[str, Any] = {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
        if status != 200:
            body = {"error": {"message": f"{self.headers['authorization']} asked {asked}", "type": "x", "code": "x"}}
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def provider() -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def document(n: int) -> bytes:
    """An order with the word."""
    return f"Order number: PO-{n}-\nBuyer: {WORD}\n".encode()


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An environment that says as much as it may."""
    with provider() as address:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("THRESHER_API_BASE", address)
        monkeypatch.setenv("THRESHER_LOG", "debug")
        (tmp_path / "policy.json").write_text('{"retries": 0}')
        yield tmp_path


def sent(client: httpx.Client, n: int, wait: int = 100) -> dict[str, Any]:
    """One order, to its end or as far as it comes."""
    made = client.post(
        "/v1/extractions",
        params={"wait": wait},
        files={"file": (f"{NAME}-{n}.txt", document(n))},
        data={"target": TARGET},
        headers={"idempotency-key": str(n)},
    )
    assert made.status_code in {200, 202}, made.text
    whole: dict[str, Any] = made.json()
    return whole


def test_no_line_of_a_service_holds_a_key_or_a_word(loud: Path) -> None:
    """Uploads that go well, that a provider refuses in three ways, that are not read, and that are no uploads at all."""
    key = make_key(loud / "data", "acme")
    model = ("--policy", loud / "policy.json", "--model", "openai/gpt-4o-mini")
    with served(loud, *model) as running, running.client(key) as client:
        found = {
            n: sent(client, n, wait) for n, wait in ((2, 0), (3, 0), (1, 40), (9, 40))
        }  # 2 and 3 would try for long
        until = time.monotonic() + 120
        while running.log.read_text().count("task.settled") < 4 and time.monotonic() < until:
            time.sleep(0.1)
        problems = [p.text for p in _problems(client, running, key)]
        assert client.get("/metrics").text.count(WORD) == 0
    log = running.log.read_text()
    for text in (log, *problems):
        assert not [word for word in (KEY, WORD, NAME, key, key[-20:]) if word in text], text[:3000]
    assert KEY not in json.dumps(found)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert all(line["action"] for line in lines)
    assert {"http.request", "document.read", "call.made", "call.failed", "task.settled"} <= {x["action"] for x in lines}
    made = next(x for x in lines if x["action"] == "call.made")
    assert {"tenant", "job", "task", "document", "call", "model", "usd"} <= made.keys()
    assert len([x for x in lines if x["action"] == "http.request" and x.get("request")]) > 4


def _problems(client: httpx.Client, running: Served, key: str) -> list[httpx.Response]:
    """Requests that are refused."""
    files = {"file": (f"{NAME}.txt", document(9))}
    bad = [
        client.post("/v1/extractions", files=files, data={"target": '{"type": "array"}'}),
        client.post("/v1/extractions", files=files, data={"target": TARGET, "policy": '{"model": "x"}'}),
        client.post("/v1/extractions", files=files),
        client.post("/v1/extractions", content=document(9), headers={"content-type": "multipart/form-data; boundary=a"}),
        client.post(
            "/v1/extractions", files=files, data={"target": TARGET}, headers={"idempotency-key": "1"}
        ),
        client.get("/v1/extractions/nothing", headers={"authorization": f"Bearer {key}x"}),
    ]  # fmt: skip
    assert all(b.status_code >= 400 and b.headers["content-type"] == "application/problem+json" for b in bad)
    assert running.process.poll() is None
    return bad


def test_no_line_of_a_command_holds_a_key_or_a_word(loud: Path) -> None:
    """The whole command in debug, over files that go well and that fail: its log names no content, its results no key."""
    for n in (1, 9):
        (loud / f"{NAME}-{n}.txt").write_bytes(document(n))
    (loud / "t.json").write_text(TARGET)
    files = [loud / f"{NAME}-{n}.txt" for n in (1, 9)]
    options = ["-t", loud / "t.json", "-m", "openai/gpt-4o-mini", "--policy", loud / "policy.json", "--log", "json"]
    done = ran("extract", *files, *options, "-o", loud / "out")
    assert done.returncode == 4
    lines = [x for x in done.stderr.splitlines() if x.startswith("{")]
    assert any("call.made" in line for line in lines)
    assert not [line for line in lines if NAME in line or WORD in line]  # the table at the end is no log
    assert KEY not in done.stderr + done.stdout
    kept = "".join(p.read_text() for p in (loud / "out").rglob("*.json*"))
    assert WORD in kept
    assert KEY not in kept
