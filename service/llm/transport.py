"""The Transport protocol: where a question leaves the process and a raw answer comes back.

Everything that costs money or fails for reasons of its own happens in or around a `Transport`. A member (litellm, embedded,
scripted) is a Transport; a wrapper (answer_cache, batch_first, cut_prompts, retrying, rate_limiting, metered) is a
Transport around a Transport:

    ModelClient.ask           Question -> Reply
      CachedTransport         the stored answer, or the one in flight, or the next line's, stored before parsing
        BatchFirstTransport | CutPromptGuard   the batch first | no prompt cut in silence (each optional)
          Retrying            again after a transient failure
            RateLimited       not too many at once, not too fast
              Metered         within the budget; every attempt in the log
                litellm | embedded | scripted

The model side of an answer is the chat-completions response of OpenAI, as plain JSON, for every provider.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from thresher.schemas.errors import ModelProblem
from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.question import Question
from thresher.service.telemetry.ids import current_document, current_task, current_tenant, current_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A Question to be sent, with the key under which its answer is stored."""

    key: str
    model: str  # as the user named it
    question: Question
    window: int = field(
        default=0, compare=False
    )  # tokens of prompt and answer that the plan reckons with; 0: not known
    tried: int = field(default=0, compare=False)  # how often it was sent before, and failed
    sent: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)  # set once it costs
    unwanted: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)  # set while nobody waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A raw answer, not yet read."""

    response: dict[str, Any] = field(repr=False)  # chat-completions shape, JSON values only
    usd: float | None = None  # None: price unknown
    seconds: float = 0.0
    stored: bool = False  # it was in the store: nothing was paid now


class TransientError(Exception):
    """A transient failure: a rate limit, a fault of the provider, a lost connection.

    A Transport raises it; the retrying wrapper turns it into an Answer, or raises its `problem` when it has had enough.
    """

    def __init__(self, problem: ModelProblem, *, retry_after: float | None = None, charged: bool = False) -> None:
        """Keep the problem; `retry_after`: seconds, as the provider asked; `charged`: it may have cost its price."""
        super().__init__(problem.message)
        self.problem = problem
        self.retry_after = retry_after
        self.charged = charged


def logged_call(attempt: Attempt) -> LoggedCall:
    """Return the log's record of a call made just now, with its unit, task, tenant and document."""
    return LoggedCall(
        at=time.time(),
        attempt=attempt,
        unit=current_unit.get(),
        task=current_task.get(),
        tenant=current_tenant.get(),
        document=current_document.get(),
    )


class Transport(Protocol):
    """One Call in, one raw Answer out."""

    async def send(self, call: Call) -> Answer:
        """Return the provider's answer. Raises TransientError, ModelProblem, or InputProblem(context_overflow)."""
        ...


class Records(Protocol):
    """The part of a store that Transports need."""

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return the answer stored under a key, or None."""
        ...

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Store an answer; durable when this returns."""
        ...

    async def log(self, call: LoggedCall) -> None:
        """Log a call."""
        ...
