"""What asking and uploading cost, against another state of this project, in turns in one run.

    git archive 8d7a029 | tar x -C OLD        (the state before processing left the event loop)
    python -m bench.against OLD [--rounds 5] [--documents 600] [--files 5000] [--clients 200]

Each round runs `bench.jobs engine` (claim, five scripted calls of 200 ms, stored answers, Outcome; SQLite) and `bench.uploads`
in the old state, then in this one, with the same interpreter and libraries. Prints each round, the medians, and their ratio.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).parents[1]
ENGINE = "engine, ms CPU a document"
UPLOADS = {"uploads, p50 ms": 4, "uploads, p99 ms": 5, "uploads, ms CPU a file": 7}  # with the column in its table
PROGRAMS = {"old": "service.cli.main", "now": "thresher.service.cli.main"}


def measured(tree: Path, program: str, documents: int, clients: int, files: int) -> dict[str, float]:
    """Return what one state of the project takes."""
    engine = _said(tree, "-m", "bench.jobs", "engine", "--members", "sqlite", "--documents", documents)
    sends = (HERE / "bench" / "uploads.py", "--program", program, "--clients", clients, "--files", files)
    uploads = _said(tree, *sends)
    cells = uploads.splitlines()[-1].split("|")
    if int(cells[3]):
        raise SystemExit(f"{tree}: {cells[3].strip()} uploads failed")
    cpu = float(re.findall(r"([\d.]+) ms CPU", engine)[-1])
    return {ENGINE: cpu, **{what: float(cells[column]) for what, column in UPLOADS.items()}}


def _said(tree: Path, *arguments: object) -> str:
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Run the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    for name, default in {"rounds": 5, "documents": 600, "clients": 200, "files": 5000}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    trees = {"old": given.old.resolve(), "now": HERE}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for number in range(given.rounds):
        for name in trees if number % 2 == 0 else reversed(trees):
            found[name].append(measured(trees[name], PROGRAMS[name], given.documents, given.clients, given.files))
            print(f"round {number + 1}, {name}: {found[name][-1]}, load {os.getloadavg()[0]:.1f}", flush=True)
    for what in (ENGINE, *UPLOADS):
        old, now = (median(one[what] for one in found[name]) for name in trees)
        print(f"{what}: {old:.2f} before, {now:.2f} now, {now / old:.2f} times (allowed 1.2)")


if __name__ == "__main__":
    main()
