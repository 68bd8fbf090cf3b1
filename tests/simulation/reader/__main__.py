"""Serves the simulated reader: python -m tests.simulation.reader --port 8123 --faults noisy --seed 7 --speed 100."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from tests.simulation.reader.faults import NAMED
from tests.simulation.reader.journal import Journal
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer


async def _main(reader: Reader, port: int, journal: Path | None) -> None:
    async with ReaderServer(reader, port, Journal(journal) if journal else None) as server:
        print(server.base, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", choices=NAMED, default="perfect")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", type=float, default=1.0, help="divides every wait")
    parser.add_argument("--journal", type=Path, help="file to which every request and answer is noted")
    parser.add_argument("--uncached", action="store_true", help="no token is said to come from a cache")
    given = parser.parse_args()
    made = Reader(NAMED[given.faults], given.seed, given.speed)
    made.caching = not given.uncached
    asyncio.run(_main(made, given.port, given.journal))
