"""Routes of the pages. They hold no data: what they show they ask of the API, with the reader's own key or session."""

from __future__ import annotations

from fastapi import APIRouter, Response

from thresher.service.server.pages.page_assembly import page

routes = APIRouter(include_in_schema=False)


@routes.get("/")
async def upload_page() -> Response:
    """The upload page."""
    return _sent("upload")


@routes.get("/login")
async def login_page() -> Response:
    """The login page."""
    return _sent("login")


@routes.get("/docs")
async def docs_page() -> Response:
    """The reference of the API, made from /openapi.json in the browser."""
    return _sent("docs")


@routes.get("/review/{collection}")
@routes.get("/review/{collection}/{number}")
async def review_page() -> Response:
    """The review of one Result, or the list of those to review."""
    return _sent("review")


def _sent(name: str) -> Response:
    made = page(name)
    headers = {"Content-Security-Policy": made.policy, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return Response(made.html, headers=headers, media_type="text/html")
