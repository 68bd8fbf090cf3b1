"""Import generated mailboxes of two custodians: documents a second, memory, growth, kills, and a second import.

    python -m bench.mailboxes [--mails 10000,100000] [--kills 0] [--damaged 0] [--workers 2] [--folder DIR]

Everything is real: mailboxes on the disk (20 kB a mail, a third with one attachment, 30 % in both mailboxes, every
fourth of the rest with HTML), `thresher import` as a command, two reading processes. Printed for each size: documents,
wall time, CPU seconds of the command and its processes, documents for each of them, and the most memory that all its
processes had at once (sum of their PSS, sampled twice a second). On a busy machine the wall time says little: a machine with two idle
cores does twice as many documents a second as one CPU second. `--kills`: the smallest collection is imported once more
and killed with SIGKILL at that many random moments; its records must be those of the first import, byte for byte.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.collection_imports import imported
from tests.simulation.discovery.mailboxes import Mailboxes
from thresher.service.discovery.matter.folder import Matter

_SAMPLE_SECONDS = 0.5
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Measured:
    """What an import cost."""

    documents: int
    wall: float
    cpu: float
    memory: int  # bytes at most


def command(sources: list[Path], matter: Path, custodian: str, workers: int) -> list[str]:
    """Return the command of an import."""
    thresher = [sys.executable, "-m", "thresher.service.cli.main", "import", *map(str, sources)]
    return [*thresher, "--matter", str(matter), "--custodian", custodian, "--workers", str(workers)]


def family_of(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


def memory_of(pids: list[int]) -> int:
    """Return the memory of processes in bytes; what they share is counted once (PSS)."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def adopt_orphans() -> None:
    """Become the parent of processes whose parent has ended, so that their CPU seconds are counted, too (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def cpu_of_ended() -> float:
    """Wait for all processes that were started or adopted; return the CPU seconds of all that have ended so far."""
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(arguments: list[str]) -> tuple[float, float, int]:
    """Run a command; return its wall time, CPU seconds and the most memory of it and its processes."""
    adopt_orphans()
    before, begun, most = cpu_of_ended(), time.perf_counter(), 0
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(_SAMPLE_SECONDS):
            most = max(most, memory_of(family_of(process.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.communicate()
    wall = time.perf_counter() - begun
    ended.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return wall, cpu_of_ended() - before, most


def counted(matter: Path) -> int:
    """Return the number of documents of a Matter."""
    with Matter(matter, writes=False) as opened:
        return sum(opened.store.counts("documents").values())


def digest(matter: Path) -> str:
    """Return a hash over all records of a Matter, in order."""
    found = hashlib.sha256()
    with Matter(matter, writes=False) as opened:
        store = opened.store
        for stream in (store.documents(), store.exceptions(), store.containers(), store.suppressed()):
            for record in stream:
                found.update(record.to_json().encode() + b"\n")
    return found.hexdigest()


def measure(folder: Path, mails: int, workers: int) -> Measured:
    """Generate mailboxes, import those of both custodians, and return the cost."""
    boxes = Mailboxes(mails).write(folder / "in")
    size = sum(f.stat().st_size for box in boxes for f in box.iterdir())
    wall = cpu = 0.0
    most = 0
    for owner, box in enumerate(boxes):
        cost = run(command([box], folder / "matter", f"Owner {owner}", workers))
        wall, cpu, most = wall + cost[0], cpu + cost[1], max(most, cost[2])
    found = Measured(counted(folder / "matter"), wall, cpu, most)
    print(
        f"{mails} mails, {size / 1e6:.0f} MB: {found.documents} documents, {wall:.0f} s, {found.documents / wall:.0f} a second; "
        f"{cpu:.0f} CPU s, {found.documents / cpu:.0f} documents a CPU second; {most / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return found


def kill_often(folder: Path, kills: int, workers: int) -> None:
    """Import again with kills at random moments, and compare the records; then once more, which must add nothing."""
    draw, boxes = random.Random(7), sorted((folder / "in").glob("custodian*"))
    done = 0
    for owner, box in enumerate(boxes):
        arguments = command([box], folder / "killed", f"Owner {owner}", workers)
        while done < kills * (owner + 1) // len(boxes):
            process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, start_new_session=True)
            try:
                process.wait(draw.uniform(0.8, 6.0))
                print("it ended before it was killed")
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                done += 1
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    same = digest(folder / "killed") == digest(folder / "matter")
    again = subprocess.run(command([boxes[0]], folder / "killed", "Owner 0", workers), check=True, capture_output=True)
    print(f"{done} kills: records {'are the same' if same else 'DIFFER'}; once more: {again.stdout.decode().strip()}")


def damage(folder: Path, seeds: int) -> None:
    """Import a PST with bytes overwritten at random, and count the imports whose folders come out."""
    whole = gzip.decompress(Path("tests/fixtures/testPST.pst.gz").read_bytes())
    even = reported = 0
    for seed in range(seeds):
        draw, changed = random.Random(seed), bytearray(whole)
        for _ in range(draw.choice([3, 30, 100, 200])):
            at, size = draw.randrange(600, len(changed) - 512), draw.choice([1, 8, 64, 512])
            changed[at : at + size] = draw.randbytes(size)
        place = folder / f"damaged{seed}"
        place.mkdir(parents=True)
        (place / "a.pst").write_bytes(changed)
        imported(place / "matter", [place / "a.pst"])
        with Matter(place / "matter", writes=False) as opened:
            containers = list(opened.store.containers())
            even += all(c.declared == c.emitted + c.failed for c in containers)
            reported += any(True for _ in opened.store.exceptions())
    print(f"{seeds} damaged mailboxes: the count of every folder came out in {even}, exceptions in {reported}")


def main() -> None:
    """Measure each size, the growth between them, and kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", default="10000,100000")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--damaged", type=int, default=0, help="only so many damaged mailboxes of Outlook")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to write; default: a temporary folder")
    asked = parser.parse_args()
    place = Path(tempfile.mkdtemp(dir=asked.folder))
    sizes = [int(size) for size in asked.mails.split(",")]
    try:
        if asked.damaged:
            return damage(place, asked.damaged)
        found = [measure(place / str(size), size, asked.workers) for size in sizes]
        for small, large in pairwise(found):
            ratio = (large.cpu / large.documents) / (small.cpu / small.documents)
            print(f"CPU a document, {large.documents} over {small.documents} documents: {ratio:.2f}")
        if asked.kills:
            kill_often(place / str(sizes[0]), asked.kills, asked.workers)
    finally:
        shutil.rmtree(place)
    return None


if __name__ == "__main__":
    main()
