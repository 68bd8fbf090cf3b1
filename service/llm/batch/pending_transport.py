"""PendingTransport: hold back the HTTP request of an ordinary litellm call until a batch brings its response.

So a call in a batch has the same body as an ordinary call, and its answer is read in the same way, for every provider.
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
    """Return the BatchApi of the provider that takes ordinary calls at an address."""
    return (OpenAiBatchApi if url.endswith("/chat/completions") else AnthropicBatchApi)(url, headers)


class PendingHttpTransport(httpx.AsyncBaseTransport):
    """The HTTP transport that holds litellm's requests until their batch has results."""

    def __init__(self, book: BatchLedger, pace: BatchTiming) -> None:
        """Start without a BatchApi: the first request gives its address and key."""
        self._book, self._pace = book, pace
        self._waves: BatchRounds | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response, once the batch has it."""
        if self._waves is None:
            self._waves = BatchRounds(self._book, batch_api_at(str(request.url), dict(request.headers)), self._pace)
        call = _parked.get()
        landed = await self._waves.ask(Item(key=call.key, body=await request.aread()), call)
        body = json.dumps(dict(landed.body)).encode()
        return httpx.Response(
            landed.status, content=body, headers={"content-type": "application/json"}, request=request
        )

    async def aclose(self) -> None:
        """Stop polling."""
        if self._waves is not None:
            await self._waves.aclose()


class PendingTransport:
    """A Transport to a Remote whose Calls go in batches. Raises TransientError for a Call that no batch answered."""

    def __init__(self, remote: Remote, book: BatchLedger, pace: BatchTiming) -> None:
        """Take the Remote; nothing is imported and nothing is asked yet."""
        self._remote = remote
        self._parking = PendingHttpTransport(book, pace)
        self._wire = transport_to(remote, self._parking)

    async def send(self, call: Call) -> Answer:
        """Return a batch's answer."""
        _parked.set(call)
        return await self._wire.send(replace(call, sent=asyncio.Event()))  # it costs once it is ordered

    async def aclose(self) -> None:
        """Stop polling; the Transport of ordinary calls closes litellm's connections."""
        await self._parking.aclose()
