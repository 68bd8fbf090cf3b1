"""Routes of /v1/matters/{matter}/imports: begin, follow, cancel and retry imports, which are jobs as extractions are."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response

from thresher.schemas.discovery.matter_import import ImportSummary
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.extractions import KEY_HEADER, PROBLEMS
from thresher.service.server.api.matters.import_submission import BODY, TARGET, read_import
from thresher.service.server.api.matters.job_models import Imports, ImportView
from thresher.service.server.api.matters.job_routes import JobKind, add_job_routes, begun
from thresher.service.server.api.matters.matters import MatterId

routes = APIRouter(prefix="/v1/matters/{matter}/imports", tags=["matters"])
KIND = JobKind(
    target=TARGET.name, noun="import", plural="imports", words="an import", view=ImportView, page=Imports,
    summary=ImportSummary,
)  # fmt: skip


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
    return await begun(parts, request, KIND, matter, partial(read_import, parts, tenant, matter, request), tenant)


add_job_routes(routes, KIND)
