"""Parked: an ordinary call of litellm whose HTTP request does not leave, but waits for a batch to bring its response.

So a call in a batch is asked with the very body that it would have had, and read as it would have been, whoever the provider is.
"""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar
from dataclasses import replace

import httpx

from thresher.service.llm.batch.anthropic_batch_api import AnthropicBatchApi
from thresher.service.llm.batch.base import BatchApi, BatchLedger, BatchTiming, Item
from thresher.service.llm.batch.batch_rounds import BatchRounds
from thresher.service.llm.batch.openai_batch_api import OpenAiBatchApi
from thresher.service.llm.providers.hosted import transport_to
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.transport import Answer, Call

_parked: ContextVar[Call] = ContextVar("parked")


def batch_api_at(url: str, headers: dict[str, str]) -> BatchApi:
    """The desk of whoever takes ordinary calls at an address."""
    return (OpenAiBatchApi if url.endswith("/chat/completions") else AnthropicBatchApi)(url, headers)


class Parking(httpx.AsyncBaseTransport):
    """Where requests of litellm wait for their batch."""

    def __init__(self, book: BatchLedger, pace: BatchTiming) -> None:
        """The first request says where the desk is, and brings its key."""
        self._book, self._pace = book, pace
        self._waves: BatchRounds | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response, once the batch has it."""
        if self._waves is None:
            self._waves = BatchRounds(self._book, batch_api_at(str(request.url), dict(request.headers)), self._pace)
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


class PendingTransport:
    """A Wire to a Remote whose Calls go in batches. Raises Passing for a Call that no batch answered."""

    def __init__(self, remote: Remote, book: BatchLedger, pace: BatchTiming) -> None:
        """Take the Remote; nothing is imported and nothing is asked yet."""
        self._remote = remote
        self._parking = Parking(book, pace)
        self._wire = transport_to(remote, self._parking)

    async def send(self, call: Call) -> Answer:
        """See Transport."""
        _parked.set(call)
        return await self._wire.send(replace(call, sent=asyncio.Event()))  # it costs once it is ordered

    async def aclose(self) -> None:
        """Look no more; litellm's connections are closed by the Wire of ordinary calls."""
        await self._parking.aclose()
