"""Routes of targets, the webhook secret, health and metrics."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.library import library_names
from thresher.schemas.published import result_schema
from thresher.schemas.tenants.account import NamedSchema
from thresher.schemas.tenants.budget import ALL_TENANTS, DAY
from thresher.schemas.work import AskedTarget
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant, VisibleTenant
from thresher.service.server.api.extractions import PROBLEMS
from thresher.service.server.api.json_bodies import bytes_of, check_kind
from thresher.service.server.api.request_validation import known_target
from thresher.service.server.api.response_models import Health, Targets, TargetView, WebhookSecret
from thresher.service.storage.answers.session import database_wait
from thresher.service.telemetry.metrics import MEDIA_TYPE, Labels, Shared

routes = APIRouter()
PROBE_WAIT_SECONDS = 1.0  # seconds that a probe waits for a database that is away
MAX_TARGETS, MAX_TARGETS_BYTES = 1000, 4 << 20  # registered by one tenant: all are read for a list
SCHEMA_KINDS = frozenset({"application/json", "application/schema+json"})
TargetName = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", examples=["delivery-note"])
]
COUNTERS: dict[str, Any] = {
    "description": "counters in Prometheus' text format",
    "content": {"text/plain": {"schema": {"type": "string"}, "example": "thresher_jobs_submitted_total 3\n"}},
}
SCHEMA_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object"},
            "example": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
        }
    },
}


@routes.get(
    "/v1/schemas/result",
    operation_id="get_result_schema",
    tags=["extractions"],
    responses={200: {"content": {"application/json": {"example": {"type": "object"}}}}, **PROBLEMS},
)
async def schema_of_results(tenant: Tenant) -> dict[str, Any]:  # noqa: ARG001 - any tenant may read it
    """The JSON Schema of a Result, with the version of its form."""
    return result_schema()


@routes.get("/v1/targets", operation_id="list_targets", tags=["targets"], responses=PROBLEMS)
async def targets(parts: AppStateDep, tenant: Tenant) -> Targets:
    """Every target that can be named: ready-made, the operator's, and those registered here."""
    return Targets(targets=[*await asyncio.to_thread(_known, parts), *await _registered(parts, tenant)])


@routes.get("/v1/targets/{name}", operation_id="get_target", tags=["targets"], responses=PROBLEMS)
async def target(parts: AppStateDep, tenant: Tenant, name: TargetName) -> TargetView:
    """One target."""
    registered = await parts.accounts.target(tenant, name)
    if registered is not None:
        return await _of_schema(parts, tenant, registered)
    found = await asyncio.to_thread(known_target, name, parts.offer)
    if found is None:
        raise InputProblem("not_found", f"no target {name}")
    return _view(name, found, "operator" if name in parts.offer.targets else "ready-made")


@routes.put(
    "/v1/targets/{name}",
    operation_id="register_target",
    tags=["targets"],
    responses=PROBLEMS,
    openapi_extra={"requestBody": SCHEMA_BODY},
)
async def register(parts: AppStateDep, tenant: Tenant, request: Request, name: TargetName) -> TargetView:
    """Register a JSON Schema under a name, in place of an older one."""
    check_kind(request, SCHEMA_KINDS)
    if name in library_names() or name in parts.offer.targets:
        raise InputProblem("request_invalid", f"{name} is a ready-made target's name; choose another")
    text = await bytes_of(parts, tenant, request, parts.bounds.field, SCHEMA_KINDS)
    await parts.schema_checker.judged(tenant, text, name)
    schema = json.loads(text)
    kept = NamedSchema(name=name, json_schema=schema, created=time.time(), size=len(json.dumps(schema)))
    async with parts.turns[tenant]:  # of many at once, none counts on room that another takes
        others = [t for t in await parts.accounts.targets(tenant) if t.name != name]
        if len(others) >= MAX_TARGETS or sum(t.size for t in others) + kept.size > MAX_TARGETS_BYTES:
            raise InputProblem("quota_exceeded", f"{len(others)} targets are registered; forget some of them")
        await parts.accounts.register(tenant, kept)
    return await _of_schema(parts, tenant, kept)


@routes.delete(
    "/v1/targets/{name}", operation_id="forget_target", tags=["targets"], status_code=204, responses=PROBLEMS
)
async def forget(parts: AppStateDep, tenant: Tenant, name: TargetName) -> None:
    """Drop a registered target. Jobs that were asked with it keep it."""
    if await parts.accounts.target(tenant, name) is None:
        raise InputProblem("not_found", f"no registered target {name}")
    await parts.accounts.forget_target(tenant, name)


@routes.get("/v1/webhooks/secret", operation_id="get_webhook_secret", tags=["webhooks"], responses=PROBLEMS)
async def webhook_secret(parts: AppStateDep, tenant: Tenant, seen: VisibleTenant) -> WebhookSecret:
    """What this tenant's webhooks are signed with (HMAC-SHA256, as Standard Webhooks); `*`: those of everybody's budgets."""
    if seen not in {None, tenant, ALL_TENANTS}:
        raise InputProblem("forbidden", "another tenant's")
    return WebhookSecret(secret=await parts.accounts.webhook_secret(seen or tenant))


@routes.get("/healthz", operation_id="check_alive", tags=["operations"])
async def healthz() -> Health:
    """Whether the process answers at all."""
    return Health(status="alive")


@routes.get(
    "/readyz",
    operation_id="check_ready",
    tags=["operations"],
    response_model=Health,
    responses={503: {"model": Health, "description": "not now"}},
)
async def readyz(parts: AppStateDep) -> Response:
    """Whether the service takes work: its store answers, and it is not being stopped."""
    if parts.stopping.is_set():
        return JSONResponse({"status": "stopping"}, 503)
    database_wait.set(PROBE_WAIT_SECONDS)
    try:
        async with asyncio.timeout(5):
            await parts.accounts.keys()
            await parts.jobs.ready()
    except (SetupProblem, TimeoutError):
        return JSONResponse({"status": "store away"}, 503)
    return JSONResponse({"status": "ready"})


@routes.get(
    "/metrics",
    operation_id="read_metrics",
    tags=["operations"],
    response_class=Response,
    responses={200: COUNTERS, **PROBLEMS},
)
async def metrics(parts: AppStateDep, request: Request, tenant: Tenant) -> Response:  # noqa: ARG001 - requires a valid key
    """Counters for Prometheus, for the operator alone: an admin key, or no key on loopback."""
    if not request.state.admin and not parts.offer.keyless:
        raise InputProblem("forbidden", "an admin key is needed: the counters are of all tenants together")
    return Response(parts.metrics.text(await _shared(parts)), media_type=MEDIA_TYPE)


async def _shared(parts: AppState) -> Shared:
    """Return what all processes share; nothing where the store is away, so that the rest can still be read."""
    try:
        async with asyncio.timeout(2):
            spent = await parts.budgets.spending.spent(None, 0.0, parts.clock() + DAY)
            states = await parts.budgets.states(ALL_TENANTS)
    except (SetupProblem, TimeoutError):
        return {}
    ratio = "thresher_budget_used_ratio"
    used: dict[tuple[str, Labels], float] = {
        (ratio, (("period", str(s.budget.period)),)): s.percent / 100 for s in states
    }
    totals = {"thresher_spent_dollars_total": spent.usd, "thresher_spent_tokens_total": float(spent.tokens)}
    return {**used, **{(name, ()): value for name, value in totals.items()}}


def _known(parts: AppState) -> list[TargetView]:
    names = [*((n, "operator") for n in parts.offer.targets), *((n, "ready-made") for n in library_names())]
    found = ((name, known_target(name, parts.offer), origin) for name, origin in names)
    return [_view(name, target, origin) for name, target, origin in found if target]


async def _registered(parts: AppState, tenant: str) -> list[TargetView]:
    return [await _of_schema(parts, tenant, t) for t in await parts.accounts.targets(tenant)]


async def _of_schema(parts: AppState, tenant: str, kept: NamedSchema) -> TargetView:
    found = await parts.schema_checker.judged(tenant, json.dumps(kept.json_schema), kept.name)
    return _view(kept.name, found, "registered")


def _view(name: str, found: AskedTarget, origin: str) -> TargetView:
    schema: dict[str, Any] = found.json_schema
    return TargetView(name=name, fingerprint=found.fingerprint, origin=origin, json_schema=schema)
