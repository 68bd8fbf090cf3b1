"""Metered: check every attempt against the budget before it is made, and log it afterwards, also when it failed.

An attempt that was cancelled after it was sent is charged but not logged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from thresher.schemas.errors import Problem
from thresher.schemas.extraction import Attempt
from thresher.service.llm import call_telemetry
from thresher.service.llm.prices import Budget, Tariff
from thresher.service.llm.response_parsing import attempt_of, failed_attempt
from thresher.service.llm.transport import Answer, Call, Records, TransientError, Transport, logged_call
from thresher.service.telemetry import tracing


class Metered:
    """A Transport whose every Call is priced, budgeted, timed and logged."""

    def __init__(
        self, wire: Transport, records: Records, budget: Budget, tariff: Tariff | None, tokens: Callable[[Call], int]
    ) -> None:
        """Wrap a Transport. `tariff` None: the price is unknown; `tokens` estimates a Call's prompt."""
        self._wire = wire
        self._records = records
        self._budget = budget
        self._tariff = tariff
        self._tokens = tokens
        self.allowed: Callable[[], Awaitable[None]] | None = None  # asked before every call, beside the budget

    async def send(self, call: Call) -> Answer:
        """Return the priced answer. Raises ModelProblem(budget_reached, cost_limit_reached, price_unknown) too."""
        if self.allowed is not None:
            await self.allowed()
        reserved = self._budget.reserve(self._most(call), call.model)
        paid, begun = 0.0, time.perf_counter()
        try:
            answer = await self._sent(call)
            paid = answer.usd or 0.0
        except asyncio.CancelledError:
            paid = reserved if call.sent.is_set() else 0.0
            raise
        except (TransientError, Problem) as fault:
            paid = reserved if isinstance(fault, TransientError) and fault.charged else 0.0
            await self._note_failure(call, fault, time.perf_counter() - begun)
            raise
        finally:
            self._budget.settle(reserved, paid)
        answer = replace(answer, seconds=round(time.perf_counter() - begun, 4))
        await self._note(attempt_of(call, answer))
        return answer

    async def _sent(self, call: Call) -> Answer:
        """Return the answer with its price."""
        with call_telemetry.call_span(call) as span:
            answer = await self._wire.send(call)
            usd = None if self._tariff is None else self._tariff.cost(answer.response)
            priced = replace(answer, usd=usd)
            span.set(call_telemetry.answer_attributes(priced) if tracing.is_enabled() else {})
        return priced

    async def _note(self, attempt: Attempt) -> None:
        await self._records.log(logged_call(attempt))
        call_telemetry.log_call(attempt)

    def _most(self, call: Call) -> float | None:
        if self._tariff is None or self._budget.most is None:
            return None
        return self._tariff.most(self._tokens(call), call.question.answer_tokens)

    async def _note_failure(self, call: Call, fault: TransientError | Problem, seconds: float) -> None:
        problem = fault.problem if isinstance(fault, TransientError) else fault
        await self._note(failed_attempt(call, problem, round(seconds, 4)))
