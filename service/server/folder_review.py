"""Run `thresher review`: the review pages over a folder of Results, on loopback, for one person.

Others of this machine reach the port too, so the address that is printed holds a token. Who opens it gets a cookie with the
token; a program may send it as a key. The address for a browser that is opened here holds another one that works once: a
program's arguments can be read by others while it starts.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp

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
from thresher.service.server.api.auth import Tenant, check_local, cookie_name, tenant_of
from thresher.service.server.api.reviews import reviews
from thresher.service.server.api.security_headers import SecurityHeaders
from thresher.service.server.api.sessions import SessionView
from thresher.service.server.pages import page_routes
from thresher.service.server.serve import listening_sockets, serve_application

ADDRESS_HINT = "open the address that `thresher review` has printed: it holds a token, a new one each time"
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


class ReviewTokens:
    """What a person who may review knows: the token of the printed address, or one that works once."""

    def __init__(self, token: str | None = None) -> None:
        """Draw the tokens; `token`: the one of the printed address."""
        self.token = token or secrets.token_urlsafe(32)
        self.once = secrets.token_urlsafe(32)

    def is_right(self, given: str) -> bool:
        """Whether a text is the token."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def is_let_in(self, given: str) -> bool:
        """Whether a text is one of the tokens; the one that works once is used up by it."""
        if self.once and hmac.compare_digest(given.encode(), self.once.encode()):
            self.once = ""
            return True
        return self.is_right(given)


async def review_folder(asked: FolderReview, ready: Callable[[str, str], None]) -> None:
    """Serve the review until SIGTERM or SIGINT. Raises SetupProblem(address_taken).

    `ready` is told the address for the person, and one for a browser that is opened here, which works once.
    """
    tokens = ReviewTokens()
    async with opened_review_service(asked) as review_service, listening_sockets("127.0.0.1", asked.port) as sockets:
        address = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/?token="
        app = folder_application(review_service, asked.person, tokens)
        await serve_application(
            app,
            sockets,
            asyncio.Event(),
            ready=lambda: ready(address + tokens.token, address + tokens.once),
            grace=GRACE_SECONDS,
        )


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


def folder_application(review_service: ReviewService, person: str, tokens: ReviewTokens) -> ASGIApp:
    """Build the application: the routes of reviews and the pages, for who knows a token, on this machine alone."""
    app = FastAPI(title="Thresher review", version=VERSION, docs_url=None, redoc_url=None)
    app.router.redirect_slashes = False
    app.state.review_service = review_service

    async def local(request: Request) -> str:
        check_local(request)
        if not tokens.is_right(_sent_token(request)):
            raise InputProblem("forbidden", ADDRESS_HINT)
        request.state.tenant, request.state.admin, request.state.who = LOCAL, False, person
        return LOCAL

    app.dependency_overrides[tenant_of] = local

    @app.get("/")
    async def home(request: Request, token: str = "") -> RedirectResponse:
        """The list of Results, with a cookie for who has a token."""
        response = RedirectResponse(f"/review/{COLLECTION}", 303)
        if token and tokens.is_let_in(token):
            response.set_cookie(cookie_name(request), tokens.token, httponly=True, samesite="strict")
        return response

    @app.get("/v1/session")
    async def session(tenant: Tenant) -> SessionView:
        """Who reviews."""
        return SessionView(tenant=tenant, name=person, csrf="", expires=None)

    app.include_router(reviews.routes)
    app.include_router(page_routes.routes)
    problems.install(app)
    return SecurityHeaders(app)


def _sent_token(request: Request) -> str:
    """Return the token that a request brings: as a key, else in its cookie."""
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else request.cookies.get(cookie_name(request), "")
