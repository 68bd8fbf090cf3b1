"""Send requests to the service: retried after transient faults, page by page, or to a file."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from thresher.service.client.answers import body_of, event_facts, problem_of, without_none
from thresher.service.client.models import Event, ServiceProblem

RETRIES = 4
FIRST_PAUSE, LONGEST_PAUSE = (
    0.3,
    60.0,
)  # seconds before a retry: the first doubles; the most holds for a Retry-After too


class Connection:
    """A connection to one service. Raises ServiceProblem, and httpx.TransportError where it cannot be reached."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 60.0,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Take the address. `key` is an API key; on loopback none is needed.

        `timeout`: seconds of an answer, besides ?wait.
        """
        self._retries = retries
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self._timeout = timeout

    def __repr__(self) -> str:
        """Show the address without the key."""
        return f"{type(self).__name__}({str(self._http.base_url)!r})"

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _saved(self, address: str, to: Path, asked: dict[str, Any] | None = None) -> httpx.Response:
        """Write the body of an answer to a path, piece by piece; return the answer without it."""
        async with self._http.stream("GET", address, params=asked) as stream:
            if not stream.is_success:
                await stream.aread()
                return stream
            with to.open("wb") as file:
                async for piece in stream.aiter_bytes():
                    file.write(piece)
        return httpx.Response(stream.status_code)

    async def _is_ok(self, address: str) -> bool:
        try:
            return (await self._http.get(address)).is_success
        except httpx.TransportError:
            return False

    async def _pages(self, address: str, name: str, asked: dict[str, Any]) -> AsyncIterator[Any]:
        """Iterate over everything under a name, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = await self._request("GET", address, params=without_none({**asked, "cursor": cursor or None}))
            for one in page[name]:
                yield one
            cursor = page.get("next")

    async def _events(self, address: str, after: int) -> AsyncIterator[Event]:
        """Iterate over a job's events to its end; a stream that is cut off is gone on with."""
        tried = 0
        while True:
            try:
                async for one in self._stream(address, after):
                    tried, after = 0, one.number or after
                    yield one
            except (httpx.TransportError, ServiceProblem) as error:
                tried += 1
                await self._pause(error, tried)
            else:
                return

    async def _stream(self, address: str, after: int) -> AsyncIterator[Event]:
        async with self._http.stream("GET", address, params={"after": after}) as stream:
            if not stream.is_success:
                await stream.aread()
                raise problem_of(stream)
            facts: dict[str, str] = {}
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                if line and name:
                    facts[name] = value
                elif not line and "data" in facts:
                    yield Event(number=facts.get("id"), kind=facts["event"], **event_facts(facts["data"]))
                    facts = {}

    async def _request(self, method: str, address: str, **options: Any) -> Any:
        return await self._retried(lambda: self._http.request(method, address, **options))

    async def _once(self, method: str, address: str, **options: Any) -> Any:
        """Return the body of an answer to what must not be sent twice."""
        response = await self._http.request(method, address, **options)
        if not response.is_success:
            raise problem_of(response)
        return body_of(response)

    async def _retried(self, send: Callable[[], Awaitable[httpx.Response]]) -> Any:
        """Return the body of an answer, retried after transient faults. Sending twice must have the effect of once."""
        tried = 0
        while True:
            try:
                response = await send()
                if response.is_success:
                    return body_of(response)
                raise problem_of(response)
            except (httpx.TransportError, ServiceProblem) as error:
                tried += 1
                await self._pause(error, tried)

    async def _pause(self, error: httpx.TransportError | ServiceProblem, tried: int) -> None:
        """Wait before the next try; raise the error where there is none."""
        asked = error.retry_after if isinstance(error, ServiceProblem) else 0.0
        if asked is None or tried > self._retries:
            raise error
        drawn = random.random() * FIRST_PAUSE * 2.0**tried  # noqa: S311 - spreads load, guards nothing
        await asyncio.sleep(min(LONGEST_PAUSE, asked + drawn))
