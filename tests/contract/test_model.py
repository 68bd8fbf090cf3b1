"""Every Model keeps the same promises, whatever stands at its end of the wire."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.simulation.server import Said, Server
from thresher.schemas.errors import Problem, SetupProblem
from thresher.schemas.question import Message, Question
from thresher.service import settings
from thresher.service.llm.client import ModelClient
from thresher.service.llm.model_catalog import facts_of
from thresher.service.llm.prices import FREE, Tariff
from thresher.service.llm.providers.bounded_body import ANSWER_BYTES, bounded
from thresher.service.llm.providers.embedded.embedded_transport import EmbeddedTransport, facts, identity, known_setup
from thresher.service.llm.providers.embedded.model_weights import SMOLLM2, find
from thresher.service.llm.providers.litellm_transport import LitellmTransport
from thresher.service.llm.providers.openai_transport import OpenAiTransport
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.providers.scripted import FACTS, ScriptedTransport
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.response_parsing import MOST_TOKENS, is_readable, text_of, tokens_of
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.llm.transport import Call, TransientError
from thresher.service.storage.answers.memory import MemoryStore

CHOICE = {"enum": ["17", "3 May 2024", None], "description": "Number of the invoice."}
SCHEMA = {"type": "object", "properties": {"number": CHOICE}, "required": ["number"], "additionalProperties": False}
QUESTION = Question(
    prompt="ask.v1",
    fingerprint="f",
    messages=(Message(role="user", content="Invoice number 17, dated 3 May 2024. Which is the number?"),),
    schema=SCHEMA,
    answer_tokens=40,
)
ANSWER = '{"number": "17"}'


def weights_folder() -> Path:
    """Where the weights lie; skips the test where they were not fetched."""
    folder = settings.load().home / "models"
    try:
        find(SMOLLM2, folder)
    except SetupProblem as missing:
        pytest.skip(missing.message)
    return folder


def embedded() -> Endpoint:
    """The embedded model."""
    setup = partial(known_setup, "smollm2", weights_folder())
    return Endpoint(
        name="embedded", wire=EmbeddedTransport(setup), identity=identity(SMOLLM2), facts=facts(), tariff=FREE
    )


def remote(base: str, name: str) -> Endpoint:
    """A hosted model through litellm or by httpx, at a server on loopback."""
    at = Remote(model="openai/gpt-4o-mini", api_base=base, api_key="none")
    wire = LitellmTransport(at) if name == "litellm" else OpenAiTransport(at)
    return Endpoint(name=at.model, wire=wire, identity=at.identity, facts=facts_of(at.model), tariff=FREE)


def fake() -> Endpoint:
    """The scripted model."""
    return Endpoint(name="scripted", wire=ScriptedTransport({"": ANSWER}), identity="s", facts=FACTS, tariff=FREE)


@pytest.fixture(
    params=[
        "scripted",
        pytest.param("openai", marks=pytest.mark.slow),
        pytest.param("litellm", marks=pytest.mark.slow),
        pytest.param("embedded", marks=pytest.mark.slow),
    ]
)
async def model(request: pytest.FixtureRequest) -> AsyncIterator[ModelClient]:
    """Each member of the family in turn, with every wrapper."""
    async with Server(lambda _: Said(content=ANSWER)) as server:
        ends: dict[str, Callable[[], Endpoint]] = {"scripted": fake, "embedded": embedded}
        made = build_model(
            ends.get(request.param, lambda: remote(server.base, request.param))(),
            ProviderLimiter(2),
            SharedServices(records=MemoryStore()),
        )
        yield made
        await made.aclose()


async def test_an_answer_fits_the_schema(model: ModelClient) -> None:
    """The reply is JSON that fits what was asked, with its tokens, at a known price."""
    reply = await model.ask(QUESTION)
    assert json.loads(reply.text)["number"] in CHOICE["enum"]
    assert (reply.finish, reply.stored, reply.usd, reply.model) == ("stop", False, 0.0, model.name)
    assert reply.prompt_tokens > 0
    assert reply.answer_tokens > 0


async def test_the_same_question_is_asked_once(model: ModelClient) -> None:
    """The second reply is the first, from the store."""
    first, second = await model.ask(QUESTION), await model.ask(QUESTION)
    assert (first.stored, second.stored) == (False, True)
    assert replace(second, stored=False) == first


async def test_facts_are_usable(model: ModelClient) -> None:
    """The planner's numbers make sense together."""
    assert 0 < model.facts.most_answer <= model.facts.window
    assert model.facts.usd_prompt is not None


@pytest.mark.slow
async def test_the_embedded_model_says_when_it_is_too_much() -> None:
    """A prompt that does not fit is told apart, and the model still answers after it."""
    made = build_model(embedded(), ProviderLimiter(2), SharedServices(records=MemoryStore()))
    with pytest.raises(Problem) as failed:
        await made.ask(replace(QUESTION, messages=(Message(role="user", content="word " * 9_000),)))
    assert failed.value.code == "context_overflow"
    assert (await made.ask(QUESTION)).finish == "stop"


@pytest.mark.slow
async def test_the_embedded_model_is_cut_short() -> None:
    """Too few tokens for the answer give a reply that was cut, not an error."""
    made = build_model(embedded(), ProviderLimiter(2), SharedServices(records=MemoryStore()))
    reply = await made.ask(replace(QUESTION, answer_tokens=3))
    assert reply.finish == "length"


@pytest.mark.slow
async def test_the_embedded_model_stops_when_nobody_waits() -> None:
    """A cancelled question lets the next one in at once, instead of after a thousand tokens."""
    made = build_model(embedded(), ProviderLimiter(2), SharedServices(records=MemoryStore()))
    begun = time.monotonic()
    await made.ask(QUESTION)
    took = time.monotonic() - begun
    story = Message(role="user", content="Write a very long story about a lighthouse.")
    asked = asyncio.create_task(made.ask(replace(QUESTION, messages=(story,), schema=None, answer_tokens=2_000)))
    await asyncio.sleep(0.5)
    asked.cancel()
    async with asyncio.timeout(10.0 + 5 * took):  # two thousand tokens take far longer
        assert (await made.ask(replace(QUESTION, sample=1))).finish == "stop"


@pytest.mark.slow
async def test_the_embedded_model_repeats_itself() -> None:
    """The same question asked anew gives the same text, whatever was asked in between."""
    texts = []
    for between in ("a", "b c d e f"):
        made = build_model(embedded(), ProviderLimiter(2), SharedServices(records=MemoryStore()))
        await made.ask(replace(QUESTION, messages=(Message(role="user", content=between),)))
        texts.append((await made.ask(QUESTION)).text)
    assert texts[0] == texts[1]


def deep(depth: int) -> bytes:
    """A completion whose choices are nested."""
    return b'{"choices":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        deep(200_000),
        deep(2),
        b'{"choices":{"a":1}}',
        b'{"choices":["x"]}',
        b'{"choices":[{"message":{"content":[{"a":NaN}],"tool_calls":7}}],"usage":{"prompt_tokens":"many"}}',
        b'{"choices":[{"message":{"content":"x"}}],"usage":{"completion_tokens":1e400}}',
        b'{"choices":[{"message":{"content":"x"}}],"usage":{"cache_creation_input_tokens":1e400}}',
        b'{"choices":[{"message":{"content":"x"}}],"usage":{"total_tokens":"many"}}',
        b'{"choices":[{"message":{"content":"' + b"x" * (ANSWER_BYTES + 1) + b'"}}]}',
    ],
    ids=["deep", "list", "object", "text", "types", "infinite", "written", "total", "long"],
)
async def test_whatever_a_server_answers_is_an_answer_or_a_fault_of_the_server(body: bytes) -> None:
    """No shape and no length of a response is a fault of Thresher's, or fills its memory."""
    given = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    wire = OpenAiTransport(Remote(model="openai/gpt-4o-mini", api_base="http://model", api_key="none"), given)
    with pytest.raises(TransientError) as failed:
        await wire.send(Call(key="k", model="m", question=QUESTION))
    assert failed.value.problem.code == "model_unavailable"


def bomb(size: int) -> bytes:
    """A gzip stream of so many spaces."""
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(size >> 20)) + packer.flush()


PACKED = {
    "bomb": ("gzip", bomb(ANSWER_BYTES + (2 << 20)), "an answer of over"),
    "not asked for": ("br", b"x", "not asked for"),
    "damaged": ("gzip", b"no gzip", "damaged"),
}


@pytest.mark.parametrize(("packing", "body", "why"), PACKED.values(), ids=PACKED)
async def test_a_packed_answer_is_unpacked_within_the_bound(packing: str, body: bytes, why: str) -> None:
    """Over OpenAI's protocol, and in any other client whose transport is bounded (litellm's)."""
    given = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Content-Encoding": packing}, stream=Given(body))
    )
    wire = OpenAiTransport(Remote(model="openai/gpt-4o-mini", api_base="http://model", api_key="none"), given)
    with pytest.raises(TransientError, match=why):
        await wire.send(Call(key="k", model="m", question=QUESTION))
    async with httpx.AsyncClient(transport=Bounded(given)) as client:
        with pytest.raises(httpx.ReadError, match=why):
            await client.get("http://model")


async def test_a_packed_answer_within_the_bound_is_read() -> None:
    """It comes unpacked, and its head says nothing else."""
    given = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Given(gzip.compress(b"{}")))
    )
    async with httpx.AsyncClient(transport=Bounded(given)) as client:
        answer = await client.get("http://model")
    assert (answer.json(), "content-encoding" in answer.headers) == ({}, False)


class Given(httpx.AsyncByteStream):
    """A body as it comes over the wire."""

    def __init__(self, body: bytes) -> None:
        """Take it."""
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it whole."""
        yield self._body


class Bounded(httpx.AsyncBaseTransport):
    """A transport as litellm's is after it was bounded."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        """Take the one that is bounded."""
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        return await bounded(lambda t, r: t.inner.handle_async_request(r))(self, request)


async def test_an_answer_without_end_ends_in_time() -> None:
    """The time of a call is that of all of it: a server that sends a byte a moment does not hold it for good."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    given = httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
    remote = Remote(model="openai/gpt-4o-mini", api_base="http://model", api_key="none", timeout=0.1)
    with pytest.raises(TransientError) as failed:
        await asyncio.wait_for(OpenAiTransport(remote, given).send(Call(key="k", model="m", question=QUESTION)), 5)
    assert failed.value.problem.code == "model_unavailable"


def test_tokens_of_a_server_are_numbers_that_can_be_counted() -> None:
    """A server can not earn its caller tokens, nor name more than the log can hold."""
    usage = {"prompt_tokens": -5, "completion_tokens": 10**40}
    assert tokens_of({"usage": usage}) == (0, MOST_TOKENS, 0)


def test_tokens_that_a_server_says_it_kept_earn_nobody_money() -> None:
    """A count below zero in its usage would lower what a run has spent, and so lift its limit."""
    usage = {"prompt_tokens": 10, "completion_tokens": 0, "cache_creation_input_tokens": -(10**9)}
    assert Tariff(prompt=1.0, answer=1.0, written=1.25).cost({"usage": usage}) == 10.0


def test_half_a_character_in_an_answer_is_a_character_that_is_not_known() -> None:
    """Models cut an emoji in two; the value beside it is as good as before, and can be written."""
    response = {"choices": [{"message": {"content": '{"number": "17\ud83d"}'}}]}
    assert text_of(response, QUESTION) == '{"number": "17\ufffd"}'


@pytest.mark.parametrize(
    ("text", "readable"), [("x" * 60_000, True), (" " * 90_000 + "x", True), ("x" * 90_000, False)]
)
def test_an_answer_far_beyond_the_tokens_asked_for_is_none(text: str, *, readable: bool) -> None:
    """Some servers pay no heed to the limit: a value of megabytes was searched in its document for a minute."""
    response = {"choices": [{"message": {"content": text}}]}
    assert is_readable(response, replace(QUESTION, schema=None, answer_tokens=500)) is readable
