"""Chat over OpenAI's protocol, by httpx and by litellm, against a server on loopback: nothing is mocked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.server import Said, Script, Server
from thresher.schemas.errors import InputProblem, ModelProblem, Problem, SetupProblem
from thresher.schemas.question import Message, Question
from thresher.service.llm.client import ModelClient, key_of
from thresher.service.llm.model_catalog import facts_of, tariff_of
from thresher.service.llm.prices import Budget
from thresher.service.llm.providers import bounded_body
from thresher.service.llm.providers.litellm_transport import LitellmTransport, ready
from thresher.service.llm.providers.openai_transport import OpenAiTransport
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.retrying import Backoff
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.llm.structured_output import Mode, schema_request
from thresher.service.storage.answers.memory import MemoryStore

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"total": {"type": ["string", "null"], "description": "What is to be paid."}},
    "required": ["total"],
    "additionalProperties": False,
}
QUESTION = Question(
    prompt="ask.v1",
    fingerprint="f",
    messages=(
        Message(role="system", content="Find the total."),
        Message(role="user", content="Total 12.50", images=(b"\x89PNG",)),
    ),
    schema=SCHEMA,
    answer_tokens=77,
)
MODEL = "openai/gpt-4o-mini"


@pytest.fixture
async def _tidy() -> AsyncIterator[None]:
    """Close connections in the loop that opened them."""
    yield
    while MADE:
        await MADE.pop().aclose()
    wire = LitellmTransport(Remote(model=MODEL))
    wire._litellm = ready(MODEL)
    await wire.aclose()


@pytest.fixture(params=[OpenAiTransport, LitellmTransport], ids=["httpx", "litellm"], autouse=True)
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[OpenAiTransport | LitellmTransport]:
    """Each transport in turn."""
    chosen: type[OpenAiTransport | LitellmTransport] = request.param
    monkeypatch.setitem(WIRE, "wire", chosen)
    return chosen


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_tidy")]
WIRE: dict[str, type[OpenAiTransport | LitellmTransport]] = {}
MADE: list[ModelClient] = []


def model_at(base: str, mode: Mode = "json_schema", *, store: MemoryStore | None = None, **choices: Any) -> ModelClient:
    """A Model with every wrapper, at a server, over the transport of this test."""
    remote = Remote(model=choices.pop("model", MODEL), mode=mode, api_base=base, api_key="none", **choices)
    end = Endpoint(
        name=remote.model,
        wire=WIRE["wire"](remote),
        identity=remote.identity,
        facts=facts_of(remote.model),
        tariff=tariff_of(remote.model),
    )
    backoff = Backoff(retries=2, first=0.01)
    shared = SharedServices(records=store or MemoryStore(), budget=Budget(10.0), backoff=backoff)
    MADE.append(build_model(end, ProviderLimiter(4), shared))
    return MADE[-1]


def always(said: Said) -> Script:
    """A server's script that says one thing."""
    return lambda _: said


@pytest.mark.parametrize("mode", ["json_schema", "tools"])
async def test_every_mode_gives_the_same_text(mode: Mode) -> None:
    """Whatever form the schema is asked in, the reply is the JSON, with its tokens and its price."""
    content = '```json\n{"total": "12.50"}\n```' if mode == "json_schema" else '{"total": "12.50"}'
    usage = {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100}
    async with Server(always(Said(content=content, usage=usage))) as server:
        reply = await model_at(server.base, mode).ask(QUESTION)
        (asked,) = server.requests
    assert (reply.text, reply.finish) == ('{"total": "12.50"}', "stop")
    assert (reply.prompt_tokens, reply.answer_tokens) == (1_000, 100)
    assert reply.usd == pytest.approx(1_000 * 0.15e-6 + 100 * 0.6e-6)
    assert (asked["max_tokens"], asked["temperature"]) == (77, 0.0)
    assert "image_url" in str(asked["messages"][-1])
    assert "What is to be paid." in str(asked)


async def test_a_schema_goes_out_as_it_is() -> None:
    """Neither library changes what is asked, the order of the properties included."""
    many = {name: {"type": ["string", "null"]} for name in ("zeta", "alpha", "title", "description")}
    schema = {**SCHEMA, "properties": many, "required": list(many)}
    question = Question(prompt="p", fingerprint="f", messages=QUESTION.messages, schema=schema, answer_tokens=5)
    async with Server(always(Said())) as server:
        await model_at(server.base).ask(question)
        asked = server.requests[0]["response_format"]["json_schema"]
    assert list(asked["schema"]["properties"]) == list(many)
    assert {k: v for k, v in asked["schema"].items() if k != "title"} == schema


@pytest.mark.parametrize("mode", ["json_schema", "tools"])
async def test_the_schema_is_named_for_the_kind_of_question(mode: Mode) -> None:
    """So that whoever answers or counts requests can tell them apart; the name is no part of the answer's key."""
    asked = replace(QUESTION, kind="decide")
    assert key_of(asked, "x") == key_of(QUESTION, "x")
    made = schema_request(mode, asked)
    told = made["response_format"]["json_schema"] if mode == "json_schema" else made["tools"][0]["function"]
    assert told["name"] == "decide"


async def test_it_is_asked_once() -> None:
    """A second run over the same store asks nothing and gives the same reply."""
    store = MemoryStore()
    async with Server(always(Said(content='{"total": "12.50"}'))) as server:
        first = await model_at(server.base, store=store).ask(QUESTION)
        second = await model_at(server.base, store=store).ask(QUESTION)
        assert len(server.requests) == 1
    assert (first.stored, second.stored) == (False, True)
    assert (first.text, first.key, first.usd, first.prompt_tokens) == (
        second.text,
        second.key,
        second.usd,
        second.prompt_tokens,
    )


async def test_faults_pass() -> None:
    """A rate limit, a server's fault and a lost connection are asked again, and each attempt is logged."""
    said = iter([Said(status=429, headers={"Retry-After": "0.01"}), Said(status=500), Said(content='{"total": null}')])
    store = MemoryStore()
    async with Server(lambda _: next(said)) as server:
        reply = await model_at(server.base, store=store).ask(QUESTION)
        assert len(server.requests) == 3
    assert reply.text == '{"total": null}'
    assert [c.attempt.error is None for c in await store.calls()] == [False, False, True]


async def test_nobody_there(nowhere: str) -> None:
    """A port on which nothing listens is a fault of the set-up, said at once; when the server comes, it is asked."""
    store = MemoryStore()
    asking = model_at(f"{nowhere}/v1", store=store)
    with pytest.raises(SetupProblem, match=nowhere) as gone:
        await asking.ask(QUESTION)
    assert gone.value.code == "model_unreachable"
    assert len(await store.calls()) == 1


async def test_ollama_is_not_running(nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for Ollama without an address: it is looked for where litellm does, and the message names the place."""
    monkeypatch.setenv("OLLAMA_API_BASE", nowhere)
    with pytest.raises(SetupProblem, match=nowhere) as gone:
        await LitellmTransport(Remote(model="ollama_chat/qwen3"))._reached()
    assert gone.value.code == "model_unreachable"


async def test_a_call_that_takes_too_long() -> None:
    """A timeout ends a call."""
    async with Server(always(Said(seconds=2.0))) as server:
        with pytest.raises(ModelProblem) as late:
            await model_at(server.base, timeout=0.05).ask(QUESTION)
    assert late.value.code == "model_unavailable"


async def test_an_answer_longer_than_any_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server fills the memory, however it is spoken to."""
    monkeypatch.setattr(bounded_body, "ANSWER_BYTES", 5000)
    async with Server(always(Said(content="x" * 10_000))) as server:
        with pytest.raises(ModelProblem, match=r"an answer of over|[Cc]onnection error") as long:
            await model_at(server.base).ask(QUESTION)
    assert long.value.code == "model_unavailable"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said(status=401, error={"message": "Incorrect API key", "code": "invalid_api_key"}), "key_rejected"),
        (Said(status=403, error={"message": "Not for this project"}), "key_rejected"),
        (Said(status=404, error={"message": "no such model"}), "model_unknown"),
        (Said(status=400, error={"message": "The model `x` does not exist"}), "model_unknown"),
        (Said(status=400, error={"message": "Invalid schema for response_format"}), "question_rejected"),
        (
            Said(status=429, error={"message": "You exceeded your current quota", "code": "insufficient_quota"}),
            "model_unavailable",
        ),
        (
            Said(
                status=400,
                error={"message": "Flagged", "type": "invalid_request_error", "code": "content_policy_violation"},
            ),
            "model_refused",
        ),
    ],
)
async def test_lasting_failures_are_not_asked_again(said: Said, code: str) -> None:
    """One request, one clear error."""
    async with Server(always(said)) as server:
        with pytest.raises(Problem) as failed:
            await model_at(server.base).ask(QUESTION)
        assert len(server.requests) == 1
    assert failed.value.code == code


async def test_too_long_a_question() -> None:
    """The provider's word that a prompt exceeds the window is told apart from other rejections."""
    error = {"message": "This model's maximum context length is 10 tokens.", "code": "context_length_exceeded"}
    async with Server(always(Said(status=400, error=error))) as server:
        with pytest.raises(InputProblem) as failed:
            await model_at(server.base).ask(QUESTION)
    assert failed.value.code == "context_overflow"


async def test_a_cut_answer_is_a_reply() -> None:
    """A length stop gives what there is, in every mode, and does not raise."""
    modes: tuple[Mode, ...] = ("json_schema", "tools")
    async with Server(always(Said(content='{"total": "12', finish="length"))) as server:
        for mode in modes:
            reply = await model_at(server.base, mode).ask(QUESTION)
            assert (reply.text, reply.finish) == ('{"total": "12', "length")


async def test_the_providers_words_come_without_their_wrapping() -> None:
    """An error body is JSON; what is told of it is its message."""
    said = Said(status=404, error={"message": "there is no such model", "code": "model_not_found"})
    async with Server(always(said)) as server:
        with pytest.raises(SetupProblem) as failed:
            await model_at(server.base).ask(QUESTION)
    assert failed.value.detail.endswith("there is no such model")


async def test_what_is_no_json_comes_back_as_it_is() -> None:
    """Judging an answer is not the wire's business."""
    async with Server(always(Said(content="I do not know."))) as server:
        assert (await model_at(server.base).ask(QUESTION)).text == "I do not know."


async def test_an_unknown_model_has_no_price() -> None:
    """Under a limit it is refused before anything is sent."""
    async with Server(always(Said())) as server:
        with pytest.raises(ModelProblem) as refused:
            await model_at(server.base, model="openai/my-own-model").ask(QUESTION)
        assert server.requests == []
    assert refused.value.code == "price_unknown"


async def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which variable to set, and nothing is sent."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    remote = Remote(model=MODEL)
    wire = WIRE["wire"](remote)
    asking = ModelClient(name=MODEL, facts=facts_of(MODEL), wire=wire, identity=remote.identity)
    with pytest.raises(SetupProblem, match="OPENAI_API_KEY") as failed:
        await asking.ask(QUESTION)
    assert failed.value.code == "key_missing"


def test_nothing_heavy_is_imported_before_a_call() -> None:
    """Building a model and knowing its facts imports neither httpx nor litellm nor llama.cpp."""
    code = """
import sys
from thresher.service.llm import model_catalog, stack
from thresher.service.llm.providers import hosted, remote
from thresher.service.llm.providers.embedded import embedded_transport
for name in ("gpt-4o", "anthropic/claude-sonnet-4-5"):
    hosted.transport_to(remote.Remote(model=name)), model_catalog.facts_of(name)
sys.exit(",".join({"httpx", "litellm", "xllamacpp", "openai"} & sys.modules.keys()) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
