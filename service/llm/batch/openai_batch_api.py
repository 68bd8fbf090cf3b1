"""OpenAI's Batch API: a file of requests, a batch, a file of answers, through OpenAI's own client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from thresher.service.llm.batch.base import (
    MAX_LIST_PAGES,
    REQUEST_TIMEOUT_SECONDS,
    BatchRefused,
    Item,
    ItemResult,
    ProviderUnavailable,
)

ENDPOINT: Final = "/v1/chat/completions"
ENDED_STATES = {"completed", "failed", "expired", "cancelled"}
NAME_METADATA_KEY = "thresher"  # of the metadata in which our own name of a batch stands
CLOCK_SLACK_SECONDS = 300.0  # seconds that two clocks may differ


class OpenAiBatchApi:
    """The BatchApi of OpenAI."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Take the address and headers of an ordinary call: `…/chat/completions`, with its key."""
        import openai  # noqa: PLC0415 - half a second

        self.address = url.removesuffix("/chat/completions")
        key = headers.get("authorization", "").removeprefix("Bearer ")
        self._client = openai.AsyncOpenAI(
            api_key=key, base_url=self.address, max_retries=0, timeout=REQUEST_TIMEOUT_SECONDS
        )

    async def submit(self, name: str, items: Sequence[Item]) -> str:
        """Submit a batch of items under a name and return the provider's id for it."""
        lines = b"\n".join(map(_line, items))
        async with _spoken():
            file = await self._client.files.create(file=("batch.jsonl", lines), purpose="batch")
            made = await self._client.batches.create(
                input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h", metadata={NAME_METADATA_KEY: name}
            )
        return made.id

    async def find(self, name: str, count: int, since: float, known: Collection[str]) -> str | None:  # noqa: ARG002 - names tell
        """Find a submitted batch by its name; return its id or None."""
        async with _spoken():
            page = await self._client.batches.list(limit=100)
            for _ in range(MAX_LIST_PAGES):
                for batch in page.data:
                    if (batch.metadata or {}).get(NAME_METADATA_KEY) == name:
                        return batch.id
                if not page.has_next_page() or page.data[-1].created_at < since - CLOCK_SLACK_SECONDS:
                    break
                page = await page.get_next_page()
        return None

    async def ended(self, id: str) -> bool:  # noqa: A002 - as in BatchApi
        """Whether the provider has ended a batch."""
        async with _spoken():
            return (await self._client.batches.retrieve(id)).status in ENDED_STATES

    async def results(self, id: str) -> AsyncIterator[ItemResult]:  # noqa: A002 - as in BatchApi
        """Yield the results of a batch's items, in any order."""
        async with _spoken():
            batch = await self._client.batches.retrieve(id)
            for file in filter(None, (batch.output_file_id, batch.error_file_id)):
                async with self._client.files.with_streaming_response.content(file) as content:
                    async for line in content.iter_lines():
                        if (landed := _landed(line)) is not None:
                            yield landed

    async def cancel(self, id: str) -> None:  # noqa: A002 - as in BatchApi
        """Cancel a batch."""
        async with _spoken():
            await self._client.batches.cancel(id)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


@asynccontextmanager
async def _spoken() -> AsyncIterator[None]:
    """Raise BatchRefused and ProviderUnavailable in place of the client's errors."""
    import openai  # noqa: PLC0415 - half a second

    try:
        yield
    except openai.APIStatusError as error:
        passing = error.status_code in {408, 409, 429} or error.status_code >= 500
        raise (ProviderUnavailable if passing else BatchRefused)(f"{error.status_code}: {error.message}") from error
    except openai.OpenAIError as error:
        raise ProviderUnavailable(str(error)) from error


def _line(item: Item) -> bytes:
    head = json.dumps({"custom_id": item.key, "method": "POST", "url": ENDPOINT})
    return head[:-1].encode() + b', "body": ' + item.body + b"}"


def _landed(line: str) -> ItemResult | None:
    """Return the result of an item, success or error; None if it expired or is no item."""
    try:
        whole: dict[str, Any] = json.loads(line)
        response = whole.get("response") or {}
        return ItemResult(key=str(whole["custom_id"]), status=int(response["status_code"]), body=dict(response["body"]))
    except (ValueError, KeyError, TypeError):
        return None
