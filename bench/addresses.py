"""How long `/healthz` waits while each GET of the API answers for a tenant with much work behind it.

    python -m bench.addresses [--members 8000] [--jobs 30]

One job of an archive of `--members` small files and `--jobs` jobs of 200 files are worked on first. Then each address of `/openapi.json` is
asked, with the most rows where it takes a limit, then a retry and the deletion, while another thread asks `/healthz` all the time.
Prints, for each, the longest wait of `/healthz` in seconds (at most 0.5 is asked), the seconds of the answer and its status.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.journey.serving import TARGET, make_key, order, served

PLAIN = {"number": "0", "page": "1", "path": "data"}  # what stands in an address for other things than a job


@dataclass(frozen=True, slots=True)
class Probe:
    """The waits of `/healthz`, asked all the time by a thread: when each began, and its seconds."""

    url: str
    stop: threading.Event = field(default_factory=threading.Event)
    waits: list[tuple[float, float]] = field(default_factory=list)

    def run(self) -> None:
        """Ask until told to stop."""
        with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as client:
            while not self.stop.is_set():
                begun = time.perf_counter()
                client.get("/healthz").raise_for_status()
                self.waits.append((begun, time.perf_counter() - begun))
                time.sleep(0.01)

    @contextmanager
    def beside(self, what: str) -> Iterator[list[object]]:
        """Print the longest wait of what begins within the block, and what the block adds."""
        begun, facts = time.perf_counter(), list[object]()
        yield facts
        ended, known = time.perf_counter(), len(self.waits)
        while len(self.waits) < known + 2:  # what began within it has been answered
            time.sleep(0.01)
        worst = max((wait for at, wait in self.waits if begun - wait <= at <= ended), default=0.0)
        print(f"{worst:.3f} s, answered in {ended - begun:.2f} s", *facts, what, flush=True)


def loaded(client: httpx.Client, members: int, jobs: int) -> str:
    """Submit everything and wait until it is worked on; gives the id of the job of the archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n in range(members):
            file.writestr(f"{n}.txt", order(n % 50 + 1) + b"%d" % n)
    bodies = [[("file", ("a.zip", packed.getvalue()))]]
    bodies += [
        [("file", (f"{n}.txt", order(n % 50 + 1) + b"%d %d" % (n, job))) for n in range(200)] for job in range(jobs)
    ]
    ids = [
        _answer(client, "POST", "/v1/extractions", files=body, data={"target": TARGET}).json()["id"] for body in bodies
    ]
    while any(_answer(client, "GET", f"/v1/extractions/{one}").json()["state"] == "open" for one in ids):
        time.sleep(1)
    return str(ids[0])


def _answer(client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
    return client.request(method, path, **more).raise_for_status()


def measured(folder: Path, members: int, jobs: int) -> None:
    """Ask each address of a real service."""
    with served(folder, "--jobs", "16") as service, service.client(make_key(folder / "data", "acme")) as client:
        probe = Probe(service.url)
        thread = threading.Thread(target=probe.run)
        thread.start()
        try:
            with probe.beside("all work"):
                job = loaded(client, members, jobs)
            for method, path, params in asked(client, job):
                with probe.beside(f"{method} {path} {params or ''}") as facts:
                    facts.append(client.request(method, path, params=params).status_code)
        finally:
            probe.stop.set()
            thread.join()
        print(f"the longest wait: {max(wait for _, wait in probe.waits):.3f} s")


def asked(client: httpx.Client, job: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is asked of the service, in turn: its method, path and parameters."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        if "get" in methods and "events" not in path:  # events are a stream without an end
            most = {
                one["name"]: one["schema"]["maximum"]
                for one in methods["get"].get("parameters", [])
                if one["name"] == "limit"
            }
            yield "GET", re.sub(r"\{(\w+)\}", lambda found: PLAIN.get(found[1], job), path), most
    yield from [("POST", f"/v1/extractions/{job}/retry", {}), ("DELETE", f"/v1/extractions/{job}", {})]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=8_000)
    parser.add_argument("--jobs", type=int, default=30)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measured(Path(name), chosen.members, chosen.jobs)
    print(f"load of the machine: {', '.join(f'{n:.1f}' for n in os.getloadavg())} on {os.cpu_count()} cores")
