"""The simulated reader in a process of its own, as a model is on a machine of its own: its work is not the pipeline's."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Self

from tests.simulation.reader.faults import Faults
from tests.simulation.reader.reader import Ask, Reader, Said

_here: list[Reader] = []  # in the child: the one reader


class Apart:
    """A Reader elsewhere; counts as it does. The same asks in the same order are answered the same."""

    def __init__(self, faults: Faults, seed: int = 0, speed: float = 1.0) -> None:
        """See Reader."""
        self.seed = seed
        self.calls, self.cpu = 0, 0.0
        self.prompt_tokens = self.answer_tokens = self.cached_tokens = 0
        self.seconds: list[float] = []  # that each answer took
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (faults, seed, speed))

    def __enter__(self) -> Self:
        """Ready to answer."""
        self._pool.submit(_answer, None).result()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._pool.shutdown()

    async def answer(self, ask: Ask) -> Said:
        """What is said to a request, when it is said."""
        began = time.perf_counter()
        said, cpu = await asyncio.get_running_loop().run_in_executor(self._pool, _answer, ask)
        self.cpu += cpu
        self.calls += 1
        self.prompt_tokens += said.prompt_tokens
        self.answer_tokens += said.answer_tokens
        self.cached_tokens += said.cached_tokens
        self.seconds.append(said.seconds)
        await asyncio.sleep(said.seconds - (time.perf_counter() - began))
        return said

    def ideal(self, in_flight: int) -> float:
        """Seconds in which the calls made could have been answered, all places always taken."""
        return max(sum(self.seconds) / in_flight, max(self.seconds, default=0.0))


def _begin(faults: Faults, seed: int, speed: float) -> None:
    _here.append(Reader(faults, seed, speed))


def _answer(ask: Ask | None) -> tuple[Said, float]:
    if ask is None:
        return Said(), 0.0
    before = _here[0].cpu
    said = _here[0].answer(ask)
    return said, _here[0].cpu - before
