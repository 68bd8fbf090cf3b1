"""Prompt caching over real HTTP: what is the same for every Chunk comes first and is marked, and what was cached is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simulation.generator.make import generate
from tests.simulation.generator.targets import Statement
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.source import Source
from thresher.service.cli.summary import report
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.client import ModelClient
from thresher.service.llm.model_catalog import facts_of, schema_mode_of, tariff_of
from thresher.service.llm.providers.hosted import transport_to
from thresher.service.llm.providers.litellm_transport import LitellmTransport, ready
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.pipeline import process
from thresher.service.runs.run_counts import RunCounts
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.loading import load_target

CLAUDE, GPT = "anthropic/claude-sonnet-4-5", "openai/gpt-4o-mini"


@pytest.fixture
async def _tidy() -> AsyncIterator[None]:
    """Close connections in the loop that opened them."""
    yield
    while MADE:
        await MADE.pop().aclose()
    wire = LitellmTransport(Remote(model=CLAUDE))
    wire._litellm = ready(CLAUDE)
    await wire.aclose()


MADE: list[ModelClient] = []
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_tidy")]


def model_at(name: str, base: str, store: MemoryStore) -> ModelClient:
    """A Model with every wrapper, at a server; one call at a time, so that the second finds what the first laid down."""
    remote = Remote(model=name, mode=schema_mode_of(name), api_base=base, api_key="none")
    end = Endpoint(
        name=name,
        wire=transport_to(remote),
        identity=remote.identity,
        facts=facts_of(name),
        tariff=tariff_of(name),
    )
    MADE.append(build_model(end, ProviderLimiter(1), SharedServices(records=store)))
    return MADE[-1]


def statement() -> Document:
    """A statement of several Chunks."""
    builder = DocumentBuilder(Source(path="s.txt", blob="", sha256="0", size=1, name="s.txt"), kind="text")
    for line in generate("statement", 90, 7).text.split("\n"):
        builder.block(line)
    return builder.build()


def marks(value: Any) -> int:
    """How many marks a part of a request has."""
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(map(marks, value.values()))
    return sum(map(marks, value)) if isinstance(value, list) else 0


@pytest.mark.parametrize("name", [CLAUDE, GPT])
async def test_the_shared_prefix_is_cached_and_counted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anthropic's wire carries the mark on the instructions alone; the cached tokens come back in every count."""
    monkeypatch.setattr("tests.simulation.reader.tokens.LEAST_CACHED", 128)  # the statement's instructions are short
    store = MemoryStore()
    async with ReaderServer(Reader(speed=1000.0)) as server:
        base = server.base.removesuffix("/v1") if name == CLAUDE else server.base
        engine = engine_of(
            model_at(name, base, store), load_target(Statement), Policy(model=name, most_records=20, repairs=0)
        )
        result = await process(engine, [statement()])
        asked = server.requests
    assert len(asked) >= 4, result.unresolved
    firsts = [r["system"] if name == CLAUDE else r["messages"][0] for r in asked]
    assert all(f == firsts[0] for f in firsts)
    assert [marks(f) for f in firsts] == [int(name == CLAUDE)] * len(asked)
    assert not any(marks(r["messages"][-1]) for r in asked)
    assert all("PART:" in str(r["messages"][-1]) for r in asked)
    calls = await store.calls()
    cached = [c.attempt.cached_tokens for c in calls]
    assert cached[0] == 0
    assert all(n >= 128 for n in cached[1:])
    assert all(c.attempt.prompt_tokens > c.attempt.cached_tokens for c in calls)
    assert result.usage.cached_tokens == sum(cached)
    assert report(RunCounts(begun=0.0), calls)["calls"]["cached_tokens"] == sum(cached)
    dear = sum(c.attempt.prompt_tokens for c in calls) * (facts_of(name).usd_prompt or 0)
    dear += sum(c.attempt.answer_tokens for c in calls) * (facts_of(name).usd_answer or 0)
    assert 0 < (result.usage.usd or 0) < dear
