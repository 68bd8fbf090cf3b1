"""Batched: a batch first, and an ordinary call for what no batch answers."""

from __future__ import annotations

from thresher.service.llm.transport import Answer, Call, Records, TransientError, Transport


class Batched:
    """A Transport that asks a batch first, and by an ordinary call what no batch answers."""

    def __init__(self, batch: Transport, ordinary: Transport, records: Records) -> None:
        """Both wrapped as they must be: `batch` at the price of batches, `ordinary` within the provider's limits."""
        self._records = records
        self._batch = batch
        self._ordinary = ordinary

    async def send(self, call: Call) -> Answer:
        """See Transport. A Call that was not ordered yet may be dropped; one that was comes home, or is found again."""
        try:
            return await self._batch.send(call)
        except TransientError as fault:
            if call.unwanted.is_set():
                raise fault.problem from fault
            if (kept := await self._records.answer(call.key)) is not None:  # another worker was handed it first
                return Answer(**{**kept, "stored": True})
            call.sent.clear()
            return await self._ordinary.send(call)
