"""Questions and wires for the tests of the wrappers."""

from __future__ import annotations

import asyncio

from thresher.schemas.question import Message, Question
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.llm.transport import Answer, Call


def question(text: str = "q") -> Question:
    """A question that says `text`."""
    return Question(
        prompt="ask.v1", fingerprint="f", messages=(Message(role="user", content=text),), schema=None, answer_tokens=100
    )


def call(text: str = "q") -> Call:
    """A call whose key is its text."""
    return Call(key=text, model="m", question=question(text))


class Held:
    """A Wire that answers when it is let go, and counts."""

    def __init__(self, *, sends: bool = True) -> None:
        """`sends` False: the call waits before it is sent."""
        self.open = asyncio.Event()
        self.inner = ScriptedTransport({"": "held"})
        self._sends = sends

    async def send(self, call: Call) -> Answer:
        """See Wire."""
        if self._sends:
            call.sent.set()
        await self.open.wait()
        return await self.inner.send(call)
