"""Routes of /v1/reviews: look at Results, correct them, decide on them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ValidationError

from thresher.schemas.errors import InputProblem
from thresher.schemas.numbers import read_json
from thresher.schemas.result import ReasonCode, Review
from thresher.schemas.review import (
    CorrectionDone,
    CorrectionRequest,
    DecisionRequest,
    ExactModel,
    ReviewCase,
    ReviewClaim,
    ReviewCollection,
    ReviewDocument,
    ReviewEvents,
    ReviewState,
    TextPassage,
)
from thresher.service.pages.drawing import picture_type
from thresher.service.reviews.review_service import Filter, Reviewer, ReviewService
from thresher.service.server.api.app_state import Bounds
from thresher.service.server.api.auth import Tenant
from thresher.service.server.api.extractions import PROBLEMS
from thresher.service.server.api.json_bodies import check_kind
from thresher.service.server.api.reviews import review_examples as examples
from thresher.service.server.api.reviews.case_response import CaseFile
from thresher.service.server.api.upload import limited_body

routes = APIRouter(prefix="/v1/reviews", tags=["reviews"])
Asked = TypeVar("Asked", bound=BaseModel)
BODY_MAX_BYTES = 64 * 1024  # of a correction or a decision
FIELDS_MAX, ROWS_MAX = 2000, 500  # on one page
AROUND_MAX_CHARS = 5000
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
NO_STORE = {"Cache-Control": "no-store"}

Collection = Annotated[
    str,
    Path(
        min_length=1, max_length=64, pattern=r"^[0-9A-Za-z-]+$", description="a job's id", examples=["019a8c1e7f3b4d2c"]
    ),
]
Number = Annotated[int, Path(ge=0, le=2**53, description="of the Result in the collection", examples=[0])]
SourcePath = Annotated[
    str,
    Query(max_length=2000, description="path of an attachment or member; empty: the document itself", examples=[""]),
]


async def review_service_of(request: Request) -> ReviewService:
    """Return the ReviewService of the application that got a request. Raises InputProblem(not_found) where it has none."""
    review_service: ReviewService | None = request.app.state.review_service
    if review_service is None:
        raise InputProblem("not_found", "this service has no reviews")
    return review_service


async def reviewer_of(request: Request, tenant: Tenant) -> Reviewer:
    """Return who asks: the tenant, and the name of the key or of the person."""
    return Reviewer(tenant=tenant, name=getattr(request.state, "who", "") or tenant)


Service = Annotated[ReviewService, Depends(review_service_of)]
Who = Annotated[Reviewer, Depends(reviewer_of)]


def body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """Return how OpenAPI shows a body that is read here: a JSON parser would change the digits of its numbers."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


CORRECTION = body(CorrectionRequest, {"path": "/total", "action": "edit", "value": "1.204,50", "head": ""})
DECISION = body(DecisionRequest, {"state": "accepted", "note": ""})


def shown(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route as OpenAPI shows them, with an example of the right one."""
    return {200: {"content": {"application/json": {"example": example}}}, **PROBLEMS}


async def asked_for(request: Request, model: type[Asked]) -> Asked:
    """Return a body's JSON as a model, numbers with their digits.

    Raises InputProblem(media_type_wrong, too_large, field_invalid).
    """
    check_kind(request)
    data = b"".join([piece async for piece in limited_body(Bounds(), request, BODY_MAX_BYTES)])
    try:
        return model.model_validate(read_json(data))
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputProblem("field_invalid", places[:500]) from None
    except (ValueError, RecursionError):
        raise InputProblem("request_invalid", "the body is no JSON") from None


def answer(made: ExactModel | BaseModel) -> Response:
    """Return a model as JSON, numbers with their digits; no cache may keep it."""
    return Response(made.model_dump_json(), media_type="application/json", headers=NO_STORE)


@routes.get(
    "/{collection}", operation_id="list_reviews", responses=shown(examples.COLLECTION), response_model=ReviewCollection
)
async def listing(  # noqa: PLR0913, PLR0917 - the parameters of the address
    review_service: Service,
    who: Who,
    collection: Collection,
    reason: Annotated[ReasonCode | None, Query(description="only Results with this reason")] = None,
    state: ReviewState | None = None,
    cursor: Annotated[str, Query(max_length=16, pattern=r"^[0-9]*$", description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 100,
) -> Response:
    """Results of a job for review, with the queues by reason."""
    wanted = Filter(reason=reason, state=state, after=int(cursor) if cursor else -1, limit=limit)
    return answer(await review_service.listing(who.tenant, collection, wanted))


@routes.get(
    "/{collection}/{number}",
    operation_id="get_review",
    responses=shown(examples.DOCUMENT),
    response_model=ReviewDocument,
)
async def document(
    review_service: Service,
    who: Who,
    collection: Collection,
    number: Number,
    fields_from: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=FIELDS_MAX, description="fields at most")] = 500,
) -> Response:
    """One Result with its fields, doubts, places and rivals, as corrected so far."""
    return answer(await review_service.document(who.tenant, collection, number, (fields_from, limit)))


@routes.get(
    "/{collection}/{number}/picture",
    operation_id="get_review_picture",
    response_class=Response,
    responses={
        200: {
            "description": "the page",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}, "example": "(PNG)"}},
        },
        **PROBLEMS,
    },
)
async def picture(  # noqa: PLR0913, PLR0917 - as above
    review_service: Service,
    who: Who,
    collection: Collection,
    number: Number,
    source: SourcePath = "",
    page: Annotated[int, Query(ge=1, le=1_000_000, description="1-based, of the file")] = 1,
    scale: Annotated[float, Query(ge=0.5, le=4.0, description="pixels a point")] = 1.5,
    version: Annotated[
        str, Query(max_length=64, description="of the document's bytes, as in `pages`: a cache may keep it then")
    ] = "",
) -> Response:
    """A page's picture; a box in points, times the scale, is its place in pixels."""
    drawn = await review_service.picture(who.tenant, collection, number, (source, page, scale))
    return Response(drawn, media_type=picture_type(drawn), headers=IMMUTABLE if version else NO_STORE)


@routes.get(
    "/{collection}/{number}/text",
    operation_id="get_review_text",
    responses=shown(examples.PASSAGE),
    response_model=TextPassage,
)
async def text(  # noqa: PLR0913, PLR0917 - as above
    review_service: Service,
    who: Who,
    collection: Collection,
    number: Number,
    start: Annotated[int, Query(ge=0, le=2**31, examples=[14])],
    end: Annotated[int, Query(ge=0, le=2**31, examples=[18])],
    source: SourcePath = "",
    around: Annotated[int, Query(ge=0, le=AROUND_MAX_CHARS, description="characters before and after")] = 400,
) -> Response:
    """A passage of a document's text round a span, for formats without pages."""
    return answer(await review_service.passage(who.tenant, collection, number, (source, start, end, around)))


@routes.post(
    "/{collection}/{number}/corrections",
    operation_id="correct_field",
    responses=shown({"head": examples.DOCUMENT["head"], "field": examples.FIELD}),
    response_model=CorrectionDone,
    openapi_extra=CORRECTION,
)
async def correct(
    review_service: Service, who: Who, request: Request, collection: Collection, number: Number
) -> Response:
    """Accept, edit, reject a field, say that the document does not state it, or take the last word back."""
    return answer(await review_service.correct(who, collection, number, await asked_for(request, CorrectionRequest)))


@routes.post(
    "/{collection}/{number}/claim",
    operation_id="claim_review",
    responses=shown(examples.CLAIM),
    response_model=ReviewClaim,
)
async def claim(review_service: Service, who: Who, collection: Collection, number: Number) -> Response:
    """Claim a Result, so that nobody else changes it meanwhile; a correction renews the claim."""
    return answer(await review_service.claim(who, collection, number))


@routes.delete("/{collection}/{number}/claim", operation_id="release_review", responses=PROBLEMS, status_code=204)
async def release(review_service: Service, who: Who, collection: Collection, number: Number) -> None:
    """Give a claim back."""
    await review_service.release(who, collection, number)


@routes.post(
    "/{collection}/{number}/decision",
    operation_id="decide_review",
    responses=shown(examples.REVIEW),
    response_model=Review,
    openapi_extra=DECISION,
)
async def decide(
    review_service: Service, who: Who, request: Request, collection: Collection, number: Number
) -> Response:
    """Accept or reject a Result as a whole, or open it again. The job's webhook is told."""
    return answer(await review_service.decide(who, collection, number, await asked_for(request, DecisionRequest)))


@routes.get(
    "/{collection}/{number}/events",
    operation_id="list_review_events",
    responses=shown(examples.EVENTS),
    response_model=ReviewEvents,
)
async def events(review_service: Service, who: Who, collection: Collection, number: Number) -> Response:
    """Everything that was said of a Result, oldest first, and whether the chain is whole."""
    return await asyncio.to_thread(answer, await review_service.events(who.tenant, collection, number))


@routes.post(
    "/{collection}/{number}/case",
    operation_id="make_review_case",
    responses=shown(examples.CASE),
    response_model=ReviewCase,
)
async def make_case(review_service: Service, who: Who, collection: Collection, number: Number) -> Response:
    """Make a scorecard case of a reviewed Result."""
    async with review_service.case(who.tenant, collection, number) as (name, _):
        return answer(ReviewCase(case=name))


@routes.get(
    "/{collection}/{number}/case.zip",
    operation_id="get_review_case",
    response_class=Response,
    responses={
        200: {
            "description": "the case",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}, "example": "(ZIP)"}},
        },
        **PROBLEMS,
    },
)
async def case_zip(review_service: Service, who: Who, collection: Collection, number: Number) -> Response:
    """The scorecard case as a ZIP: unpack it into a folder of cases for `thresher score`."""
    return CaseFile(review_service, who.tenant, collection, number)
