"""Serves the simulated reader: python -m bench.reader --port 8123 --faults noisy --seed 7 --speed 100."""

from __future__ import annotations

import argparse
import asyncio

from bench.reader.faults import NAMED
from bench.reader.reader import Reader
from bench.reader.server import ReaderServer


async def _main(reader: Reader, port: int) -> None:
    async with ReaderServer(reader, port) as server:
        print(server.base, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", choices=NAMED, default="perfect")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", type=float, default=1.0, help="divides every wait")
    given = parser.parse_args()
    asyncio.run(_main(Reader(NAMED[given.faults], given.seed, given.speed), given.port))
