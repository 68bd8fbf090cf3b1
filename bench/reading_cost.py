"""What reading costs a page, by kind: CPU time, and the memory of the process.

    python -m bench.reading_cost KIND=FOLDER ... [--most 40]

Every kind is read in a process of its own, by the readers that workers use, with all threads of that process counted. Pages are
those that the Document has; a mail, a workbook or a text counts as one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import InlineReader

SKIPPED = (".json", ".jsonl", ".md", ".csv.gz")


def main(kinds: list[str], most: int) -> None:
    """One table row for each kind."""
    print(
        "| kind | files | pages | MiB | CPU ms a page | CPU ms a file | peak of the process, MiB | text a page, characters |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for kind in kinds:
        name, _, folder = kind.partition("=")
        subprocess.run(
            [sys.executable, "-m", "bench.reading_cost", "--one", name, folder, "--most", str(most)], check=True
        )


def one(name: str, folder: Path, most: int) -> None:
    """Read the files of a folder, spread over all of it, and print their row. The first is read before, for what is loaded once."""
    found = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in SKIPPED)
    files = found[:: max(1, len(found) // most)][:most]
    asyncio.run(_read(files[:1]))
    before = time.process_time()
    pages, letters = asyncio.run(_read(files))
    cpu, size = time.process_time() - before, sum(p.stat().st_size for p in files) / (1 << 20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = (cpu * 1000 / max(pages, 1), cpu * 1000 / max(len(files), 1), peak)
    shown = " | ".join(f"{figure:.1f}" for figure in figures)
    print(f"| {name} | {len(files)} | {pages} | {size:.1f} | {shown} | {letters // max(pages, 1)} |")


async def _read(files: list[Path]) -> tuple[int, int]:
    pages = letters = 0
    with tempfile.TemporaryDirectory() as spool:
        for path in files:
            source = Source(path=path.name, blob=str(path), sha256=str(path), size=path.stat().st_size, name=path.name)
            with suppress(InputProblem):
                async for reading in walk_tree(source, InlineReader(Path(spool)), ReadOptions()):
                    pages += max(1, len(reading.document.pages))
                    letters += len(reading.document.text)
    return pages, letters


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--one", nargs=2)
    parser.add_argument("--most", type=int, default=40)
    asked = parser.parse_args()
    os.nice(5)
    if asked.one:
        one(asked.one[0], Path(asked.one[1]), asked.most)
    else:
        main(asked.kinds, asked.most)
