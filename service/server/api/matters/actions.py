"""Routes of /v1/matters/{matter}/actions: report, retry, resolve, release, verify, sample, validate, as jobs that take their turn."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from thresher.schemas.discovery.matter_actions import ActionSummary, MatterAction, RetryAction
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.work import ActionOrder, AskedTarget, Submission
from thresher.service.discovery.sampling.drawing import FOLDER
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.extractions import KEY_HEADER, PROBLEMS, JobId
from thresher.service.server.api.json_bodies import described_body, json_of
from thresher.service.server.api.matters.exports import FILE, FileName
from thresher.service.server.api.matters.job_models import Actions, ActionView
from thresher.service.server.api.matters.job_routes import JobKind, add_job_routes, begun, job_of_kind
from thresher.service.server.api.matters.matters import MatterId, folders_of
from thresher.service.server.api.upload import idempotency_key

routes = APIRouter(prefix="/v1/matters/{matter}/actions", tags=["matters"])
TARGET = AskedTarget(name="action", fingerprint="", json_schema={})  # of every action: nothing is extracted
KIND = JobKind(
    target=TARGET.name, noun="action", plural="actions", words="an action", view=ActionView, page=Actions,
    summary=ActionSummary,
)  # fmt: skip
EXAMPLE = {
    "action": "resolve",
    "code": "unsupported_type",
    "resolution": "waived",
    "by": "Ann",
    "why": "no text in them",
}


@routes.post(
    "",
    operation_id="create_action",
    status_code=202,
    responses=PROBLEMS,
    response_model=ActionView,
    openapi_extra={"parameters": [KEY_HEADER], **described_body(MatterAction, EXAMPLE)},
)
async def create(parts: AppStateDep, tenant: Tenant, matter: MatterId, request: Request) -> Response:
    """Report on a matter, try or resolve its exceptions, release what is held, verify it, draw a sample of it, or measure a coded sample."""

    async def read() -> Submission:
        asked: Any = await json_of(parts, tenant, request, MatterAction)
        passwords = asked.passwords if isinstance(asked, RetryAction) else ()
        kept = asked.model_copy(update={"passwords": ()}) if passwords else asked  # the Policy keeps them, encrypted
        return Submission(
            tenant=tenant,
            target=TARGET,
            policy=Policy(read=ReadOptions(passwords=passwords)),
            files=(),
            action_order=ActionOrder(matter=matter, action=kept),
            idempotency_key=idempotency_key(request),
            request_hash=hashlib.sha256(f"{matter} {asked.model_dump_json()}".encode()).hexdigest(),
        )

    return await begun(parts, request, KIND, matter, read, tenant)


@routes.get(
    "/{id}/files/{name}",
    operation_id="get_action_file",
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
    """A file of a sample, by its name in the summary: the coding sheet, or the measures."""
    await job_of_kind(parts, tenant, matter, KIND, id)
    outcomes = await parts.jobs.results(tenant, id, limit=1)
    summary = ActionSummary.model_validate_json(outcomes[0].body) if outcomes else None
    folder = await asyncio.to_thread(folders_of(parts).folder, tenant, matter)
    if summary is None or not summary.sample or name not in {one.name for one in summary.files}:
        raise InputProblem("not_found", f"no file {name}; the summary of a sample that is done names them")
    found = folder / FOLDER / summary.sample / name
    if not await asyncio.to_thread(found.is_file):
        raise InputProblem("not_found", f"no file {name}")
    return FileResponse(found, media_type="application/octet-stream", filename=name)


add_job_routes(routes, KIND)
