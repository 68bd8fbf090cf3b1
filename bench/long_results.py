"""A long Result through a real service: how long others wait while it is finished, fetched, reviewed, corrected, exported.

    python -m bench.long_results [--rows 20000]

One tenant uploads a CSV whose rows are all wanted, with a scripted model that reads each part rightly: 20,000 rows give a Result
of about 22 MB. `/healthz` is asked twenty times a second by a process of its own. Prints the worst wait of each step, its
seconds and the service's seconds of CPU, and the load of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.journey.serving import Served, make_key, served
from thresher.schemas.policy import Policy
from thresher.schemas.source import Source
from thresher.service.extraction.document_chunks import chunks_of
from thresher.service.extraction.engine import engine_of
from thresher.service.readers.pool import ReaderPool
from thresher.service.settings import Settings
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.loading import load_target
from thresher.service.wiring.models import model_of

NUMBER, TEXT = {"type": "number"}, {"type": "string"}
FIELDS = {
    "ref": TEXT,
    "date": TEXT | {"format": "date"},
    "article": TEXT,
    "quantity": {"type": "integer"},
    "amount": NUMBER,
}
ROWS = {"type": "array", "items": {"type": "object", "properties": FIELDS, "required": list(FIELDS)}}
SCHEMA = {"title": "Deliveries", "type": "object", "properties": {"rows": ROWS}, "required": ["rows"]}
ALLOWED = 0.5  # seconds that /healthz may take
WATCH = """
import sys, time, httpx
with httpx.Client(base_url=sys.argv[1], timeout=300, trust_env=False) as client:
    while True:
        at = time.time()
        client.get("/healthz")
        print(at, time.time() - at, flush=True)
        time.sleep(0.05)
"""


def table(rows: int) -> list[dict[str, Any]]:
    """Rows of a table of deliveries, no two alike."""
    return [
        {
            "ref": f"R{n:06d}",
            "date": f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
            "article": f"Delivery of part {n * 7919 % 99991}",
            "quantity": n % 90 + 1,
            "amount": (n * 37 % 100_000 + 100) / 100,
        }
        for n in range(rows)
    ]


def written(rows: list[dict[str, Any]]) -> str:
    """The table as CSV."""
    lines = [",".join(FIELDS), *(",".join(f"{v:.2f}" if k == "amount" else str(v) for k, v in r.items()) for r in rows)]
    return "\n".join(lines) + "\n"


async def script(file: Path, rows: list[dict[str, Any]]) -> Path:
    """A script that answers each part of the file with its rows."""
    path = file.with_name("long.json")
    path.write_text(json.dumps({"answers": []}))
    policy = Policy(model=f"scripted:{path}")
    engine = engine_of(model_of(policy, Settings(home=file.parent), MemoryStore()), load_target(SCHEMA), policy)
    source = Source(path=file.name, blob=str(file), sha256="0" * 64, size=0, name=file.name)
    async with ReaderPool(file.with_name("spool"), workers=1) as pool:
        document = (await pool.read(source, policy.read)).document
    by_ref, answers = {r["ref"]: r for r in rows}, []
    for chunk in chunks_of(engine, document):
        refs = [word for word in chunk.text.replace("\t", "\n").split() if word in by_ref]
        answers.append({"when": refs[0], "say": {"rows": [by_ref[ref] for ref in refs]}})
    path.write_text(json.dumps({"answers": answers}))
    return path


@dataclass(slots=True)
class Steps:
    """What was done, and when."""

    service: Served
    times: list[tuple[str, float, float, float]] = field(default_factory=list)  # name, begin, end, seconds of CPU

    def do(self, name: str, work: Callable[[], httpx.Response]) -> httpx.Response:
        """Do one step."""
        cpu, at = seconds_of(self.service.process.pid), time.time()
        answer = work()
        answer.raise_for_status()
        self.times.append((name, at, time.time(), seconds_of(self.service.process.pid) - cpu))
        return answer


def seconds_of(pid: int) -> float:
    """Seconds of CPU that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def work(client: httpx.Client, steps: Steps, file: Path) -> tuple[int, int]:
    """Take the long Result through all that is done with one; return its bytes and its rows."""
    form = {"target": json.dumps(SCHEMA)}
    job = steps.do("upload", lambda: client.post("/v1/extractions", data=form, files={"file": file.open("rb")})).json()
    steps.do("extract and finish", lambda: finished(client, job["id"]))
    one, review = f"/v1/extractions/{job['id']}", f"/v1/reviews/{job['id']}"
    result = steps.do("fetch", lambda: client.get(f"{one}/result"))

    steps.do("list for review", lambda: client.get(review))
    steps.do("review", lambda: client.get(f"{review}/0"))
    steps.do("review, last fields", lambda: client.get(f"{review}/0?fields_from=90000"))
    steps.do("claim", lambda: client.post(f"{review}/0/claim"))
    edit = {"path": "/rows/7/article", "action": "edit", "value": "Another part", "head": ""}
    steps.do("correct", lambda: client.post(f"{review}/0/corrections", json=edit))
    steps.do("review, corrected", lambda: client.get(f"{review}/0"))
    steps.do("passage", lambda: client.get(f"{review}/0/text?start=100&end=110"))
    steps.do("decide", lambda: client.post(f"{review}/0/decision", json={"state": "accepted", "note": ""}))
    steps.do("events", lambda: client.get(f"{review}/0/events"))
    steps.do("case", lambda: client.get(f"{review}/0/case.zip"))
    for kind in ("csv", "xlsx"):
        steps.do(f"export as {kind}", partial(client.get, f"{one}/export.{kind}"))
    steps.do("delete", lambda: client.delete(one))
    return len(result.content), len(result.json()["results"][0]["data"]["rows"])


def finished(client: httpx.Client, job: str) -> httpx.Response:
    """Wait for the end of a Job without asking for its Result."""
    while (answer := client.get(f"/v1/extractions/{job}")).json()["state"] == "open":
        time.sleep(0.2)
    return answer


def told(steps: Steps, waits: list[tuple[float, float]]) -> float:
    """Print the table; return the worst wait."""
    print("| step | s | CPU s of the service | worst /healthz s |\n|---|---|---|---|")
    for name, begin, end, cpu in steps.times:
        within = [took for at, took in waits if at <= end and at + took >= begin]
        print(f"| {name} | {end - begin:.2f} | {cpu:.2f} | {max(within, default=0.0):.2f} |")
    print(f"\n{len(waits):,} looks at /healthz")
    return max(took for _, took in waits)


def main(rows: int) -> None:
    """Serve, work, print."""
    with tempfile.TemporaryDirectory() as name:
        folder, said = Path(name), table(rows)
        file = folder / "long.csv"
        file.write_text(written(said))
        answers = asyncio.run(script(file, said))
        key = make_key(folder / "data", "one")
        with served(folder, "--model", f"scripted:{answers}") as service, service.client(key) as client:
            seen = (folder / "waits").open("w+")  # a pipe that nobody reads would stop the watch
            watch = subprocess.Popen([sys.executable, "-c", WATCH, service.url], stdout=seen)
            steps = Steps(service)
            try:
                size, found = work(client, steps, file)
            finally:
                watch.kill()
            watch.wait()
            seen.seek(0)
            lines = [line for line in seen.read().split("\n")[:-1] if line]
        worst = told(steps, [(float(a), float(b)) for a, b in (line.split() for line in lines)])
    print(f"\n{size:,} bytes, {found:,} of {rows:,} rows; worst /healthz {worst:.2f} s (allowed {ALLOWED})")
    print(f"load of the machine: {', '.join(f'{n:.1f}' for n in os.getloadavg())} on {os.cpu_count()} cores")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    main(parser.parse_args().rows)
