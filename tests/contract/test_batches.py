"""Batches of both providers over real HTTP, with everything that goes wrong: nothing lost, nothing paid twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.journey.test_extract_command import ROOT, command
from tests.journey.test_extract_command import read as result_of
from tests.simulation.reader.batches import BatchFaults
from tests.simulation.reader.faults import Faults
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer
from thresher.schemas.errors import InputProblem
from thresher.schemas.question import Message, Question, Reply
from thresher.service.llm.batch.base import BatchTiming, Item
from thresher.service.llm.batch.pending_transport import PendingTransport, batch_api_at
from thresher.service.llm.client import ModelClient, key_of
from thresher.service.llm.model_catalog import facts_of, tariff_of
from thresher.service.llm.prices import Budget
from thresher.service.llm.providers.hosted import transport_to
from thresher.service.llm.providers.litellm_transport import LitellmTransport, ready
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.retrying import Backoff
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.storage.answers.base import DurableStore
from thresher.service.storage.answers.batches import SqlBatchLedger
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.sqlite import SqliteStore

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"account": {"type": ["string", "null"]}},
    "required": ["account"],
    "additionalProperties": False,
}
MODELS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-4-5"}
QUICK = BatchTiming(gather=0.2, longest=2.0, lost=0.5, looks=(0.05, 0.2))

MADE: list[ModelClient] = []
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_tidy")]


@pytest.fixture
async def _tidy() -> AsyncIterator[None]:
    """Close connections in the loop that opened them."""
    yield
    while MADE:
        await MADE.pop().aclose()
    wire = LitellmTransport(Remote(model=MODELS["openai"]))
    wire._litellm = ready(MODELS["openai"])
    await wire.aclose()


@pytest.fixture(params=MODELS)
def provider(request: pytest.FixtureRequest) -> str:
    """Each wire format in turn."""
    return str(request.param)


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[DurableStore]:
    """Each database in turn."""
    if request.param == "postgres":
        made: DurableStore = await PostgresStore.open(request.getfixturevalue("database"))
    else:
        made = await SqliteStore.open(None)
    yield made
    await made.aclose()


@pytest.fixture
async def quick() -> AsyncIterator[DurableStore]:
    """A database in memory."""
    made = await SqliteStore.open(None)
    yield made
    await made.aclose()


def model_at(server: ReaderServer, provider: str, store: DurableStore, pace: BatchTiming = QUICK) -> ModelClient:
    """A Model whose calls go in batches."""
    name, base = MODELS[provider], server.base if provider == "openai" else server.base.removesuffix("/v1")
    remote = Remote(model=name, api_base=base, api_key="none")
    end = Endpoint(
        name=name,
        wire=transport_to(remote),
        identity=remote.identity,
        facts=facts_of(name),
        tariff=tariff_of(name),
        batch=PendingTransport(remote, SqlBatchLedger(store), pace),
    )
    backoff = Backoff(retries=3, first=0.01)
    MADE.append(
        build_model(end, ProviderLimiter(4), SharedServices(records=store, budget=Budget(10.0), backoff=backoff))
    )
    return MADE[-1]


def question(n: int) -> Question:
    """One of many."""
    turns = (Message(role="system", content="Find the account."), Message(role="user", content=f"Account {n}\n" * 3))
    return Question(prompt="ask.v1", fingerprint="f", messages=turns, schema=SCHEMA, answer_tokens=200)


async def asked(model: ModelClient, count: int) -> list[Reply]:
    """Replies to some questions, all asked at once."""
    return await asyncio.gather(*(model.ask(question(n)) for n in range(count)))


def whole(server: ReaderServer) -> int:
    """Ordinary calls that a server got."""
    return len(server.requests)


async def test_many_calls_are_one_order_at_half_the_price(provider: str, store: DurableStore) -> None:
    """Answers out of order come to whom they belong, as ordinary ones would; kept, logged, and the book is empty after."""
    async with ReaderServer(Reader(speed=100)) as server:
        model = model_at(server, provider, store)
        replies = await asked(model, 40)
        assert (len(server.batches.orders), whole(server)) == (1, 0)
        plain = replace(model_at(server, provider, store), identity="another")
        again = await asked(model, 40)
        assert (len(server.batches.orders), [r.text for r in again]) == (1, [r.text for r in replies])
        assert all(r.stored for r in again)
        await asyncio.gather(model.aclose(), plain.aclose())
    tariff = tariff_of(MODELS[provider])
    assert tariff is not None
    for reply in replies:
        usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.answer_tokens}
        full = tariff.cost({"usage": {**usage, "prompt_tokens_details": {"cached_tokens": reply.cached_tokens}}})
        assert reply.usd == pytest.approx(full / 2)
    calls = [c.attempt for c in await store.calls() if not c.attempt.stored]
    assert (len(calls), {c.error for c in calls}) == (40, {None})
    await SqlBatchLedger(store).tidy()
    assert await store.do(lambda s: (s.all("SELECT * FROM batch_items"), s.all("SELECT * FROM batches"))) == ([], [])


async def test_an_answer_is_as_an_ordinary_one(provider: str, quick: DurableStore) -> None:
    """The same question by a batch and by a call: the same text, tokens and finish."""
    async with ReaderServer(Reader(speed=100)) as server:
        model = model_at(server, provider, quick)
        waited = await model.ask(question(1))
        other = await SqliteStore.open(None)
        ordinary = model_at(server, provider, other)
        direct = ordinary.wire._wire._ordinary  # type: ignore[attr-defined]
        at_once = await replace(ordinary, wire=direct).ask(question(1))
        await asyncio.gather(model.aclose(), ordinary.aclose())
        await other.aclose()
        assert (len(server.batches.orders), whole(server)) == (1, 1)
    assert (waited.text, waited.finish, waited.key) == (at_once.text, at_once.finish, at_once.key)
    assert (waited.prompt_tokens, waited.answer_tokens) == (at_once.prompt_tokens, at_once.answer_tokens)


async def test_what_fails_or_expires_is_asked_at_once(provider: str, quick: DurableStore) -> None:
    """Every question has its answer in the end; only those that the batch left cost an ordinary call."""
    faults = BatchFaults(failed=0.2, expired=0.3)
    async with ReaderServer(Reader(speed=100), batches=faults) as server:
        model = model_at(server, provider, quick)
        replies = await asked(model, 40)
        await model.aclose()
        left = 40 - len(set(server.batches.paid))
        assert 5 < left < 35
        assert whole(server) == left
    assert len({r.key for r in replies}) == 40


async def test_what_is_wrong_with_a_question_is_not_asked_again(provider: str, quick: DurableStore) -> None:
    """A question that is too long for the model is refused as by an ordinary call, and no call is made for it."""
    async with ReaderServer(Reader(Faults(window=10), speed=100)) as server:
        model = model_at(server, provider, quick)
        with pytest.raises(InputProblem, match="context"):
            await model.ask(question(1))
        await model.aclose()
        assert whole(server) == 0


async def test_an_order_whose_answer_is_lost_is_not_made_twice(provider: str, quick: DurableStore) -> None:
    """The connection breaks after the provider has heard: it is found by name, or by time and size."""
    async with ReaderServer(Reader(speed=100), batches=BatchFaults(lost=1)) as server:
        model = model_at(server, provider, quick)
        await asked(model, 10)
        await model.aclose()
        assert (len(server.batches.orders), len(server.batches.paid), whole(server)) == (1, 10, 0)


async def test_a_batch_that_takes_too_long_is_cancelled(provider: str, quick: DurableStore) -> None:
    """What it did is used, the rest is asked at once."""
    async with ReaderServer(Reader(speed=100), batches=BatchFaults(stuck=True)) as server:
        model = model_at(server, provider, quick, replace(QUICK, wait=1.0))
        await asked(model, 10)
        await model.aclose()
        assert (len(server.batches.paid), whole(server)) == (5, 5)


async def test_two_workers_order_a_question_once(provider: str, database: str) -> None:
    """The same questions in two workers of one database: each is in one batch, and both get its answer."""
    stores = [await PostgresStore.open(database) for _ in range(2)]
    async with ReaderServer(Reader(speed=100), batches=BatchFaults(seconds=0.5)) as server:
        models = [model_at(server, provider, store) for store in stores]
        one, other = await asyncio.gather(*(asked(model, 12) for model in models))
        await asyncio.gather(*(model.aclose() for model in models))
        assert len(server.batches.paid) == len(set(server.batches.paid)) == 12
        assert whole(server) == 0
    assert [r.text for r in one] == [r.text for r in other]
    for store in stores:
        await store.aclose()


async def test_a_call_that_nobody_waits_for_is_not_ordered(quick: DurableStore) -> None:
    """Cancelled while the wave still gathers: it costs nothing."""
    async with ReaderServer(Reader(speed=100)) as server:
        model = model_at(server, "openai", quick, replace(QUICK, gather=0.5))
        calls = [asyncio.create_task(model.ask(question(n))) for n in range(4)]
        await asyncio.sleep(0.2)
        calls[0].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await model.aclose()
        assert len(server.batches.paid) == 3


async def test_a_call_that_comes_as_the_rounds_end_is_answered(
    quick: DurableStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked while the ledger is tidied after the last call: the rounds go on for it."""
    late: list[asyncio.Task[Reply]] = []
    tidy = SqlBatchLedger.tidy

    async def tidied(self: SqlBatchLedger) -> None:
        if not late:
            late.append(asyncio.create_task(model.ask(question(1))))
            await asyncio.sleep(0.3)
        await tidy(self)

    monkeypatch.setattr(SqlBatchLedger, "tidy", tidied)
    async with ReaderServer(Reader(speed=100)) as server:
        model = model_at(server, "openai", quick)
        await model.ask(question(0))
        async with asyncio.timeout(60):
            while not late:  # noqa: ASYNC110 - nobody tells when the ledger is tidied
                await asyncio.sleep(0.05)
            await late[0]
        await model.aclose()
        assert len(server.batches.paid) == 2


@pytest.mark.parametrize("heard", [True, False])
async def test_a_crash_while_ordering(provider: str, quick: DurableStore, *, heard: bool) -> None:
    """Noted, and then nothing more was written: where the provider heard, its batch is taken; else the order is made."""
    async with ReaderServer(Reader(speed=100)) as server:
        model = model_at(server, provider, quick)
        keys = [key_of(question(n), model.identity) for n in range(3)]
        url = f"{server.base}/{'chat/completions' if provider == 'openai' else 'messages'}"
        api = batch_api_at(url, {"authorization": "Bearer none", "x-api-key": "none"})
        await SqlBatchLedger(quick).intend("b" * 32, api.address, keys)
        if heard:
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 9}).encode()
            await api.submit("b" * 32, [Item(key=key, body=body) for key in keys])
        await asked(model, 3)
        await asyncio.gather(model.aclose(), api.aclose())
        assert sorted(server.batches.paid) == sorted(keys)
        assert (len(server.batches.orders), whole(server)) == (1, 0)


def inbox(folder: Path, count: int) -> Path:
    """Some files, and a target."""
    made = folder / "in"
    made.mkdir()
    for n in range(count):
        (made / f"{n}.txt").write_text(f"Account statement\nAccount: DE{n:04}\nHolder: Acme {n} Ltd\n")
    target = {
        "title": "A",
        "type": "object",
        "properties": {"account": {"type": "string"}, "holder": {"type": "string"}},
    }
    (folder / "a.json").write_text(json.dumps(target))
    return made


async def started(provider: str, base: str, *arguments: object) -> asyncio.subprocess.Process:
    """`thresher extract --batch` beside a server."""
    keys = {"OPENAI_API_KEY": "none", "ANTHROPIC_API_KEY": "none", "THRESHER_API_BASE": base}
    return await asyncio.create_subprocess_exec(
        *command(*arguments, "--batch", "--model", MODELS[provider]),
        cwd=ROOT,
        env=os.environ | keys,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_killed_run_finds_its_batch_again(provider: str, tmp_path: Path) -> None:
    """Kill -9 while the batch is out: the next run orders nothing that was ordered, and every file has its Result."""
    files = inbox(tmp_path, 12)
    arguments = ["extract", files, "--target", tmp_path / "a.json", "--out", tmp_path / "out"]
    async with ReaderServer(Reader(speed=100), batches=BatchFaults(seconds=8)) as server:
        base = server.base if provider == "openai" else server.base.removesuffix("/v1")
        first = await started(provider, base, *arguments)
        async with asyncio.timeout(200):
            while not server.batches.orders:  # noqa: ASYNC110 - the server is in this loop, the event in another process
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)  # the book has it; without, the next run asks the provider, after a while
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
        ordered = {key for batch in server.batches.orders.values() for key, _ in batch.items}
        second = await started(provider, base, *arguments)
        _, error = await asyncio.wait_for(second.communicate(), 150)
        assert second.returncode in {0, 1}, error.decode()
        paid = server.batches.paid
        assert ordered <= set(paid)
        assert len(paid) == len(set(paid))
        assert whole(server) == 0
    results = [result_of(tmp_path / "out" / f"{n}.txt.json") for n in range(12)]
    assert all(r["status"] != "failed" and r["usage"]["answers"] >= 1 for r in results)
