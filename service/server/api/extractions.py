"""Routes of /v1/extractions: upload, follow, fetch, cancel."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from thresher.schemas.errors import JobProblem
from thresher.schemas.tenants.account import Quota
from thresher.schemas.tenants.budget import bounds
from thresher.schemas.work import Job, JobState, Submission, TenantUsage
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.event_streams import EventStream, events, listener_slot, wait_until_ended
from thresher.service.server.api.files.job_files import ExtractionProgress, progress_of
from thresher.service.server.api.response_models import (
    EXAMPLE_JOB,
    Extraction,
    ExtractionResult,
    Extractions,
    ProblemBody,
    extraction,
)
from thresher.service.server.api.result_pages import ResultPage
from thresher.service.server.api.upload import read_submission, usage_of
from thresher.service.telemetry import tracing
from thresher.service.tenants.accounts import check_quota

routes = APIRouter(prefix="/v1/extractions", tags=["extractions"])
PAGE_MAX = 200  # jobs or Results on one page
JobId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z-]+$", examples=[EXAMPLE_JOB["id"]])]
PROBLEM: dict[str, Any] = {"model": ProblemBody, "description": "a Problem; `code` is stable"}
PROBLEMS: dict[int | str, dict[str, Any]] = dict.fromkeys(("4XX", "5XX"), PROBLEM)
UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "title": "Upload",
                "type": "object",
                "required": ["file", "target"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                        "description": "one part for each file, all called `file`",
                    },
                    "target": {"type": "string", "description": "the name of a target, or a JSON Schema"},
                    "policy": {"type": "string", "description": "JSON: stance, unit, model, max_cost, read.ocr …"},
                    "webhook": {"type": "string", "description": "where to tell that the job has ended"},
                    "priority": {"type": "integer", "minimum": -9, "maximum": 9},
                },
            },
            "example": {"file": ["(bytes of invoice.pdf)"], "target": "invoice", "policy": '{"stance": "precision"}'},
        }
    },
}
EVENT = {
    "examples": [
        {
            "id": "3",
            "event": "done",
            "data": '{"at": 1763799612.5, "task": 0, "file": "order.txt", "detail": "partial", "counts": {}, "stages": {}}',
        }
    ],
    "type": "object",
    "description": "one event of the stream",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string", "description": "its number, for Last-Event-ID"},
        "event": {"type": "string", "description": "submitted, done, failed, again, cancelled, finished, progress …"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": "at, task, file (its name; null where a task has several), detail, counts, stages",
        },
    },
}
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "the same key with the same request gives the same job; with another request it is refused",
    "example": "order-4711",
}


@routes.post(
    "",
    operation_id="create_extraction",
    status_code=202,
    responses={200: {"model": ExtractionResult, "description": "ready within ?wait"}, **PROBLEMS},
    response_model=Extraction,
    openapi_extra={"requestBody": UPLOAD, "parameters": [KEY_HEADER]},
)
async def create(
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    wait: Annotated[float, Query(ge=0, allow_inf_nan=False, description="seconds to wait for the result")] = 0.0,
) -> Response:
    """Upload files and extract one JSON document from each, with evidence."""
    parts.must_run()
    quota = await parts.accounts.quota(tenant)
    await parts.budgets.may_start(tenant)
    await check_month_quota(
        parts, tenant, quota, TenantUsage()
    )  # before a byte is read, so that it does not fill the disk
    with tracing.span("upload") as span:
        asked = await read_submission(parts, tenant, request)
        span.set({"thresher.files": len(asked.files), "thresher.bytes": usage_of(asked).bytes})
    with tracing.span("job", kind="producer") as span:
        job, replayed = await submit_within_quota(parts, asked.model_copy(update={"trace": tracing.here()}), quota)
        span.set({"thresher.job": job.id})
    request.state.job = job.id
    job = await wait_until_ended(parts, request, job, min(wait, parts.bounds.wait))
    if wait and job.state != "open":
        return ResultPage(parts, job, "", PAGE_MAX, _headers(job, replayed=replayed))
    return Response(extraction(job).model_dump_json(), 202, _headers(job, replayed=replayed), "application/json")


@routes.get("", operation_id="list_extractions", responses=PROBLEMS)
async def listing(
    parts: AppStateDep,
    tenant: Tenant,
    cursor: Annotated[
        str | None, Query(max_length=64, description="`next` of the page before", examples=[EXAMPLE_JOB["id"]])
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX, examples=[20])] = 50,
    state: JobState | None = None,
) -> Extractions:
    """Jobs, newest first."""
    found = await parts.jobs.jobs(tenant, before=cursor, limit=limit, state=state)
    return Extractions(extractions=[extraction(j) for j in found], next=found[-1].id if len(found) == limit else None)


@routes.get("/{id}", operation_id="get_extraction", responses=PROBLEMS)
async def status(
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    id: JobId,  # noqa: A002 - as in the path
    cursor: Annotated[
        str, Query(max_length=9, pattern=r"^[0-9]*$", description="`next` of the page before", examples=["99"])
    ] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX, description="finished files on one page")] = 50,
) -> ExtractionProgress:
    """How far a job has come, and its files that are finished already."""
    request.state.job = id
    job = await parts.jobs.job(tenant, id)
    return await progress_of(parts.jobs, job, await parts.jobs.progress(tenant, id), cursor, limit)


@routes.get("/{id}/result", operation_id="get_result", responses=PROBLEMS, response_model=ExtractionResult)
async def result(  # noqa: PLR0913, PLR0917 - the parameters of the address
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    id: JobId,  # noqa: A002 - as in the path
    cursor: Annotated[
        str,
        Query(
            max_length=32,
            pattern=r"^([0-9]{1,15}\.[0-9]{1,15})?$",
            description="`next` of the page before",
            examples=["99.0"],
        ),
    ] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    wait: Annotated[
        float, Query(ge=0, allow_inf_nan=False, description="seconds to wait for the end of the job")
    ] = 0.0,
    partial: Annotated[bool, Query(description="also while the job goes on")] = False,  # noqa: FBT002 - as in the address
) -> Response:
    """Results of a job: data, evidence, what is missing and why."""
    request.state.job = id
    job = await parts.jobs.job(tenant, id)
    job = await wait_until_ended(parts, request, job, min(wait, parts.bounds.wait))
    if job.state == "open" and not partial:
        raise JobProblem("result_not_ready")
    return ResultPage(parts, job, cursor, limit)


@routes.get(
    "/{id}/events",
    operation_id="follow_extraction",
    response_class=EventStream,
    status_code=200,
    responses={
        200: {
            "description": "server-sent events; each has counts and stages; the stream ends with the job",
            "content": {"text/event-stream": {"schema": EVENT}},
        },
        **PROBLEMS,
    },
)
async def stream(
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    id: JobId,  # noqa: A002 - as in the path
    after: Annotated[int, Query(ge=0, le=2**53, description="number of the last event that was seen")] = 0,
) -> EventStream:
    """Follow a job. A client that was cut off goes on with Last-Event-ID, and misses nothing."""
    request.state.job = id
    last = request.headers.get("last-event-id", "")
    job = await parts.jobs.job(tenant, id)
    start = int(last) if last.isdecimal() and len(last) < 16 else after
    return EventStream(events(parts, job, start), listener_slot(parts, tenant))


@routes.delete("/{id}", operation_id="cancel_extraction", responses=PROBLEMS)
async def cancel(parts: AppStateDep, tenant: Tenant, request: Request, id: JobId) -> Extraction:  # noqa: A002 - as in the path
    """Cancel a job, a running one too. What is finished stays."""
    request.state.job = id
    await parts.jobs.job(tenant, id)
    return extraction(await parts.jobs.cancel(tenant, id))


@routes.post("/{id}/retry", operation_id="retry_extraction", responses=PROBLEMS)
async def retry(parts: AppStateDep, tenant: Tenant, request: Request, id: JobId) -> Extraction:  # noqa: A002 - as in the path
    """Try the files of a job again that failed or were set aside. What is finished stays."""
    request.state.job = id
    parts.must_run()
    await parts.budgets.may_start(tenant)
    await parts.jobs.job(tenant, id)
    await parts.jobs.retry(tenant, id)
    return extraction(await parts.jobs.job(tenant, id))


async def check_month_quota(parts: AppState, tenant: str, quota: Quota, more: TenantUsage) -> None:
    """Raise InputProblem(quota_exceeded) where the tenant's month has no room for more."""
    if quota != Quota():
        check_quota(quota, await month_usage(parts, tenant), more)


async def month_usage(parts: AppState, tenant: str) -> TenantUsage:
    """Return what a tenant has used in the present calendar month (UTC)."""
    began, ends = bounds("month", parts.clock())
    usage = await parts.jobs.usage(tenant, began)
    spent = await parts.budgets.spending.spent(tenant, began, ends)
    return usage.model_copy(update={"usd": spent.usd})


async def submit_within_quota(parts: AppState, asked: Submission, quota: Quota) -> tuple[Job, bool]:
    """Submit within the quota, one at a time for each tenant with a quota: two cannot both take the last place."""
    turn = parts.turns[asked.tenant] if quota != Quota() else contextlib.nullcontext()
    async with turn:
        with parts.refused_uploads.counted(asked.tenant, asked.files, parts.bounds.refused):
            await check_month_quota(parts, asked.tenant, quota, usage_of(asked))
            job, replayed = await asyncio.shield(parts.jobs.submit(asked))
    if not replayed:
        parts.metrics.add("thresher_jobs_submitted_total")
        parts.metrics.add("thresher_uploaded_files_total", len(asked.files))
        parts.metrics.add("thresher_uploaded_bytes_total", usage_of(asked).bytes)
    return job, replayed


def _headers(job: Job, *, replayed: bool) -> dict[str, str]:
    headers = {"Location": f"/v1/extractions/{job.id}"}
    return {**headers, "Idempotent-Replayed": "true"} if replayed else headers
