"""What a place for a call costs: CPU time a call, with limits of one process and shared through a database.

python -m bench.places [--calls 20000]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import AsyncExitStack

from tests.postgres_server import Server
from thresher.service.llm.rate_limiting import ConcurrencyLimit, LocalConcurrencyLimit, ProviderLimiter
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.shared_concurrency import SharedConcurrencyLimit
from thresher.service.storage.answers.sqlite import SqliteStore

WIDTH = 64  # calls that want to be in flight
MOST = 16  # that may be
SECONDS = 0.01  # of one call


async def measured(places: ConcurrencyLimit | None, calls: int) -> tuple[float, float]:
    """(CPU ms a call, calls a second)."""
    gate = ProviderLimiter(concurrency=WIDTH, shared=places)

    async def some(count: int) -> None:
        for _ in range(count):
            async with gate.passage(0.0):
                await asyncio.sleep(SECONDS)

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some(calls // WIDTH) for _ in range(WIDTH)))
    return (time.process_time() - cpu) / calls * 1000, calls / (time.perf_counter() - begun)


async def main(calls: int) -> None:
    """A line for each kind of limit."""
    server = Server()
    async with AsyncExitStack() as stack:
        stack.callback(server.close)
        sqlite = await SqliteStore.open(None)
        postgres = await PostgresStore.open(server.fresh("places"))
        stack.push_async_callback(sqlite.aclose)
        stack.push_async_callback(postgres.aclose)
        shared = {
            "SQLite": SharedConcurrencyLimit(sqlite, "m", MOST),
            "PostgreSQL": SharedConcurrencyLimit(postgres, "m", MOST),
        }
        free, _ = await measured(None, calls)
        print(f"without a shared limit: {free:.3f} ms CPU a call")
        kinds: dict[str, ConcurrencyLimit] = {"one process": LocalConcurrencyLimit(MOST), **shared}
        for name, places in kinds.items():
            cost, rate = await measured(places, calls)
            print(f"{name}: {cost - free:+.3f} ms CPU a call, {rate:.0f} calls/s of {MOST / SECONDS:.0f}")
        for held in shared.values():
            await held.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    asyncio.run(main(parser.parse_args().calls))
