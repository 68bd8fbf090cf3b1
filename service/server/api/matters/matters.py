"""Routes of /v1/matters: make, list, look at and delete matters; page through their documents and exceptions."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from thresher.schemas.errors import InputProblem, JobProblem
from thresher.schemas.work import Purged
from thresher.service.backend.matters.folders import MatterFacts, MatterFolders
from thresher.service.backend.matters.source_counts import source_counts
from thresher.service.discovery.matter.folder import Matter
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.extractions import PROBLEMS
from thresher.service.server.api.json_bodies import described_body, json_of
from thresher.service.server.api.matters.models import (
    EXAMPLE_DOCUMENT,
    EXAMPLE_ID,
    MatterCounts,
    MatterDocuments,
    MatterExceptions,
    Matters,
    MatterStatus,
    MatterView,
    NewMatter,
)

routes = APIRouter(prefix="/v1/matters", tags=["matters"])
PAGE_MAX = 500  # documents or exceptions on one page
JOBS_AT_ONCE = 100
STOP_SECONDS = 20.0  # in which cancelled imports let go of a matter: at their worker's next heartbeat
STOP_PAUSE_SECONDS = 0.5
MatterId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[0-9a-f]+$", examples=[EXAMPLE_ID])]
Cursor = Annotated[
    str | None,
    Query(max_length=64, pattern=r"^[0-9a-f]*$", description="`next` of the page before", examples=[EXAMPLE_DOCUMENT["id"]]),
]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
Choice = Annotated[str | None, Query(max_length=200)]


ReportName = Annotated[
    str,
    Path(
        max_length=64, pattern=r"^[a-z_-]+\.(html|csv|json)$", examples=["reconciliation.json"], description="of a file"
    ),
]
NEW_MATTER = described_body(NewMatter, {"name": "Acme v. Ternboat", "timezone": "America/Chicago"})
REPORT = {
    "description": "the file; HTML is sent to be saved, not shown",
    "content": {"application/octet-stream": {"schema": {"type": "string"}, "example": '{"state": "reconciled"}'}},
}


def folders_of(parts: AppState) -> MatterFolders:
    """Return the folders of the service's matters. Raises InputProblem(matters_off) where it keeps none."""
    if parts.matters is None:
        raise InputProblem("matters_off")
    return parts.matters


@routes.post("", operation_id="create_matter", status_code=201, responses=PROBLEMS, openapi_extra=NEW_MATTER)
async def create(parts: AppStateDep, tenant: Tenant, request: Request) -> MatterView:
    """Make a matter: the records and bytes of one case, apart from all others."""
    parts.must_run()
    asked = await json_of(parts, tenant, request, NewMatter)
    facts = await asyncio.to_thread(folders_of(parts).create, tenant, asked.name, asked.timezone)
    return _view(facts)


@routes.get("", operation_id="list_matters", responses=PROBLEMS)
async def listing(
    parts: AppStateDep,
    tenant: Tenant,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Matters:
    """Matters, newest first."""
    found = await asyncio.to_thread(folders_of(parts).listed, tenant, cursor, limit)
    return Matters(matters=[_view(m) for m in found], next=found[-1].id if len(found) == limit else None)


@routes.get("/{matter}", operation_id="get_matter", responses=PROBLEMS)
async def status(parts: AppStateDep, tenant: Tenant, matter: MatterId) -> MatterStatus:
    """What a matter holds, also while an import goes on."""
    folders = folders_of(parts)
    facts = await asyncio.to_thread(folders.facts, tenant, matter)
    return await asyncio.to_thread(_status, facts, folders.folder(tenant, matter))


@routes.delete("/{matter}", operation_id="delete_matter", status_code=204, responses=PROBLEMS)
async def delete(parts: AppStateDep, tenant: Tenant, matter: MatterId) -> Response:
    """Delete a matter for good: its imports are cancelled, its records, bytes and jobs are gone."""
    folders = folders_of(parts)
    await asyncio.to_thread(folders.folder, tenant, matter)
    await _cancel_imports(parts, tenant, matter)
    until = time.monotonic() + STOP_SECONDS
    while True:
        try:
            await asyncio.to_thread(folders.delete, tenant, matter)
            break
        except JobProblem:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(STOP_PAUSE_SECONDS)
    await _delete_imports(parts, tenant, matter)
    return Response(status_code=204)


@routes.get(
    "/{matter}/documents",
    operation_id="list_matter_documents",
    responses=PROBLEMS,
    response_model=MatterDocuments,
)
async def documents(  # noqa: PLR0913, PLR0917 - the parameters of the address
    parts: AppStateDep,
    tenant: Tenant,
    matter: MatterId,
    cursor: Cursor = None,
    limit: Limit = 100,
    custodian: Choice = None,
    state: Choice = None,
    kind: Choice = None,
) -> Response:
    """Documents in the matter's order: families together, parents first; all, or those of a custodian, state or kind."""
    where = {"custodian": custodian, "state": state, "kind": kind}
    return await _page(parts, tenant, matter, ("documents", cursor, limit, where))


@routes.get(
    "/{matter}/exceptions",
    operation_id="list_matter_exceptions",
    responses=PROBLEMS,
    response_model=MatterExceptions,
)
async def exceptions(  # noqa: PLR0913, PLR0917 - the parameters of the address
    parts: AppStateDep,
    tenant: Tenant,
    matter: MatterId,
    cursor: Cursor = None,
    limit: Limit = 100,
    custodian: Choice = None,
    code: Choice = None,
) -> Response:
    """What went wrong, in the order of what it is about; all, or of a custodian, or with a code."""
    return await _page(parts, tenant, matter, ("exceptions", cursor, limit, {"custodian": custodian, "code": code}))


@routes.get(
    "/{matter}/reports/{name}",
    operation_id="get_matter_report",
    response_class=FileResponse,
    responses={200: REPORT, **PROBLEMS},
)
async def report(parts: AppStateDep, tenant: Tenant, matter: MatterId, name: ReportName) -> FileResponse:
    """A report as the last import, retry or action `report` left it, as report.html, reconciliation.json, exceptions.csv or duplicates.csv."""
    folder = await asyncio.to_thread(folders_of(parts).folder, tenant, matter)
    file = folder / "reports" / name
    if not await asyncio.to_thread(file.is_file):
        raise InputProblem("not_found", f"no report {name}; the end of an import and the action `report` write them")
    kind = {".html": "text/html", ".csv": "text/csv", ".json": "application/json"}[file.suffix]
    return FileResponse(file, media_type=kind, filename=name, headers={"Content-Security-Policy": "sandbox"})


async def _page(
    parts: AppState, tenant: str, matter: str, asked: tuple[str, str | None, int, dict[str, str | None]]
) -> Response:
    """Return a page of records as they are stored: they are JSON already."""
    folder = await asyncio.to_thread(folders_of(parts).folder, tenant, matter)

    def read() -> tuple[list[tuple[str, str]], bool]:
        with Matter(folder, writes=False) as opened:
            return opened.store.page(*asked)

    found, is_cut = await asyncio.to_thread(read)
    more = json.dumps(found[-1][0] if is_cut else None)
    return Response(
        f'{{"{asked[0]}": [{",".join(record for _, record in found)}], "next": {more}}}', media_type="application/json"
    )


def _view(facts: MatterFacts) -> MatterView:
    return MatterView(**facts.model_dump(exclude={"tenant"}))


def _status(facts: MatterFacts, folder: FilePath) -> MatterStatus:
    with Matter(folder, writes=False) as matter:
        counts, sources = matter.store.counts, source_counts(matter)
        return MatterStatus(
            **_view(facts).model_dump(),
            counts=MatterCounts(
                documents=_all(counts("documents")),
                exceptions=_all(counts("exceptions")),
                containers=_all(counts("containers")),
                left_out=_all(counts("suppressed")),
            ),
            documents_by_kind=counts("documents", "kind"),
            documents_by_state=counts("documents", "state"),
            documents_by_custodian=counts("documents", "custodian"),
            exceptions_by_code=counts("exceptions", "code"),
            sources=sources,
        )


def _all(counts: dict[str, int]) -> int:
    return sum(counts.values())


async def _cancel_imports(parts: AppState, tenant: str, matter: str) -> None:
    while found := await parts.jobs.jobs(tenant, matter=matter, state="open", limit=JOBS_AT_ONCE):
        for job in found:
            await parts.jobs.cancel(tenant, job.id)


async def _delete_imports(parts: AppState, tenant: str, matter: str) -> None:
    """Delete the jobs of a matter, and the uploads that no other job names and that nobody may be about to name."""
    some: list[Purged] = []
    while found := await parts.jobs.jobs(tenant, matter=matter, limit=JOBS_AT_ONCE):
        some += [await parts.jobs.delete(tenant, job.id) for job in found]
    for address in Purged.of(some).uploads:
        await parts.uploads.drop(address)
