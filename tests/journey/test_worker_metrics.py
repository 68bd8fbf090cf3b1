"""`thresher worker --metrics-port`: a real worker, scraped over HTTP while it works and afterwards."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from pathlib import Path

import httpx

from tests.jobs_house import script, submitted
from tests.journey.serving import free_port
from tests.zygote import Command
from thresher.schemas.policy import Policy
from thresher.service.backend.resources import opened_resources

COUNT = 6


async def test_a_worker_is_scraped(tmp_path: Path) -> None:
    """Documents by outcome, calls with tokens and seconds, stages, what is in hand; alive for a probe; no text of a document."""
    async with opened_resources(tmp_path / "house") as house:
        await submitted(house, script(tmp_path, COUNT, latency=1.0), COUNT)
        await submitted(house, Policy(model="local:/nowhere/m.gguf"), 1)
    port = free_port()
    process = worker(tmp_path, port)
    try:
        seen, text = await scraped(port, f'thresher_documents_total{{outcome="done"}} {COUNT}')
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://127.0.0.1:{port}/healthz")).json() == {"status": "alive"}
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 120) == 0
    finally:
        process.kill()
        process.wait()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['thresher_documents_total{outcome="failed"}']) == 1
    assert float(lines['thresher_calls_total{model="scripted:script.json",outcome="made"}']) == COUNT
    assert float(lines['thresher_call_tokens_total{kind="prompt",model="scripted:script.json"}']) >= 0
    assert float(lines['thresher_call_seconds_total{model="scripted:script.json"}']) >= COUNT * 1.0
    assert float(lines['thresher_stage_seconds_total{stage="ask"}']) > 0
    assert float(lines['thresher_stage_seconds_total{stage="read"}']) > 0
    assert (lines["thresher_documents_width"], lines["thresher_documents_in_hand"]) == ("2", "0")
    assert max(seen) > 0
    assert not any(word in text for word in ("Acme", "PO-", ".txt", "nowhere"))


def worker(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A worker over a file of its own."""
    words = ("worker", "--folder", folder / "house", "--width", 2, "--metrics-port", port)
    with (folder / "log").open("ab") as log:
        return Command(*words, stderr=log)


async def scraped(port: int, wanted: str) -> tuple[list[int], str]:
    """How much was in hand at each scrape, and the last one: when all has ended."""
    seen: list[int] = []
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(200):
        while True:
            try:
                text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            except httpx.TransportError:
                text = ""
            seen += [int(x.split(" ")[1]) for x in text.splitlines() if x.startswith("thresher_documents_in_hand ")]
            if wanted in text and seen[-1] == 0:
                return seen, text
            await asyncio.sleep(0.05)
