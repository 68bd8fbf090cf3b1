"""Build the application: routes, problems, long responses and request logs round one AppState."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from thresher.schemas.result import VERSION
from thresher.service.server.api import (
    budgets,
    calls,
    extractions,
    keys,
    problems,
    quotas,
    sessions,
    system,
)
from thresher.service.server.api.access_log import RequestLog
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.files import originals, tables
from thresher.service.server.api.long_responses import LongResponses
from thresher.service.server.api.matters import actions, exports, imports, matter_extractions, matters
from thresher.service.server.api.openapi import TypedApi
from thresher.service.server.api.reviews import reviews
from thresher.service.server.pages import page_routes

ABOUT = """Documents in, one JSON document against your target out, with the evidence for every value.

Upload with `POST /v1/extractions`, follow with `/events`, fetch from `/result`. Every error is `application/problem+json` with a
stable `code`."""


def application(service: AppState) -> ASGIApp:
    """Build the ASGI application of an AppState."""
    return RequestLog(LongResponses(api(service)), service)


def api(service: AppState) -> FastAPI:
    """Build the routes, without request logs.

    FastAPI's own documentation pages are left out: they would load scripts from elsewhere.
    """
    app = TypedApi(title="Thresher", version=VERSION, description=ABOUT, docs_url=None, redoc_url=None)
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.review_service = getattr(service, "review_service", None)  # the contract alone is made without a service
    app.include_router(extractions.routes)
    app.include_router(matters.routes)
    app.include_router(imports.routes)
    app.include_router(exports.routes)
    app.include_router(actions.routes)
    app.include_router(matter_extractions.routes)
    app.include_router(originals.routes)
    app.include_router(tables.routes)
    app.include_router(calls.routes)
    app.include_router(budgets.routes)
    app.include_router(quotas.routes)
    app.include_router(keys.routes)
    app.include_router(system.routes)
    app.include_router(reviews.routes)
    app.include_router(sessions.routes)
    app.include_router(page_routes.routes)
    problems.install(app)
    return app
