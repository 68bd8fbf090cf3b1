"""What callers do to a service in the soak: send ever new documents until they are taken, listen and leave."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

from bench.beside import HOST
from tests.simulation.generator.kinds import KINDS as MADE
from tests.simulation.mixed import KINDS, document
from tests.simulation.soak_ends import ended, keep
from thresher.schemas.result import AnyResult
from thresher.service.runs.retryable import transient_reason

OPEN = 40  # documents in a service's hands, at most
BATCH = 6  # documents of one request
PAUSE = 1.0  # seconds between two looks
LISTENERS = 8
SCHEMAS = {kind: json.dumps(MADE[kind].model.model_json_schema()) for kind in KINDS.values()}
PASSING = {429, 500, 502, 503, 504, 507}  # statuses after which a caller comes again


@dataclass(slots=True, kw_only=True)
class Callers:
    """Of one service."""

    name: str
    port: int
    chance: Random
    first: int  # number of the first document
    kept: Path  # where what came of documents with a false end is laid
    stopping: asyncio.Event
    taken: dict[str, list[int]] = field(default_factory=dict)  # numbers of documents by job
    said: Counter[str] = field(default_factory=Counter)  # what the service answered instead of taking
    heard: int = 0  # events
    left: int = 0  # listeners who went

    def client(self) -> httpx.AsyncClient:
        """A client of the service."""
        return httpx.AsyncClient(base_url=f"http://{HOST}:{self.port}", timeout=60, trust_env=False)

    async def send(self) -> None:
        """Keep the service busy until told to stop."""
        number = self.first
        async with self.client() as http:
            while not self.stopping.is_set():
                if await self.open(http) >= OPEN:
                    await asyncio.sleep(PAUSE)
                    continue
                suffix = list(KINDS)[number // BATCH % len(KINDS)]
                await self._sent(http, suffix, list(range(number, number + BATCH)))
                number += BATCH

    async def open(self, http: httpx.AsyncClient) -> int:
        """Documents that have not ended; many where nobody says."""
        try:
            answer = await http.get("/v1/extractions", params={"state": "open", "limit": 200})
            jobs = answer.json()["extractions"]
        except (httpx.HTTPError, ValueError, KeyError):
            return OPEN
        return sum(j["counts"]["todo"] + j["counts"]["running"] for j in jobs)

    async def _sent(self, http: httpx.AsyncClient, suffix: str, numbers: list[int]) -> None:
        """One request, again and again with its key until it is taken: what is taken must never be lost."""
        files = [("file", (f"{n}.{suffix}", await asyncio.to_thread(document, n, suffix))) for n in numbers]
        headers = {"Idempotency-Key": f"{self.name}-{numbers[0]}"}
        while True:
            try:
                answer = await http.post(
                    "/v1/extractions", files=files, data={"target": SCHEMAS[KINDS[suffix]]}, headers=headers
                )
            except httpx.HTTPError as error:
                self.said[type(error).__name__] += 1
            else:
                if answer.status_code == 202:
                    self.taken[answer.json()["id"]] = numbers
                    return
                self.said[_code(answer)] += 1
                if answer.status_code not in PASSING:
                    raise AssertionError(answer.text)
            await asyncio.sleep(PAUSE)

    async def listen(self) -> None:
        """Follow some job for a while, or go as soon as the connection stands; and again, until told to stop."""
        async with self.client() as http:
            while not self.stopping.is_set():
                await asyncio.sleep(self.chance.uniform(0, 1))
                if self.taken:
                    job = self.chance.choice(list(self.taken)[-8:])
                    await self._followed(http, job, self.chance.choice((0.0, 0.05, 1.0, 4.0)))

    async def _followed(self, http: httpx.AsyncClient, job: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds), http.stream("GET", f"/v1/extractions/{job}/events") as answer:
                async for line in answer.aiter_lines():
                    self.heard += line.startswith("event:")
        except (httpx.HTTPError, TimeoutError):
            self.left += 1

    async def all_places(self, places: int) -> int:
        """How many of all places for listeners are free: asked once nobody listens any more, on an open job or none."""
        limits = httpx.Limits(max_connections=places)
        job = list(self.taken)[-1]
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{self.port}", limits=limits, timeout=60) as http:
            answers = await asyncio.gather(*(http.get(f"/v1/extractions/{job}/events") for _ in range(places)))
        return sum(a.status_code == 200 for a in answers)

    async def judged(self) -> Counter[str]:
        """How each document that was taken has ended; `lost`, `twice` and `false` are what must not be.

        `passing`: Results that lack something for a reason that has passed, and are told all the same.
        """
        found: Counter[str] = Counter()
        async with self.client() as http:
            for job, numbers in self.taken.items():
                whole = await http.get(f"/v1/extractions/{job}/result", params={"partial": "true", "limit": 200})
                body = whole.json()
                results = {r["source"]["path"]: r for r in body["results"]}
                found["twice"] += len(body["results"]) - len(results)
                failed = {f["file"] for f in body["failed"]}
                for number in numbers:
                    end = ended(number, results, failed)
                    found[end] += 1
                    if end == "false":
                        print(f"{self.name}: document {number} has a false end: {keep(self.kept, number, results)}")
                for one in (p for r in results.values() if r["status"] == "failed" for p in r["problems"]):
                    found[f"why {one['code']}: {one['message'][:80]}"] += 1
                for reason in (u["code"] for r in results.values() for u in r["unresolved"]):
                    found[f"unresolved {reason}"] += 1
                found["passing"] += sum(
                    transient_reason(AnyResult.model_validate(r)) is not None for r in results.values()
                )
                for one in body["failed"]:
                    found[f"why {(one['problem'] or {}).get('code')}"] += 1
        return found


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (json.JSONDecodeError, KeyError):
        return str(answer.status_code)
