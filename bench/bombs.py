"""Bombs: how long others wait while one tenant sends what wants to stop the service.

    python -m bench.bombs [--seconds 30] [--model embedded] [--only form.pdf lines.txt …]

One tenant uploads a bomb (tests/bombs.py); until its Job has ended, or for some seconds, `/healthz` is asked twenty times a
second and another tenant uploads a small order and waits for its Result. Prints the worst of each for every bomb, how the bomb
ended, leases lost by living workers, and the load of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.bombs import BOMBS, HEAVY, write
from tests.journey.serving import TARGET, Served, make_key, order, served

PAUSE = 0.05  # seconds between two looks at /healthz
HEALTH, UPLOAD = 0.5, 2.0  # seconds that are allowed


@dataclass(slots=True)
class Seen:
    """What others saw while one bomb was worked on."""

    health: list[float] = field(default_factory=list)
    uploads: list[float] = field(default_factory=list)
    seconds: float = 0.0
    end: str = "still at work"


async def measured(http: httpx.AsyncClient, keys: tuple[str, str], file: Path, seconds: float) -> Seen:
    """Send a bomb and look."""
    seen, begun = Seen(), time.perf_counter()
    job = (await _sent(http, keys[0], file.name, await asyncio.to_thread(file.read_bytes)))["id"]
    over = asyncio.Event()
    looking = [
        asyncio.create_task(_healths(http, seen, over)),
        asyncio.create_task(_uploads(http, keys[1], seen, over)),
    ]
    while time.perf_counter() - begun < seconds:
        now = (await http.get(f"/v1/extractions/{job}", headers=_as(keys[0]))).json()
        if now["state"] != "open":
            seen.end = await _end(http, keys[0], job)
            break
        await asyncio.sleep(0.2)
    seen.seconds = time.perf_counter() - begun
    over.set()
    await asyncio.gather(*looking)
    await http.delete(f"/v1/extractions/{job}", headers=_as(keys[0]))
    return seen


async def _sent(http: httpx.AsyncClient, key: str, name: str, body: bytes, wait: float = 0.0) -> dict[str, object]:
    answer = await http.post(
        "/v1/extractions",
        params={"wait": wait} if wait else {},
        data={"target": TARGET},
        files={"file": (name, body)},
        headers=_as(key),
    )
    answer.raise_for_status()
    told: dict[str, object] = answer.json()
    return told


async def _end(http: httpx.AsyncClient, key: str, job: object) -> str:
    """Codes of the first Results of a Job, "read" where there are none."""
    told = (await http.get(f"/v1/extractions/{job}/result", params={"limit": 1}, headers=_as(key))).json()
    codes = {problem["code"] for result in told["results"] for problem in result["problems"]}
    codes |= {f["problem"]["code"] for f in told["failed"] if f["problem"]}
    return ", ".join(sorted(codes)) or "read"


async def _healths(http: httpx.AsyncClient, seen: Seen, over: asyncio.Event) -> None:
    while not over.is_set():
        at = time.perf_counter()
        await http.get("/healthz")
        seen.health.append(time.perf_counter() - at)
        await asyncio.sleep(PAUSE)


async def _uploads(http: httpx.AsyncClient, key: str, seen: Seen, over: asyncio.Event) -> None:
    n = 0
    while not over.is_set():
        n, at = n % 50 + 1, time.perf_counter()
        await _sent(http, key, f"{n}.txt", order(n), wait=60.0)
        seen.uploads.append(time.perf_counter() - at)


def _as(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def _all(server: Served, keys: tuple[str, str], names: list[str], seconds: float) -> None:
    print(
        "| bomb | bytes | ended after s | with | worst /healthz s | worst upload s | uploads |\n|---|---|---|---|---|---|---|"
    )
    worst = [0.0, 0.0]
    async with httpx.AsyncClient(base_url=server.url, timeout=300, trust_env=False) as http:
        for key in keys:  # what the first file loads is loaded once
            await _sent(http, key, "first.txt", order(1), wait=60.0)
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                file = write(name, Path(folder))
                size, seen = file.stat().st_size, await measured(http, keys, file, seconds)
            health, upload = max(seen.health), max(seen.uploads)
            worst = [max(worst[0], health), max(worst[1], upload)]
            row = f"| {name} | {size:,} | {seen.seconds:.1f} | {seen.end} | {health:.2f} | {upload:.2f} | {len(seen.uploads)} |"
            print(row, flush=True)
    lost = server.log.read_text().count("task.lost")
    load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    print(f"\nworst /healthz {worst[0]:.2f} s (allowed {HEALTH}), worst upload {worst[1]:.2f} s (allowed {UPLOAD})")
    print(f"leases lost: {lost}; load of the machine: {load} on {os.cpu_count()} cores")


def main(names: list[str], seconds: float, options: list[str]) -> None:
    """Serve, send, print the table."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        keys = (make_key(data, "attacker"), make_key(data, "other"))
        with served(Path(folder), *options) as server:
            asyncio.run(_all(server, keys, names, seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--model", help="what reads; a script without it")
    chosen = parser.parse_args()
    options = ["--model", chosen.model] if chosen.model else []
    main(chosen.only or [*BOMBS, *HEAVY], chosen.seconds, options)
