"""kill -9 at random moments of a run of 300 documents, asked of the simulated reader over HTTP; then what was repeated.

    python -m bench.kills [extract] [serve] [--documents 300] [--kills 50] [--seed 1] [--folder DIR]

Moments are drawn over the run's calls, and some tenths of a second beyond each. After each kill the answers that the
dead process had made durable are read from its files; a request for one of them that reaches the reader later is a
finished call repeated. Calls in flight at a kill may repeat: they are told too. `extract` is `thresher extract` over the
folder, `serve` is the loop of `thresher serve` over the same files. The kill is of the process, not of the machine.
The reader says nothing of a prompt cache here: what it says lands in a Result's `usage`, and depends on what was asked before.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.beside import Beside, below, gone, reader
from bench.doors import DOORS, Door
from bench.kept import answers_in
from tests.simulation.mixed import write
from tests.simulation.reader.journal import Follower

LATE = 0.98  # share of the calls up to which moments are drawn: a run that has ended can not be killed
BEYOND = 1.0  # seconds after its moment that a kill comes, at most
EARLY = 4.0  # seconds after the start, where the moment had passed already


@dataclass(frozen=True, slots=True)
class Life:
    """One process from its start to its kill."""

    ended: float  # seconds since 1970, UTC
    durable: Counter[str]  # answers, by request
    orphans: int
    left: float  # seconds that its own processes outlived it


@dataclass(slots=True)
class Watch:
    """What the reader has noted so far."""

    journal: Path
    answered: set[str] = field(default_factory=set)
    _follower: Follower | None = None

    def count(self) -> int:
        """Different requests answered."""
        self._follower = self._follower or Follower(self.journal)
        self.answered |= {n.request for n in self._follower.more() if n.kind == "answered"}
        return len(self.answered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Of all requests of a run that was killed."""

    asked: int
    finished: int  # repeated although the answer was durable
    told: int  # the answer had left the reader, and was not durable yet when the process was killed
    flying: int  # not answered yet


def undisturbed(door: Door, beside: Beside) -> float:
    """Run to the end; gives the seconds."""
    door.prepare(beside)
    begun = time.monotonic()
    process = door.start(beside)
    door.wait(process)
    return time.monotonic() - begun


def killed(door: Door, beside: Beside, moments: list[tuple[float, float]]) -> list[Life]:
    """Run, with a kill at each moment (calls answered, seconds beyond), to the end."""
    door.prepare(beside)
    lives, watch = [], Watch(beside.journal)
    for calls, beyond in moments:
        process = door.start(beside)
        if watch.count() >= calls:
            time.sleep(beyond * EARLY / BEYOND)
        else:
            while watch.count() < calls and process.poll() is None:
                time.sleep(0.02)
            time.sleep(beyond)
        if process.poll() is not None:
            break
        under = below(process.pid)
        process.kill()
        process.wait()
        ended, durable = time.time(), answers_in(door.store)
        orphans = len(gone(under))
        lives.append(Life(ended, durable, orphans, time.time() - ended))
    door.wait(door.start(beside))
    return lives


def repeats(journal: Path, lives: list[Life], wanted: Counter[str]) -> Repeats:
    """Count by the reader's journal. `wanted`: how often each request is made where nothing is killed.

    That is more than once where the same lines are asked once more: another draw is another call.
    """
    asked: dict[str, list[float]] = {}
    told: dict[str, list[float]] = {}
    counts: Counter[str] = Counter()
    for noted in Follower(journal).more():
        if noted.kind == "answered":
            told.setdefault(noted.request, []).append(noted.at)
            continue
        counts["asked"] += 1
        before = asked.setdefault(noted.request, [])
        dead = [life for life in lives if life.ended < noted.at]
        if dead and len(before) >= wanted[noted.request]:
            kept = dead[-1].durable[noted.request] >= wanted[noted.request]
            lost = max(at for at in before if at < lives[-1].ended)  # by a process that was killed, the last such one
            end = next(life.ended for life in lives if life.ended > lost)
            heard = any(lost < at < end for at in told.get(noted.request, []))
            counts["finished" if kept else "told" if heard else "flying"] += 1
        before.append(noted.at)
    return Repeats(**{name: counts[name] for name in ("asked", "finished", "told", "flying")})


def drawn(calls: int, kills: int, seed: int) -> list[tuple[float, float]]:
    """Moments in their order."""
    chance = Random(seed)
    return sorted((chance.uniform(0, calls * LATE), chance.uniform(0, BEYOND)) for _ in range(kills))


def measure(name: str, files: list[Path], folder: Path, kills: int, seed: int) -> bool:
    """Print one row; gives whether what was asked for is reached."""
    with reader(folder / f"{name}.calm", "--uncached") as beside:
        calm = DOORS[name](folder=folder / f"{name}-calm", files=files)
        seconds = undisturbed(calm, beside)
        wanted = Counter(n.request for n in Follower(beside.journal).more() if n.kind == "asked")
    with reader(folder / f"{name}.killed", "--uncached") as beside:
        door = DOORS[name](folder=folder / f"{name}-killed", files=files)
        lives = killed(door, beside, drawn(len(wanted), kills, seed))
        found = repeats(beside.journal, lives, wanted)
    left, right = calm.results(), door.results()
    other = sorted(n for n in left.keys() | right.keys() if left.get(n) != right.get(n))
    orphans, longest = sum(life.orphans for life in lives), max((life.left for life in lives), default=0.0)
    calls = wanted.total()
    print(
        f"| {name} | {len(files)} | {calls} | {seconds:.0f} | {len(lives)} | {found.finished} | {found.told} | "
        f"{found.flying} | {found.asked - calls} | {len(left)} | {len(other)} | {orphans} | {longest:.1f} |",
        flush=True,
    )
    if other:
        print(f"other bytes: {', '.join(other[:10])}")
    return not other and not found.finished and not orphans and len(left) == len(files)


def main() -> None:
    """Print the table and a verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("doors", nargs="*", default=[])
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(
        "| door | documents | calls | s undisturbed | kills | finished repeated | told, not durable | in flight |",
        end="",
    )
    print(" calls more | results | other bytes | orphans | s outlived |")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as passing:
        folder = given.folder or Path(passing)
        files = write(folder / "in", given.documents)
        good = [measure(n, files, folder, given.kills, given.seed) for n in given.doors or DOORS]
    print("reached" if all(good) else "NOT reached")


if __name__ == "__main__":
    main()
