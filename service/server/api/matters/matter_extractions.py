"""Routes of /v1/matters/{matter}/extractions: ask a model about the documents of a matter, behind a privilege screen."""

from __future__ import annotations

import hashlib
import json

from fastapi import APIRouter, Request, Response

from thresher.schemas.discovery.matter_jobs import MatterExtractionSummary
from thresher.schemas.errors import InputProblem
from thresher.schemas.library.relevance import Relevance
from thresher.schemas.work import AskedTarget, MatterExtractionOrder, Submission
from thresher.service.discovery.privilege.counsel_list import counsel_list
from thresher.service.discovery.privilege.screened_policy import screened_policy
from thresher.service.discovery.privilege.terms import term_list
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.extractions import KEY_HEADER, PROBLEMS
from thresher.service.server.api.json_bodies import described_body, json_of
from thresher.service.server.api.matters.job_models import (
    EXAMPLE_EXTRACTION_REQUEST,
    MatterExtractionRequest,
    MatterExtractions,
    MatterExtractionView,
)
from thresher.service.server.api.matters.job_routes import JobKind, add_job_routes, begun
from thresher.service.server.api.matters.matters import MatterId
from thresher.service.server.api.request_validation import policy_of
from thresher.service.server.api.upload import idempotency_key, target_of

routes = APIRouter(prefix="/v1/matters/{matter}/extractions", tags=["matters"])
TARGET = AskedTarget(name="extraction", fingerprint="", json_schema={})  # of the Job; the order names the targets
KIND = JobKind(
    target=TARGET.name, noun="matter_extraction", plural="extractions", words="an extraction",
    view=MatterExtractionView, page=MatterExtractions, summary=MatterExtractionSummary,
)  # fmt: skip


@routes.post(
    "",
    operation_id="create_matter_extraction",
    status_code=202,
    responses=PROBLEMS,
    response_model=MatterExtractionView,
    openapi_extra={
        "parameters": [KEY_HEADER],
        **described_body(MatterExtractionRequest, EXAMPLE_EXTRACTION_REQUEST),
    },
)
async def create(parts: AppStateDep, tenant: Tenant, matter: MatterId, request: Request) -> Response:
    """Extract from all documents of a matter that may be asked. What was answered before is not asked again."""

    async def read() -> Submission:
        await parts.budgets.may_start(tenant)
        asked = await json_of(parts, tenant, request, MatterExtractionRequest)
        return await _submission(parts, tenant, matter, asked, idempotency_key(request))

    return await begun(parts, request, KIND, matter, read, tenant)


async def _submission(
    parts: AppState, tenant: str, matter: str, asked: MatterExtractionRequest, key: str | None
) -> Submission:
    """Return what is to be done. Raises InputProblem for targets, a policy or lists that are not valid."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in asked.targets]
    targets = [await target_of(parts, tenant, text) for text in texts]
    policy = policy_of(json.dumps(asked.policy), parts.offer)
    if asked.instructions.strip():
        policy = policy.model_copy(update={"instructions": asked.instructions})
    counsel_list(asked.counsel)
    if asked.privilege == "hold":
        screened_policy(policy)
    if Relevance.__name__ in {one.name for one in targets} and not policy.instructions.strip():
        raise InputProblem("option_invalid", "relevance needs the issue, as text: `instructions`")
    order = MatterExtractionOrder(
        matter=matter,
        targets=tuple(targets),
        privilege=asked.privilege,
        inclusive_only=asked.inclusive_only,
        counsel=tuple(asked.counsel),
        terms=term_list(asked.terms) if asked.terms else (),
    )
    whole = f"{order.model_dump_json()} {policy.model_dump_json()}"
    return Submission(
        tenant=tenant,
        target=TARGET,
        policy=policy,
        files=(),
        extraction_order=order,
        idempotency_key=key,
        request_hash=hashlib.sha256(whole.encode()).hexdigest(),
    )


add_job_routes(routes, KIND)
