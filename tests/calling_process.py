"""A process that makes calls behind limits of a database: python -m tests.calling_process ADDRESS PORT MOST LEASE NAME."""

from __future__ import annotations

import asyncio
import sys

from thresher.schemas.errors import ModelProblem
from thresher.schemas.question import Message, Question
from thresher.service.llm.rate_limiting import ProviderLimiter, RateLimited
from thresher.service.llm.retrying import Backoff, Retrying
from thresher.service.llm.transport import Answer, Call, TransientError
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.shared_concurrency import SharedConcurrencyLimit

WIDTH = 16  # calls that it would like to have in flight


class SocketWire:
    """Says its process's name to a server on loopback, and hears "ok" or "busy SECONDS"."""

    def __init__(self, port: int, name: str) -> None:
        """Nothing is opened yet."""
        self._port, self._name = port, name

    async def send(self, call: Call) -> Answer:
        """See Wire."""
        call.sent.set()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(f"{self._name}\n".encode())
        said = (await reader.readline()).decode().split()
        writer.close()
        if said[0] == "busy":
            raise TransientError(ModelProblem("model_unavailable", "busy"), retry_after=float(said[1]))
        return Answer(response={})


async def main(address: str, port: str, most: str, lease: str, name: str) -> None:
    """Call until killed."""
    store = await PostgresStore.open(address)
    places = SharedConcurrencyLimit(store, "reader", int(most) or None, lease=float(lease))
    gate = ProviderLimiter(concurrency=WIDTH, shared=places)
    wire = Retrying(RateLimited(SocketWire(int(port), name), gate, lambda _: 0), Backoff(first=0.01))
    question = Question(
        prompt="p", fingerprint="f", messages=(Message(role="user", content="x"),), schema=None, answer_tokens=1
    )

    async def calls() -> None:
        while True:
            await wire.send(Call(key="k", model="m", question=question))

    await asyncio.gather(*(calls() for _ in range(WIDTH)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
