"""Read page images by the OCR of several checkouts in turn: word recall, and CPU and wall seconds a page.

    python -m bench.ocr_beside CHECKOUT ... --receipts SROIE --forms FOLDER [--every N] [--groups NAME ...]

A checkout is a folder, or `git archive COMMIT | tar x -C FOLDER`; this one comes last by itself. Each reads in a process
of its own, a page by all of them before the next. FOLDER of --forms holds PDFs with text. `bench.ocr_pages` says which
groups of pages are made of both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.ocr_pages import Page, Pages, words

HERE = Path(__file__).parents[1]


@dataclass
class Sums:
    """What a checkout made of a group."""

    right: int = 0  # words
    read: int = 0  # words
    cpu: float = 0.0  # seconds
    wall: float = 0.0  # seconds


class Checkout:
    """A process that reads by the code of one checkout."""

    def __init__(self, root: Path) -> None:
        """Start it."""
        command = [sys.executable, "-P", str(HERE / "bench" / "ocr_reader.py"), str(root.resolve())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, path: Path) -> tuple[str, float, float]:
        """Return text, CPU seconds and wall seconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(path.resolve(), file=self.process.stdin, flush=True)
        text, cpu, wall = json.loads(self.process.stdout.readline())
        return text, cpu, wall


def compare(name: str, pages: Iterator[Page], readers: dict[str, Checkout], scratch: Path) -> None:
    """Read the pages of a group, and print what came out."""
    sums = {root: Sums() for root in readers}
    total, taken = 0, 0
    for image, truth in pages:
        taken += 1
        image.save(scratch / "page.png", compress_level=1)
        total += truth.total()
        for root, reader in readers.items():
            text, cpu, wall = reader.read(scratch / "page.png")
            one, found = sums[root], words(text)
            one.right, one.read = one.right + (truth & found).total(), one.read + found.total()
            one.cpu, one.wall = one.cpu + cpu, one.wall + wall
    for root, one in sums.items():
        print(
            f"{name}, {taken} pages, {root}: word recall {one.right / max(total, 1):.4f}, of what was read"
            f" {one.right / max(one.read, 1):.4f}, CPU {one.cpu / max(taken, 1):.2f} s,"
            f" wall {one.wall / max(taken, 1):.2f} s",
            flush=True,
        )


def main() -> None:
    """Print a line for each group and checkout."""
    parser = argparse.ArgumentParser(description="OCR of several checkouts in turn.")
    parser.add_argument("checkouts", nargs="*", type=Path)
    parser.add_argument("--receipts", type=Path, required=True)
    parser.add_argument("--forms", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--groups", nargs="*")
    asked = parser.parse_args()
    os.nice(1)
    pages = Pages(asked.receipts, asked.forms, asked.every)
    readers = {str(root): Checkout(root) for root in [*asked.checkouts, HERE]}
    with tempfile.TemporaryDirectory() as scratch:
        for name in asked.groups or pages.groups:
            compare(name, pages.groups[name](), readers, Path(scratch))


if __name__ == "__main__":
    main()
