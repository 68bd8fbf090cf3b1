"""Routes of /v1/calls: every call of a model, and sums of cost by document, job, prompt, model, tenant and day.

A key sees its own tenant's calls; an admin key sees all.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from thresher.schemas.errors import InputProblem
from thresher.schemas.tenants.calls import CallFilter, CallState, GroupBy, KeptCall
from thresher.service.exports.csv_tables import InertCsv
from thresher.service.server.api.auth import AppStateDep, Tenant, VisibleTenant
from thresher.service.server.api.extractions import PROBLEMS
from thresher.service.server.api.response_models import CallGroups, Calls, CallView

routes = APIRouter(prefix="/v1/calls", tags=["calls"])
PAGE_MAX = 1000
Format = Annotated[Literal["json", "csv"], Query(alias="format", description="csv: a table with a header")]
Moment = Annotated[float | None, Query(ge=0, le=1e11, description="seconds since 1970, UTC")]
Name = Annotated[str | None, Query(max_length=200)]
TABLE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}, "example": "number,at,tenant\n1,1763799605.2,example\n"}}
    },
    **PROBLEMS,
}
Group = Annotated[GroupBy, Path(description="what calls are summed by", examples=["model"])]


async def _job(
    parts: AppStateDep,
    tenant: Tenant,
    seen: VisibleTenant,
    extraction: Annotated[str | None, Query(min_length=1, max_length=64, description="id of the job")] = None,
) -> str | None:
    """Return the requested job. Raises JobProblem(job_not_found) where it is not the caller's."""
    if extraction is not None and seen is not None:
        await parts.jobs.job(tenant, extraction)
    return extraction


async def _wanted(  # noqa: PLR0913, PLR0917 - the parameters of the address
    seen: VisibleTenant,
    job: Annotated[str | None, Depends(_job)],
    since: Moment = None,
    until: Moment = None,
    document: Name = None,
    model: Name = None,
    prompt: Name = None,
    status: CallState | None = None,
) -> CallFilter:
    """Return the filter that an address asks for."""
    return CallFilter(
        tenant=seen,
        since=since,
        until=until,
        job=job,
        document=document,
        model=model,
        prompt=prompt,
        status=status,
    )


Wanted = Annotated[CallFilter, Depends(_wanted)]


@routes.get("", operation_id="list_calls", responses=TABLE, response_model=Calls)
async def listing(
    parts: AppStateDep,
    wanted: Wanted,
    cursor: Annotated[
        str | None, Query(max_length=64, pattern=r"^\d+(\.\d+)?-\d{1,18}$", description="`next` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    order: Literal["oldest", "newest"] = "oldest",
    form: Format = "json",
) -> Response:
    """Calls one by one: cost, tokens, seconds, prompt version, failures, by time."""
    found = await parts.calls.page(wanted, after=cursor, limit=limit, order=order)
    following = found[-1].cursor if len(found) == limit else None
    if form == "csv":
        return _csv(map(call_row, found), {"x-next": following} if following else {})
    page = Calls(calls=[_view(kept) for kept in found], next=following)
    return Response(page.model_dump_json(), media_type="application/json")


@routes.get("/by/{group}", operation_id="sum_calls", responses=TABLE, response_model=CallGroups)
async def grouped(parts: AppStateDep, wanted: Wanted, group: Group, form: Format = "json") -> Response:
    """Sums over calls by group: cost, tokens, cached share, latency (median and p95 within 2.5 %), retries, failures."""
    if group == "document" and wanted.tenant is None and wanted.job is None and wanted.since is None:
        raise InputProblem(
            "request_invalid", "by document: name a tenant, a job (`extraction`) or a beginning (`since`)"
        )
    sums = await parts.calls.sums(wanted, group)
    if form == "csv":
        return _csv((s.model_dump() for s in sums), {})
    return Response(CallGroups(by=group, groups=sums).model_dump_json(), media_type="application/json")


def call_row(kept: KeptCall) -> dict[str, Any]:
    """Return a call as one row."""
    call = kept.call
    own = call.model_dump(include={"at", "tenant", "task", "document", "unit"})
    return {"number": kept.number, **own, "job": call.job, **call.attempt.model_dump()}


def _view(kept: KeptCall) -> CallView:
    call = kept.call
    return CallView(**call.model_dump(exclude={"attempt"}), job=call.job, attempt=call.attempt)


def _csv(rows: Iterable[dict[str, Any]], headers: dict[str, str]) -> Response:
    return Response(csv_text(rows), headers=headers, media_type="text/csv")


def csv_text(rows: Iterable[dict[str, Any]]) -> str:
    """Write rows as CSV with a header; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    stream = io.StringIO()
    writer = InertCsv(stream, line_end="\n")
    for number, row in enumerate(rows):
        if not number:
            writer.writerow(row)
        writer.writerow(row.values())
    return stream.getvalue()
