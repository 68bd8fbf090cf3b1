"""Read PDFs by two checkouts in turn: what this one costs in CPU time, and whether it reads the same.

    python -m bench.reading_beside OTHER FOLDER ... [--every 4] [--rounds 2] [--compare]

OTHER is another checkout, or `git archive COMMIT | tar x -C OTHER`. Each checkout reads in a process of its own, file after
file without OCR; of the rounds the least CPU time counts. With --compare, Documents are compared instead, whole (text,
boxes, tables, notes, facts), read without OCR, and with hidden text and an engine that names the pixels it is given.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).parents[1]


def main(asked: argparse.Namespace) -> None:
    """Print the files that differ, or the ratios by folder and of all."""
    files = {folder: sorted(folder.rglob("*.pdf"))[:: asked.every] for folder in asked.folders}
    readers = [_Checkout(asked.other, compare=asked.compare), _Checkout(HERE, compare=asked.compare)]
    every = [path for found in files.values() for path in found]
    if asked.compare:
        differing = [path for path in every if len({one.read(path) for one in readers}) > 1]
        print(*(f"differs: {path}" for path in differing), f"{len(every)} files compared", sep="\n")
        return
    for one in readers:
        one.read(every[0])  # what is loaded once is not counted
    least: dict[Path, list[float]] = {path: [float("inf")] * 2 for path in every}
    for _ in range(asked.rounds):
        for path in every:
            least[path] = [min(known, float(one.read(path))) for known, one in zip(least[path], readers, strict=True)]
    for name, found in [*files.items(), ("all", every)]:
        before, now = (sum(least[path][i] for path in found) for i in (0, 1))
        ratios = median(least[path][1] / least[path][0] for path in found)
        print(
            f"{name}: {len(found)} files, {before:.2f} s to {now:.2f} s, {now / before:.2f} times, median {ratios:.2f}"
        )


class _Checkout:
    """A process that reads by the code of one checkout."""

    def __init__(self, root: Path, *, compare: bool) -> None:
        """Start it."""
        command = [sys.executable, "-P", __file__, "--serve", str(root.resolve()), *["--compare"] * compare]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, path: Path) -> str:
        """Return CPU seconds, or the digest of what was read."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(path.resolve(), file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()


class _Engine:
    """An OCR engine that reads the hash of the picture it is given."""

    name = "hash"

    def __init__(self, words: Any) -> None:
        """Take the module that defines lines and words."""
        self.words = words

    def read(self, image: Any) -> list[Any]:
        """Return one line of one word; none for an image too small for it."""
        if min(image.size) < 20:
            return []
        box = (1.0, 1.0, 19.0, 10.0)
        word = self.words.PrintedWord(hashlib.sha256(image.tobytes()).hexdigest()[:12], box, 0.9)
        return [self.words.PrintedLine((word,), box)]


def serve(root: str, *, compare: bool) -> None:
    """Read the files named on standard input, a line each, by the code under `root`."""
    sys.path.insert(0, root)
    logging.disable(logging.CRITICAL)
    package = "thresher." if (Path(root) / "thresher").is_dir() else ""  # older checkouts have no root package

    def load(name: str) -> Any:
        return importlib.import_module(package + name)

    policy, sources = load("schemas.policy"), load("schemas.source")
    spool = load("service.readers.base").Spool(Path(tempfile.mkdtemp()))
    engine = _Engine(load("service.ocr.base")) if compare else None
    reader = load("service.readers.pdf.reader").PdfReader((lambda _: engine) if compare else None)
    parts = SimpleNamespace(reader=reader, spool=spool, source=sources.Source)
    ways = [policy.ReadOptions(ocr="off")]
    ways += [policy.ReadOptions(), policy.ReadOptions(hidden_text=True)] if compare else []
    for line in sys.stdin:
        before = time.process_time()
        found = "".join(_read(Path(line.strip()), parts, way, whole=compare) for way in ways)
        took = time.process_time() - before
        print(hashlib.sha256(found.encode()).hexdigest() if compare else took, flush=True)


def _read(path: Path, parts: SimpleNamespace, options: Any, *, whole: bool) -> str:
    """Return everything that was read, or the error's name; empty unless `whole` is asked for."""
    source = parts.source(path=path.name, blob=str(path), sha256="", size=path.stat().st_size, name=path.name)
    try:
        reading = parts.reader.read(source, options, parts.spool)
    except Exception as error:  # noqa: BLE001 - an error is a result, too
        return repr(error)
    return f"{reading.document!r}{[child.sha256 for child in reading.children]}" if whole else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", nargs="?", type=Path)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--serve", metavar="CHECKOUT")
    chosen = parser.parse_args()
    os.nice(5)
    if chosen.serve:
        serve(chosen.serve, compare=chosen.compare)
    else:
        main(chosen)
