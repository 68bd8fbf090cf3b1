"""Read every file of folders that hold bad input, and print what became of each as a Markdown table.

    python -m bench.nasty FOLDER... [--seconds 60] [--memory 2048] [--workers 2]

Each file is read with all that it holds, in worker processes under limits. A `manifest.json` in a folder may give the
behaviour that is expected of a file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.measured import measured_read
from thresher.schemas.errors import Problem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading
from thresher.service.readers.container_walk import read_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import RefusedPath, find_sources

_HEAD = "| file | expected | codes | type | characters | pages | children | seconds | peak MiB |"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one file and of all that it holds."""

    path: str
    expected: str
    codes: str
    media_type: str = ""
    characters: int = 0
    pages: int = 0
    children: int = 0
    seconds: float = 0.0
    peak: int = 0  # MiB, of the largest worker that read a part of it

    def markdown(self) -> str:
        """The row of the table."""
        numbers = f"{self.characters} | {self.pages} | {self.children} | {self.seconds:.1f} | {self.peak or ''}"
        return f"| {self.path.replace('|', ' ')} | {self.expected} | {self.codes or 'read'} | {self.media_type} | {numbers} |"


async def read_row(found: Source | RefusedPath, pool: ReaderPool, options: ReadOptions, expected: str) -> Row:
    """Read one file; whatever happens becomes a row."""
    if isinstance(found, RefusedPath):
        return Row(found.path, expected, found.problem.code)
    begun = time.monotonic()
    try:
        readings = await read_tree(found, pool, options)
    except Problem as problem:
        return Row(found.path, expected, f"**{problem.code}**", seconds=time.monotonic() - begun)
    except Exception as error:  # noqa: BLE001 - exactly what this bench is to find
        return Row(found.path, expected, f"CRASH {type(error).__name__}: {error}", seconds=time.monotonic() - begun)
    return _row(found, readings, expected, time.monotonic() - begun)


def _row(source: Source, readings: list[Reading], expected: str, seconds: float) -> Row:
    documents = [reading.document for reading in readings]
    codes = Counter(note.code for document in documents for note in document.notes)
    said = ", ".join(code if count == 1 else f"{code} x {count}" for code, count in codes.items())
    return Row(
        source.path,
        expected,
        said,
        documents[0].source.media_type,
        sum(len(document.text) for document in documents),
        sum(len(document.pages) for document in documents),
        len(documents) - 1,
        seconds,
        max(int(document.facts.get("peak", 0)) for document in documents),
    )


def expectations(folder: Path) -> dict[str, str]:
    """What the folder's manifest expects, by file name."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return {}
    entries = json.loads(manifest.read_text(encoding="utf-8"))
    return {Path(entry["file"]).name: entry["expected"] for entry in entries}


async def run(folders: list[Path], options: ReadOptions, workers: int) -> list[Row]:
    """Rows of all files, in the order of their paths; `workers` files at a time."""
    with tempfile.TemporaryDirectory() as spool:
        async with ReaderPool(Path(spool), workers=workers, read=measured_read) as pool:
            gate = asyncio.Semaphore(workers)  # no more, so that seconds are of reading, not of waiting

            async def one(found: Source | RefusedPath, expected: str) -> Row:
                async with gate:
                    return await read_row(found, pool, options, expected)

            return await asyncio.gather(*(one(found, expected) for found, expected in _files(folders)))


def _files(folders: list[Path]) -> Iterator[tuple[Source | RefusedPath, str]]:
    for folder in folders:
        expected = expectations(folder) or expectations(folder.parent)
        for found in find_sources([folder], hidden=True):
            yield found, expected.get(Path(found.path).name, "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--memory", type=int, default=2048, help="MiB a reading may add")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ocr", default="auto", choices=["auto", "off"])
    given = parser.parse_args()
    limits = Limits(seconds=given.seconds, memory=given.memory << 20)
    begun = time.monotonic()
    rows = asyncio.run(run(given.folders, ReadOptions(limits=limits, ocr=given.ocr), given.workers))
    print(_HEAD)
    print("|" + " --- |" * (_HEAD.count("|") - 1))
    for row in rows:
        print(row.markdown())
    print(f"\n{len(rows)} files in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
