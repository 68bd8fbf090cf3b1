"""What asking the log of calls costs, with a million calls in it.

    python -m bench.calls [--calls 1000000] [--postgres]

Prints wall and CPU seconds of pages and sums, and how long the longest single transaction was: for so long a worker that shares
the store waits at most.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.postgres_server import Server
from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.tenants.calls import CallFilter
from thresher.service.storage.answers.call_log import CallLog
from thresher.service.storage.answers.call_rows import call_row
from thresher.service.storage.answers.postgres import LOG as POSTGRES_LOG
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.session import Session, Work
from thresher.service.storage.answers.sqlite import LOG, SqliteStore

BEGUN = 1_795_219_200.0
PART = 20_000  # rows in one transaction while the log is filled


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Calls of 30 days: 20 tenants, 2,000 jobs, 200,000 documents, 4 models, 3 prompts."""
    chance = random.Random(7)
    for n in range(count):
        document = n // 5
        error = "model_unavailable: busy" if chance.random() < 0.02 else None
        attempt = Attempt(
            key=f"{n:064x}", model=f"openai/model-{document % 4}", prompt=f"prompt-{n % 3}.v1", fingerprint="f" * 16,
            finish="error" if error else "stop", error=error, prompt_tokens=3000, answer_tokens=300,
            cached_tokens=1024 * (n % 2), usd=0.001 * chance.random(), seconds=chance.lognormvariate(0.5, 0.6),
            stored=chance.random() < 0.05,
        )  # fmt: skip
        job = f"{document // 100:032x}"
        call = LoggedCall(
            at=BEGUN + n * 30 * 86_400 / count, unit=f"file-{document}.pdf", task=f"{job}.{document % 100}",
            tenant=f"tenant-{document // 100 % 20}", document=f"{document:016x}", attempt=attempt,
        )  # fmt: skip
        yield {**call_row(call), "once": f"{n:032x}"}


async def fill(store: SqliteStore | PostgresStore, count: int) -> None:
    """Write the calls as a worker would, but many at a time."""
    sql, waiting = (POSTGRES_LOG if isinstance(store, PostgresStore) else LOG), []
    for row in rows(count):
        waiting.append(row)
        if len(waiting) == PART:
            await _write(store, sql, waiting)
            waiting = []
    await _write(store, sql, waiting)
    if isinstance(store, PostgresStore):
        await store.do(lambda s: s.run("ANALYZE calls"))


async def _write(store: SqliteStore | PostgresStore, sql: str, some: list[dict[str, Any]]) -> None:
    await store.do(lambda s: s.many(sql, some))


class Timed:
    """Transactions that remember the longest."""

    def __init__(self, inner: SqliteStore | PostgresStore) -> None:
        """Over a store."""
        self.inner, self.longest = inner, 0.0

    async def do(self, work: Work[Any], *, writes: bool = True, durable: bool = True) -> Any:
        """See Transactions."""

        def timed(session: Session) -> Any:
            begun = time.perf_counter()
            try:
                return work(session)
            finally:
                self.longest = max(self.longest, time.perf_counter() - begun)

        return await self.inner.do(timed, writes=writes, durable=durable)


QUESTIONS: dict[str, Callable[[CallLog], Awaitable[Any]]] = {
    "page of 100, newest, all": lambda log: log.page(CallFilter(), order="newest"),
    "page of 100, one tenant": lambda log: log.page(CallFilter(tenant="tenant-3"), order="newest"),
    "page of 100, one tenant, failed": lambda log: log.page(CallFilter(tenant="tenant-3", status="failed")),
    "one job by document": lambda log: log.sums(CallFilter(job=f"{77:032x}"), "document"),
    "one tenant, a day, by prompt": lambda log: log.sums(
        CallFilter(tenant="tenant-3", since=BEGUN + 86_400, until=BEGUN + 2 * 86_400), "prompt"
    ),
    "one tenant, all of it, by day": lambda log: log.sums(CallFilter(tenant="tenant-3"), "day"),
    "a day of all, by tenant": lambda log: log.sums(
        CallFilter(since=BEGUN + 86_400, until=BEGUN + 2 * 86_400), "tenant"
    ),
    "all of it, by model": lambda log: log.sums(CallFilter(), "model"),
    "all of it, by day": lambda log: log.sums(CallFilter(), "day"),
}


@asynccontextmanager
async def opened(*, postgres: bool) -> Any:
    """An empty store."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server() if postgres else None
        store: SqliteStore | PostgresStore
        if server:
            store = await PostgresStore.open(server.fresh("calls"))
        else:
            store = await SqliteStore.open(Path(folder) / "calls.sqlite")
        try:
            yield store
        finally:
            await store.aclose()
            if server:
                server.close()


async def measure(count: int, *, postgres: bool) -> None:
    """Fill a store and ask it."""
    async with opened(postgres=postgres) as store:
        begun = time.perf_counter()
        await fill(store, count)
        print(
            f"{'PostgreSQL' if postgres else 'SQLite'}: {count:,} calls written in {time.perf_counter() - begun:.0f} s"
        )
        for name, ask in QUESTIONS.items():
            timed = Timed(store)
            walls = []
            for _ in range(2):
                begun, cpu = time.perf_counter(), time.process_time()
                found = await ask(CallLog(timed))
                walls.append((time.perf_counter() - begun, time.process_time() - cpu))
            wall, cpu = min(walls)
            print(
                f"{name:34} {wall * 1000:8.1f} ms, CPU {cpu * 1000:7.1f} ms, longest transaction {timed.longest * 1000:6.1f} ms, {len(found)} rows"
            )


def main() -> None:
    """Measure one store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true")
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.calls, postgres=chosen.postgres))


if __name__ == "__main__":
    main()
