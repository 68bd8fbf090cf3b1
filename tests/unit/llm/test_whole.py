"""Prompts that a server cuts in silence, and servers that only count otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from thresher.schemas.errors import ModelProblem
from thresher.schemas.question import Message, ModelFacts, Question
from thresher.service.llm.client import ModelClient
from thresher.service.llm.cut_prompts import CutPromptGuard
from thresher.service.llm.providers.litellm_transport import body, window_of
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.transport import Answer, Call

ENGLISH = "The committee heard the next item of the agenda and found nothing against it. "
JAPANESE = "委員会は議題の次の項目を聞き、異議はなかった。"


def count(text: str) -> int:
    """Tokens as we count them: four letters, or one sign of another script."""
    ascii_count = len(text.encode("ascii", "ignore"))
    return max(1, (4 * len(text) - 3 * ascii_count) // 4)


@dataclass
class Server:
    """Counts `ratio` times as many tokens as we do, and keeps `window` of them: the last, or the first."""

    ratio: float = 1.0
    window: int = 10**9
    overhead: int = 12  # of the chat template
    asked: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # the most tokens of each

    async def send(self, call: Call) -> Answer:
        """See Wire."""
        self.answers.append(call.question.answer_tokens)
        text = "".join(m.content for m in call.question.messages)
        told = min(int(count(text) * self.ratio) + self.overhead, self.window)
        self.asked.append(told)
        return Answer(response={"choices": [{}], "usage": {"prompt_tokens": told} if self.window else {}})


def call(tokens: int, text: str = ENGLISH) -> Call:
    """A Call of about so many of our tokens."""
    whole = text * (tokens // count(text) + 1)
    question = Question(
        prompt="p", fingerprint="f", messages=(Message(role="user", content=whole),), schema=None, answer_tokens=900
    )
    return Call(key=str(tokens), model="ollama/x", question=question)


@pytest.mark.parametrize("window", [2_048, 4_096])
@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.3])
@pytest.mark.parametrize("text", [ENGLISH, JAPANESE])
@pytest.mark.parametrize("over", [1.05, 1.5, 4.0])
async def test_a_prompt_that_was_cut_is_never_answered(window: int, ratio: float, text: str, over: float) -> None:
    """Whatever its tokenizer, and however little it cut: the code, with both counts."""
    wire = CutPromptGuard(Server(ratio, window), count)
    with pytest.raises(ModelProblem, match=f"{window:,} tokens") as problem:
        await wire.send(call(int(window * over / ratio), text))
    assert problem.value.code == "prompt_cut"
    assert "num_ctx" in problem.value.message


@pytest.mark.parametrize("ratio", [0.6, 0.8, 1.0, 1.3])
async def test_another_tokenizer_is_no_cut(ratio: float) -> None:
    """A server that counts otherwise is asked once more at most, however many prompts follow."""
    server = Server(ratio)
    wire = CutPromptGuard(server, count)
    for tokens in (3_000, 3_100, 3_500, 9_000, 2_500):
        await wire.send(call(tokens))
    assert len(server.asked) <= 6


async def test_no_second_answer_is_paid_for() -> None:
    """What is sent to count its tokens may hardly be answered; the first answer is the one that counts."""
    server = Server(0.6)
    await CutPromptGuard(server, count).send(call(3_000))
    assert server.answers == [900, 16]


async def test_prompts_sent_at_once_are_not_all_sent_again() -> None:
    """What one doubtful prompt teaches settles those that are in flight beside it, shorter ones and other scripts."""
    server = Server(0.5)
    wire = CutPromptGuard(server, count)
    await asyncio.gather(*(wire.send(call(4_000 - 40 * n)) for n in range(20)), wire.send(call(2_000, JAPANESE)))
    for tokens in (3_000, 2_400, 1_900):
        await wire.send(call(tokens))
    assert len(server.asked) == 20 + 1 + 3 + 1


async def test_a_cut_is_seen_after_shorter_prompts_that_were_whole() -> None:
    """The ratio that the server showed on shorter prompts is what the longer one is held against."""
    wire = CutPromptGuard(Server(1.3, 4_090), count)
    await wire.send(call(2_000))
    with pytest.raises(ModelProblem, match="prompt"):
        await wire.send(call(3_600))


async def test_short_prompts_and_servers_that_do_not_count_are_let_pass() -> None:
    """No usage, no judgement; a prompt that every window holds needs none."""
    server = Server(window=0)
    await CutPromptGuard(server, count).send(call(5_000))
    small = Server(0.1)
    await CutPromptGuard(small, count).send(call(500))
    assert (len(server.asked), len(small.asked)) == (1, 1)


def test_ollama_is_given_the_window_of_the_plan() -> None:
    """Nobody else is; what the user says of it goes before."""
    assert window_of(Remote(model="ollama_chat/qwen3"), 9_216) == {"num_ctx": 9_216}
    assert window_of(Remote(model="openai/gpt-4o"), 9_216) == {}
    assert window_of(Remote(model="ollama/qwen3", options={"num_ctx": 4_096}), 9_216) == {}


def test_options_reach_litellm_and_the_answers_key() -> None:
    """What changes answers is part of what a model is; without options it is what it was."""
    plain, told = Remote(model="openai/o3"), Remote(model="openai/o3", options={"reasoning_effort": "low", "seed": 7})
    sent = body(told, call(1).question)
    assert (sent["reasoning_effort"], sent["seed"]) == ("low", 7)
    assert plain.identity == "openai/o3\njson_schema\n"
    assert told.identity != plain.identity


@dataclass
class Thinker:
    """Thinks before it answers: an answer within the budget only from so many tokens on."""

    needs: int
    budgets: list[int] = field(default_factory=list)

    async def send(self, call: Call) -> Answer:
        """See Wire."""
        most = call.question.answer_tokens
        self.budgets.append(most)
        done = most >= self.needs
        message: dict[str, Any] = {"content": "{}" if done else "", "reasoning_content": "hm"}
        usage = {"prompt_tokens": 5, "completion_tokens": min(most, self.needs)}
        choice = {"message": message, "finish_reason": "stop" if done else "length"}
        return Answer(response={"choices": [choice], "usage": usage}, usd=1.0)


async def test_reasoning_that_uses_up_the_answer_is_given_more_once() -> None:
    """The same question with four times the budget, once; the reply bears what both cost."""
    facts = ModelFacts(window=1_000, most_answer=400)
    wire = Thinker(needs=300)
    reply = await ModelClient(name="m", facts=facts, wire=wire, identity="i").ask(Question(**_hundred()))
    assert wire.budgets == [100, 400]
    assert (reply.text, reply.finish, reply.usd, reply.prompt_tokens) == ("{}", "stop", 2.0, 10)
    endless = Thinker(needs=10**6)
    reply = await ModelClient(name="m", facts=facts, wire=endless, identity="i").ask(Question(**_hundred()))
    assert endless.budgets == [100, 400]
    assert reply.finish == "length"


def _hundred() -> dict[str, Any]:
    """A question with a hundred tokens of answer."""
    message = Message(role="user", content="x")
    return {"prompt": "p", "fingerprint": "f", "messages": (message,), "schema": {}, "answer_tokens": 100}
