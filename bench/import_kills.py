"""kill -9 at random moments of imports, as a command and under `thresher serve`; then what came out is compared.

    python -m bench.import_kills [command] [serve] [production] [--kills 50] [--mails 1500] [--seed 1] [--folder DIR]

A collection (an mbox folder of generated mails, and a folder of every kind of broken item) or a generated production is
imported once without a kill. Then again and again into new matters, each start killed at a random moment after it has
opened the matter, alone or with all its processes by turns, and begun again, until it ends; new matters are begun until
all kills are spent. Each finished matter must equal the first, byte for byte: all records in order, what the folder of
originals holds, the manifest without the times at which files came, a log without faults. A further import of it must
add nothing. `serve`: the import is a job, the kill is of the service with its worker, which is then started again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.collection_imports import dumped, settled
from tests.journey.serving import Served, free_port
from tests.simulation.discovery.broken_items import write_broken
from tests.simulation.discovery.mailboxes import Mailboxes
from tests.simulation.discovery.productions import Recipe, make_production
from thresher.service.discovery.matter.audit_log import faults

ROOT = Path(__file__).parents[1]
THRESHER = [sys.executable, "-m", "thresher.service.cli.main"]
CUSTODIAN = "Lay, Kenneth"
WAIT_SECONDS = 180.0
KILLS_OF_ONE = 3  # of one matter's import, before it may end: a worker's fourth death has longer pauses


@dataclass(slots=True)
class Killed:
    """What was seen so far."""

    kills: int = 0
    ended: int = 0  # imports that ended
    spared: int = 0  # starts that ended before their moment
    faults: list[str] = field(default_factory=list)


def outcome(matter: Path) -> dict[str, Any]:
    """Everything that an import leaves, without times."""
    manifest = json.loads((matter / "manifest.json").read_text())
    for one in manifest["inputs"]:
        one.pop("received_at")
    originals = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in _files(matter / "originals")}
    log = list(faults(matter / "audit.jsonl"))
    return {"records": dumped(matter), "originals": originals, "manifest": manifest, "log": log}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """The parts that are not the same, and faults of the log."""
    found = [name for name in first if first[name] != second[name]]
    return found + [f"log: {fault}" for fault in second["log"]]


def arguments(sources: list[Path], matter: Path, *more: str) -> list[str]:
    """The command of an import."""
    return [*THRESHER, "import", *map(str, sources), "--matter", str(matter), "--custodian", CUSTODIAN, *more]


def collection(folder: Path, mails: int) -> list[Path]:
    """A mailbox folder, and a folder of broken items."""
    box = Mailboxes(mails, attached_bytes=2000, custodians=1).write(folder / "mails")[0]
    (folder / "broken").mkdir()
    write_broken(folder / "broken")
    return [box, folder / "broken"]


def kill_command(folder: Path, sources: list[Path], kills: int, seed: int, *more: str) -> Killed:
    """Kill imports of the command; `more`: further options of it."""
    draw, seen = random.Random(seed), Killed()
    begun = time.monotonic()
    _import(sources, folder / "whole", more)
    length, whole = time.monotonic() - begun, outcome(folder / "whole")
    while seen.kills < kills:
        matter = folder / f"killed{seen.ended}"
        command = arguments(sources, matter, *more)
        while seen.kills < kills and _killed_once(command, matter, draw, length, alone=bool(seen.kills % 2)):
            seen.kills += 1
        _run(command)
        seen.ended += 1
        seen.faults += [f"{matter.name}: {name}" for name in differences(whole, outcome(matter))]
        if any(_import(sources, matter, more).values()):
            seen.faults.append(f"{matter.name}: once more gave records")
        seen.faults += [f"{matter.name}, once more: {name}" for name in differences(whole, outcome(matter))]
        shutil.rmtree(matter)
    return seen


def _import(sources: list[Path], matter: Path, more: tuple[str, ...]) -> dict[str, int]:
    """Import in this process, without a kill; return what is new. Of a production the command says it."""
    if more:
        _run(arguments(sources, matter, *more))
        return {}
    return settled(matter, sources, CUSTODIAN)


def _killed_once(command: list[str], matter: Path, draw: random.Random, length: float, *, alone: bool) -> bool:
    """Start, and kill at a random moment after the matter was opened; whether it was still at work."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + WAIT_SECONDS
    while not (matter / "matter.db").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    try:
        process.wait(draw.uniform(0, length))
    except subprocess.TimeoutExpired:
        (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def _run(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout


@dataclass(slots=True)
class House:
    """`thresher serve`, which is killed and started again over one folder."""

    folder: Path
    sources: list[Path]
    served: Served | None = None

    def start(self) -> httpx.Client:
        """Start it, and return a client."""
        port, log = free_port(), self.folder / "log"
        command = [*THRESHER, "serve", "--port", str(port), "--folder", str(self.folder / "data"), "--model", "rules"]
        roots = {"THRESHER_IMPORT_ROOTS": ",".join(str(path.resolve()) for path in self.sources)}
        with log.open("a") as said:
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | roots, stderr=said, text=True)
        self.served = Served(f"http://127.0.0.1:{port}", process, log)
        client, until = self.served.client(), time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if client.get("/readyz").status_code == 200:
                    return client
            time.sleep(0.02)
        raise AssertionError(log.read_text()[-2000:])

    def stop(self, sign: signal.Signals) -> None:
        """End it."""
        if self.served is not None:
            self.served.process.send_signal(sign)
            self.served.process.wait(WAIT_SECONDS)


def kill_service(folder: Path, sources: list[Path], kills: int, seed: int) -> Killed:
    """Kill a service whose worker imports."""
    draw, seen = random.Random(seed), Killed()
    settled(folder / "whole", sources, CUSTODIAN)
    whole = outcome(folder / "whole")
    house = House(folder, sources)
    client = house.start()
    try:
        while seen.kills < kills:
            client = _one_matter(house, client, kills, draw, seen, whole)
    finally:
        client.close()
        house.stop(signal.SIGTERM)
    return seen


def _one_matter(
    house: House, client: httpx.Client, kills: int, draw: random.Random, seen: Killed, whole: dict[str, Any]
) -> httpx.Client:
    """Import into a new matter with kills of the service between; compare; return the client of the last service."""
    made = client.post("/v1/matters", json={"name": "killed"}).json()["id"]
    order = {"custodian": CUSTODIAN, "paths": [str(path.resolve()) for path in house.sources]}
    job = client.post(f"/v1/matters/{made}/imports", json=order).json()["links"]["self"]
    for _ in range(min(KILLS_OF_ONE, kills - seen.kills)):
        time.sleep(draw.uniform(0.3, 5.0))
        if client.get(job).json()["state"] != "open":
            seen.spared += 1
            break
        client.close()
        house.stop(signal.SIGKILL)
        seen.kills += 1
        client = house.start()
    said = _ended(client, job)
    seen.ended += 1
    matter = next((house.folder / "data" / "matters").glob(f"*/{made}"))
    seen.faults += [f"{made}: {name}" for name in differences(whole, outcome(matter))]
    total = sum(source["documents"] for source in said["summary"]["sources"])
    if said["summary"]["new_documents"] != total:
        seen.faults.append(f"{made}: {said['summary']['new_documents']} new of {total}")
    again = client.post(f"/v1/matters/{made}/imports", json=order).json()["links"]["self"]
    if _ended(client, again)["summary"]["new_documents"]:
        seen.faults.append(f"{made}: once more gave documents")
    seen.faults += [f"{made}, once more: {name}" for name in differences(whole, outcome(matter))]
    client.delete(f"/v1/matters/{made}")
    return client


def _ended(client: httpx.Client, job: str) -> dict[str, Any]:
    until = time.monotonic() + WAIT_SECONDS
    while (said := client.get(job).json())["state"] == "open" and time.monotonic() < until:
        time.sleep(0.1)
    assert said["summary"] is not None, said
    return dict(said)


def main() -> None:
    """Kill, compare, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("doors", nargs="*", default=["command", "serve", "production"])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--mails", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to write; default: a temporary folder")
    asked = parser.parse_args()
    for door in asked.doors:
        place = Path(tempfile.mkdtemp(dir=asked.folder))
        try:
            if door == "production":
                make_production(place / "ABC001", Recipe(documents=1500, faults=("missing_native", "bad_date")))
                more = ("--production", "--report", str(place / "report.json"))
                seen = kill_command(place, [place / "ABC001"], asked.kills, asked.seed, *more)
            else:
                kill = kill_command if door == "command" else kill_service
                seen = kill(place, collection(place, asked.mails), asked.kills, asked.seed)
        finally:
            shutil.rmtree(place)
        print(
            f"{door}: {seen.kills} kills, {seen.ended} imports that ended; {seen.faults or 'all the same'}", flush=True
        )


if __name__ == "__main__":
    main()
