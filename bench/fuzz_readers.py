"""Fuzz the readers: files of the corpora, mutated, for some minutes. Finds hangs over the limit, crashes, ends without a code.

    python -m bench.fuzz_readers FOLDER [--minutes 10] [--seed 1] [--keep FOLDER]

The same seed mutates the same files in the same way. What was found is kept, with a line that says how it ended; exit 1 then.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from thresher.schemas.errors import CODES, JobProblem, Problem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source

SECONDS = 60.0  # that one reading may take
LARGEST = 2_000_000  # bytes of a file that is mutated
OPTIONS = ReadOptions(ocr="off", limits=Limits(seconds=SECONDS, memory=1 << 30, members=200, tree_seconds=SECONDS))
WORDS = (
    b"\0",
    b"\xff",
    b"%",
    b"<",
    b">",
    b"(",
    b"[",
    b"{",
    b'"',
    b"\n",
    b"9" * 20,
    b"-1",
    b"PK\3\4",
    b"obj",
    b"\r\n\r\n",
)


def mutated(body: bytes, chance: random.Random) -> bytes:
    """The bytes with some of them changed, repeated, left out or taken from elsewhere."""
    data = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 4, 64, 1024))
        match chance.randrange(6):
            case 0:
                data[at : at + length] = chance.randbytes(length)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * chance.choice((2, 50))
            case 3:
                data[at : at + 1] = chance.choice(WORDS)
            case 4:
                data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"))
            case _:
                from_ = chance.randrange(len(data) + 1)
                data[at : at + length] = data[from_ : from_ + length]
    return bytes(data[: chance.choice((len(data), len(data), chance.randrange(len(data) + 1)))]) or b"\0"


async def ended(pool: ReaderPool, path: Path) -> str:
    """How reading a file ended: "read", a code, or what may not be, with "!"."""
    begun = time.monotonic()
    try:
        async for reading in walk_tree(make_source(path), pool, OPTIONS):
            if any(note.code not in CODES for note in reading.document.notes):
                return "! a note without a code"
    except JobProblem as problem:
        return f"! {problem.detail}"
    except Problem as problem:
        return "! timeout" if problem.code == "timeout" else problem.code
    except Exception as error:  # noqa: BLE001 - it is what is looked for
        return f"! {type(error).__name__}"
    return "! over the limit" if time.monotonic() - begun > 2 * SECONDS else "read"


async def fuzz(files: list[Path], minutes: float, seed: int, keep: Path) -> int:
    """Mutate and read until the time is up; gives how many were found."""
    chance, ends, until = random.Random(seed), Counter[str](), time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder:
        async with ReaderPool(Path(folder) / "spool") as pool:
            while time.monotonic() < until:
                chosen = chance.choice(files)
                path = Path(folder) / chosen.name
                path.write_bytes(mutated(chosen.read_bytes(), chance))
                ends[end := await ended(pool, path)] += 1
                if end.startswith("!"):
                    path.rename(keep / f"{ends.total()}-{chosen.name}")
                    print(f"{ends.total()}-{chosen.name}: {end}", flush=True)
                path.unlink(missing_ok=True)
    print(f"{ends.total()} files, seed {seed}: " + ", ".join(f"{n} {end}" for end, n in ends.most_common()))
    return sum(n for end, n in ends.items() if end.startswith("!"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    told = parser.parse_args()
    told.keep.mkdir(parents=True, exist_ok=True)
    found = sorted(p for p in told.folder.rglob("*") if p.is_file() and 0 < p.stat().st_size <= LARGEST)
    sys.exit(1 if asyncio.run(fuzz(found, told.minutes, told.seed, told.keep)) else 0)
