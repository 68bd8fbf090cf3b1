"""What starting costs: from `thresher extract` of one page to the first question of a hosted model, over HTTP.

    python -m bench.startup [--runs 5]

A row a run: wall and CPU seconds of all processes of the command until the first request arrives at a simulated reader on
loopback, beside the CPU seconds that importing litellm takes at that time. CPU seconds are what can be compared on a busy
machine; on a quiet one the wall time is about theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.simulation.loopback import Answer, Request
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer

PAGE = "Order 7\n\nPlease send the pens.\nTotal: EUR 12.50\n"
TARGET = '{"title": "Small", "type": "object", "properties": {"total": {"type": "number"}}}'
RUN = "from thresher.service.cli.main import main; main()"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_session(leader: int) -> float:
    """Return the CPU seconds so far of a session's living processes, those of their ended children included (Linux)."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == leader:
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


class Watched(ReaderServer):
    """A reader that notes what a command has used when it asks for the first time."""

    leader = 0  # process that is watched
    begun = 0.0
    first: tuple[float, float] | None = None  # wall and CPU seconds

    async def answer(self, request: Request) -> Answer:
        """Answer as the simulated reader does."""
        if self.first is None:
            self.first = time.perf_counter() - self.begun, cpu_of_session(self.leader)
        return await super().answer(request)


async def seconds(folder: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of one command until its first question."""
    (folder / "page.txt").write_text(PAGE)
    (folder / "target.json").write_text(TARGET)
    async with Watched(Reader()) as server:
        environment = os.environ | {"OPENAI_API_KEY": "none", "THRESHER_API_BASE": server.base}
        arguments = ["extract", "page.txt", "-t", "target.json", "-m", "openai/gpt-4o-mini", "-o", "out"]
        server.begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", RUN, *arguments),
            cwd=folder,
            env={**environment, "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        server.leader = process.pid
        await process.wait()
    assert server.first is not None, "the command asked nothing"
    return server.first


def imported(name: str) -> float:
    """Return the CPU seconds that importing a module takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True"}
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    rows = []
    for _ in range(parser.parse_args().runs):
        with tempfile.TemporaryDirectory() as folder:
            rows.append((*asyncio.run(seconds(Path(folder))), imported("litellm")))
        print(
            "first question after {:.2f} s, {:.2f} s of CPU; import litellm {:.2f} s of CPU".format(*rows[-1]),
            flush=True,
        )
    print(
        "medians: {:.2f} s, {:.2f} s of CPU; litellm {:.2f} s".format(*map(statistics.median, zip(*rows, strict=True)))
    )


if __name__ == "__main__":
    main()
