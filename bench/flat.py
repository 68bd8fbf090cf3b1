"""Memory by documents, without any fault: MiB of a service and its worker after 500, 1,000 … documents.

    python -m bench.flat [worker | serve] [--documents 3000] [--every 500]

`worker` is a worker on PostgreSQL beside a service that only takes and tells; `serve` is a service that works by itself over a
file. A leak grows with the documents for ever; what allocators and caches of fixed size do comes to rest. The environment
is passed on, so that MALLOC_ARENA_MAX and PYTHONTRACEMALLOC can be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

from bench.beside import MODEL, Beside, free_port, reader, stop, until_ready
from bench.soak import end
from bench.soak_faults import Process
from bench.soak_load import Callers
from bench.watched import look, slope
from tests.postgres_server import Server

PAUSE = 0.5  # seconds between two looks
WIDTH = 8


async def run(callers: Callers, processes: list[Process], documents: int, every: int) -> None:
    """Keep the service busy and look at what its processes hold, up to some number of documents."""
    begun, points = time.monotonic(), {p.name: [(0.0, 0.0)] * 0 for p in processes}
    print(f"| documents | minutes | {' | '.join(f'{p.name} MiB (+below)' for p in processes)} |")
    print(f"|{'---|' * (2 + len(processes))}")
    sending, done, told = asyncio.create_task(callers.send()), 0, 0
    async with callers.client() as http:
        while done < documents:
            await asyncio.sleep(PAUSE)
            done = sum(map(len, callers.taken.values())) - await callers.open(http)
            if done < told + every:
                continue
            told = done // every * every
            held = [look(p.pid) for p in processes]
            for process, one in zip(processes, held, strict=True):
                if one is not None:
                    points[process.name].append((done / 1000, one.memory))
            cells = [f"{h.memory:.1f} (+{h.under:.0f})" if h else "-" for h in held]
            print(f"| {done} | {(time.monotonic() - begun) / 60:.1f} | {' | '.join(cells)} |", flush=True)
        callers.stopping.set()
        await sending
    for name, seen in points.items():
        half = seen[len(seen) // 2 :]
        print(f"{name}: {slope(seen):+.2f} MiB for 1,000 documents, {slope(half):+.2f} in the later half")


def measure(door: str, documents: int, every: int, folder: Path) -> None:
    """Start the processes of a door, and run."""
    with ExitStack() as stack:
        beside = stack.enter_context(reader(folder / "journal", "--speed", 4))
        port = free_port()
        processes = _house(door, folder, beside, port, stack)
        stack.callback(end, processes)
        for process in processes:
            process.start()
        first = processes[0]
        if first.running is None or not until_ready(port, first.running, 180):
            print((folder / f"{first.name}.log").read_text())
            return
        callers = Callers(name=door, port=port, chance=Random(1), first=1, kept=folder, stopping=asyncio.Event())
        asyncio.run(run(callers, processes, documents, every))
        print(f"ended with {[stop(p.running) for p in processes if p.running]}")


def _house(door: str, folder: Path, beside: Beside, port: int, stack: ExitStack) -> list[Process]:
    serve: list[object] = ["serve", "--model", MODEL, "--jobs", 16, "--port", port]
    made: dict[str, list[object]]
    if door == "serve":
        made = {"serve": [*serve, "--folder", folder / "one", "--width", WIDTH]}
    else:
        server = Server()
        stack.callback(server.close)
        shared = ["--database", server.fresh("flat"), "--folder", folder / "many", "--uploads", folder / "uploads"]
        made = {"serve": [*serve, *shared, "--width", 0], "worker": ["worker", *shared, "--width", WIDTH]}
    return [Process(name=n, beside=beside, log=folder / f"{n}.log", arguments=a) for n, a in made.items()]


def main() -> None:
    """Measure one door."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("door", nargs="?", choices=["worker", "serve"], default="worker")
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--every", type=int, default=500)
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {given.documents} documents, {given.door}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        measure(given.door, given.documents, given.every, Path(folder))


if __name__ == "__main__":
    main()
