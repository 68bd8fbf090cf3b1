"""How much several worker processes overspend a budget that they share.

    python -m bench.budgets [--workers 3] [--width 4] [--files 300] [--usd 50]

Every answer costs about a dollar and takes 200 ms. Prints what was spent, and what was in flight at most when the limit was
reached: workers times width times the dearest call.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.jobs_house import order, pieces, script, target
from tests.postgres_server import Server
from thresher.schemas.budget import Budget, bounds
from thresher.schemas.policy import Prices
from thresher.schemas.work import Submission
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.tenants.budgets import Budgets

PRICES = Prices(prompt=0.0, answer=1e6 / 12)  # a dollar for twelve tokens of an answer


async def submitted(house: ServiceResources, folder: Path, files: int) -> str:
    """A job of one tenant."""
    policy = script(folder, files, latency=0.2).model_copy(update={"prices": PRICES})
    sent = [await house.uploads.put(f"{n}.txt", pieces(order(n).encode()), most=10_000) for n in range(files)]
    return (await house.jobs.submit(Submission(tenant="acme", target=target(), policy=policy, files=tuple(sent))))[0].id


async def measure(chosen: argparse.Namespace, address: str, folder: Path) -> None:
    """Run the workers until nothing moves."""
    async with opened_resources(folder / "house", address) as house:
        budgets = Budgets(house.jobs, house.spending)
        await budgets.set(Budget(tenant="acme", usd=chosen.usd, stop="hold", running="stop"))
        job = await submitted(house, folder, chosen.files)
        command = [sys.executable, "-m", "thresher.service.cli.main", "worker", "--folder", folder / "house"]
        command += ["--database", address, "--width", chosen.width]
        workers = [subprocess.Popen([*map(str, command)], stderr=subprocess.DEVNULL) for _ in range(chosen.workers)]  # noqa: ASYNC220 - begun before anything is awaited
        try:
            until = time.monotonic() + 120
            while time.monotonic() < until:
                await asyncio.sleep(1)
                counts = (await house.jobs.job("acme", job)).counts
                if counts.done and not counts.running and await budgets.held():
                    break
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(40)
        spent = await house.spending.spent("acme", *bounds("month", time.time()))
        calls = await house.store.calls()
        dearest = max(c.attempt.usd or 0.0 for c in calls)
        flight = chosen.workers * chosen.width * dearest
        over = spent.usd - chosen.usd
        print(f"limit ${chosen.usd:.2f}, spent ${spent.usd:.2f}: ${over:.2f} over; in flight at most ${flight:.2f}")
        print(f"{counts.done} files done, {counts.todo} wait, {counts.failed} failed; {len(calls)} calls")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--usd", type=float, default=50.0)
    chosen = parser.parse_args()
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(chosen, server.fresh("budgets"), Path(folder)))
    finally:
        server.close()


if __name__ == "__main__":
    main()
