"""Build the application: routes, problems and request logs round one AppState."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from thresher.schemas.result import VERSION
from thresher.service.server.api import budgets, calls, extractions, problems, reviews, sessions, system
from thresher.service.server.api.access_log import RequestLog
from thresher.service.server.api.app_state import AppState
from thresher.service.server.pages import page_routes

ABOUT = """Documents in, one JSON document against your target out, with the evidence for every value.

Upload with `POST /v1/extractions`, follow with `/events`, fetch from `/result`. Every error is `application/problem+json` with a
stable `code`."""


class _Application(FastAPI):
    """An application whose OpenAPI gives Problems their own media type: FastAPI gives all answers of a route one."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        contract = super().openapi()
        for operations in contract["paths"].values():
            for operation in operations.values():
                for status in extractions.PROBLEMS.keys() & operation["responses"].keys():
                    answer = operation["responses"][status]
                    answer["content"] = {problems.MEDIA_TYPE: next(iter(answer["content"].values()))}
        return contract


def application(service: AppState) -> ASGIApp:
    """Build the ASGI application of an AppState."""
    return RequestLog(api(service), service)


def api(service: AppState) -> FastAPI:
    """Build the routes, without request logs.

    FastAPI's own documentation pages are left out: they would load scripts from elsewhere.
    """
    app = _Application(title="Thresher", version=VERSION, description=ABOUT, docs_url=None, redoc_url=None)
    app.router.redirect_slashes = False
    app.state.service = service
    app.include_router(extractions.routes)
    app.include_router(calls.routes)
    app.include_router(budgets.routes)
    app.include_router(system.routes)
    app.include_router(reviews.routes)
    app.include_router(sessions.routes)
    app.include_router(page_routes.routes)
    problems.install(app)
    return app
