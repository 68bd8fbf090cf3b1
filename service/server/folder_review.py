"""Run `thresher review`: the review pages over a folder of Results, on loopback, for one person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from thresher.schemas.errors import InputProblem
from thresher.schemas.result import VERSION
from thresher.schemas.target import Target
from thresher.schemas.tenants.account import LOCAL
from thresher.service.pages.page_pictures import opened_views
from thresher.service.reviews.collections import ResultCollection
from thresher.service.reviews.folder_file import COLLECTION, opened_folder_reviews
from thresher.service.reviews.folder_results import FolderResults
from thresher.service.reviews.review_service import ReviewService
from thresher.service.server.api import problems
from thresher.service.server.api.auth import check_local, tenant_of
from thresher.service.server.api.reviews import reviews
from thresher.service.server.api.sessions import SessionView
from thresher.service.server.pages import page_routes
from thresher.service.server.serve import listening_sockets, serve_application

GRACE_SECONDS = 5.0  # for requests in hand when it is stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderReview:
    """What a person wants to review."""

    folder: Path  # of Results
    person: str  # who corrections are said to be by
    cases: Path  # folder for scorecard cases
    originals: tuple[Path, ...] = ()  # folders in which documents are looked for first
    targets: dict[str, Target] = field(default_factory=dict)  # by fingerprint
    port: int = 8081  # 0: any that is free
    passwords: tuple[str, ...] = field(default=(), repr=False)  # of protected documents


async def review_folder(asked: FolderReview, ready: Callable[[str], None]) -> None:
    """Serve the review until SIGTERM or SIGINT; `ready` is told its address. Raises SetupProblem(address_taken)."""
    async with opened_review_service(asked) as review_service, listening_sockets("127.0.0.1", asked.port) as sockets:
        address = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/review/{COLLECTION}"
        app = folder_application(review_service, asked.person)
        await serve_application(app, sockets, asyncio.Event(), ready=lambda: ready(address), grace=GRACE_SECONDS)


@asynccontextmanager
async def opened_review_service(asked: FolderReview) -> AsyncIterator[ReviewService]:
    """Open the reviews of a folder, and a process that draws pages."""
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(opened_folder_reviews(asked.folder))
        views = await stack.enter_async_context(opened_views())
        results = FolderResults(
            folder=asked.folder,
            reviews=kept,
            originals=asked.originals,
            targets=dict(asked.targets),
            passwords=asked.passwords,
        )

        async def collection(tenant: str, name: str) -> ResultCollection:
            del tenant
            if name != COLLECTION:
                raise InputProblem("not_found", f"no collection {name}; here it is called {COLLECTION}")
            return results

        views.warm()
        yield ReviewService(reviews=kept, views=views, collection=collection, cases=asked.cases)


def folder_application(review_service: ReviewService, person: str) -> FastAPI:
    """Build the application: the routes of reviews and the pages, for programs and browsers of this machine alone."""
    app = FastAPI(title="Thresher review", version=VERSION, docs_url=None, redoc_url=None)
    app.router.redirect_slashes = False
    app.state.review_service = review_service

    async def local(request: Request) -> str:
        check_local(request)
        request.state.tenant, request.state.admin, request.state.who = LOCAL, False, person
        return LOCAL

    app.dependency_overrides[tenant_of] = local

    @app.get("/")
    async def home() -> RedirectResponse:
        """The list of Results."""
        return RedirectResponse(f"/review/{COLLECTION}", 307)

    @app.get("/v1/session")
    async def session(request: Request) -> SessionView:
        """Who reviews."""
        check_local(request)
        return SessionView(tenant=LOCAL, name=person, csrf="", expires=None)

    app.include_router(reviews.routes)
    app.include_router(page_routes.routes)
    problems.install(app)
    return app
