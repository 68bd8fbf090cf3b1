"""The simulated reader behind HTTP on loopback: OpenAI's /v1/chat/completions and /v1/embeddings, Anthropic's /v1/messages, batches.

python -m tests.simulation.reader --port 8123 --faults noisy --seed 7 --speed 100
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests.simulation.loopback import Answer, Loopback, Request
from tests.simulation.reader import anthropic_wire, embedding_wire, openai_wire
from tests.simulation.reader.batches import Batches, BatchFaults
from tests.simulation.reader.journal import Journal, digest
from tests.simulation.reader.reader import Ask, Reader, Said

Wire = tuple[Callable[[dict[str, Any]], Ask], Callable[[dict[str, Any], Said], dict[str, Any]]]
WIRES: dict[str, Wire] = {
    "/chat/completions": (openai_wire.ask, openai_wire.response),
    "/messages": (anthropic_wire.ask, anthropic_wire.response),
}


class ReaderServer(Loopback):
    """`async with ReaderServer(Reader()) as server: … server.base`."""

    def __init__(
        self, reader: Reader, port: int = 0, journal: Journal | None = None, batches: BatchFaults | None = None
    ) -> None:
        """`port` 0: any free one. With a journal, every answer's id is its request's hash."""
        super().__init__(port)
        self.reader, self._journal = reader, journal
        self.batches = Batches(reader, batches)

    async def answer(self, request: Request) -> Answer:
        """What the reader says."""
        if (answered := self.batches.answer(*request[:4])) is not None:
            return Answer(body=answered[1], status=answered[0])
        path, raw = request.path, request.body
        wire = next((w for end, w in WIRES.items() if path.split("?", maxsplit=1)[0].endswith(end)), None)
        if path.endswith("/embeddings"):
            self.requests.append(json.loads(raw))
            return Answer(body=embedding_wire.response(self.requests[-1]))
        if wire is None:
            return Answer(body={"error": {"message": f"no {path}"}}, status=404)
        try:
            said = json.loads(raw)
            asked = wire[0](said)
        except (ValueError, KeyError, TypeError) as error:
            wrong = {"message": f"no request: {error!r}", "type": "invalid_request_error"}
            return Answer(body={"error": wrong}, status=400)
        return await self._said(raw, said, asked, wire)

    async def _said(self, raw: bytes, request: dict[str, Any], asked: Ask, wire: Wire) -> Answer:
        if self._journal is None:
            self.requests.append(request)
        else:
            self._journal.note("asked", raw)
        said = self.reader.answer(asked)
        await asyncio.sleep(said.seconds)
        headers = {} if said.retry_after is None else {"Retry-After": f"{said.retry_after:g}"}
        body = wire[1](request, said)
        if self._journal is not None and said.status == 200:
            body["id"] = digest(raw)
        return Answer(body=body, status=said.status, headers=headers)

    def sent(self, raw: bytes, answer: Answer) -> None:
        """See Loopback."""
        if self._journal is not None:
            self._journal.note("answered" if answer.status == 200 else "refused", raw)
