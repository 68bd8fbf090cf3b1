"""Batched: a batch first, and an ordinary call for what no batch answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from service.llm.wire import Answer, Call, Passing, Wire


class Batched:
    """A Wire that asks a batch first, and by an ordinary call what no batch answers."""

    def __init__(self, batch: Wire, ordinary: Wire) -> None:
        """Both wrapped as they must be: `batch` at the price of batches, `ordinary` within the provider's limits."""
        self._batch = batch
        self._ordinary = ordinary

    async def send(self, call: Call) -> Answer:
        """See Wire. A Call in a batch may be dropped at any moment: it is found again, not paid again."""
        try:
            return await self._batch.send(replace(call, sent=asyncio.Event()))
        except Passing:
            return await self._ordinary.send(call)
