"""Compute what calls cost, and keep a budget that refuses before money is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from thresher.schemas.errors import ModelProblem
from thresher.schemas.policy import Prices
from thresher.schemas.question import Question
from thresher.service.llm.response_parsing import count_of, tokens_of

IMAGE_TOKENS = 1_600  # about the most that the large providers charge for one image at their highest detail
TOKEN_COUNT_MARGIN = 1.3  # other tokenizers count up to a third more than the counter's
BYTES_PER_TOKEN = 2  # text is 3 to 5; figures, tables and scripts other than Latin come near 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Prices in dollars a token."""

    prompt: float
    answer: float
    cached: float | None = None  # prompt tokens that the provider had cached; None: as any other
    written: float | None = None  # prompt tokens that it caches now
    long_from: int | None = None  # prompt tokens above which the next two prices hold
    long_prompt: float = 0.0
    long_answer: float = 0.0

    @classmethod
    def of(cls, prices: Prices) -> Tariff:
        """Return the tariff of prices that a user gave in dollars a million tokens."""
        return cls(prompt=prices.prompt / 1e6, answer=prices.answer / 1e6)

    def times(self, share: float) -> Tariff:
        """Return the tariff at a share of its prices.

        >>> Tariff(prompt=2.0, answer=8.0).times(0.5)
        Tariff(prompt=1.0, answer=4.0, cached=None, written=None, long_from=None, long_prompt=0.0, long_answer=0.0)
        """
        prices = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "long_from"}
        return replace(self, **{name: price and price * share for name, price in prices.items()})

    def cost(self, response: dict[str, Any]) -> float:
        """Return the dollars that a response cost, by its own count of tokens."""
        prompt, answer, cached = tokens_of(response)
        long = self.long_from is not None and prompt > self.long_from
        a_prompt, an_answer = (self.long_prompt, self.long_answer) if long else (self.prompt, self.answer)
        written = count_of(response.get("usage") or {}, "cache_creation_input_tokens")
        plain = max(0, prompt - cached - written)
        saved = cached * (a_prompt if self.cached is None else self.cached)
        laid = written * (a_prompt if self.written is None else self.written)
        return plain * a_prompt + saved + laid + answer * an_answer

    def most(self, prompt: int, answer: int) -> float:
        """Return the most dollars that a question of so many tokens can cost."""
        long = self.long_from is not None and prompt > self.long_from
        dear = max(self.long_prompt if long else self.prompt, self.written or 0.0)
        return prompt * dear + answer * (self.long_answer if long else self.answer)


FREE = Tariff(prompt=0.0, answer=0.0)


class Budget:
    """Dollars that a run may spend, those in flight counted. One for all models of a run."""

    def __init__(self, most: float | None) -> None:
        """Start a budget of `most` dollars; None: no limit."""
        self.most = most
        self.spent = 0.0
        self.in_flight = 0.0

    def reserve(self, usd: float | None, model: str) -> float:
        """Set aside the most that a call can cost and return it.

        Raises ModelProblem(cost_limit_reached, price_unknown).
        """
        if self.most is None:
            return 0.0
        if usd is None:
            raise ModelProblem("price_unknown", model)
        if usd > 0.0 and self.spent + self.in_flight + usd > self.most:
            state = f"${self.spent:.4f} spent, ${self.in_flight:.4f} in flight, the next call up to ${usd:.4f}"
            raise ModelProblem("cost_limit_reached", f"{state}, limit ${self.most:.4f}")
        self.in_flight += usd
        return usd

    def settle(self, reserved: float, usd: float) -> None:
        """Release what was set aside, and add what the call cost."""
        self.in_flight -= reserved
        self.spent += usd


def prompt_tokens(question: Question, count: Callable[[str], int] | None = None) -> int:
    """Estimate the most tokens of a prompt: the counter's number and a margin, or a guess from the bytes."""
    texts = [m.content for m in question.messages] + ([str(question.schema)] if question.schema else [])
    images = sum(len(m.images) for m in question.messages)
    told = (
        int(sum(map(count, texts)) * TOKEN_COUNT_MARGIN)
        if count
        else sum(len(t.encode("utf-8", "replace")) for t in texts) // BYTES_PER_TOKEN
    )
    return told + images * IMAGE_TOKENS + 8 * len(texts)
