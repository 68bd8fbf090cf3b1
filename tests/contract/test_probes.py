"""Probes over real HTTP: what Prometheus and a liveness probe get, and what nobody gets."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from thresher.schemas.errors import SetupProblem
from thresher.schemas.extraction import Attempt
from thresher.service.telemetry import metrics
from thresher.service.telemetry.metrics import Metrics
from thresher.service.telemetry.probes import MAX_CONNECTIONS, serving_probes

LINE = re.compile(r'[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\})? -?[0-9.e+-]+')


def free() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def open_at(found: Metrics) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    """A client of the probes of a process."""
    port = free()
    async with (
        serving_probes("127.0.0.1", port, found),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client, port


def attempt(model: str, **more: object) -> Attempt:
    """A call that was made."""
    known = {"key": "k", "model": model, "prompt": "ask.v1", "fingerprint": "f", "finish": "stop"}
    return Attempt.model_validate(
        {**known, "prompt_tokens": 10, "answer_tokens": 2, "usd": 0.5, "seconds": 1.5, **more}
    )


async def test_what_was_counted_is_told_in_prometheus_own_words() -> None:
    """Each name has its HELP and TYPE once, each line is one; calls by model and outcome; no path of a file."""
    found = Metrics(serves=False)
    found.works(lambda: 3, 8)
    async with open_at(found) as (client, _):
        with metrics.counting(found):
            metrics.count_call(attempt("openai/m"))
            metrics.count_call(attempt("openai/m", stored=True))
            metrics.count_call(attempt("local:/home/someone/a.gguf", error="model_unavailable: away", usd=None))
            metrics.count_wait(0.25, "openai/m")
        metrics.count_call(attempt("openai/m"))  # nobody counts any more
        answer = await client.get("/metrics")
    lines = answer.text.splitlines()
    named = [line.split(" ")[2] for line in lines if line.startswith("# TYPE")]
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.text.endswith("\n")
    assert len(named) == len(set(named)) == len([line for line in lines if line.startswith("# HELP")])
    assert [line for line in lines if not line.startswith("# ") and not LINE.fullmatch(line)] == []
    for line in (
        'thresher_calls_total{model="openai/m",outcome="made"} 1',
        'thresher_calls_total{model="openai/m",outcome="stored"} 1',
        'thresher_calls_total{model="local:a.gguf",outcome="failed"} 1',
        'thresher_call_tokens_total{kind="prompt",model="openai/m"} 10',
        'thresher_call_dollars_total{model="openai/m"} 0.5',
        'thresher_limiter_wait_seconds_total{model="openai/m"} 0.25',
        'thresher_documents_total{outcome="failed"} 0',
        "thresher_documents_in_hand 3",
        "thresher_documents_width 8",
    ):
        assert line in lines
    assert "someone" not in answer.text
    assert "thresher_request" not in answer.text


async def test_what_is_answered_and_what_is_not() -> None:
    """Alive; no other address, no other method, no name of elsewhere on loopback (a rebound page of a browser)."""
    async with open_at(Metrics(serves=False)) as (client, port):
        alive = await client.get("/healthz?x=1")
        assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/metrics")).status_code == 405
        foreign = await client.get("/metrics", headers={"Host": f"evil.example:{port}"})
        assert (foreign.status_code, foreign.json()["code"]) == (403, "forbidden")
        assert (await client.get("/metrics", headers={"Host": f"localhost:{port}"})).status_code == 200


async def test_rude_probes_do_no_harm() -> None:
    """Nonsense, an endless head and connections that say nothing: the next probe is answered, and not for ever many are held."""
    async with open_at(Metrics(serves=False)) as (client, port):
        for said in (b"\r\n\r\n", b"\x00\xff\r\n\r\n", b"GET /metrics HTTP/1.1\r\nx: " + b"y" * 100_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            await reader.read()
            writer.close()
        mute = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
        await asyncio.sleep(0.1)
        with pytest.raises(httpx.TransportError):
            await client.get("/healthz")
        for _, writer in mute:
            writer.close()
        async with asyncio.timeout(60):
            while not await alive(client):  # noqa: ASYNC110 - the server notices in its own time
                await asyncio.sleep(0.05)


async def alive(client: httpx.AsyncClient) -> bool:
    """Whether a probe is answered."""
    try:
        return (await client.get("/healthz")).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_port_that_is_taken_is_a_clear_problem() -> None:
    """And no port is no fault."""
    async with open_at(Metrics()) as (_, port), serving_probes("127.0.0.1", None, Metrics()):
        with pytest.raises(SetupProblem, match="address_taken"):
            async with serving_probes("127.0.0.1", port, Metrics()):
                pass
