"""A small typed client of the HTTP service, over httpx.

    async with Client("http://127.0.0.1:8080") as thresher:
        job = await thresher.extract(["invoice.pdf"], "invoice")
        async for result in thresher.results(await thresher.wait(job.id)):
            print(result.status, result.data)

A problem of the service comes out as a `ServiceProblem` with its stable code. Lost connections, and problems with a Retry-After, are tried
again: an upload carries an Idempotency-Key, so that it makes one job however often it is sent; events go on where they were cut off.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx
from pydantic import BaseModel, Field

from schemas.result import AnyResult, Result
from schemas.work import Counts, JobState

LONGEST_WAIT = 60.0  # seconds of one ?wait
EXTRACTIONS = "/v1/extractions"
RETRIES = 4
FIRST, MOST = 0.3, 60.0  # seconds before a retry: the first doubles; never more, whatever a Retry-After says


class ServiceProblem(Exception):  # noqa: N818 - as Problem
    """What the service refused, and why."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float | None = None) -> None:
        """From the fields of `application/problem+json`; `retry_after` is in seconds, None where trying again is no use."""
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class Extraction(BaseModel):
    """A job and how far it has come. Times are seconds since 1970, UTC."""

    id: str
    state: JobState
    target: str
    created: float
    finished: float | None = None
    counts: Counts
    stages: dict[str, int] = Field(default_factory=dict)


class Happening(BaseModel):
    """One event of a job."""

    number: int | None = None  # None: progress between two events
    kind: str
    task: int | None = None
    detail: str = ""
    counts: Counts
    stages: dict[str, int] = Field(default_factory=dict)


class Client:
    """A client of one service. Raises ServiceProblem, and httpx.TransportError where the service can not be reached."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 60.0,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`key` is an API key; on loopback none is needed. `timeout` is in seconds, beside what is waited for."""
        self._retries = retries
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self._timeout = timeout

    def __repr__(self) -> str:
        """Without the key."""
        return f"Client({str(self._http.base_url)!r})"

    async def __aenter__(self) -> Self:
        """Open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def extract(
        self,
        files: Sequence[str | Path],
        target: str | dict[str, Any],
        policy: dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        webhook: str | None = None,
    ) -> Extraction:
        """Upload files, streamed from the disk; gives the job at once. `target` is a name or a JSON Schema.

        Without an `idempotency_key` of your own one is made up, which lasts for this call.
        """
        fields = {"target": target if isinstance(target, str) else json.dumps(target)}
        fields |= {"policy": json.dumps(policy)} if policy else {}
        fields |= {"webhook": webhook} if webhook else {}
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}

        async def sent() -> httpx.Response:
            with ExitStack() as stack:
                parts = [("file", (Path(f).name, stack.enter_context(_opened(f)))) for f in files]
                return await self._http.post(EXTRACTIONS, files=parts, data=fields, headers=headers)

        return Extraction.model_validate(await self._again(sent))

    async def job(self, id: str) -> Extraction:  # noqa: A002 - the field's own name
        """How far a job has come."""
        return Extraction.model_validate(await self._ask("GET", f"{EXTRACTIONS}/{id}"))

    async def jobs(self) -> AsyncIterator[Extraction]:
        """All jobs, newest first."""
        cursor: dict[str, str] = {}
        while True:
            page = await self._ask("GET", EXTRACTIONS, params=cursor)
            for one in page["extractions"]:
                yield Extraction.model_validate(one)
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    async def wait(self, id: str) -> Extraction:  # noqa: A002 - as above
        """The job when it has ended."""
        while (job := await self.job(id)).state == "open":
            params: dict[str, Any] = {"wait": LONGEST_WAIT, "limit": 1, "partial": True}
            await self._ask("GET", f"{EXTRACTIONS}/{id}/result", params=params, timeout=self._timeout + LONGEST_WAIT)
        return job

    async def results(self, job: Extraction) -> AsyncIterator[Result[Any]]:
        """The Results of a job that has ended, a page at a time."""
        cursor: str | None = ""
        while cursor is not None:
            page = await self._ask("GET", f"{EXTRACTIONS}/{job.id}/result", params={"cursor": cursor})
            for one in page["results"]:
                yield AnyResult.model_validate(one)
            cursor = page["next"]

    async def events(self, id: str, after: int = 0) -> AsyncIterator[Happening]:  # noqa: A002 - as above
        """What happens to a job, to its end; `after` is the number of the last event that was seen."""
        tried = 0
        while True:
            try:
                async for one in self._stream(id, after):
                    tried, after = 0, one.number or after
                    yield one
            except (httpx.TransportError, ServiceProblem) as error:
                tried += 1
                await self._pause(error, tried)
            else:
                return

    async def _stream(self, id: str, after: int) -> AsyncIterator[Happening]:  # noqa: A002 - as above
        address = f"{EXTRACTIONS}/{id}/events"
        async with self._http.stream("GET", address, params={"after": after}) as stream:
            if not stream.is_success:
                await stream.aread()
                raise _problem(stream)
            facts: dict[str, str] = {}
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                if line and name:
                    facts[name] = value
                elif not line and "data" in facts:
                    yield Happening(number=facts.get("id"), kind=facts["event"], **_told(facts["data"]))
                    facts = {}

    async def cancel(self, id: str) -> Extraction:  # noqa: A002 - as above
        """Cancel a job, a running one too."""
        return Extraction.model_validate(await self._ask("DELETE", f"{EXTRACTIONS}/{id}"))

    async def register(self, name: str, schema: dict[str, Any]) -> None:
        """Register a JSON Schema as a target."""
        await self._ask("PUT", f"/v1/targets/{name}", json=schema)

    async def _ask(self, method: str, address: str, **options: Any) -> Any:
        return await self._again(lambda: self._http.request(method, address, **options))

    async def _again(self, send: Callable[[], Awaitable[httpx.Response]]) -> Any:
        """The body of an answer, asked for again after what may pass. Doing it twice must be as doing it once."""
        tried = 0
        while True:
            try:
                response = await send()
                if response.is_success:
                    return response.json() if response.content else None
                raise _problem(response)
            except (httpx.TransportError, ServiceProblem) as error:
                tried += 1
                await self._pause(error, tried)

    async def _pause(self, error: httpx.TransportError | ServiceProblem, tried: int) -> None:
        """Wait before the next try; raises the error where there is none."""
        asked = error.retry_after if isinstance(error, ServiceProblem) else 0.0
        if asked is None or tried > self._retries:
            raise error
        drawn = random.random() * FIRST * 2.0**tried  # noqa: S311 - spreads load, guards nothing
        await asyncio.sleep(min(MOST, asked + drawn))


def _opened(file: str | Path) -> BinaryIO:
    return Path(file).open("rb")


def _told(data: str) -> dict[str, Any]:
    return {k: v for k, v in json.loads(data).items() if k in Happening.model_fields}


def _problem(response: httpx.Response) -> ServiceProblem:
    said = response.headers.get("retry-after", "")
    wait = float(said) if said.isdecimal() else None
    try:
        body = response.json()
        return ServiceProblem(response.status_code, str(body["code"]), str(body["detail"]), wait)
    except (ValueError, KeyError, TypeError):
        return ServiceProblem(response.status_code, "internal_error", response.text[:200], wait)
