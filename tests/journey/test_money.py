"""Dollars over HTTP: quotas and budgets of a service whose model is the simulated reader, at real prices; over either database."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.journey.test_serve_tenants import receiver
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer
from thresher.schemas.policy import Policy
from thresher.schemas.tenants.account import Quota
from thresher.schemas.tenants.budget import Budget, bounds
from thresher.service.server.api.app import application
from thresher.service.server.api.app_state import AppState, ServiceConfig
from thresher.service.server.serve import ServeOptions, opened_service
from thresher.service.settings import Settings
from thresher.service.tenants.webhook_signing import signature

pytestmark = pytest.mark.slow

STATEMENT = b"""Statement of account
Account number: DE02120300000000202051
Date        Description         Amount
2026-01-05  Rent January        -900.00
2026-01-07  Salary              2500.00
2026-01-09  Groceries            -80.15
"""
SCHEMA = {"type": "object", "properties": {"account_number": {"type": "string"}}, "required": ["account_number"]}


@dataclass
class Clock:
    """A clock that a test may set forward."""

    ahead: float = 0.0  # seconds

    def __call__(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time() + self.ahead


@dataclass
class House:
    """A running service."""

    service: AppState
    clock: Clock
    url: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    async def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        """One request of a tenant."""
        headers = {"authorization": f"Bearer {self.keys[who]}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=120, trust_env=False) as client:
            return await client.request(method, path, **more)

    async def send(self, who: str, n: int) -> httpx.Response:
        """One statement, to its end."""
        text = STATEMENT + f"{n}\n".encode()
        return await self.ask(
            who, "POST", "/v1/extractions", params={"wait": 100}, files={"file": (f"{n}.txt", text)},
            data={"target": json.dumps(SCHEMA)},
        )  # fmt: skip


@asynccontextmanager
async def listening(service: AppState) -> AsyncIterator[str]:
    """The service behind a real port."""
    config = uvicorn.Config(application(service), port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with _no_signals(server):
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        await task


@contextmanager
def _no_signals(server: uvicorn.Server) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "capture_signals", _nothing)
        yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A service over either database, with two tenants and an administrator, and the simulated reader as its model."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-simulated-reader")
    database = request.getfixturevalue("database") if request.param == "postgres" else None
    clock, stopping = Clock(), asyncio.Event()
    async with ReaderServer(Reader(speed=1000)) as reader:
        chosen = ServeOptions(
            data=tmp_path / "data",
            settings=Settings(home=tmp_path, api_base=reader.base),
            offer=ServiceConfig(policy=Policy(model="openai/gpt-4o-mini")),
            database=database,
            clock=clock,
            grace=1.0,
        )
        async with opened_service(chosen, stopping) as service, listening(service) as url:
            made = House(service, clock, url)
            for tenant in ("acme", "bolt", "ops"):
                made.keys[tenant], _ = await service.accounts.create_key(tenant, admin=tenant == "ops")
            yield made
            stopping.set()


async def cost(house: House, tenant: str) -> float:
    """What a tenant spent this month, as the log of calls says."""
    groups = (await house.ask(tenant, "GET", "/v1/calls/by/tenant")).json()["groups"]
    return float(groups[0]["usd"]) if groups else 0.0


async def test_a_quota_in_dollars_holds_until_the_month_turns(house: House) -> None:
    """Refused once the money is spent, with a code; another tenant goes on; on the first of the next month it is there again."""
    assert (await house.send("acme", 1)).status_code == 200
    one = await cost(house, "acme")
    assert 0 < one < 0.01
    await house.service.accounts.set_quota("acme", Quota(usd=one * 1.5))
    assert (await house.send("acme", 2)).status_code == 200
    refused = await house.send("acme", 3)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert "usd are used" in refused.json()["detail"]
    assert (await house.send("bolt", 3)).status_code == 200
    told = (await house.ask("acme", "GET", "/v1/quota")).json()
    assert (told["tenant"], told["used"]["usd"], told["left"]["usd"]) == ("acme", pytest.approx(one * 2, rel=0.05), 0)
    assert (told["used"]["documents"], told["left"]["documents"]) == (2, None)
    other = (await house.ask("bolt", "GET", "/v1/quota")).json()
    assert (other["quota"], other["used"]["documents"]) == ({"documents": None, "bytes": None, "usd": None}, 1)
    assert (await house.ask("bolt", "GET", "/v1/quota?tenant=acme")).status_code == 403
    assert (await house.ask("ops", "GET", "/v1/quota?tenant=acme")).json()["used"] == told["used"]
    spent = await house.service.budgets.spending.spent("acme", *bounds("month", house.clock()))
    assert spent.usd == pytest.approx(await cost(house, "acme"))
    house.clock.ahead = bounds("month", time.time())[1] - time.time() + 60
    assert (await house.send("acme", 4)).status_code == 200


async def test_a_budget_tells_and_then_refuses(house: House) -> None:
    """A signed word at each threshold, once; then 429 with Retry-After; an administrator sees all, a tenant its own."""
    assert (await house.send("acme", 1)).status_code == 200
    one = await cost(house, "acme")
    with receiver(failures=1) as (url, got):
        budgets = house.service.budgets
        await budgets.set(Budget(tenant="acme", period="day", usd=one * 1.9, alerts=(50, 100), webhook=url))
        await budgets.set(Budget(usd=100.0))
        assert (await house.send("acme", 2)).status_code == 200
        refused = await house.send("acme", 3)
        assert (refused.status_code, refused.json()["code"]) == (429, "budget_reached")
        assert 0 < int(refused.headers["retry-after"]) <= 86_400
        assert (await house.send("bolt", 3)).status_code == 200
        async with asyncio.timeout(120):
            while len(got) < 3:  # noqa: ASYNC110 - a thread receives
                await asyncio.sleep(0.05)
    told = sorted(json.loads(body)["data"]["threshold"] for _, body in got)
    assert set(told) == {50, 100}
    secret = await house.service.accounts.webhook_secret("acme")
    for headers, body in got:
        named = {k.lower(): v for k, v in headers.items()}
        alert = json.loads(body)
        assert (alert["type"], alert["data"]["tenant"]) == ("budget.alert", "acme")
        assert named["webhook-signature"] == signature(
            secret, named["webhook-id"], int(named["webhook-timestamp"]), body
        )
    own = (await house.ask("acme", "GET", "/v1/budgets")).json()["budgets"]
    assert [(b["budget"]["tenant"], b["percent"] >= 100) for b in own] == [("acme", True)]
    assert (await house.ask("bolt", "GET", "/v1/budgets")).json()["budgets"] == []
    every = (await house.ask("ops", "GET", "/v1/budgets")).json()["budgets"]
    assert {b["budget"]["tenant"] for b in every} == {"*", "acme"}
    metrics = (await house.ask("ops", "GET", "/metrics")).text
    assert 'thresher_budget_alerts_total{period="day",threshold="100"} 1' in metrics
    house.clock.ahead = 86_400.0
    assert (await house.send("acme", 4)).status_code == 200
