"""A reader of orders over real HTTP that counts: which orders were asked, and which of the answers went out."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from tests.simulation.server import Said, Server


@dataclass
class CountedReader:
    """`async with CountedReader() as reader`: an OpenAI-compatible server at `reader.base`."""

    seconds: float = 0.0  # each answer takes so long
    asked: list[tuple[int, float]] = field(default_factory=list)  # order, and when

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = Server(self._answer)
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        await self._server.__aexit__()

    @property
    def base(self) -> str:
        """Address for THRESHER_API_BASE."""
        return self._server.base

    def environment(self) -> dict[str, str]:
        """What a process needs to ask this reader."""
        return {"OPENAI_API_KEY": "none", "THRESHER_API_BASE": self.base, "THRESHER_MODEL": "openai/gpt-4o-mini"}

    def repeated(self) -> dict[int, int]:
        """Orders that were asked more than once, and how often."""
        return {n: times for n, times in Counter(n for n, _ in self.asked).items() if times > 1}

    async def until(self, times: int, seconds: float = 180.0) -> None:
        """Wait until so many questions came."""
        async with asyncio.timeout(seconds):
            while len(self.asked) < times:  # noqa: ASYNC110 - asked by another process
                await asyncio.sleep(0.02)

    def _answer(self, request: dict[str, Any]) -> Said:
        prompt = " ".join(str(m["content"]) for m in request["messages"])
        number = int(re.findall(r"PO-(\d+)", prompt)[-1])
        self.asked.append((number, time.monotonic()))
        said = {"number": f"PO-{number}", "buyer": f"Acme Works {number} Ltd"}
        return Said(content=json.dumps(said), seconds=self.seconds)
