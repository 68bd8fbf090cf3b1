"""Routes of /v1/matters/{matter}/imports: begin, follow, cancel and retry imports, which are jobs as extractions are."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from thresher.schemas.discovery.matter_import import ImportSummary
from thresher.schemas.errors import Note
from thresher.schemas.work import Job, JobState, TenantUsage
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.event_streams import EventStream, events, listener_slot
from thresher.service.server.api.extractions import (
    EVENT,
    KEY_HEADER,
    PROBLEMS,
    JobId,
    check_month_quota,
    submit_within_quota,
)
from thresher.service.server.api.matters.import_submission import BODY, read_import
from thresher.service.server.api.matters.matters import MatterId, folders_of
from thresher.service.server.api.matters.models import Imports, ImportView, import_view
from thresher.service.server.api.response_models import EXAMPLE_JOB
from thresher.service.server.api.result_pages import public_failure
from thresher.service.telemetry import tracing

routes = APIRouter(prefix="/v1/matters/{matter}/imports", tags=["matters"])


@routes.post(
    "",
    operation_id="create_import",
    status_code=202,
    responses=PROBLEMS,
    response_model=ImportView,
    openapi_extra={"requestBody": BODY, "parameters": [KEY_HEADER]},
)
async def create(parts: AppStateDep, tenant: Tenant, matter: MatterId, request: Request) -> Response:
    """Import uploaded files, or files on the server, into a matter. What was imported before is not imported twice."""
    parts.must_run()
    await asyncio.to_thread(folders_of(parts).folder, tenant, matter)
    quota = await parts.accounts.quota(tenant)
    await check_month_quota(parts, tenant, quota, TenantUsage())  # before a byte is read
    asked = await read_import(parts, tenant, matter, request)
    job, replayed = await submit_within_quota(parts, asked.model_copy(update={"trace": tracing.here()}), quota)
    request.state.job = job.id
    headers = {"Location": f"/v1/matters/{matter}/imports/{job.id}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(import_view(job).model_dump_json(), 202, headers, "application/json")


@routes.get("", operation_id="list_imports", responses=PROBLEMS)
async def listing(
    parts: AppStateDep,
    tenant: Tenant,
    matter: MatterId,
    cursor: Annotated[
        str | None, Query(max_length=64, description="`next` of the page before", examples=[EXAMPLE_JOB["id"]])
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    state: JobState | None = None,
) -> Imports:
    """Imports into a matter, newest first."""
    await asyncio.to_thread(folders_of(parts).folder, tenant, matter)
    found = await parts.jobs.jobs(tenant, before=cursor, limit=limit, state=state, matter=matter)
    return Imports(imports=[import_view(j) for j in found], next=found[-1].id if len(found) == limit else None)


@routes.get("/{id}", operation_id="get_import", responses=PROBLEMS)
async def status(parts: AppStateDep, tenant: Tenant, request: Request, matter: MatterId, id: JobId) -> ImportView:  # noqa: A002 - as in the path
    """How far an import has come, and what came out."""
    request.state.job = id
    return await _whole(parts, await parts.jobs.job(tenant, id, matter=matter))


@routes.get(
    "/{id}/events",
    operation_id="follow_import",
    response_class=EventStream,
    status_code=200,
    responses={
        200: {
            "description": "server-sent events; each has counts and stages; the stream ends with the import",
            "content": {"text/event-stream": {"schema": EVENT}},
        },
        **PROBLEMS,
    },
)
async def stream(
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    matter: MatterId,
    id: JobId,  # noqa: A002 - as in the path
    after: Annotated[int, Query(ge=0, le=2**53, description="number of the last event that was seen")] = 0,
) -> EventStream:
    """Follow an import. A client that was cut off goes on with Last-Event-ID, and misses nothing."""
    request.state.job = id
    job = await parts.jobs.job(tenant, id, matter=matter)
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isdecimal() and len(last) < 16 else after
    return EventStream(events(parts, job, start), listener_slot(parts, tenant))


@routes.delete("/{id}", operation_id="cancel_import", responses=PROBLEMS)
async def cancel(parts: AppStateDep, tenant: Tenant, request: Request, matter: MatterId, id: JobId) -> ImportView:  # noqa: A002 - as in the path
    """Cancel an import. What is in the matter stays; the same import asked for again goes on where it was."""
    request.state.job = id
    await parts.jobs.job(tenant, id, matter=matter)
    return await _whole(parts, await parts.jobs.cancel(tenant, id))


@routes.post("/{id}/retry", operation_id="retry_import", responses=PROBLEMS)
async def retry(parts: AppStateDep, tenant: Tenant, request: Request, matter: MatterId, id: JobId) -> ImportView:  # noqa: A002 - as in the path
    """Try a failed import again, from where it was."""
    request.state.job = id
    parts.must_run()
    await parts.jobs.job(tenant, id, matter=matter)
    await parts.jobs.retry(tenant, id)
    return await _whole(parts, await parts.jobs.job(tenant, id, matter=matter))


async def _whole(parts: AppState, job: Job) -> ImportView:
    """Return an import with its progress, and what came out or went wrong."""
    progress = await parts.jobs.progress(job.tenant, job.id)
    outcomes = await parts.jobs.results(job.tenant, job.id, limit=1)
    summary = ImportSummary.model_validate_json(outcomes[0].body) if outcomes else None
    return import_view(job, progress, summary, await _problem(parts, job) if summary is None else None)


async def _problem(parts: AppState, job: Job) -> Note | None:
    found = await parts.jobs.tasks(job.tenant, job.id, limit=1)
    return public_failure(found[0].why) if found else None
