"""Routes of /v1/matters/{matter}/exports: overlays and what stands beside them, as jobs whose files are fetched one by one."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse

from thresher.schemas.discovery.matter_jobs import ExportSummary
from thresher.schemas.errors import InputProblem
from thresher.schemas.work import AskedTarget, ExportOrder, Submission
from thresher.service.backend.matters.export_work import export_folder
from thresher.service.discovery.overlay.writing import ENCODINGS
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.extractions import KEY_HEADER, PROBLEMS, JobId
from thresher.service.server.api.json_bodies import described_body, json_of
from thresher.service.server.api.matters.job_models import ExportRequest, Exports, ExportView
from thresher.service.server.api.matters.job_routes import JobKind, add_job_routes, begun, job_of_kind
from thresher.service.server.api.matters.matters import MatterId, folders_of
from thresher.service.server.api.upload import idempotency_key

routes = APIRouter(prefix="/v1/matters/{matter}/exports", tags=["matters"])
TARGET = AskedTarget(name="export", fingerprint="", json_schema={})  # of every export: nothing is extracted
KIND = JobKind(
    target=TARGET.name, noun="export", plural="exports", words="an export", view=ExportView, page=Exports,
    summary=ExportSummary,
)  # fmt: skip
FileName = Annotated[
    str,
    Path(max_length=64, pattern=r"^[a-z_]+\.[a-z]+$", examples=["overlay.dat"], description="of a file of the summary"),
]
FILE = {
    "description": "the file, to be saved",
    "content": {"application/octet-stream": {"schema": {"type": "string"}, "example": "DOCID,X_STATUS"}},
}


@routes.post(
    "",
    operation_id="create_export",
    status_code=202,
    responses=PROBLEMS,
    response_model=ExportView,
    openapi_extra={"parameters": [KEY_HEADER], **described_body(ExportRequest, {"form": "dat", "encoding": "utf-8"})},
)
async def create(parts: AppStateDep, tenant: Tenant, matter: MatterId, request: Request) -> Response:
    """Export a matter: the overlay with a row for every document, families, exceptions, copies, threads, the privilege log."""

    async def read() -> Submission:
        asked = await json_of(parts, tenant, request, ExportRequest)
        if asked.encoding.casefold() not in ENCODINGS:
            raise InputProblem("field_invalid", f"encoding {asked.encoding}: {', '.join(sorted(set(ENCODINGS)))}")
        order = ExportOrder(matter=matter, **asked.model_dump())
        return Submission(
            tenant=tenant,
            target=TARGET,
            files=(),
            export_order=order,
            idempotency_key=idempotency_key(request),
            request_hash=hashlib.sha256(order.model_dump_json().encode()).hexdigest(),
        )

    return await begun(parts, request, KIND, matter, read, tenant)


@routes.get(
    "/{id}/files/{name}",
    operation_id="get_export_file",
    response_class=FileResponse,
    responses={200: FILE, **PROBLEMS},
)
async def file(
    parts: AppStateDep,
    tenant: Tenant,
    matter: MatterId,
    id: JobId,  # noqa: A002 - as in the path
    name: FileName,
) -> FileResponse:
    """A file of an export that is done, by its name in the summary."""
    await job_of_kind(parts, tenant, matter, KIND, id)
    outcomes = await parts.jobs.results(tenant, id, limit=1)
    known = ExportSummary.model_validate_json(outcomes[0].body).files if outcomes else ()
    folder = await asyncio.to_thread(folders_of(parts).folder, tenant, matter)
    found = export_folder(folder, id) / name
    if name not in {one.name for one in known} or not await asyncio.to_thread(found.is_file):
        raise InputProblem("not_found", f"no file {name}; the summary of an export that is done names them")
    return FileResponse(found, media_type="application/octet-stream", filename=name)


add_job_routes(routes, KIND)
