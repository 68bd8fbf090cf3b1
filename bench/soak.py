"""A soak: two services under faults of every kind for a while; nothing may be lost, nothing may grow.

    python -m bench.soak [--minutes 20] [--seed 1] [--folder DIR]

`many` is a service with two workers on PostgreSQL; one worker is killed -9 now and then, and the database crashes and comes
back. `one` is a service over a file on a small disk that is full now and then, and it is killed -9 in the first half. The
reader answers some asks with 429 and Retry-After, some with 500, some late, some with what is no JSON. Callers keep both
busy with ever new documents, listen to events and leave. At the end every document that was taken must have ended, once,
with a status that is true. Needs root for the small disk; without it no disk is full.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.beside import MODEL, Beside, free_port, reader, stop, until_ready
from bench.soak_faults import Faults, Process, small_disk
from bench.soak_load import LISTENERS, OPEN, Callers
from bench.watched import Held, look, slope
from tests.postgres_server import Server
from tests.simulation.reader.journal import Follower
from thresher.service.server.api.app_state import Bounds

LEASE = 15  # seconds
WIDTH = 6
WORKER_KILLED, DATABASE_AWAY, DISK_FULL, ONE_KILLED = 70.0, 160.0, 100.0, 130.0  # seconds between two
WARM = 0.35  # share of the run after which memory must not grow
WARMING = 4.0  # minutes after its start in which a process may grow
GROWTH = 0.6  # MiB a minute that is still flat: what allocators do
LEAK = 12  # descriptors or threads more at the end than when warm, that no leak is inferred from
CALM = 60.0  # seconds before the end in which the database and the disk are left alone
SETTLING = 240.0  # seconds in which everything must end when nothing new comes
WRONG = ("lost", "twice", "false", "dead letter", "failed", "passing")  # ends that no document may have


@dataclass(slots=True, kw_only=True)
class Soak:
    """A run and its notes."""

    faults: Faults
    processes: list[Process]
    callers: list[Callers]
    journal: Follower
    seen: dict[str, list[tuple[float, int, Held]]] = field(default_factory=dict)  # minute, start, what is held
    asked: Counter[str] = field(default_factory=Counter)

    def sample(self) -> None:
        """Look at every process once."""
        now = (time.monotonic() - self.faults.begun) / 60
        for process in self.processes:
            held = look(process.pid)
            if held is not None:
                self.seen.setdefault(process.name, []).append((now, process.starts, held))

    def row(self, minute: int) -> str:
        """One line of the table."""
        self.asked.update(n.kind for n in self.journal.more())
        held = [
            f"{h[-1][2].memory:.0f}+{h[-1][2].under:.0f}" if (h := self.seen.get(p.name)) else "-"
            for p in self.processes
        ]
        files = [
            f"{h[-1][2].files}/{h[-1][2].threads}" if (h := self.seen.get(p.name)) else "-" for p in self.processes
        ]
        taken = " ".join(str(sum(map(len, c.taken.values()))) for c in self.callers)
        said = sum(sum(c.said.values()) for c in self.callers)
        gone = sum(c.left for c in self.callers)
        done, self.faults.done = "; ".join(self.faults.done), []
        cells = [minute, taken, said, gone, self.asked["answered"], self.asked["refused"], *held, *files, done]
        return "| " + " | ".join(map(str, cells)) + " |"

    def head(self) -> str:
        """The table's first two lines."""
        names = [p.name for p in self.processes]
        cells = ["min", "taken", "sent again", "listeners left", "answers", "429 and 500"]
        cells += [*(f"{n} MiB" for n in names), *(f"{n} fd/threads" for n in names), "befell"]
        return f"| {' | '.join(cells)} |\n|{'---|' * len(cells)}"

    def grown(self, minutes: float) -> list[str]:
        """What grew, of processes that lived through the later part of the run."""
        wrong = []
        for name, all_seen in self.seen.items():
            last = all_seen[-1][1]
            mine = [(t, h) for t, start, h in all_seen if start == last]
            late = [(t, h) for t, h in mine if t >= max(minutes * WARM, mine[0][0] + WARMING)]
            if len(late) < 12:
                print(f"{name}: killed too late to judge")
                continue
            growth = slope([(t, h.memory) for t, h in late])
            files, threads = (
                max(g(h) for _, h in late[-6:]) - max(g(h) for _, h in late[:6]) for g in (_files, _threads)
            )
            print(
                f"{name}: {late[0][1].memory:.0f} to {late[-1][1].memory:.0f} MiB in {late[-1][0] - late[0][0]:.0f} minutes, ",
                end="",
            )
            print(f"{growth:+.2f} MiB a minute; descriptors {files:+}, threads {threads:+}")
            if growth > GROWTH or files > LEAK or threads > LEAK:
                wrong.append(f"{name} grows")
        return wrong


def _files(held: Held) -> int:
    return held.files


def _threads(held: Held) -> int:
    return held.threads


async def run(soak: Soak, minutes: float, stopping: asyncio.Event) -> list[str]:
    """The whole of it; gives what is wrong."""
    print(soak.head(), flush=True)
    *_, victim, one = soak.processes
    faults, whole = soak.faults, minutes * 60
    async with asyncio.TaskGroup() as group:
        for callers in soak.callers:
            group.create_task(callers.send())
            for _ in range(LISTENERS):
                group.create_task(callers.listen())
        group.create_task(faults.every(WORKER_KILLED, whole, faults.killer(victim)))
        group.create_task(faults.every(DATABASE_AWAY, whole - CALM, faults.database_away))
        group.create_task(faults.every(ONE_KILLED, whole * WARM, faults.killer(one)))
        if faults.disk.is_mount():
            group.create_task(faults.every(DISK_FULL, whole - CALM, faults.disk_full))
        await _told(soak, minutes)
        stopping.set()
    return await _ended(soak, minutes)


async def _told(soak: Soak, minutes: float) -> None:
    """A line a minute."""
    for minute in range(1, round(minutes) + 1):
        for _ in range(6):
            await asyncio.sleep(max(0.0, soak.faults.begun + _ * 10 + minute * 60 - 50 - time.monotonic()))
            await asyncio.to_thread(soak.sample)
        print(soak.row(minute), flush=True)


async def _ended(soak: Soak, minutes: float) -> list[str]:
    """Wait for what is open, and judge."""
    wrong, until = [], time.monotonic() + SETTLING
    for callers in soak.callers:
        async with callers.client() as http:
            while (left := await callers.open(http)) and time.monotonic() < until:  # noqa: ASYNC110 - others work
                await asyncio.sleep(1)
        found = await callers.judged()
        print(f"{callers.name}: {dict(sorted(found.items()))}; not taken at first: {dict(callers.said)}; {left} open")
        wrong += [f"{callers.name}: {found[w]} {w}" for w in WRONG if found[w]]
        wrong += [f"{callers.name}: {left} still open"] if left else []
        most = Bounds().listeners // 2  # one tenant's
        free = await callers.all_places(most)
        wrong += [f"{callers.name}: {free} of {most} places for listeners"] * (free < most)
    return wrong + soak.grown(minutes)


def house(folder: Path, beside: Beside, address: str, ports: list[int]) -> list[Process]:
    """The processes: a service, a worker that lives, one that is killed, and a service by itself."""
    shared = ["--database", address, "--folder", folder / "many", "--uploads", folder / "disk" / "uploads"]
    serve = ["serve", "--model", MODEL, "--jobs", 16]
    worker = ["worker", *shared, "--width", WIDTH, "--lease", LEASE]
    made = {
        "many": [*serve, *shared, "--port", ports[0], "--width", 0],
        "worker": worker,
        "victim": worker,
        "one": [*serve, "--folder", folder / "disk" / "one", "--port", ports[1], "--width", WIDTH],
    }
    return [Process(name=n, beside=beside, log=folder / f"{n}.log", arguments=[*a]) for n, a in made.items()]


def main() -> None:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"{load}, {given.minutes:g} minutes, {OPEN} documents open each")
    folder = given.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    wrong = measure(given.minutes, given.seed, folder)
    if wrong:
        print(f"all logs, and what has a false end, are in {folder}")
    elif not given.folder:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"NOT reached: {'; '.join(wrong)}" if wrong else "reached: nothing lost, every status true, nothing grows")


def measure(minutes: float, seed: int, folder: Path) -> list[str]:
    """Soak, and give what is wrong."""
    with ExitStack() as stack:
        stack.enter_context(small_disk(folder / "disk"))
        server = Server(fsync=True)
        stack.callback(server.close)
        beside = stack.enter_context(reader(folder / "journal", "--faults", "storm", "--seed", seed))
        ports = [free_port(), free_port()]
        processes = house(folder, beside, server.fresh("soak"), ports)
        stack.callback(end, processes)
        for process in processes:
            process.start()
        for port, process in zip(ports, (processes[0], processes[-1]), strict=True):
            if process.running is None or not until_ready(port, process.running):
                return [f"{process.name} did not start"]
        soak = _soak(server, folder, processes, ports, seed)
        wrong = asyncio.run(run(soak, minutes, soak.callers[0].stopping))
        codes = [stop(p.running) for p in processes if p.running]
        print(f"ended with {codes}")
        return [*wrong, "a process ended wrongly"] if any(codes) else wrong


def _soak(server: Server, folder: Path, processes: list[Process], ports: list[int], seed: int) -> Soak:
    stopping = asyncio.Event()
    callers = [
        Callers(
            name=n,
            port=p,
            chance=Random(f"{n} {seed}"),
            first=1 + 50_000 * i,
            kept=folder / f"false-{n}",
            stopping=stopping,
        )
        for i, (n, p) in enumerate(zip(("many", "one"), ports, strict=True))
    ]
    faults = Faults(server=server, disk=folder / "disk")
    return Soak(faults=faults, processes=processes, callers=callers, journal=Follower(folder / "journal"))


def end(processes: list[Process]) -> None:
    """Leave none behind."""
    for process in processes:
        if process.running is not None:
            with suppress(ProcessLookupError):
                process.running.kill()
            process.running.wait()


if __name__ == "__main__":
    main()
