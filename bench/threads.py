"""Import generated mailboxes, find copies and threads, and near-duplicates: cost of each, growth, and what is known of them.

    python -m bench.threads [--mails 10000,100000] [--near 10000] [--workers 2] [--folder DIR]

Mailboxes as in `bench/mailboxes.py` (20 kB a mail, a third with one attachment, 30 % in both mailboxes), with answers
that quote what they answer. `thresher import` finds copies and threads at its end; `thresher matter dedup` and
`thresher matter threads` are then measured on their own. Counts are compared with those that the generator knows.
`--near`: near-duplicates are looked for where a collection has at most so many mails (0: not at all).
100,000 mails take 7 GB of disk. Many files deleted just before make new files dear on ext4, for five minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench.mailboxes import command, counted, run
from tests.simulation.discovery.mailboxes import Mailboxes

_ATTACHED_BYTES = 15_000  # with the quoted texts, 20 kB a mail
_THRESHER = [sys.executable, "-m", "thresher.service.cli.main", "matter"]


@dataclass(slots=True)
class Cost:
    """Documents, and what was spent on them."""

    documents: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0  # bytes at most

    def add(self, arguments: list[str]) -> None:
        """Run a command and add its cost."""
        wall, cpu, memory = run(arguments)
        self.wall, self.cpu, self.memory = self.wall + wall, self.cpu + cpu, max(self.memory, memory)

    def shown(self, name: str) -> str:
        """Return the cost as a line."""
        rate, each = self.documents / self.wall, self.documents / max(self.cpu, 0.01)
        return (
            f"  {name:16} {self.wall:7.1f} s {self.cpu:7.1f} CPU s, {rate:6.0f} documents a second, "
            f"{each:6.0f} a CPU second, {self.memory / 1e6:5.0f} MB; load {os.getloadavg()[0]:.1f}"
        )

    def judged(self, name: str) -> str:
        """Return what was asked of an import beside what came out."""
        return (
            f"{name}: {self.documents:,} documents, {self.documents / self.wall:,.0f} a second (asked: 500), {self.cpu:.0f} CPU s, "
            f"{self.documents / self.cpu:,.0f} a CPU second; peak PSS {self.memory / 1e6:.0f} MB (asked: under 1,000)"
        )


def measure(folder: Path, mails: int, workers: int, *, near: bool) -> Cost:
    """Measure one collection, and return the cost of its import with copies and threads."""
    boxes = Mailboxes(mails, attached_bytes=_ATTACHED_BYTES, quoted=True)
    folders, matter, whole = boxes.write(folder / "in"), folder / "matter", Cost()
    for owner, box in enumerate(folders):
        whole.add(command([box], matter, f"Owner {owner}", workers))
    whole.documents = counted(matter)
    size = sum(f.stat().st_size for box in folders for f in box.iterdir())
    print(f"{mails} mails, {size / 1e6:.0f} MB, {whole.documents} documents")
    print(whole.shown("import, all"), flush=True)
    steps = [("dedup", ["dedup", str(matter)]), ("threads", ["threads", str(matter)])]
    steps += [("near-duplicates", ["near-duplicates", str(matter), "--workers", str(workers)])] if near else []
    for name, arguments in steps:
        cost = Cost(whole.documents)
        cost.add([*_THRESHER, *arguments])
        print(cost.shown(name), flush=True)
    check(boxes, matter)
    return whole


def check(boxes: Mailboxes, matter: Path) -> None:
    """Print what was found beside what the generator knows."""
    truths = [boxes.truth(number) for number in range(boxes.mails)]
    held = sum(len(t.owners) * (1 + len(t.attachments)) for t in truths)
    unique = sum(1 + len(t.attachments) for t in truths)
    copies, threads = (_json(name, matter) for name in ("dedup", "threads"))
    print(f"  documents {copies['total']['documents']} (known {held}), unique {copies['total']['unique']} ({unique}), "
          f"threads {threads['threads']} ({len({t.root for t in truths})}), not inclusive {threads['not_inclusive']}")  # fmt: skip


def _json(name: str, matter: Path) -> dict[str, dict[str, int]]:
    done = subprocess.run([*_THRESHER, name, str(matter), "--json"], check=True, capture_output=True)
    found: dict[str, dict[str, int]] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure each size, and the growth between them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", default="10000,100000")
    parser.add_argument("--near", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to write; default: a temporary folder")
    asked = parser.parse_args()
    place = Path(tempfile.mkdtemp(dir=asked.folder))
    sizes = [int(size) for size in asked.mails.split(",")]
    try:
        found = [measure(place / str(n), n, asked.workers, near=n <= asked.near) for n in sizes]
        for size, whole in zip(sizes, found, strict=True):
            print(whole.judged(f"{size:,} mails"))
        for small, large in pairwise(found):
            cpu = (large.cpu / large.documents) / (small.cpu / small.documents)
            wall = (large.wall / large.documents) / (small.wall / small.documents)
            print(f"{large.documents:,} over {small.documents:,} documents: CPU a document x {cpu:.2f} (asked: within 1.2), "
                  f"wall time a document x {wall:.2f}")  # fmt: skip
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
