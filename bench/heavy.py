"""Heavy uploads with a scripted model: a mailbox, a CSV with one fact, and one tenant's file behind another's thousand.

    python -m bench.heavy mailbox [--mails 10000] [--bytes 200000000]    seconds, peak memory of all processes, Results
    python -m bench.heavy csv [--bytes 100000000]                        the same, and calls
    python -m bench.heavy fair [--files 1000]                            seconds of one file alone, and behind the others
    python -m bench.heavy slow [--files 20]                              the same behind lists of 400 kB, 3 s a call

Prints the load of the machine beside each.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from bench.watched import look
from tests.journey.serving import SCHEMA, TARGET, command, make_key, order, script, served

LINE = "Nothing is said here that anybody wants to know.\n"
FEE = "2024-03-01  Berth fee {} of the harbour   {}.50\n"
LIST = {"title": "Fees", "type": "object", "properties": {"rows": {"type": "array", "items": {"type": "object", "properties": {
    "day": {"type": "string"}, "what": {"type": "string"}, "amount": {"type": "number"}}}}}}  # fmt: skip
ROW = "PO-123456,2024-03-03,Somebody,12.50,EUR\n"


def mailbox(path: Path, mails: int, size: int) -> None:
    """A mailbox of so many mails and about so many bytes."""
    filler = LINE * max(1, size // mails // len(LINE))
    with path.open("w") as file:
        for n in range(mails):
            head = f"From a@example.org Mon Jan  1 00:00:00 2024\nFrom: a@example.org\nSubject: order {n}\n\n"
            file.write(f"{head}{order(n % 50 + 1).decode()}{filler}\n")


def table(path: Path, size: int) -> None:
    """A CSV of about so many bytes, with one order in its middle."""
    with path.open("w") as file:
        for n in range(size // len(ROW)):
            file.write("Order number: PO-7,Buyer: Acme Works 7 Ltd,,,\n" if n == size // len(ROW) // 2 else ROW)


def extracted(file: Path, folder: Path) -> None:
    """Run the command over one file, and print what it took."""
    (folder / "target.json").write_text(json.dumps(SCHEMA))
    said = json.loads(script(folder, 60).read_text())
    fact = {"number": "PO-7", "buyer": "Acme Works 7 Ltd"}
    said["answers"] += [{"when": "Acme Works 7 Ltd", "say": fact}, {"when": "", "say": dict.fromkeys(fact)}]
    (folder / "script.json").write_text(json.dumps(said))
    model = f"scripted:{folder / 'script.json'}"
    out, begun, peak = folder / "out", time.monotonic(), 0.0
    process = subprocess.Popen(
        command("extract", file, "--target", folder / "target.json", "--model", model, "--out", out)
    )
    while process.poll() is None:
        if held := look(process.pid):
            peak = max(peak, held.memory + held.under)
        time.sleep(0.1)
    results = sum(1 for p in out.rglob("*.json") if p.name != "run.json")
    took = time.monotonic() - begun
    print(
        f"{took:.0f} s, {peak:,.0f} MiB at most, {results:,} Results, {_calls(out):,} calls, exit {process.returncode}"
    )


def _calls(out: Path) -> int:
    """Calls that the run logged."""
    found = [p for p in out.rglob("*") if p.is_file() and p.read_bytes()[:15] == b"SQLite format 3"]
    return sum(int(sqlite3.connect(p).execute("SELECT count(*) FROM calls").fetchone()[0]) for p in found)


def fair(folder: Path, files: int, latency: float, target: str, body: bytes = b"") -> None:
    """One tenant sends many, then another sends one and waits."""
    data = folder / "data"
    keys = make_key(data, "many"), make_key(data, "one")
    with served(folder, latency=latency) as service:
        with service.client(keys[1]) as client:
            _waited(client, 1)
            alone = _waited(client, 2)
        with service.client(keys[0]) as client:
            for first in range(0, files, 200):
                parts = [
                    ("file", (f"{n}.txt", order(n % 50 + 3) + body + b"%d" % n))
                    for n in range(first, min(first + 200, files))
                ]
                client.post("/v1/extractions", files=parts, data={"target": target}).raise_for_status()
        time.sleep(latency)
        with service.client(keys[1]) as client:
            behind = _waited(client, 53)
    print(f"alone {alone:.2f} s, behind {files:,} files {behind:.2f} s: {behind / alone:.1f} times (allowed 3)")


def _waited(client: httpx.Client, number: int) -> float:
    begun = time.perf_counter()
    file = {"file": (f"{number}.txt", order(number))}
    client.post("/v1/extractions", params={"wait": 100}, files=file, data={"target": TARGET}).raise_for_status()
    return time.perf_counter() - begun


def main(chosen: argparse.Namespace) -> None:
    """Make what is wanted and measure it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if chosen.what == "fair":
            fair(folder, chosen.files or 1_000, 0.2, TARGET)
        elif chosen.what == "slow":
            fees = "".join(FEE.format(n, n) for n in range(8_000)).encode()
            fair(folder, chosen.files or 20, 3.0, json.dumps(LIST), fees)
        elif chosen.what == "mailbox":
            mailbox(folder / "a.mbox", chosen.mails, chosen.bytes or 200_000_000)
            extracted(folder / "a.mbox", folder)
        else:
            table(folder / "a.csv", chosen.bytes or 100_000_000)
            extracted(folder / "a.csv", folder)
    print(f"load of the machine: {', '.join(f'{n:.1f}' for n in os.getloadavg())} on {os.cpu_count()} cores")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["mailbox", "csv", "fair", "slow"])
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--bytes", type=int)
    parser.add_argument("--files", type=int)
    main(parser.parse_args())
