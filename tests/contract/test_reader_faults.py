"""The simulated reader over real HTTP: every fault of its published model by name, on both wire formats."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import STANDARD
from tests.simulation.generator.make import generate
from tests.simulation.reader.damage import MALFORMED
from tests.simulation.reader.faults import CLIFF, HIDDEN, NAMED, PERFECT, Faults, cliff_at
from tests.simulation.reader.in_process import end, script
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer
from thresher.schemas.question import Message, Question
from thresher.service.llm.providers.scripted import scripted
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.retrying import Backoff
from thresher.service.llm.stack import SharedServices, build_model
from thresher.service.storage.answers.memory import MemoryStore

FAST = 10_000.0
MADE = generate("statement", 300, 1, STANDARD)
SCHEMA = KINDS["statement"].model.model_json_schema()
ROWS: list[dict[str, Any]] = MADE.truth["bookings"]
Answer = tuple[int, dict[str, str], dict[str, Any]]


def openai(text: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A request on OpenAI's wire."""
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    return "/v1/chat/completions", {
        "model": "m",
        "messages": [{"role": "user", "content": text}],
        "response_format": form,
        **more,
    }


def anthropic(text: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A request on Anthropic's wire."""
    tool = {"name": "answer", "input_schema": SCHEMA}
    body = {"model": "m", "max_tokens": 64_000, "system": "Read.", "messages": [{"role": "user", "content": text}]}
    return "/v1/messages", {**body, "tools": [tool], **more}


async def post(reader: Reader, requests: list[tuple[str, dict[str, Any]]]) -> list[Answer]:
    """Answers to requests, sent one after the other on one connection."""
    async with ReaderServer(reader) as server:
        return await asyncio.to_thread(_sent, server.base, requests)


def _sent(base: str, requests: list[tuple[str, dict[str, Any]]]) -> list[Answer]:
    connection = http.client.HTTPConnection(base.removeprefix("http://").removesuffix("/v1"))
    found = []
    for path, body in requests:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        headers = {k.lower(): v for k, v in response.getheaders()}
        found.append((response.status, headers, json.loads(response.read())))
    connection.close()
    return found


def content(answer: Answer) -> str:
    """The text of a chat completion."""
    return str(answer[2]["choices"][0]["message"]["content"])


async def told(faults: Faults, seed: int = 1, text: str = MADE.text) -> list[dict[str, Any]]:
    """The rows that a reader tells."""
    (answer,) = await post(Reader(faults, seed, FAST), [openai(text)])
    return list(json.loads(content(answer))["bookings"])


def in_order(rows: list[dict[str, Any]]) -> bool:
    """Whether rows are some of the truth's, in its order."""
    rest = iter(ROWS)
    return all(row in rest for row in rows)


async def test_perfect() -> None:
    """Without faults everything is told; tokens are counted exactly."""
    from thresher.chunkers.tokens import counter

    (answer,) = await post(Reader(speed=FAST), [openai(MADE.text)])
    assert json.loads(content(answer)) == MADE.truth
    usage = answer[2]["usage"]
    assert usage["completion_tokens"] == counter("o200k_base")(content(answer))
    assert usage["prompt_tokens"] >= counter("o200k_base")(MADE.text)
    assert answer[2]["choices"][0]["finish_reason"] == "stop"


async def test_tools_and_plain() -> None:
    """A tool's arguments are the JSON; without schema or tool the answer has the kind's own shape."""
    path, body = openai(MADE.text)
    del body["response_format"]
    tool = {"type": "function", "function": {"name": "answer", "parameters": SCHEMA}}
    answers = await post(Reader(speed=FAST), [(path, {**body, "tools": [tool]}), (path, body)])
    call = answers[0][2]["choices"][0]["message"]["tool_calls"][0]["function"]
    assert (call["name"], json.loads(call["arguments"])) == ("answer", MADE.truth)
    assert json.loads(content(answers[1])) == MADE.truth


async def test_anthropic() -> None:
    """The same on Anthropic's wire: a tool's input, stop reasons, usage; and text where no tool is asked for."""
    path, body = anthropic(MADE.text)
    plain = {k: v for k, v in body.items() if k != "tools"}
    tool, text, cut = await post(
        Reader(speed=FAST), [(path, body), (path, plain), (path, {**body, "max_tokens": 3_000})]
    )
    assert tool[2]["content"][0]["input"] == MADE.truth
    assert (tool[2]["stop_reason"], text[2]["stop_reason"], cut[2]["stop_reason"]) == (
        "tool_use",
        "end_turn",
        "max_tokens",
    )
    assert json.loads(text[2]["content"][0]["text"]) == MADE.truth
    assert tool[2]["usage"]["output_tokens"] > cut[2]["usage"]["output_tokens"] == 3_000
    assert cut[2]["content"][0]["input"]["bookings"][:20] == ROWS[:20]


@pytest.mark.parametrize(("rows", "share"), CLIFF[1:])
async def test_cliff(rows: int, share: float) -> None:
    """The published recall by length of the answer, told with "stop"; rows that are told are right."""
    made = generate("statement", rows, 2, STANDARD)
    (answer,) = await post(Reader(NAMED["cliff"], 1, FAST), [openai(made.text)])
    found = json.loads(content(answer))["bookings"]
    assert len(found) / rows == pytest.approx(share, abs=0.001)
    assert answer[2]["choices"][0]["finish_reason"] == "stop"
    assert all(row in made.truth["bookings"] for row in found)


async def test_hidden_cliff() -> None:
    """Drawn by seed between 100 and 1,000 rows: whole up to it, short past it."""
    cliffs = {seed: cliff_at(NAMED["hidden"], seed) for seed in range(40)}
    assert len(set(cliffs.values())) > 20
    assert all(c is not None and HIDDEN[0] <= c <= HIDDEN[1] for c in cliffs.values())
    low = next(s for s, c in cliffs.items() if c is not None and c < 200)
    high = next(s for s, c in cliffs.items() if c is not None and c > 300)
    assert len(await told(NAMED["hidden"], low)) < 200
    assert len(await told(NAMED["hidden"], high)) == 300


@pytest.mark.parametrize("most", [500, 4_000])
async def test_output_cap(most: int) -> None:
    """At the limit, the reader's own or the request's, the JSON breaks off and the finish reason says so."""
    own, asked = await post(Reader(Faults(cap=4_000), 1, FAST), [openai(MADE.text), openai(MADE.text, max_tokens=most)])
    assert own[2]["choices"][0]["finish_reason"] == asked[2]["choices"][0]["finish_reason"] == "length"
    assert own[2]["usage"]["completion_tokens"] == 4_000
    assert asked[2]["usage"]["completion_tokens"] == most
    assert content(own).startswith(content(asked))
    with pytest.raises(ValueError, match="line 1"):
        json.loads(content(own))


async def test_omissions() -> None:
    """A share of the rows is missing, others at every ask of the same prompt, the rest in order."""
    answers = await post(Reader(NAMED["omitted"], 1, FAST), [openai(MADE.text)] * 3)
    lists = [json.loads(content(a))["bookings"] for a in answers]
    assert all(270 <= len(rows) <= 298 and in_order(rows) for rows in lists)
    assert len({json.dumps(rows) for rows in lists}) == 3


async def test_duplicates() -> None:
    """A share of the rows is told twice, one behind the other."""
    rows = await told(Faults(repeated=0.05))
    assert 305 <= len(rows) <= 330
    assert not Counter(map(str, ROWS)) - Counter(map(str, rows))
    assert {str(r) for r in rows} == {str(r) for r in ROWS}


async def test_inventions() -> None:
    """A share of rows more, whose figures stand nowhere."""
    rows = await told(Faults(invented=0.05))
    made_up = [r for r in rows if r not in ROWS]
    assert len(made_up) == len(rows) - 300 > 4
    assert all(f"{abs(r['amount']):,.2f}" not in MADE.text for r in made_up)


async def test_wrong_order() -> None:
    """All rows, but not in the order of the text."""
    rows = await told(Faults(shuffled=1.0))
    assert rows != ROWS
    assert Counter(map(str, rows)) == Counter(map(str, ROWS))


async def test_neighbours() -> None:
    """In a share of the answers the rows of the context are told too; a perfect reader never does."""
    at = MADE.ranges[250][0]
    text = f"CONTEXT:\n{MADE.text[MADE.ranges[240][0] : at]}\nPART:\n{MADE.text[at:]}"
    counts = Counter([len(await told(NAMED["neighbours"], seed, text)) for seed in range(60)])
    assert set(counts) == {50, 60}
    assert 1 <= counts[60] <= 15
    assert len(await told(PERFECT, 1, text)) == 50


@pytest.mark.parametrize("damage", MALFORMED, ids=lambda d: d.__name__)
def test_each_malformation_is_no_json(damage: Callable[[str], str]) -> None:
    """Whatever is drawn, a strict parser refuses it."""
    with pytest.raises(ValueError, match="column"):
        json.loads(damage('{"holder":"A","bookings":[{"amount":1.5},{"amount":2.5}]}'))


async def test_malformed() -> None:
    """A share of the answers is no JSON, with a finish reason of "stop"."""
    text = MADE.text[: MADE.ranges[3][1]]
    answers = await post(Reader(Faults(malformed=0.2), 1, FAST), [openai(text)] * 60)
    broken = [a for a in answers if not _parses(content(a))]
    assert 4 <= len(broken) <= 24
    assert {a[2]["choices"][0]["finish_reason"] for a in answers} == {"stop"}


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("wire", "kind"), [(openai, "rate_limit_exceeded"), (anthropic, "rate_limit_error")])
async def test_429(wire: Callable[[str], tuple[str, dict[str, Any]]], kind: str) -> None:
    """A share of the asks is turned away, with Retry-After; the next ask is a new draw."""
    answers = await post(Reader(Faults(busy=0.3, retry_after=2.0), 1, 1_000.0), [wire(MADE.text[:2_000])] * 40)
    turned = [a for a in answers if a[0] == 429]
    assert 5 <= len(turned) <= 22
    assert {a[1]["retry-after"] for a in turned} == {"0.002"}
    assert {a[2]["error"]["type"] for a in turned} == {kind}


@pytest.mark.parametrize("wire", [openai, anthropic])
async def test_500(wire: Callable[[str], tuple[str, dict[str, Any]]]) -> None:
    """A share of the asks fails, and the connection lives on."""
    answers = await post(Reader(Faults(broken=0.3), 1, FAST), [wire(MADE.text[:2_000])] * 40)
    assert 5 <= sum(a[0] == 500 for a in answers) <= 22
    assert {a[0] for a in answers} == {200, 500}


async def test_context_overflow() -> None:
    """A prompt longer than the window is refused as OpenAI does it."""
    (answer,) = await post(Reader(Faults(window=1_000), 1, FAST), [openai(MADE.text)])
    assert (answer[0], answer[2]["error"]["code"]) == (400, "context_length_exceeded")


def test_latency_and_stalls() -> None:
    """200 ms and 2 ms a token of the answer; a stalled answer takes its time on top; speed divides all of it."""
    from tests.simulation.reader.openai_wire import ask

    request = ask(openai(MADE.text[:2_000])[1])
    said = Reader().answer(request)
    assert said.seconds == pytest.approx(0.2 + 0.002 * said.answer_tokens)
    assert Reader(Faults(stalled=1.0)).answer(request).seconds == pytest.approx(said.seconds + 30.0)
    assert Reader(speed=10.0).answer(request).seconds == pytest.approx(said.seconds / 10.0)


async def test_cached_prefix() -> None:
    """A prefix that was sent before counts as cached, in blocks of 128 tokens from 1,024 on."""
    first, second, other = await post(
        Reader(speed=FAST), [openai(MADE.text), openai(MADE.text + "\nEnd."), openai("x" + MADE.text)]
    )
    cached = [a[2]["usage"]["prompt_tokens_details"]["cached_tokens"] for a in (first, second, other)]
    assert cached[0] == cached[2] == 0
    assert cached[1] >= 1_024
    assert cached[1] % 128 == 0


async def test_the_same_seed_says_the_same() -> None:
    """A run is repeated to the byte by its seed, and another seed fails elsewhere."""
    faults = replace(NAMED["noisy"], omitted=0.1)
    runs = [await post(Reader(faults, seed, FAST), [openai(MADE.text)] * 5) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


async def test_what_is_no_request() -> None:
    """An unknown path is 404, a body that asks nothing 400; neither ends the connection."""
    answers = await post(Reader(speed=FAST), [("/v1/models", {}), ("/v1/messages", {}), openai(MADE.text[:2_000])])
    assert [a[0] for a in answers] == [404, 400, 200]


async def test_in_process() -> None:
    """As a member of the house's own models: through every wrapper, and as a script; 429 and 500 are waited out."""
    question = Question(
        prompt="p",
        fingerprint="f",
        messages=(Message(role="user", content=MADE.text),),
        schema=SCHEMA,
        answer_tokens=64_000,
    )
    shaky = Reader(Faults(busy=0.6, broken=0.9, retry_after=0.01), 5, FAST)
    model = build_model(
        end(shaky), ProviderLimiter(4), SharedServices(records=MemoryStore(), backoff=Backoff(first=0.001, retries=500))
    )
    reply = await model.ask(question)
    assert json.loads(reply.text) == MADE.truth
    calls = shaky.calls
    assert (await model.ask(question)).text == reply.text
    assert shaky.calls == calls > 1
    direct = await scripted(script(Reader(speed=FAST))).ask(question)
    assert (direct.text, direct.answer_tokens) == (reply.text, reply.answer_tokens)
