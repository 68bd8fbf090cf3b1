"""Traces: one tree from the request to the judged Result, through a stored Job and two processes; nothing where unwanted."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.collector import Collector, collecting
from tests.journey.serving import TARGET, order, served
from tests.journey.test_startup import imported
from tests.zygote import Command, ran

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SPAN_KINDS = {"POST /v1/extractions": 2, "job": 4, "task": 5, "chat script.json": 3, "ask": 1}  # OTLP's numbers


def work_off(folder: Path) -> None:
    """A worker over a service's folder, until all is done."""
    log = folder / "worker.jsonl"
    with log.open("w") as said:
        worker = Command[bytes]("worker", "--folder", folder / "data", stderr=said)
    try:
        until = time.monotonic() + 120
        while "task.settled" not in log.read_text():
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(120) == 0


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    """An upload to one process, worked off by another after the first has ended."""
    folder = tmp_path_factory.mktemp("traced")
    with pytest.MonkeyPatch.context() as patch, collecting() as collector:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with served(folder, "--width", 0) as running, running.client() as client:
            sent = client.post(
                "/v1/extractions",
                files={"file": ("secret-name.txt", order(7))},
                data={"target": TARGET},
                headers={"traceparent": PARENT},
            )
            assert sent.status_code == 202
            client.get("/healthz")
        work_off(folder)
        return collector


def test_the_tree_runs_from_the_request_to_the_judge(traced: Collector) -> None:
    """Every stage hangs where it belongs, in the caller's own trace, and the worker's part under the stored Job."""
    request = traced.named("POST")[0]
    assert (request.trace, request.parent) == tuple(PARENT.split("-")[1:3])
    assert {s.trace for s in traced.spans} == {request.trace}
    above = {s.name: traced.path(s)[:-1] for s in traced.spans}
    job = ["POST /v1/extractions", "job"]
    extract = [*job, "task", "extract"]
    assert above["upload"] == ["POST /v1/extractions"]
    assert above["task"] == job
    assert above["read"] == [*job, "task"]
    assert above["chat script.json"] == [*extract, "ask"]
    assert above["ground"] == [*extract, "ask"]
    assert all(above[stage] == extract for stage in ("chunk", "ask", "merge", "mend", "judge"))
    assert {s.service for s in traced.spans} == {"thresher"}
    assert all(s.kind == SPAN_KINDS[s.name] for s in traced.spans if s.name in SPAN_KINDS)
    assert not traced.named("GET")


def test_a_call_has_the_names_of_the_genai_conventions(traced: Collector) -> None:
    """Operation, provider, models, tokens, why it ended, and ids that lead to the log."""
    (call,) = traced.named("chat")
    facts = call.facts
    assert facts["gen_ai.operation.name"] == "chat"
    assert (facts["gen_ai.provider.name"], facts["gen_ai.request.model"]) == ("scripted", "script.json")
    assert (facts["gen_ai.response.model"], facts["gen_ai.response.finish_reasons"]) == ("scripted", ["stop"])
    assert facts["gen_ai.usage.input_tokens"] > facts["gen_ai.usage.output_tokens"] > 0
    assert facts["gen_ai.usage.cache_read.input_tokens"] == 0
    assert (facts["gen_ai.output.type"], facts["thresher.prompt"]) == ("json", "extract.v3")
    assert {"thresher.task", "thresher.job", "thresher.tenant", "thresher.document", "thresher.call"} <= facts.keys()


def test_nothing_of_the_document_is_in_a_trace(traced: Collector) -> None:
    """No text, no value, no file's name."""
    assert not [word for word in (b"PO-7", b"Acme", b"secret-name") if word in traced.raw]


@pytest.mark.usefixtures("home")
def test_without_an_address_nothing_is_imported(tmp_path: Path) -> None:
    """Neither OpenTelemetry nor anything of it."""
    (tmp_path / "a.txt").write_bytes(order(1))
    (tmp_path / "t.json").write_text(TARGET)
    (tmp_path / "s.json").write_text(
        '{"answers": [{"when": "", "say": {"number": "PO-1", "buyer": "Acme Works 1 Ltd"}}]}'
    )
    arguments = [
        "extract",
        str(tmp_path / "a.txt"),
        "-t",
        str(tmp_path / "t.json"),
        "-m",
        f"scripted:{tmp_path}/s.json",
    ]
    assert not {m for m in imported(*arguments) if m.startswith(("opentelemetry", "google"))}


def test_a_collector_that_is_away_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: str
) -> None:
    """The Result is the same, and the exporter's complaint names no content."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    (tmp_path / "a.txt").write_bytes(order(1))
    (tmp_path / "t.json").write_text(TARGET)
    (tmp_path / "s.json").write_text(
        '{"answers": [{"when": "", "say": {"number": "PO-1", "buyer": "Acme Works 1 Ltd"}}]}'
    )
    arguments = ["extract", tmp_path / "a.txt", "-t", tmp_path / "t.json", "-m", f"scripted:{tmp_path}/s.json"]
    done = ran(*arguments)
    assert done.returncode == 0, done.stderr
    assert "PO-1" in done.stdout
    assert "PO-1" not in done.stderr
