"""Routes of the pages. They hold no data: what they show they ask of the API, with the reader's own key or session."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from thresher.service.server.pages.page_assembly import ASSETS, page

routes = APIRouter(include_in_schema=False)
Encodings = Annotated[str, Header()]


@routes.get("/")
async def upload_page(accept_encoding: Encodings = "") -> Response:
    """The upload page."""
    return _sent("upload", accept_encoding)


@routes.get("/login")
async def login_page(accept_encoding: Encodings = "") -> Response:
    """The login page."""
    return _sent("login", accept_encoding)


@routes.get("/docs")
async def docs_page(accept_encoding: Encodings = "") -> Response:
    """The reference of the API, made from /openapi.json in the browser."""
    return _sent("docs", accept_encoding)


@routes.get("/review/{collection}")  # noqa: FAST003 - the page itself reads its address
@routes.get("/review/{collection}/{number}")
async def review_page(accept_encoding: Encodings = "") -> Response:
    """The review of one Result, or the list of those to review."""
    return _sent("review", accept_encoding)


@routes.get("/icon.svg")
async def icon() -> Response:
    """The icon of the pages."""
    headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "public, max-age=86400"}
    return Response((ASSETS / "icon.svg").read_bytes(), headers=headers, media_type="image/svg+xml")


def _sent(name: str, encodings: str) -> Response:
    made = page(name)
    headers = {"Content-Security-Policy": made.policy, "Referrer-Policy": "no-referrer", "Vary": "Accept-Encoding"}
    if "gzip" not in encodings:
        return Response(made.html, headers=headers, media_type="text/html")
    return Response(made.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type="text/html")
