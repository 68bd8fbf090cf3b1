"""Routes that all work on a matter has, whatever it is: list, look at, follow, cancel and retry its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from thresher.schemas.errors import JobProblem, Note
from thresher.schemas.work import Job, JobState, Submission, TenantUsage
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.event_streams import EventStream, events, listener_slot
from thresher.service.server.api.extractions import EVENT, PROBLEMS, JobId, check_month_quota, submit_within_quota
from thresher.service.server.api.matters.job_models import MatterJobView, job_view
from thresher.service.server.api.matters.matters import MatterId, folders_of
from thresher.service.server.api.response_models import EXAMPLE_JOB
from thresher.service.server.api.result_pages import public_failure
from thresher.service.telemetry import tracing

Cursor = Annotated[
    str | None, Query(max_length=64, description="`next` of the page before", examples=[EXAMPLE_JOB["id"]])
]
PageSize = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int, Query(ge=0, le=2**53, description="number of the last event that was seen")]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A kind of work on a matter."""

    target: str  # name of the Jobs' target, which tells the kinds apart
    noun: str  # in the names of operations: "import"
    plural: str  # in addresses and lists: "imports"
    words: str  # in descriptions: "an import"
    view: type[MatterJobView]
    page: type[BaseModel]
    summary: type[BaseModel]

    def address(self, job: Job) -> str:
        """Return where a job is."""
        return f"/v1/matters/{job.matter}/{self.plural}/{job.id}"


async def begun(
    parts: AppState, request: Request, kind: JobKind, matter: str, read: Callable[[], Any], tenant: str
) -> Response:
    """Submit what `read` makes of a request, within the tenant's quota, and answer with the job."""
    parts.must_run()
    await asyncio.to_thread(folders_of(parts).folder, tenant, matter)
    quota = await parts.accounts.quota(tenant)
    await check_month_quota(parts, tenant, quota, TenantUsage())  # before a byte is read
    asked: Submission = await read()
    job, replayed = await submit_within_quota(parts, asked.model_copy(update={"trace": tracing.here()}), quota)
    request.state.job = job.id
    headers = {"Location": kind.address(job)}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(job_view(kind.view, kind.plural, job).model_dump_json(), 202, headers, "application/json")


async def job_of_kind(parts: AppState, tenant: str, matter: str, kind: JobKind, id: str) -> Job:  # noqa: A002 - the field's own name
    """Return a job of a kind. Raises JobProblem(job_not_found) for one of another kind, or of another matter."""
    job = await parts.jobs.job(tenant, id, matter=matter)
    if job.target != kind.target:
        raise JobProblem("job_not_found", id[:64])
    return job


async def whole(parts: AppState, kind: JobKind, job: Job) -> MatterJobView:
    """Return a job with its progress, and what came out or went wrong."""
    progress = await parts.jobs.progress(job.tenant, job.id)
    outcomes = await parts.jobs.results(job.tenant, job.id, limit=1)
    summary = kind.summary.model_validate_json(outcomes[0].body) if outcomes else None
    problem = await _problem(parts, job) if summary is None or progress.counts.todo else None
    return job_view(kind.view, kind.plural, job, progress, summary, problem)


async def _problem(parts: AppState, job: Job) -> Note | None:
    found = await parts.jobs.tasks(job.tenant, job.id, limit=1)
    return public_failure(found[0].why) if found else None


def add_job_routes(routes: APIRouter, kind: JobKind) -> None:
    """Add the routes of a kind of work to those of its prefix."""
    _add_listing(routes, kind)
    _add_status(routes, kind)
    _add_stream(routes, kind)
    _add_cancel(routes, kind)
    _add_retry(routes, kind)


def _add_listing(routes: APIRouter, kind: JobKind) -> None:
    @routes.get(
        "",
        operation_id=f"list_{kind.noun}s",
        responses=PROBLEMS,
        response_model=kind.page,
        description=f"{kind.plural.capitalize()} of a matter, newest first.",
    )
    async def listing(
        parts: AppStateDep,
        tenant: Tenant,
        matter: MatterId,
        cursor: Cursor = None,
        limit: PageSize = 50,
        state: JobState | None = None,
    ) -> BaseModel:
        await asyncio.to_thread(folders_of(parts).folder, tenant, matter)
        found = await parts.jobs.jobs(
            tenant, before=cursor, limit=limit, state=state, matter=matter, target=kind.target
        )
        views = [job_view(kind.view, kind.plural, job) for job in found]
        return kind.page.model_validate(
            {kind.plural: [v.model_dump() for v in views], "next": found[-1].id if len(found) == limit else None}
        )


def _add_status(routes: APIRouter, kind: JobKind) -> None:
    @routes.get(
        "/{id}",
        operation_id=f"get_{kind.noun}",
        responses=PROBLEMS,
        response_model=kind.view,
        description=f"How far {kind.words} has come, and what came out.",
    )
    async def status(
        parts: AppStateDep,
        tenant: Tenant,
        request: Request,
        matter: MatterId,
        id: JobId,  # noqa: A002 - as in the path
    ) -> MatterJobView:
        request.state.job = id
        return await whole(parts, kind, await job_of_kind(parts, tenant, matter, kind, id))


def _add_stream(routes: APIRouter, kind: JobKind) -> None:
    what = "server-sent events; each has counts and stages; the stream ends with the job"
    stream_of = {"description": what, "content": {"text/event-stream": {"schema": EVENT}}}

    @routes.get(
        "/{id}/events",
        operation_id=f"follow_{kind.noun}",
        response_class=EventStream,
        status_code=200,
        responses={200: stream_of, **PROBLEMS},
        description=f"Follow {kind.words}. A client that was cut off goes on with Last-Event-ID, and misses nothing.",
    )
    async def stream(
        parts: AppStateDep,
        tenant: Tenant,
        request: Request,
        matter: MatterId,
        id: JobId,  # noqa: A002 - as in the path
        after: After = 0,
    ) -> EventStream:
        request.state.job = id
        job = await job_of_kind(parts, tenant, matter, kind, id)
        last = request.headers.get("last-event-id", "")
        start = int(last) if last.isdecimal() and len(last) < 16 else after
        return EventStream(events(parts, job, start), listener_slot(parts, tenant))


def _add_cancel(routes: APIRouter, kind: JobKind) -> None:
    @routes.delete(
        "/{id}",
        operation_id=f"cancel_{kind.noun}",
        responses=PROBLEMS,
        response_model=kind.view,
        description=f"Cancel {kind.words}. What is done stays; the same order asked for again goes on where it was.",
    )
    async def cancel(
        parts: AppStateDep,
        tenant: Tenant,
        request: Request,
        matter: MatterId,
        id: JobId,  # noqa: A002 - as in the path
    ) -> MatterJobView:
        request.state.job = id
        await job_of_kind(parts, tenant, matter, kind, id)
        return await whole(parts, kind, await parts.jobs.cancel(tenant, id))


def _add_retry(routes: APIRouter, kind: JobKind) -> None:
    @routes.post(
        "/{id}/retry",
        operation_id=f"retry_{kind.noun}",
        responses=PROBLEMS,
        response_model=kind.view,
        description=f"Try {kind.words} again that failed, from where it was.",
    )
    async def retry(parts: AppStateDep, tenant: Tenant, request: Request, matter: MatterId, id: JobId) -> MatterJobView:  # noqa: A002 - as in the path
        request.state.job = id
        parts.must_run()
        await job_of_kind(parts, tenant, matter, kind, id)
        await parts.jobs.retry(tenant, id)
        return await whole(parts, kind, await parts.jobs.job(tenant, id, matter=matter))
