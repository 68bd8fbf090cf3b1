"""The simulated reader as a member of the house's own family of models, without HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.simulation.reader.apart import Apart
from tests.simulation.reader.openai_wire import response
from tests.simulation.reader.reader import Ask, Reader
from tests.simulation.reader.reader import Said as Answered
from thresher.schemas.errors import InputProblem, ModelProblem
from thresher.schemas.question import ModelFacts, Question
from thresher.service.llm.prices import FREE
from thresher.service.llm.providers.scripted import Said
from thresher.service.llm.stack import Endpoint
from thresher.service.llm.transport import Answer, Call, TransientError

FACTS = ModelFacts(window=128_000, most_answer=16_000, usd_prompt=0.0, usd_answer=0.0)


class ReaderWire:
    """A Wire whose answers are the reader's, with its waits and its count of cached tokens."""

    def __init__(self, reader: Reader | Apart) -> None:
        """One wire for one reader."""
        self.reader = reader

    async def send(self, call: Call) -> Answer:
        """See Wire."""
        call.sent.set()
        said = await self._said(asked(call.question))
        if (problem := failure(said)) is not None:
            raise problem
        return Answer(response=response({"model": "reader"}, said))

    async def _said(self, ask: Ask) -> Answered:
        if isinstance(self.reader, Apart):
            return await self.reader.answer(ask)
        said = self.reader.answer(ask)
        await asyncio.sleep(said.seconds)
        return said


def end(reader: Reader | Apart, facts: ModelFacts = FACTS) -> Endpoint:
    """The reader's end of the wire, for `thresher.service.llm.stack.build_model`."""
    return Endpoint(name="reader", wire=ReaderWire(reader), identity=f"reader:{reader.seed}", facts=facts, tariff=FREE)


def script(reader: Reader) -> Callable[[Question], Said | Exception]:
    """The reader as a script of `thresher.service.llm.providers.scripted`."""

    def say(question: Question) -> Said | Exception:
        said = reader.answer(asked(question))
        return failure(said) or Said(
            text=said.text,
            finish="length" if said.finish == "length" else "stop",
            seconds=said.seconds,
            prompt_tokens=said.prompt_tokens,
            answer_tokens=said.answer_tokens,
        )

    return say


def asked(question: Question) -> Ask:
    """A Question as the reader gets it."""
    messages = [{"role": m.role, "content": m.content} for m in question.messages]
    return Ask(messages=messages, schema=question.schema, most=question.answer_tokens)


def failure(said: Answered) -> Exception | None:
    """What a Wire raises in place of an answer that is none."""
    if said.status == 200:
        return None
    if said.status == 400:
        return InputProblem("context_overflow", said.error)
    return TransientError(ModelProblem("model_unavailable", said.error), retry_after=said.retry_after)
