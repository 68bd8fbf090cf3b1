"""Answer with Problems: one table from codes to statuses, and `application/problem+json` (RFC 9457) from any error."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from thresher.schemas.errors import (
    FACTS,
    INPUT_CODES,
    JOB_CODES,
    MODEL_CODES,
    SETUP_CODES,
    InputProblem,
    JobProblem,
    ModelProblem,
    Problem,
    SetupProblem,
)
from thresher.service.base.resource_exhaustion import is_exhaustion

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUSES: dict[str, int] = {
    **dict.fromkeys(INPUT_CODES, 422),
    **dict.fromkeys(MODEL_CODES, 502),
    **dict.fromkeys(JOB_CODES, 500),
    **dict.fromkeys(SETUP_CODES, 503),
    "address_refused": 422,
    "budget_reached": 429,
    "cost_limit_reached": 402,
    "csrf_invalid": 403,
    "file_not_found": 404,
    "forbidden": 403,
    "idempotency_mismatch": 409,
    "interrupted": 503,
    "job_gone": 410,
    "job_not_found": 404,
    "key_invalid": 401,
    "lease_lost": 409,
    "matter_busy": 409,
    "media_type_wrong": 415,
    "method_not_allowed": 405,
    "model_unavailable": 503,
    "not_found": 404,
    "original_missing": 404,
    "quota_exceeded": 429,
    "request_invalid": 400,
    "result_not_ready": 409,
    "review_conflict": 409,
    "session_ended": 401,
    "source_refused": 403,
    "shutting_down": 503,
    "storage_full": 507,
    "too_large": 413,
    "too_many_listeners": 503,
    "too_many_responses": 503,
    "upload_incomplete": 400,
}
BY_STATUS = {
    400: "request_invalid",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "media_type_wrong",
}
OURS = frozenset(
    c for c, f in FACTS.items() if f.fault == "machine"
)  # their details are for the operator's log, not for callers


def answer(problem: Problem) -> JSONResponse:
    """Return the response for a Problem."""
    return JSONResponse(body(problem), STATUSES[problem.code], _headers(problem), MEDIA_TYPE)


def body(problem: Problem) -> dict[str, Any]:
    """Return a Problem as RFC 9457 writes it; `code` is the stable part."""
    detail = problem.codes[problem.code] if problem.code in OURS else problem.message
    return {
        "type": "about:blank",
        "title": problem.code.replace("_", " "),
        "status": STATUSES[problem.code],
        "code": problem.code,
        "detail": detail,
    }


def _headers(problem: Problem) -> dict[str, str]:
    if STATUSES[problem.code] == 401:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(problem, ModelProblem) and problem.retry_after:
        return {"Retry-After": str(round(problem.retry_after) or 1)}
    return {"Retry-After": "5"} if STATUSES[problem.code] == 503 else {}


def install(app: FastAPI) -> None:
    """Register handlers that answer every error of an application with a Problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _fault)


def _counted(request: Request, problem: Problem) -> JSONResponse:
    """Count a Problem of a request, and return its response."""
    service = getattr(request.app.state, "service", None)
    if service is not None:
        service.metrics.add("thresher_problems_total", code=problem.code)
    return answer(problem)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    problem = error if isinstance(error, Problem) else JobProblem("internal_error")
    if problem.code in OURS:
        log.error("problem", extra={"action": "http.problem", "code": problem.code}, exc_info=error)
    return _counted(request, problem)


async def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    made = _counted(request, InputProblem(BY_STATUS.get(status, "request_invalid")))
    made.headers.update(headers or {})
    return made


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    places = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults)
    return _counted(request, InputProblem("field_invalid", places[:500]))


async def _fault(request: Request, error: Exception) -> JSONResponse:
    log.error("fault", extra={"action": "http.fault"}, exc_info=error)
    return _counted(request, SetupProblem("machine_short") if is_exhaustion(error) else JobProblem("internal_error"))
