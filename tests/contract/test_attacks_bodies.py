"""Attacks by bodies and heads that nobody asked for: without a key, without an end, many in one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from tests.jobs_house import app_state
from thresher.service.backend.matters.folders import MatterFolders
from thresher.service.backend.resources import opened_resources
from thresher.service.server.api.app import api, application
from thresher.service.server.api.app_state import BODIES_AT_ONCE, SMALL_BODIES_AT_ONCE, SMALL_BODY_BYTES, AppState
from thresher.service.server.api.connections import PIPELINED_MAX, HttpConnection
from thresher.service.server.api.json_bodies import JSON_MAX_BYTES
from thresher.service.server.api.upload import body_of

MIB = 1 << 20
WAYS = ["/v1/session", "/v1/matters", "/v1/matters/{}/actions", "/v1/matters/{}/exports", "/v1/matters/{}/extractions"]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[AppState]:
    """A service that keeps matters."""
    async with opened_resources(tmp_path) as house:
        yield app_state(house, matters=MatterFolders(tmp_path / "matters"))


def client(service: AppState, **headers: str) -> httpx.AsyncClient:
    """A client; each request that it sends has these headers."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(application(service)), base_url="http://test", headers=headers
    )


async def key(service: AppState, tenant: str) -> dict[str, str]:
    """The header of a new key."""
    return {"Authorization": f"Bearer {(await service.accounts.create_key(tenant))[0]}"}


def test_no_route_has_its_body_read_by_the_framework(service: AppState) -> None:
    """It would be read whole, however long, and before anybody asks for a key."""
    assert [r.path for r in api(service).routes if isinstance(r, APIRoute) and r.body_field is not None] == []


async def test_who_has_no_key_can_fill_no_memory(service: AppState) -> None:
    """A body without an end is refused at its first piece."""
    taken: list[int] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        async def endless() -> dict[str, Any]:
            taken.append(MIB)
            return {"type": "http.request", "body": b"[" * MIB, "more_body": len(taken) < 64}

        await application(service)(scope, endless, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as anybody:
        for way in WAYS:
            taken.clear()
            answer = await anybody.post(way.format("0" * 32), headers={"Content-Type": "application/json"})
            assert (answer.status_code, len(taken) <= 1) == (413 if way == "/v1/session" else 401, True)


async def test_what_is_no_json_or_too_much_of_it_is_told(service: AppState) -> None:
    """Half a character, a number that is none, a depth without reason: refused, and no fault of ours."""
    json_type, deep = {"Content-Type": "application/json"}, '{"a":' * 9000 + "1" + "}" * 9000
    bad = [('{"name": "\\ud800"}', 400), ('{"name": NaN}', 400), (deep, 400), ("{", 400), ("[]", 422)]
    async with client(service, **await key(service, "acme")) as acme:
        made = (await acme.post("/v1/matters", json={"name": "x"})).json()["id"]
        for way in (one.format(made) for one in WAYS[1:]):
            for body, status in bad:
                assert (await acme.post(way, content=body, headers=json_type)).status_code == status
            answer = await acme.post(way, content="{}", headers={"Content-Type": "text/plain"})
            assert (answer.status_code, answer.json()["code"]) == (415, "media_type_wrong")
            answer = await acme.post(way, content=b" " * (JSON_MAX_BYTES + 1), headers=json_type)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("headers", "at_once"),
    [
        ({}, BODIES_AT_ONCE),
        ({"content-length": str(SMALL_BODY_BYTES)}, SMALL_BODIES_AT_ONCE),
        ({"content-length": str(SMALL_BODY_BYTES + 1)}, BODIES_AT_ONCE),
        ({"content-length": "2", "transfer-encoding": "chunked"}, BODIES_AT_ONCE),
    ],
)
async def test_so_many_bodies_of_one_tenant_are_read_at_once(
    service: AppState, headers: dict[str, str], at_once: int
) -> None:
    """Who sends thousands at once, each a byte at a time, holds up nobody but himself; more are read where all are small."""
    reading: list[str] = []
    going_on = asyncio.Event()

    async def slow(tenant: str) -> bytes:
        async def receive() -> dict[str, Any]:
            reading.append(tenant)
            await going_on.wait()
            return {"type": "http.request", "body": b"{}"}

        request = Request({"type": "http", "method": "PUT", "headers": Headers(headers).raw}, receive)
        return b"".join([piece async for piece in body_of(service, tenant, request, 1 << 20)])

    sent = [asyncio.create_task(slow(tenant)) for tenant in ["acme"] * (at_once + 6) + ["other"]]
    for _ in range(3):
        await asyncio.sleep(0)
    assert reading.count("acme") == at_once
    going_on.set()
    assert set(await asyncio.gather(*sent)) == {b"{}"}


class Wire(asyncio.Transport):
    """The end of a connection: what it does is told."""

    closed = False

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed

    def close(self) -> None:
        """Close it."""
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        """Read no more, which is too late for what was read."""


async def test_a_connection_holds_few_requests_that_wait() -> None:
    """Of what it sends at once, thousands of requests would be kept, each many times as large as it was sent."""
    begun: list[Scope] = []

    async def waits(scope: Scope, _receive: Receive, _send: Send) -> None:
        begun.append(scope)
        await asyncio.sleep(60)

    config, state, wire = uvicorn.Config(waits, lifespan="off", log_config=None), ServerState(), Wire()
    config.load()
    made = HttpConnection(config, state, {})
    made.connection_made(wire)
    made.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
    await asyncio.sleep(0)
    assert (wire.closed, len(begun), len(made.pipeline)) == (True, 1, PIPELINED_MAX)
    made.connection_lost(None)
    for task in list(state.tasks):
        task.cancel()
