"""Mails end to end: 2,000 EML files to Results, each asked in one call of 200 ms, 16 in flight.

    python -m bench.mails [--mails 2000] [--latency 0.2] [--workers N] [--http] [--memory]

Everything is real but the model: files are found and hashed, read in worker processes, chunked, asked, their answers
kept in SQLite before they are parsed, grounded, merged, judged, written as files and marked. Printed: wall time over the
ideal (calls x latency / in flight), CPU of this process a mail, and, apart from it, CPU of the reading workers.
`--http` asks a loopback server through litellm and instructor instead of the script; `--memory` reads in this process
and keeps answers in memory, for profiles.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from thresher.schemas.policy import Policy, Prices
from thresher.schemas.question import Model, Question
from thresher.schemas.source import Source
from thresher.service.cli.extract import AHEAD
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.prices import Budget
from thresher.service.llm.providers.litellm_transport import ready
from thresher.service.llm.providers.scripted import FACTS, ScriptedTransport, prompt_of
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.readers.base import Reading
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import InlineReader, ReaderPool
from thresher.service.readers.sources import find_sources
from thresher.service.runs.exports import Folder
from thresher.service.runs.folder_run import Event, Run, run
from thresher.service.runs.run_counts import RunCounts
from thresher.service.settings import Settings
from thresher.service.storage.answers.base import Store
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.targets.loading import target_from_model
from thresher.service.wiring.endpoints import FREE_TARIFF
from thresher.service.wiring.models import model_of

IN_FLIGHT = 16
NAMES = ("Amelie Brandt", "Tom Okafor", "Lucia Ferri", "Jan de Wit", "Sofia Marques", "Priya Nair", "Owen Hughes")
FIRMS = (
    "Northway Fittings Ltd",
    "Hallmann & Sohn GmbH",
    "Atelier Brun SARL",
    "Ferri Macchine S.r.l.",
    "Delta Parts Inc",
)
GOODS = ("hex bolts M8", "ball bearings 6204", "gasket sheet 2 mm", "cable ties", "brass valves", "hose clamps")


class Line(BaseModel):
    """One position of an order."""

    item: str | None = Field(None, description="What is ordered, as written")
    quantity: int | None = Field(None, description="How many pieces")
    price: Decimal | None = Field(None, description="Price of all pieces of this line")


class Order(BaseModel):
    """An order placed by mail."""

    number: str | None = Field(None, description="Order number")
    placed: date | None = Field(None, description="Date of the order")
    customer: str | None = Field(None, description="Firm that orders")
    contact: str | None = Field(None, description="Person who writes")
    email: str | None = Field(None, description="E-mail address of the contact")
    currency: str | None = Field(None, description="ISO 4217 code", examples=["EUR"])
    total: Decimal | None = Field(None, description="Sum of the order")
    deliver_by: date | None = Field(None, description="Date by which it is to be delivered")
    lines: list[Line] = Field([], description="Positions of the order")


def order(number: int) -> dict[str, Any]:
    """What the model is to say of a mail: JSON values, all of them stated in the mail."""
    person, firm = NAMES[number % len(NAMES)], FIRMS[number % len(FIRMS)]
    placed = date(2025, 1, 6) + timedelta(days=number % 300)
    lines = [
        {
            "item": GOODS[(number + i) % len(GOODS)],
            "quantity": 10 * (i + 1) + number % 7,
            "price": 112.5 * (i + 1) + number,
        }
        for i in range(3)
    ]
    return {
        "number": f"PO-{40_000 + number}",
        "placed": placed.isoformat(),
        "customer": firm,
        "contact": person,
        "email": f"{person.split()[0].lower()}{number}@example.org",
        "currency": "EUR",
        "total": sum(line["price"] for line in lines),
        "deliver_by": (placed + timedelta(days=21)).isoformat(),
        "lines": lines,
    }


def mail(number: int) -> bytes:
    """One mail that states its order, with a signature and a quoted mail below."""
    told = order(number)
    placed, due = date.fromisoformat(told["placed"]), date.fromisoformat(told["deliver_by"])
    lines = "\n".join(f"  {x['quantity']} pcs  {x['item']}  EUR {x['price']:,.2f}" for x in told["lines"])
    return f"""From: {told["contact"]} <{told["email"]}>
To: Orders <orders@example.com>
Subject: Order {told["number"]}
Date: {placed:%a, %d %b %Y} 10:15:00 +0100
Message-ID: <{number}@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Dear all,

thank you for your offer. On behalf of {told["customer"]} I would like to place the order {told["number"]}
for the goods listed here. As agreed on the telephone, packing and carriage are free of charge.

{lines}

Total: EUR {told["total"]:,.2f}

Please deliver to our works by {due.day} {due:%B %Y} at the latest; the gate is open on weekdays
between seven and four. If anything is out of stock, tell me before you send a part of it.

Kind regards,
{told["contact"]}

--
{told["customer"]}
Purchasing
Telephone +44 20 7946 {number % 10_000:04}

> From: Orders <orders@example.com>
> Subject: Our offer
>
> Good morning, our offer is attached. It holds for four weeks. We look forward to your order.
""".encode()


def answer(text: str) -> dict[str, Any]:
    """The order that a prompt is about."""
    found = re.search(r"PO-(\d+)", text)
    return order(int(found[1]) - 40_000) if found else {}


def _said(question: Question) -> dict[str, Any]:
    return answer(prompt_of(question))


@contextmanager
def server(latency: float) -> Iterator[str]:
    """A loopback server in its own process; gives its base address."""
    command = [sys.executable, "-m", "tests.simulation.server", "--latency", str(latency), "--answers", "bench.mails"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def descendants_cpu() -> float:
    """CPU seconds of all processes under this one so far, those that have ended included (Linux)."""
    stats = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        stats[int(file.parent.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    ours, grew = {os.getpid()}, True
    while grew:
        more = {pid for pid, (parent, _) in stats.items() if parent in ours} - ours
        ours, grew = ours | more, bool(more)
    return sum(stats[pid][1] for pid in ours - {os.getpid()}) / os.sysconf("SC_CLK_TCK")


def yardstick() -> float:
    """CPU seconds of ten million additions, here and now: what a busy machine makes of a core."""
    begun, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - begun


def own_cpu() -> float:
    """CPU seconds of this process so far, all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(given: argparse.Namespace, base: str) -> None:
    """One run over the folder of mails, and its row."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        inbox = folder / "inbox"
        inbox.mkdir()
        for number in range(given.mails):
            (inbox / f"{number:05}.eml").write_bytes(mail(number))
        tally = RunCounts()
        job, store, pool = await _job(given, base, folder, tally)
        if base:
            await asyncio.to_thread(ready, "openai/gpt-4o-mini")  # two seconds of imports, once a process
        before, children, wall = own_cpu(), descendants_cpu(), time.perf_counter()
        with _profiled(given.profile):
            await run(job, find_sources([inbox]))
        wall, cpu = time.perf_counter() - wall, own_cpu() - before
        children = descendants_cpu() - children
        if isinstance(pool, ReaderPool):
            await pool.close()
        await store.aclose()
        _print(given, tally, wall, cpu, children)


@contextmanager
def _profiled(file: str | None) -> Iterator[None]:
    if file is None:
        yield
        return
    with cProfile.Profile() as profile:
        yield
    profile.dump_stats(file)


async def _job(given: argparse.Namespace, base: str, folder: Path, tally: RunCounts) -> tuple[Run, Store, Any]:
    store = MemoryStore() if given.memory else await SqliteStore.open(folder / "store.sqlite")
    pool = InlineReader(folder / "spool") if given.memory else ReaderPool(folder / "spool", workers=given.workers)
    policy = Policy(concurrency=IN_FLIGHT, prices=Prices(prompt=0.15, answer=0.6), model="openai/gpt-4o-mini")
    model = _model(given, base, policy, store)
    engine = engine_of(model, target_from_model(Order), policy)

    def walk(source: Source) -> nullcontext[AsyncIterator[Reading]]:
        return nullcontext(walk_tree(source, pool, policy.read))

    def report(event: Event) -> None:
        tally.add(event)

    width = given.width or IN_FLIGHT + AHEAD
    results = Folder(folder / "out")
    return (
        Run(
            engine=lambda _: engine, walk=walk, store=store, results=results, policy=policy, report=report, width=width
        ),
        store,
        pool,
    )


def _model(given: argparse.Namespace, base: str, policy: Policy, store: Store) -> Model:
    if base:
        os.environ["OPENAI_API_KEY"] = "none"
        return model_of(policy, Settings(home=Path(), api_base=base), store)
    wire = ScriptedTransport(_said, given.latency)
    end = Endpoint(name="scripted", wire=wire, identity="scripted", facts=FACTS, tariff=FREE_TARIFF)
    return build_model(end, ProviderLimiter(IN_FLIGHT), SharedServices(records=store, budget=Budget(None)))


def _print(given: argparse.Namespace, tally: RunCounts, wall: float, cpu: float, children: float) -> None:
    ideal, mails = given.mails * given.latency / IN_FLIGHT, given.mails
    what = "litellm + instructor" if given.http else "scripted"
    print(
        f"{what}: {mails} mails, {wall:.1f} s, ideal {ideal:.1f} s, ratio {wall / ideal if ideal else 0:.3f}; "
        f"CPU a mail {cpu / mails * 1000:.2f} ms here, {children / mails * 1000:.2f} ms in reading workers; "
        f"load {os.getloadavg()[0]:.1f}, ten million additions {yardstick():.2f} s; {dict(tally.results)}"
    )


def main() -> None:
    """Measure as argv asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=2_000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--width", type=int, default=None)
    parser.add_argument("--http", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--profile", help="file for cProfile's statistics")
    given = parser.parse_args()
    if given.http:
        with server(given.latency) as base:
            asyncio.run(measure(given, base))
    else:
        asyncio.run(measure(given, ""))


if __name__ == "__main__":
    main()
