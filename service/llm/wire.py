"""The wire: where a question leaves the house and a raw answer comes back.

Everything that costs money or fails for reasons of its own happens at or round a `Wire`. A member (litellm, embedded,
scripted) is a Wire; a wrapper (recorded, retrying, limited, metered) is a Wire round a Wire:

    Asking.ask                Question -> Reply
      recorded                the store's answer, or the one that is in flight, or the next line's, kept before parsing
        retrying              again after a passing failure
          limited             not too many at once, not too fast
            metered           within the budget; every attempt in the log
              litellm | embedded | scripted

The model side of an answer is the chat-completions response of OpenAI, as plain JSON, whoever gave it.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from service.llm.base import Question

asking_for: ContextVar[str | None] = ContextVar("asking_for", default=None)
"""Id of the Unit or Document that the calls below are made for, as the log of calls shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A Question on its way, with the key under which its answer is kept."""

    key: str
    model: str  # as the user named it
    question: Question
    sent: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)  # set once it costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, unread."""

    response: dict[str, Any]  # chat-completions shape, JSON values only
    usd: float | None  # None: price unknown
    seconds: float
    stored: bool = False  # it was in the store: nothing was paid now


class Wire(Protocol):
    """One Call in, one raw Answer out."""

    async def send(self, call: Call) -> Answer:
        """The provider's answer. Raises ModelProblem, or InputProblem(context_overflow)."""
        ...
