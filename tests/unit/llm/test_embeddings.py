"""Vectors: asked for in batches, kept before they are used, never paid for twice, and told when they fail."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from thresher.schemas.errors import ModelProblem
from thresher.schemas.question import ModelFacts
from thresher.service.llm.prices import Budget, Tariff
from thresher.service.llm.providers.embeddings import BATCH, Embedding, packed, text_of_vectors
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.llm.transport import Answer, Call
from thresher.service.storage.answers.memory import MemoryStore


@dataclass
class LetterWire:
    """A Wire that gives a text as its counts of a, b and c."""

    asked: list[list[str]] = field(default_factory=list)
    broken: ModelProblem | None = None

    async def send(self, call: Call) -> Answer:
        """See Wire."""
        texts = [m.content for m in call.question.messages]
        self.asked.append(texts)
        if self.broken:
            raise self.broken
        choices = [
            {"finish_reason": "stop", "message": {"content": packed([float(t.count(x)) for x in "abc"])}} for t in texts
        ]
        return Answer(response={"choices": choices, "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}})


def embedding(wire: LetterWire, store: MemoryStore, budget: Budget | None = None) -> Embedding:
    """The wire with every wrapper; a token costs a dollar."""
    facts = ModelFacts(window=100, most_answer=0)
    tariff = Tariff(prompt=1.0, answer=0.0)
    end = Endpoint(name="letters", wire=wire, identity="letters", facts=facts, tariff=tariff, read=text_of_vectors)
    return Embedding(
        model=build_model(end, ProviderLimiter(4), SharedServices(records=store, budget=budget or Budget(None)))
    )


async def test_vectors_are_kept_and_never_paid_for_twice() -> None:
    """A second run over the same store asks nothing; other texts are asked for; what was paid stands in the log."""
    store, texts = MemoryStore(), ["ab", *["a"] * BATCH, "ccc"]
    first = LetterWire()
    made = await embedding(first, store).embed(texts)
    assert [len(batch) for batch in first.asked] == [BATCH, 2]
    assert made.rows is not None
    assert (
        made.rows[[0, 1, -1]].round(3).tolist()
        == np.asarray([[0.707, 0.707, 0], [1, 0, 0], [0, 0, 1]], np.float32).tolist()
    )
    assert [a.usd for a in made.attempts] == [BATCH, 2]
    second = LetterWire()
    again = await embedding(second, store).embed(texts)
    assert second.asked == []
    assert again.rows is not None
    assert (again.rows == made.rows).all()
    assert [a.key for a in again.attempts] == [a.key for a in made.attempts]
    await embedding(second, store).embed(["b"])
    assert second.asked == [["b"]]
    logged = [c.attempt for c in await store.calls()]
    assert [(a.stored, a.purpose, a.prompt_tokens) for a in logged if not a.stored] == [
        (False, "embed", BATCH),
        (False, "embed", 2),
        (False, "embed", 1),
    ]


async def test_a_failure_is_told_and_what_was_paid_is_too() -> None:
    """Past the limit of dollars nothing is sent, and the answer says why."""
    wire = LetterWire()
    told = await embedding(wire, MemoryStore(), Budget(0.5)).embed(["a"])
    assert wire.asked == []
    assert told.rows is None
    assert isinstance(told.failure, ModelProblem)
    assert told.failure.code == "cost_limit_reached"
    broken = LetterWire(broken=ModelProblem("model_unavailable", "away"))
    told = await embedding(broken, MemoryStore()).embed(["a"])
    assert told.failure is broken.broken


@pytest.mark.parametrize("vector", [[float("nan")], [float("inf"), 1.0]])
def test_what_is_no_number_is_refused(vector: Sequence[float]) -> None:
    """It would make every comparison false."""
    with pytest.raises(ValueError, match="no numbers"):
        packed(vector)


def test_a_vector_is_kept_exactly() -> None:
    """To 32 bits."""
    assert (
        np.frombuffer(base64.b64decode(packed([0.1, -3.0])), "<f4").tolist()
        == np.asarray([0.1, -3.0], np.float32).tolist()
    )
