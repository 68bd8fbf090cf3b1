"""CachedTransport: store a paid answer before anyone reads it, and never pay for it twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from thresher.schemas.errors import ModelProblem
from thresher.service.llm import call_telemetry
from thresher.service.llm.response_parsing import attempt_of
from thresher.service.llm.transport import Answer, Call, Records, Transport, logged_call


@dataclass(slots=True)
class _Flight:
    """A call in flight, and how many callers wait for it."""

    call: Call
    task: asyncio.Task[Answer]
    waiting: int = 0


class _NotMine(Exception):  # noqa: N818 - no error: the reason to make the Call oneself
    """The failure of a joined Call that concerns its payer alone."""


class CachedTransport:
    """A Transport that answers from the store, joins a Call that is in flight, and stores new answers.

    When all who wait are cancelled, a Call that was not sent yet is dropped; one that was sent is let finish and its
    answer kept, for it may have been paid.
    """

    def __init__(self, wire: Transport, records: Records) -> None:
        """Wrap a Transport."""
        self._wire = wire
        self._records = records
        self._flights: dict[str, _Flight] = {}

    async def send(self, call: Call) -> Answer:
        """Return the stored or the new answer to a Call. `stored` is true for callers who did not cause the payment."""
        while (flight := self._flights.get(call.key)) is not None:
            with suppress(_NotMine):
                return await self._noted(call, replace(await self._joined(flight), stored=True))
        answer = await self._join(self._start(call))
        return await self._noted(call, answer) if answer.stored else answer

    async def _joined(self, flight: _Flight) -> Answer:
        """Return the answer to another's Call. Raises _NotMine where the other may not pay for it."""
        try:
            return await self._join(flight)
        except ModelProblem as problem:
            if problem.code == "budget_reached":
                self._forget(flight)
                raise _NotMine from problem
            raise

    async def aclose(self, grace: float = 0.0) -> None:
        """Wait at most `grace` seconds for calls in flight, and cancel the rest."""
        tasks = [flight.task for flight in self._flights.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _join(self, flight: _Flight) -> Answer:
        flight.waiting += 1
        flight.call.unwanted.clear()
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                self._unwanted(flight)

    def _unwanted(self, flight: _Flight) -> None:
        """Mark a Call that nobody waits for any more, and cancel it if it was not sent yet."""
        flight.call.unwanted.set()
        if not flight.call.sent.is_set() and flight.task.cancel():
            self._forget(flight)

    def _start(self, call: Call) -> _Flight:
        flight = _Flight(call, asyncio.create_task(self._fetch(call)))
        self._flights[call.key] = flight
        flight.task.add_done_callback(lambda _: self._forget(flight))
        return flight

    def _forget(self, flight: _Flight) -> None:
        """Stop others from joining a Call, and retrieve its failure so that asyncio does not warn of it."""
        if self._flights.get(flight.call.key) is flight:
            del self._flights[flight.call.key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()

    async def _fetch(self, call: Call) -> Answer:
        kept = await self._records.answer(call.key)
        if kept is not None:
            return Answer(**{**kept, "stored": True})
        answer = await self._wire.send(call)
        await self._records.keep(call.key, _body(answer))
        return answer

    async def _noted(self, call: Call, answer: Answer) -> Answer:
        attempt = attempt_of(call, answer)
        await self._records.log(logged_call(attempt))
        call_telemetry.log_call(attempt)
        call_telemetry.trace_stored_answer(call)
        return answer


def _body(answer: Answer) -> dict[str, Any]:
    return {"response": answer.response, "usd": answer.usd, "seconds": answer.seconds}
