"""Anthropic's Message Batches. Anthropic's client is no dependency, so the five requests are written here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from thresher.service.llm.batch.base import (
    MAX_LIST_PAGES,
    REQUEST_TIMEOUT_SECONDS,
    BatchRefused,
    Item,
    ItemResult,
    ProviderUnavailable,
)

PER_REQUEST_HEADERS = ("host", "content-length", "connection", "accept-encoding", "transfer-encoding")  # of one request
CLOCK_SLACK_SECONDS = 300.0  # seconds that two clocks may differ
STATUS_OF_ERROR_TYPE = {  # of an error's type, by Anthropic's page on errors
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class AnthropicBatchApi:
    """The BatchApi of Anthropic's Message Batches."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Take the address and headers of an ordinary call: `…/v1/messages`, with its key and its versions."""
        import httpx  # noqa: PLC0415 - only where batches are asked for

        self.address = f"{url}/batches"
        kept = {name: value for name, value in headers.items() if name.lower() not in PER_REQUEST_HEADERS}
        self._client = httpx.AsyncClient(headers=kept, timeout=REQUEST_TIMEOUT_SECONDS)

    async def submit(self, name: str, items: Sequence[Item]) -> str:  # noqa: ARG002 - no place for a name
        """Submit a batch of items and return the provider's id for it. The API takes no name."""
        requests = b", ".join(b'{"custom_id": "%s", "params": %s}' % (item.key.encode(), item.body) for item in items)
        made = await self._ask("POST", "", content=b'{"requests": [' + requests + b"]}")
        return str(made["id"])

    async def find(self, name: str, count: int, since: float, known: Collection[str]) -> str | None:  # noqa: ARG002 - as above
        """Find a submitted batch by time and size. The results show whether it was another user's of the same key."""
        after: dict[str, str] = {}
        for _ in range(MAX_LIST_PAGES):
            page = await self._ask("GET", "", params={"limit": "100", **after})
            for batch in page["data"]:
                made = datetime.fromisoformat(batch["created_at"]).timestamp()
                if made < since - CLOCK_SLACK_SECONDS:
                    return None
                if batch["id"] not in known and sum(batch["request_counts"].values()) == count:
                    return str(batch["id"])
            if not page.get("has_more"):
                break
            after = {"after_id": page["last_id"]}
        return None

    async def ended(self, id: str) -> bool:  # noqa: A002 - as in BatchApi
        """Whether the provider has ended a batch."""
        return bool((await self._ask("GET", _path(id)))["processing_status"] == "ended")

    async def results(self, id: str) -> AsyncIterator[ItemResult]:  # noqa: A002 - as in BatchApi
        """Yield the results of a batch's items, in any order."""
        async with _spoken(), self._client.stream("GET", f"{self.address}{_path(id)}/results") as response:
            await _checked(response)
            async for line in response.aiter_lines():
                if (landed := _landed(line)) is not None:
                    yield landed

    async def cancel(self, id: str) -> None:  # noqa: A002 - as in BatchApi
        """Cancel a batch."""
        await self._ask("POST", f"{_path(id)}/cancel")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        async with _spoken():
            response = await self._client.request(method, self.address + path, **options)
            await _checked(response)
            return response.json()


def _path(id: str) -> str:  # noqa: A002 - as in BatchApi
    return f"/{quote(id, safe='')}"


async def _checked(response: Any) -> None:
    if response.status_code >= 400:
        await response.aread()
        passing = response.status_code in {408, 409, 429} or response.status_code >= 500
        raise (ProviderUnavailable if passing else BatchRefused)(f"{response.status_code}: {response.text[:300]}")


@asynccontextmanager
async def _spoken() -> AsyncIterator[None]:
    """Raise ProviderUnavailable in place of httpx's errors, and for an answer that is not in its form."""
    import httpx  # noqa: PLC0415 - as above

    try:
        yield
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise ProviderUnavailable(f"{type(error).__name__}: {error}") from error


def _landed(line: str) -> ItemResult | None:
    """Return the result of an item, success or error; None if it expired, was cancelled, or is no item."""
    try:
        whole: dict[str, Any] = json.loads(line)
        result = whole["result"]
        if result["type"] == "succeeded":
            return ItemResult(key=str(whole["custom_id"]), status=200, body=dict(result["message"]))
        if result["type"] == "errored":
            error = result["error"]
            status = STATUS_OF_ERROR_TYPE.get(error["error"]["type"], 500)
            return ItemResult(key=str(whole["custom_id"]), status=status, body=dict(error))
    except (ValueError, KeyError, TypeError):
        return None
    return None
