"""`thresher serve` as callers use it: a real process, real HTTP on loopback, a scripted model."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.serving import ROOT, TARGET, Served, free_port, kill, make_key, order, served
from tests.zygote import ran

EXTRACTIONS = "/v1/extractions"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for the tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("service")
    with served(folder, "--max-upload", 1) as running:
        yield running


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    """A client without a key."""
    with service.client() as made:
        yield made


def files(*numbers: int) -> list[tuple[str, tuple[str, bytes]]]:
    """Orders as parts of an upload."""
    return [("file", (f"{n}.txt", order(n))) for n in numbers]


def send(client: httpx.Client, *numbers: int, wait: float = 0, headers: dict[str, str] | None = None) -> httpx.Response:
    """Upload orders."""
    query = {"wait": wait} if wait else {}
    return client.post(EXTRACTIONS, params=query, files=files(*numbers), data={"target": TARGET}, headers=headers)


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["code"]


def ended(client: httpx.Client, id_: str, seconds: float = 120) -> dict[str, Any]:
    """A job when it has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job: dict[str, Any] = client.get(f"{EXTRACTIONS}/{id_}").json()
        if job["state"] != "open":
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def test_an_upload_gives_its_result_with_evidence(client: httpx.Client) -> None:
    """With ?wait the answer is the Result; every quote stands in the text where the evidence says."""
    done = send(client, 1, 2, wait=100)
    assert done.status_code == 200, done.text
    body = done.json()
    assert [r["data"] for r in body["results"]] == [
        {"number": f"PO-{n}", "buyer": f"Acme Works {n} Ltd"} for n in (1, 2)
    ]
    assert (body["state"], body["failed"], body["next"]) == ("finished", [], None)
    for n, result in enumerate(body["results"], 1):
        text = order(n).decode()
        assert {e["path"] for e in result["evidence"]} == {"/number", "/buyer"}
        assert all(text[e["start"] : e["end"]] == e["quote"] for e in result["evidence"])


def test_an_upload_without_waiting_is_followed_by_its_links(client: httpx.Client) -> None:
    """202 with a status URL; the result comes a page at a time."""
    made = send(client, 3, 4, 5)
    assert made.status_code == 202
    job = made.json()
    assert made.headers["location"] == job["links"]["self"]
    assert ended(client, job["id"])["counts"]["done"] == 3
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(job["links"]["result"], params={"limit": 2, "cursor": cursor}).json()
        seen += [r["data"]["number"] for r in page["results"]]
        cursor = page["next"]
    assert seen == ["PO-3", "PO-4", "PO-5"]
    listed = client.get(EXTRACTIONS, params={"limit": 1}).json()
    assert listed["extractions"][0]["id"] == job["id"]
    calls = client.get("/v1/calls", params={"extraction": job["id"]}).json()["calls"]
    assert sorted(c["unit"] for c in calls) == ["3.txt", "4.txt", "5.txt"]


def test_a_real_invoice_with_the_embedded_model(tmp_path: Path) -> None:
    """The path of the README: a PDF and a ready-made target, no key, no network."""
    with served(tmp_path, "--allow-model", "embedded") as running, running.client() as client:
        pdf = ROOT / "samples/inbox/invoice-azure.pdf"
        done = client.post(
            EXTRACTIONS,
            params={"wait": 60},
            files={"file": (pdf.name, pdf.read_bytes(), "application/pdf")},
            data={"target": "invoice", "policy": '{"model": "embedded"}'},
        )
    (result,) = done.json()["results"]
    assert result["data"]["number"] == "INV/2023/03/0008"
    assert any(e["path"] == "/total" and e["boxes"] for e in result["evidence"])


def test_events_tell_every_step_once_and_end_with_the_job(client: httpx.Client) -> None:
    """Numbered without gaps, with counts; a client that comes back goes on where it was."""
    id_ = send(client, 6, 7).json()["id"]
    seen = events(client, id_)
    kinds = [e["event"] for e in seen if e["event"] != "progress"]
    assert kinds == ["submitted", "done", "done", "finished"]
    assert [int(e["id"]) for e in seen if "id" in e] == [1, 2, 3, 4]
    assert json.loads(seen[-1]["data"])["counts"]["done"] == 2
    again = events(client, id_, **{"Last-Event-ID": "2"})
    assert [e["event"] for e in again if "id" in e] == ["done", "finished"]


def events(client: httpx.Client, id_: str, **headers: str) -> list[dict[str, str]]:
    """The events of a job, to the end of the stream."""
    with client.stream("GET", f"{EXTRACTIONS}/{id_}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = "".join(stream.iter_text())
    blocks = [b for b in text.split("\n\n") if b and not b.startswith(":")]
    return [dict(line.split(": ", 1) for line in b.splitlines()) for b in blocks]


def test_cancelling_reaches_a_running_job(tmp_path: Path) -> None:
    """A job in the middle of a long call ends at once, and the service goes on with the next."""
    with served(tmp_path, latency=600.0) as running, running.client() as client:
        id_ = send(client, 1).json()["id"]
        while client.get(f"{EXTRACTIONS}/{id_}").json()["counts"]["running"] != 1:
            time.sleep(0.05)
        time.sleep(0.5)
        begun = time.monotonic()
        assert client.delete(f"{EXTRACTIONS}/{id_}").json()["state"] == "cancelled"
        while "task.dropped" not in running.log.read_text() and time.monotonic() - begun < 60:
            time.sleep(0.05)
        assert time.monotonic() - begun < 30
        body = client.get(f"{EXTRACTIONS}/{id_}/result").json()
        assert (body["results"], [f["state"] for f in body["failed"]]) == ([], ["cancelled"])


def test_an_idempotency_key_gives_the_same_job_and_refuses_another_body(client: httpx.Client) -> None:
    """A retry makes nothing twice; a reuse by mistake is told."""
    key = {"Idempotency-Key": "order-8"}
    first, second = send(client, 8, headers=key), send(client, 8, headers=key)
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotent-replayed"] == "true"
    assert problem(send(client, 9, headers=key)) == (409, "idempotency_mismatch")


def test_a_name_is_never_a_path(client: httpx.Client, service: Served) -> None:
    """Whatever a file is called, it lies under its hash; two of one name stay two."""
    names = ["../../../../tmp/evil.txt", "/etc/passwd", "..", "a\\b\\c.txt", "c.txt", "x!/y.txt"]
    parts = [("file", (name, order(10 + i))) for i, name in enumerate(names)]
    done = client.post(EXTRACTIONS, params={"wait": 100}, files=parts, data={"target": TARGET}).json()
    shown = [r["source"]["path"] for r in done["results"]]
    assert shown == ["evil.txt", "passwd", "unnamed", "c.txt", "2-c.txt", "y.txt"]
    uploads = service.log.parent / "data" / "uploads"
    own = {"owner", "turn"}  # whose uploads they are, and whose turn it is to change them
    assert all(re.fullmatch(r"[0-9a-f]{64}", p.name) for p in uploads.rglob("*") if p.is_file() and p.name not in own)
    assert all(stat.S_IMODE(p.stat().st_mode) & 0o077 == 0 for p in (service.log.parent / "data").glob("*.sqlite"))


BOMB = json.dumps({"$defs": {f"d{i}": {"type": "object", "properties": {k: {"$ref": f"#/$defs/d{i + 1}"} for k in "abcdefgh"}} for i in range(30)} | {"d30": {"type": "string"}}, "$ref": "#/$defs/d0"})  # fmt: skip
DEEP = '{"type":"object","properties":{"a":' * 400 + "{}" + "}}" * 400


@pytest.mark.parametrize(
    ("target", "policy", "code"),
    [
        ("nothing", "{}", "target_invalid"),
        ("/etc/passwd", "{}", "target_invalid"),
        ("mine.py:Order", "{}", "target_invalid"),
        ("os.path:join", "{}", "target_invalid"),
        ("{not json", "{}", "target_invalid"),
        ('{"type": "string"}', "{}", "target_invalid"),
        (BOMB, "{}", "target_invalid"),
        (DEEP, "{}", "target_invalid"),
        ('{"type":"object","properties":{"a":{"$ref":"http://127.0.0.1/x"}}}', "{}", "target_invalid"),
        ('{"type":"object","properties":{"a":{"type":"string","pattern":"(?=a)$"}}}', "{}", "target_invalid"),
        (TARGET, '{"model": "scripted:/etc/passwd"}', "policy_invalid"),
        (TARGET, '{"model": "openai/gpt-4o"}', "policy_invalid"),
        (TARGET, '{"concurrency": 1000}', "policy_invalid"),
        (TARGET, '{"read": {"limits": {"seconds": 1e9}}}', "policy_invalid"),
        (TARGET, "[]", "policy_invalid"),
        (TARGET, "not json", "policy_invalid"),
        (TARGET, '{"stance": "wild"}', "policy_invalid"),
        ("x" * 300_000, "{}", "too_large"),
    ],
)
def test_what_may_not_be_asked_is_a_clear_problem(client: httpx.Client, target: str, policy: str, code: str) -> None:
    """A target that is none, code, a bomb, a reference outwards; a Policy that is the operator's: each at once."""
    begun = time.monotonic()
    answer = client.post(EXTRACTIONS, files=files(1), data={"target": target, "policy": policy})
    assert problem(answer)[1] == code
    assert time.monotonic() - begun < 20  # a second or two of CPU


def test_what_is_no_upload_is_a_clear_problem(client: httpx.Client) -> None:
    """Too large, another media type, no file, no target, an unknown part, a missing boundary, no multipart at all."""
    big = {"file": ("big.txt", b"x" * (2 << 20))}
    assert problem(client.post(EXTRACTIONS, files=big, data={"target": TARGET})) == (413, "too_large")
    assert problem(client.post(EXTRACTIONS, json={"target": "invoice"})) == (415, "media_type_wrong")
    assert problem(client.post(EXTRACTIONS, files=files(1))) == (400, "request_invalid")
    none = client.post(EXTRACTIONS, files={"target": (None, "invoice")})
    assert problem(none) == (400, "request_invalid")
    assert problem(client.post(EXTRACTIONS, files=files(1), data={"colour": "red"})) == (400, "request_invalid")
    head = {"content-type": "multipart/form-data; boundary=x"}
    assert problem(client.post(EXTRACTIONS, content=b"--x\r\nnonsense", headers=head))[0] == 400
    assert problem(client.post(EXTRACTIONS, content=b"", headers=head)) == (400, "upload_incomplete")
    assert problem(client.get(f"{EXTRACTIONS}/0123")) == (404, "job_not_found")
    assert problem(client.get("/nowhere")) == (404, "not_found")
    assert problem(client.put(EXTRACTIONS)) == (405, "method_not_allowed")


def test_a_cut_upload_leaves_nothing_and_the_service_goes_on(client: httpx.Client, service: Served) -> None:
    """A connection that dies in the middle of a file makes no job, and its bytes are gone."""
    parts = service.log.parent / "data" / "uploads" / "parts"
    before = client.get(EXTRACTIONS, params={"limit": 200}).json()["extractions"]
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(
            b"POST /v1/extractions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: 100000\r\n\r\n--x\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\nhalf"
        )
        time.sleep(0.3)
    until = time.monotonic() + 60
    while list(parts.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(parts.iterdir()) == []
    assert client.get(EXTRACTIONS, params={"limit": 200}).json()["extractions"] == before


def test_a_browser_page_from_elsewhere_may_not_ask_without_a_key(client: httpx.Client) -> None:
    """Loopback needs no key, but a foreign Origin or a rebound Host is no program of this machine."""
    foreign = client.get("/v1/targets", headers={"Origin": "https://evil.example"})
    assert problem(foreign) == (403, "forbidden")
    assert problem(client.get("/v1/targets", headers={"Host": "evil.example"})) == (403, "forbidden")
    assert problem(client.get("/v1/targets", headers={"Authorization": "Basic eDp5"})) == (401, "key_invalid")
    assert problem(client.get("/v1/targets", headers={"Authorization": "Bearer thr_x"})) == (401, "key_invalid")


def test_targets_are_registered_named_and_forgotten(client: httpx.Client) -> None:
    """A registered JSON Schema can be named; a ready-made name can not be taken."""
    made = client.put("/v1/targets/order", content=TARGET, headers={"content-type": "application/json"})
    assert made.status_code == 200, made.text
    done = client.post(EXTRACTIONS, params={"wait": 100}, files=files(20), data={"target": "order"}).json()
    assert done["results"][0]["data"]["number"] == "PO-20"
    assert done["results"][0]["target"]["fingerprint"] == made.json()["fingerprint"]
    names = {t["name"]: t["origin"] for t in client.get("/v1/targets").json()["targets"]}
    assert (names["order"], names["invoice"]) == ("registered", "ready-made")
    assert problem(client.put("/v1/targets/invoice", json={}))[1] == "request_invalid"
    assert client.delete("/v1/targets/order").status_code == 204
    assert problem(client.get("/v1/targets/order")) == (404, "not_found")


def test_metrics_and_log_lines_name_no_document_and_no_key(client: httpx.Client, service: Served) -> None:
    """A line for each request with an action and ids; counters without tenants."""
    send(client, 21, wait=100)
    text = client.get("/metrics").text
    assert 'thresher_requests_total{method="POST",route="/v1/extractions",status="200"}' in text
    assert "thresher_request_duration_seconds_count" in text
    assert re.search(r'thresher_documents_total\{outcome="done"\} [1-9]', text)
    assert re.search(r'thresher_calls_total\{model="scripted:script.json",outcome="made"\} [1-9]', text)
    assert "thresher_documents_width 8\n" in text
    client.get("/v1/targets", headers={"Authorization": f"Bearer thr_0123456789ab_{'s' * 43}"})
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    assert all(line["action"] for line in lines)
    assert any(line["action"] == "http.request" and line.get("job") for line in lines)
    assert not any(word in service.log.read_text() for word in ("Acme", "21.txt", "s" * 43))


def test_kill_9_loses_no_job(tmp_path: Path) -> None:
    """Jobs that were taken in before a crash are finished by the next process; finished calls are not made again."""
    with served(tmp_path, latency=0.3) as running, running.client() as client:
        ids = [send(client, n).json()["id"] for n in range(1, 21)]
        while client.get(f"{EXTRACTIONS}/{ids[3]}").json()["state"] == "open":
            time.sleep(0.02)
        kill(running)
    with served(tmp_path, latency=0.0) as running, running.client() as client:
        for n, id_ in enumerate(ids, 1):
            assert ended(client, id_)["counts"]["done"] == 1
            (result,) = client.get(f"{EXTRACTIONS}/{id_}/result").json()["results"]
            assert result["data"]["number"] == f"PO-{n}"


def test_sigterm_finishes_what_is_in_hand(tmp_path: Path) -> None:
    """The door closes, the work in hand is finished, the process ends with 0; what waits is there at the next start."""
    with served(tmp_path, "--width", 1, latency=1.5) as running, running.client() as client:
        ids = [send(client, n).json()["id"] for n in (1, 2)]
        while client.get(f"{EXTRACTIONS}/{ids[0]}").json()["counts"]["running"] != 1:
            time.sleep(0.02)
        running.process.terminate()
        assert running.process.wait(timeout=120) == 0
    with served(tmp_path, latency=0.0) as running, running.client() as client:
        assert client.get(f"{EXTRACTIONS}/{ids[0]}").json()["state"] == "finished"
        assert ended(client, ids[1])["state"] == "finished"


def test_beyond_loopback_a_key_is_needed(tmp_path: Path) -> None:
    """Without a usable key the service does not listen, and says what to do."""
    arguments = ("serve", "--host", "0.0.0.0", "--port", 1, "--folder", tmp_path / "data")
    done = ran(*arguments)
    assert done.returncode == 2
    assert "address_needs_key" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_without_weights_is_told_at_the_start(tmp_path: Path) -> None:
    """Not with the first document: one line with what to do, and no service that could answer nothing."""
    arguments = ("serve", "--port", free_port(), "--folder", tmp_path / "data", "--model", "embedded")
    home = os.environ | {"THRESHER_HOME": str(tmp_path)}
    done = ran(*arguments, env=home)
    assert done.returncode == 3
    (said,) = done.stderr.splitlines()
    assert said.startswith("thresher: weights_missing: ")
    assert "run `thresher models pull`" in done.stderr


def test_a_model_without_its_key_is_told_at_the_start(tmp_path: Path) -> None:
    """The operator reads which variable to set before the first upload that would need it; the service serves."""
    with served(tmp_path, "--allow-model", "openai/gpt-4o-mini") as running:
        until = time.monotonic() + 60
        while "serve.no_key" not in running.log.read_text() and time.monotonic() < until:
            time.sleep(0.1)
        lines = [json.loads(line) for line in running.log.read_text().splitlines() if "serve.no_key" in line]
    assert [(line["model"], line["why"]) for line in lines] == [("openai/gpt-4o-mini", "set OPENAI_API_KEY")]


def test_quotas_hold_and_a_revoked_key_is_refused_at_once(tmp_path: Path) -> None:
    """Two documents a month are two; a key that was taken back while the service runs is dead."""
    key = make_key(tmp_path / "data", "acme", "--documents", 2)
    with served(tmp_path) as running, running.client(key) as client:
        assert send(client, 1, 2).status_code == 202
        assert problem(send(client, 3)) == (429, "quota_exceeded")
        ran("keys", "revoke", key, "--folder", tmp_path / "data", check=True)
        assert problem(client.get(EXTRACTIONS)) == (401, "key_invalid")
        assert key[17:] not in (tmp_path / "data" / "accounts.sqlite").read_bytes().decode("latin-1")
