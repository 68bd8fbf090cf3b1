"""Models share litellm's connections: who closes first takes them from nobody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from thresher.schemas.question import Message, Question
from thresher.service.llm.providers.litellm_transport import LitellmTransport
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.transport import Call


class Client:
    """What closing needs of litellm."""

    def __init__(self) -> None:
        """Nothing was closed yet."""
        self.closed = 0
        self.in_memory_llm_clients_cache = SimpleNamespace(flush_cache=lambda: None)

    async def close_litellm_async_clients(self) -> None:
        """Count."""
        self.closed += 1


async def said(*_: Any) -> dict[str, Any]:
    """An answer without a network."""
    return {"choices": [{}]}


async def test_connections_close_with_the_last_model_that_used_them() -> None:
    """A model that a worker forgets must not cut the calls of the others."""
    client, wires = Client(), [LitellmTransport(Remote(model="anthropic/m"), speak=said) for _ in range(3)]
    for wire in wires[:2]:
        wire._litellm = client
        await wire.send(call())
    await wires[2].aclose()  # it was never used
    await wires[0].aclose()
    assert client.closed == 0
    await wires[0].send(call())
    await wires[1].aclose()
    assert client.closed == 0
    await wires[0].aclose()
    assert client.closed == 1


def call() -> Call:
    """Any call."""
    question = Question(
        messages=(Message(role="user", content="?"),), schema=None, prompt="p", fingerprint="f", answer_tokens=1
    )
    return Call(key="k", model="anthropic/m", question=question)
