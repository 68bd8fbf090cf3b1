"""Build a Model from a bare Transport: its wrappers, in their order."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from thresher.schemas.question import ModelFacts
from thresher.service.llm.answer_cache import CachedTransport
from thresher.service.llm.batch.batch_first import BatchFirstTransport
from thresher.service.llm.client import ModelClient, Read
from thresher.service.llm.cut_prompts import CutPromptGuard
from thresher.service.llm.metered import Metered
from thresher.service.llm.prices import Budget, Tariff, prompt_tokens
from thresher.service.llm.rate_limiting import ProviderLimiter, RateLimited
from thresher.service.llm.response_parsing import text_of
from thresher.service.llm.retrying import Backoff, Retrying
from thresher.service.llm.transport import Call, Records, Transport

BATCH_PRICE = 0.5  # of an ordinary call's, at OpenAI and at Anthropic


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedServices:
    """What the models of one run share."""

    records: Records
    budget: Budget = field(default_factory=lambda: Budget(None))
    backoff: Backoff = field(default_factory=Backoff)
    chance: random.Random = field(default_factory=random.Random)
    allowed: Callable[[], Awaitable[None]] | None = None  # asked before every call; raises ModelProblem(budget_reached)
    count: Callable[[str], int] | None = None  # tokens of a text; None: a cautious guess, and no check for cut prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One model's Transport, and what is particular to it."""

    name: str  # as the user named it
    wire: Transport
    identity: str  # all of it that can change an answer
    facts: ModelFacts
    tariff: Tariff | None  # None: the price is unknown
    read: Read = text_of
    cuts: bool = False  # whether its server may cut a prompt in silence
    batch: Transport | None = None  # the same model, where Calls may wait for a batch at half the price


def build_model(end: Endpoint, gate: ProviderLimiter, round_it: SharedServices) -> ModelClient:
    """Build a Model with its wrappers. Models of one provider share a ProviderLimiter.

    CutPromptGuard is among them only where `cuts` and `count` are set and there is no batch.
    """

    def prompt(call: Call) -> int:
        return prompt_tokens(call.question, round_it.count)

    def whole(call: Call) -> int:
        return prompt(call) + call.question.answer_tokens

    metered = Metered(end.wire, round_it.records, round_it.budget, end.tariff, prompt)
    metered.allowed = round_it.allowed
    limited = RateLimited(metered, gate, whole)
    retrying = Retrying(limited, round_it.backoff, chance=round_it.chance)
    whole_wire: Transport = CutPromptGuard(retrying, round_it.count) if end.cuts and round_it.count else retrying
    if end.batch is not None:
        cheap = end.tariff and end.tariff.times(BATCH_PRICE)
        parked = Metered(end.batch, round_it.records, round_it.budget, cheap, prompt)
        whole_wire = BatchFirstTransport(parked, retrying, round_it.records)
    recorded = CachedTransport(whole_wire, round_it.records)

    async def close(grace: float) -> None:
        await recorded.aclose(grace)
        for wire in (end.batch, end.wire):
            if (aclose := getattr(wire, "aclose", None)) is not None:
                await aclose()

    return ModelClient(
        name=end.name, facts=end.facts, wire=recorded, identity=end.identity, read=end.read, closing=close
    )
