"""Parked: an ordinary call of litellm whose HTTP request does not leave, but waits for a batch to bring its response.

So a call in a batch is asked with the very body that it would have had, and read as it would have been, whoever the provider is.
"""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar
from dataclasses import replace

import httpx

from schemas.errors import ModelProblem
from service.llm.batch.anthropic_desk import AnthropicDesk
from service.llm.batch.base import Book, Desk, Item, Pace
from service.llm.batch.openai_desk import OpenAiDesk
from service.llm.batch.waves import Waves
from service.llm.litellm_model import CLIENTS_OWN, LitellmWire, Remote, is_direct
from service.llm.wire import Answer, Call

_parked: ContextVar[Call] = ContextVar("parked")


def desk_at(url: str, headers: dict[str, str]) -> Desk:
    """The desk of whoever takes ordinary calls at an address."""
    return (OpenAiDesk if url.endswith("/chat/completions") else AnthropicDesk)(url, headers)


class Parking(httpx.AsyncBaseTransport):
    """Where requests of litellm wait for their batch."""

    def __init__(self, book: Book, pace: Pace) -> None:
        """The first request says where the desk is, and brings its key."""
        self._book, self._pace = book, pace
        self._waves: Waves | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response, once the batch has it."""
        if self._waves is None:
            self._waves = Waves(self._book, desk_at(str(request.url), dict(request.headers)), self._pace)
        call = _parked.get()
        landed = await self._waves.ask(Item(key=call.key, body=await request.aread()), call)
        body = json.dumps(dict(landed.body)).encode()
        return httpx.Response(
            landed.status, content=body, headers={"content-type": "application/json"}, request=request
        )

    async def aclose(self) -> None:
        """Look no more."""
        if self._waves is not None:
            await self._waves.aclose()


class ParkedWire:
    """A Wire to a Remote whose Calls go in batches. Raises Passing for a Call that no batch answered."""

    def __init__(self, remote: Remote, book: Book, pace: Pace) -> None:
        """Take the Remote; nothing is imported and nothing is asked yet."""
        self._remote = remote
        self._parking = Parking(book, pace)
        self._wire = LitellmWire(remote, self._parking)

    async def send(self, call: Call) -> Answer:
        """See Wire. Raises ModelProblem where there is no key, or litellm would speak through OpenAI's client."""
        if self._remote.model.startswith("openai/") and not is_direct(self._remote):
            raise ModelProblem("model_unavailable", f"batches need a key, and none of {', '.join(CLIENTS_OWN)} set")
        _parked.set(call)
        return await self._wire.send(replace(call, sent=asyncio.Event()))  # it costs once it is ordered

    async def aclose(self) -> None:
        """Look no more; litellm's connections are closed by the Wire of ordinary calls."""
        await self._parking.aclose()
