"""ModelClient: the Model that calls a Transport in this process (in a child process: ParentModel).

Models differ in their Transport, their facts, and how a reply is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from thresher.schemas.extraction import Finish
from thresher.schemas.question import Message, ModelFacts, Question, Reply
from thresher.service.llm.response_parsing import finish_of, is_mostly_reasoning, text_of, tokens_of
from thresher.service.llm.transport import Call, Transport
from thresher.service.telemetry.ids import answers_tenant

Read = Callable[[dict[str, Any], Question], str]
Close = Callable[[float], Awaitable[None]]
LARGER_ANSWER_FACTOR = 4  # times the answer budget where reasoning used it up


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelClient:
    """A Model over a Transport."""

    name: str
    facts: ModelFacts
    wire: Transport
    identity: str  # all of the model that can change an answer: its name, mode, address, weights
    read: Read = text_of
    window: int = 0  # tokens of prompt and answer that the plan reckons with; 0: not known
    closing: Close | None = None
    beside: ModelClient | None = None  # the model that gives texts as vectors, where one was chosen

    async def aclose(self, grace: float = 0.0) -> None:
        """Wait at most `grace` seconds for paid calls in flight, cancel the rest, and close connections."""
        if self.closing is not None:
            await self.closing(grace)
        if self.beside is not None:
            await self.beside.aclose(grace)

    async def ask(self, question: Question) -> Reply:
        """Answer a question. Raises ModelProblem. An answer cut short is a Reply, not an exception."""
        reply, thought = await self._ask(question)
        larger = min(LARGER_ANSWER_FACTOR * question.answer_tokens, max(self.facts.most_answer, self.facts.window // 2))
        if not thought or larger <= question.answer_tokens:
            return reply
        again, _ = await self._ask(replace(question, answer_tokens=larger))
        return _both(reply, again)

    async def _ask(self, question: Question) -> tuple[Reply, bool]:
        """Return the reply, and whether reasoning used up the tokens of the answer."""
        call = Call(key=key_of(question, self.identity), model=self.name, question=question, window=self.window)
        answer = await self.wire.send(call)
        finish: Finish = finish_of(answer.response)
        prompt, told, cached = tokens_of(answer.response)
        reply = Reply(
            text=self.read(answer.response, question),
            finish=finish,
            model=self.name,
            key=call.key,
            prompt_tokens=prompt,
            answer_tokens=told,
            cached_tokens=cached,
            usd=answer.usd,
            seconds=answer.seconds,
            stored=answer.stored,
        )
        return reply, finish == "length" and is_mostly_reasoning(answer.response)


def _both(first: Reply, second: Reply) -> Reply:
    """Return the second of two replies to one question, with the cost of both."""
    return replace(
        second,
        prompt_tokens=first.prompt_tokens + second.prompt_tokens,
        answer_tokens=first.answer_tokens + second.answer_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        usd=None if first.usd is None or second.usd is None else first.usd + second.usd,
        seconds=first.seconds + second.seconds,
        stored=first.stored and second.stored,
    )


def key_of(question: Question, identity: str) -> str:
    """Compute the answer store's key: a hash of everything that can change the answer, and of its owner.

    The prompt's name, the purpose and the kind are left out: they name the question, they are no part of it.
    """
    whole = [
        identity,
        question.fingerprint,
        [_turn(m) for m in question.messages],
        question.schema,
        question.answer_tokens,
        question.temperature,
        question.sample,
    ]
    if (tenant := answers_tenant.get()) is not None:  # else another could find out what was asked
        whole.append(f"tenant {tenant}")
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))  # property order is part of a question
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _turn(message: Message) -> list[Any]:
    """Return a message as JSON; images are represented by their hash."""
    return [message.role, message.content, [hashlib.sha256(i).hexdigest() for i in message.images]]
