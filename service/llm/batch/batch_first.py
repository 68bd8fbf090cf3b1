"""BatchFirstTransport: try a batch first, and make an ordinary call for what no batch answers."""

from __future__ import annotations

from thresher.service.llm.transport import Answer, Call, Records, TransientError, Transport


class BatchFirstTransport:
    """A Transport that tries a batch first, and makes an ordinary call for what no batch answers."""

    def __init__(self, batch: Transport, ordinary: Transport, records: Records) -> None:
        """Take the wrapped Transports: `batch` at the price of batches, `ordinary` within the provider's limits."""
        self._records = records
        self._batch = batch
        self._ordinary = ordinary

    async def send(self, call: Call) -> Answer:
        """Return the answer of a batch, or of an ordinary call. A Call that was not submitted yet may be dropped."""
        try:
            return await self._batch.send(call)
        except TransientError as fault:
            if call.unwanted.is_set():
                raise fault.problem from fault
            if (kept := await self._records.answer(call.key)) is not None:  # another worker was handed it first
                return Answer(**{**kept, "stored": True})
            call.sent.clear()
            return await self._ordinary.send(call)
