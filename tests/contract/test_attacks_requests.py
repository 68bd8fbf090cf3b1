"""Attacks by requests: fields of wrong types, packed bodies, floods of listeners, dear schemas. In one process, without a network."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.jobs_house import SCHEMA, app_state, order, submitted, target
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy
from thresher.schemas.question import Message, Question
from thresher.schemas.work import Submission, UploadedFile
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.llm.client import key_of
from thresher.service.server.api import schema_checking
from thresher.service.server.api.app import application
from thresher.service.server.api.app_state import AppState, Bounds, ServiceConfig
from thresher.service.server.api.event_streams import listener_slot
from thresher.service.server.api.request_validation import policy_of
from thresher.service.server.api.schema_checking import SchemaChecker
from thresher.service.server.api.target_schema import schema_target
from thresher.service.telemetry.ids import answers_tenant

FILE = {"file": ("a.txt", order(1).encode())}
FIELDS = {"target": json.dumps(SCHEMA)}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ServiceResources]:
    """Jobs in a file."""
    async with opened_resources(tmp_path) as made:
        yield made


@pytest.fixture
async def service(house: ServiceResources) -> AsyncIterator[AppState]:
    """A service with keys, and small bounds."""
    made = app_state(house, bounds=Bounds(upload=1 << 20, listeners=4))
    yield made
    await made.schema_checker.close()


async def client(service: AppState, tenant: str, *, admin: bool = False) -> httpx.AsyncClient:
    """A client with a key of a tenant."""
    key, _ = await service.accounts.create_key(tenant, admin=admin)
    headers = {"Authorization": f"Bearer {key}"}
    transport = httpx.ASGITransport(application(service))
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a Problem."""
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("field", ["target", "policy", "webhook", "priority"])
async def test_a_field_that_is_sent_twice_is_refused(service: AppState, field: str) -> None:
    """Nobody guesses which of the two is meant."""
    said = {"target": FIELDS["target"], "policy": "{}", "webhook": "https://93.184.216.34/", "priority": "1"}[field]
    parts: list[Any] = [("file", FILE["file"]), (field, (None, said)), (field, (None, said))]
    async with await client(service, "acme") as acme:
        assert told(await acme.post("/v1/extractions", files=parts)) == (422, "field_invalid")


@pytest.mark.parametrize(
    "choices",
    [
        '{"repairs": "99"}', '{"repairs": 99.0}', '{"repairs": [1]}', '{"max_cost": "99"}', '{"max_cost": NaN}',
        '{"max_cost": "nan"}', '{"max_cost": null}', '{"max_cost": true, "repairs": {}}', '{"model": ["scripted:x"]}',
        '{"model": {}}', '{"model": null}', '{"read": [1]}', '{"read": null}', '{"read": {"ocr": []}}', "[]", "1", "NaN",
        '{"stance": "\\ud800"}', '{"fuzzy": "Infinity"}', '{"unit": 1e400}', "[" * 100_000,
    ],
)  # fmt: skip
def test_limits_hold_whatever_type_a_choice_has(choices: str) -> None:
    """A limit is compared with what a choice was read as, and nothing but a clear Problem is raised."""
    offer = ServiceConfig(policy=Policy(model="scripted:x", max_cost=0.5))
    with pytest.raises(InputProblem, match="policy_invalid"):
        policy_of(choices, offer)


@pytest.mark.parametrize(
    "schema",
    ['{"title": "\\ud800", "properties": {"a": {}}}', '{"properties": {"a": {"minimum": NaN}}}', '{"properties": {"\\udfff": {}}}',
     '{"properties": {"a": {"maximum": -Infinity}}}', "[" * 100_000, '{"properties": []}', '{"properties": {"a": 1}}',
     '{"type": ["object", {}]}', '{"required": "a", "properties": {"a": {}}}'],
)  # fmt: skip
def test_a_schema_of_wrong_types_is_refused(schema: str) -> None:
    """As a Problem, never as a fault."""
    with pytest.raises(InputProblem, match="target_invalid"):
        schema_target(schema)


async def test_packed_bodies_have_the_same_limits(service: AppState) -> None:
    """What is packed with gzip is unpacked, within the bounds of what is not; a bomb and half a body are refused."""
    async with await client(service, "acme") as acme:
        made = acme.build_request("POST", "/v1/extractions", files=FILE, data=FIELDS)
        body = await made.aread()
        headers = {"content-type": made.headers["content-type"], "content-encoding": "gzip"}

        async def sent(packed: bytes, **more: str) -> httpx.Response:
            return await acme.post("/v1/extractions", content=packed, headers={**headers, **more})

        assert (await sent(gzip.compress(body))).status_code == 202
        assert told(await sent(gzip.compress(body)[:100])) == (400, "upload_incomplete")
        assert told(await sent(body)) == (400, "request_invalid")
        assert told(await sent(body, **{"content-encoding": "br"})) == (415, "media_type_wrong")
        bomb = body.replace(b"Acme", b"A" * (64 << 20))
        assert told(await sent(gzip.compress(bomb, 1))) == (413, "too_large")


async def test_a_wait_without_a_place_gives_the_job(service: AppState) -> None:
    """202 with the job: what was sent is never lost behind a 503."""
    async with await client(service, "acme") as acme:
        with ExitStack() as held:
            for _ in range(2):
                held.enter_context(listener_slot(service, "acme"))
            made = await acme.post("/v1/extractions?wait=60", files=FILE, data=FIELDS)
            assert made.status_code == 202
            later = await acme.get(f"/v1/extractions/{made.json()['id']}/result?wait=60")
            assert told(later) == (409, "result_not_ready")
            with listener_slot(service, "bolt"):
                assert service.listener_slots.total == 3


async def test_counters_are_the_operators(service: AppState) -> None:
    """A tenant's key opens no metrics; an admin's does."""
    async with await client(service, "acme") as acme, await client(service, "ops", admin=True) as ops:
        assert told(await acme.get("/metrics")) == (403, "forbidden")
        assert (await ops.get("/metrics")).status_code == 200


async def test_a_dear_schema_makes_nobody_wait(service: AppState) -> None:
    """Ten of one tenant's are judged one at a time, elsewhere; another's small one and /healthz do not wait for them."""
    wide = [{"type": "object", "properties": {f"f{n}{k}": {"type": "string"} for k in range(3000)}} for n in range(10)]
    async with await client(service, "acme") as acme, await client(service, "bolt") as bolt:
        sent = [
            asyncio.create_task(acme.post("/v1/extractions", files=FILE, data={"target": json.dumps(w)})) for w in wide
        ]
        await asyncio.sleep(0.3)
        assert (await bolt.get("/healthz")).status_code == 200
        assert (await bolt.post("/v1/extractions", files=FILE, data=FIELDS)).status_code == 202
        assert sum(t.done() for t in sent) <= len(sent) / 2
        for task in sent:
            task.cancel()
        await asyncio.gather(*sent, return_exceptions=True)


async def test_a_schema_that_takes_too_long_or_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is ended, the next schema is judged by another."""
    monkeypatch.setattr(schema_checking, "TIME_LIMIT_SECONDS", 0.01)
    judge = SchemaChecker()
    wide = json.dumps({"type": "object", "properties": {f"f{k}": {"type": "string"} for k in range(4000)}})
    try:
        with pytest.raises(InputProblem, match="takes longer"):
            await judge.judged("acme", wide)
        monkeypatch.setattr(schema_checking, "TIME_LIMIT_SECONDS", 60)
        assert (await judge.judged("acme", wide)).name == "target"
    finally:
        await judge.close()


async def test_tenants_take_turns_whatever_their_priority(house: ServiceResources) -> None:
    """One file behind a hundred of another tenant, sent later and with the lowest priority, is among the next claims."""
    await submitted(house, Policy(), 100, tenant="many", priority=9)
    await submitted(house, Policy(), 1, tenant="few", priority=-9)
    claims = [claim for _ in range(2) for claim in await house.jobs.claim("w", limit=1)]
    assert {claim.tenant for claim in claims} == {"many", "few"}
    assert [c.tenant for c in await house.jobs.claim("w", limit=3)] == ["many"] * 3


async def test_webhooks_of_tenants_take_turns(house: ServiceResources) -> None:
    """Sixty of one tenant are not all before another's; a tenant with its places full gets none."""
    for n in range(12):
        await ended(house, "many" if n < 11 else "few", f"https://93.184.216.34/{n}")
    assert {j.tenant for j in await house.jobs.webhooks_due(limit=2)} == {"many", "few"}
    assert await house.jobs.webhooks_due(limit=5, full=["many"]) == []
    assert len(await house.jobs.webhooks_due(limit=5)) == 5


async def ended(house: ServiceResources, tenant: str, url: str) -> None:
    """A cancelled Job with a webhook."""
    file = UploadedFile(name="a", sha256="0" * 64, size=1)
    asked = Submission(tenant=tenant, target=target(), policy=Policy(), files=(file,), webhook=url)
    job, _ = await house.jobs.submit(asked)
    await house.jobs.cancel(tenant, job.id)


def test_answers_are_each_tenants_own() -> None:
    """The same question has another key for another tenant; one that all share has none of theirs."""
    question = Question(
        prompt="extract", fingerprint="f", messages=(Message(role="user", content="x"),), schema={}, answer_tokens=9
    )
    keys: list[Any] = []
    for tenant in ("acme", "bolt", None):
        token = answers_tenant.set(tenant)
        keys.append(key_of(question, "model"))
        answers_tenant.reset(token)
    assert len(set(keys)) == 3
