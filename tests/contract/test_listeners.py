"""Listeners come and go; their places are given back whenever and however they leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from tests.jobs_house import app_state, submitted
from thresher.schemas.policy import Policy
from thresher.schemas.work import Job
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.server.api.app import application
from thresher.service.server.api.app_state import AppState, ServiceConfig
from thresher.service.server.api.extractions import stream

AGAIN = 20  # listeners, one after another


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ServiceResources]:
    """Jobs in a file."""
    async with opened_resources(tmp_path) as made:
        yield made


@pytest.fixture
def service(house: ServiceResources) -> AppState:
    """A service for callers without a key."""
    return app_state(house, offer=ServiceConfig(keyless=True))


async def theirs(house: ServiceResources) -> Job:
    """An open Job of the callers without a key."""
    return await submitted(house, Policy(), 1, tenant="local")


def scope(path: str, query: bytes = b"") -> dict[str, Any]:
    """A GET as a server hands it over."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


class Caller:
    """Goes away after so many pieces of the answer; 0: before the first."""

    def __init__(self, pieces: int) -> None:
        """Nothing was received yet."""
        self._left = pieces
        self._gone = asyncio.Event()
        self._asked = False
        if not pieces:
            self._gone.set()

    async def receive(self) -> dict[str, Any]:
        """An empty body, then that the caller is gone."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """One piece; the last is never taken whole, as on a full connection."""
        self._left -= message["type"] == "http.response.body"
        if self._left <= 0:
            self._gone.set()
            await asyncio.sleep(600)


@pytest.mark.parametrize("pieces", [0, 1, 2])
async def test_a_listener_who_leaves_gives_back_its_place(
    service: AppState, house: ServiceResources, pieces: int
) -> None:
    """Gone before the stream began, within its first event, or later: no place is lost, and no task."""
    app = application(service)
    job = await theirs(house)
    before = len(asyncio.all_tasks())
    for _ in range(AGAIN):
        caller = Caller(pieces)
        async with asyncio.timeout(60):
            await app(scope(f"/v1/extractions/{job.id}/events"), caller.receive, caller.send)
    assert service.listener_slots.total == 0
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before


async def test_a_stream_without_a_place_is_refused_by_its_own_code(service: AppState, house: ServiceResources) -> None:
    """A Problem of its own, before the answer begins: nothing is wrong with the model."""
    app, job, said = application(service), await theirs(house), list[Any]()

    async def told(message: Any) -> None:
        said.append(message)

    with ExitStack() as held:
        while service.listener_slots.free("local", service.bounds.listeners):
            held.enter_context(service.listener_slots.taken("local"))
        async with asyncio.timeout(60):
            await app(scope(f"/v1/extractions/{job.id}/events"), Caller(1).receive, told)
    assert said[0]["status"] == 503
    assert json.loads(said[1]["body"])["code"] == "too_many_listeners"


async def test_a_stream_that_is_never_sent_holds_no_place(service: AppState, house: ServiceResources) -> None:
    """The place is taken when the answer begins, so that whatever fails before that loses none."""
    job = await theirs(house)
    request = Request(scope(f"/v1/extractions/{job.id}/events"))
    response = await stream(service, "local", request, job.id)
    assert service.listener_slots.total == 0
    await response(request.scope, Caller(0).receive, _dropped)
    assert service.listener_slots.total == 0


async def test_who_waits_and_leaves_is_not_waited_for(service: AppState, house: ServiceResources) -> None:
    """A `?wait` ends soon after its caller has gone, not when the time is up."""
    app = application(service)
    job = await theirs(house)
    caller = Caller(0)
    async with asyncio.timeout(60):
        await app(scope(f"/v1/extractions/{job.id}/result", b"wait=300&partial=true"), caller.receive, _dropped)
    assert service.listener_slots.total == 0


async def _dropped(message: Any) -> None:
    """Nobody hears it."""
