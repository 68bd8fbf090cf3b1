"""Routes of /v1/session: a person logs in with the tenant's key, sees who is asking, and logs out.

The session is in a cookie that scripts can not read and that other sites' pages never send (HttpOnly, SameSite=Strict);
beyond loopback it travels over HTTPS alone. Programs send their key with each request and need no session.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.errors import InputProblem
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant, cookie_name, is_loopback_name
from thresher.service.server.api.extractions import PROBLEMS
from thresher.service.server.api.json_bodies import check_kind, described_body, parsed
from thresher.service.server.api.upload import limited_body
from thresher.service.tenants.sessions import Sessions, csrf_token

LOGIN_MAX_BYTES = 4096  # of a body that comes without a key
routes = APIRouter(prefix="/v1/session", tags=["sessions"])
EXAMPLE: dict[str, Any] = {
    "tenant": "example",
    "name": "Accounts payable",
    "csrf": "9c1a2d",
    "expires": 1763842800.0,
}


class Login(BaseModel):
    """What a person logs in with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"key": "thr_0a1b2c3d4e5f_…"}]})

    key: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


LOGIN = described_body(Login, {"key": "thr_0a1b2c3d4e5f_…"})


class SessionView(BaseModel):
    """Who is asking. Without a session `csrf` is empty and `expires` null."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    tenant: str
    name: str = Field(description="the note of the key, else its id; callers without a key: their tenant")
    csrf: str = Field(description="to be sent as X-CSRF-Token with each writing request of the session")
    expires: float | None = Field(description="seconds since 1970, UTC, when the session ends by itself")


@routes.post("", operation_id="log_in", status_code=201, responses=PROBLEMS, openapi_extra=LOGIN)
async def log_in(parts: AppStateDep, request: Request, response: Response) -> SessionView:
    """Begin a session with a key. The cookie is HttpOnly and SameSite=Strict; beyond loopback also Secure."""
    key = await parts.accounts.key_of((await _login(parts, request)).key.strip())
    if key is None:
        raise InputProblem("key_invalid")
    token, made = await Sessions(parts.accounts, parts.clock).begin(key)
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=max(1, round(made.expires - made.created)),
        secure=not is_loopback_name(request),
        httponly=True,
        samesite="strict",
    )
    return SessionView(tenant=key.tenant, name=key.note or key.id, csrf=csrf_token(token), expires=made.expires)


@routes.get("", operation_id="get_session", responses=PROBLEMS)
async def who_asks(parts: AppStateDep, tenant: Tenant, request: Request) -> SessionView:
    """Who is asking, and the token that a page of the session needs for writing."""
    token = request.cookies.get(cookie_name(request), "")
    if not token or "authorization" in request.headers:
        return SessionView(tenant=tenant, name=request.state.who or tenant, csrf="", expires=None)
    found = await Sessions(parts.accounts, parts.clock).key_of(token)
    if found is None:
        raise InputProblem("session_ended")
    return SessionView(tenant=tenant, name=request.state.who, csrf=csrf_token(token), expires=found[0].expires)


@routes.delete("", operation_id="log_out", status_code=204, responses=PROBLEMS)
async def log_out(parts: AppStateDep, request: Request, response: Response) -> None:
    """End the session of the cookie, if there is one. SameSite=Strict keeps other sites from ending it."""
    await Sessions(parts.accounts, parts.clock).end(request.cookies.get(cookie_name(request), ""))
    response.delete_cookie(cookie_name(request), secure=not is_loopback_name(request), httponly=True, samesite="strict")


async def _login(parts: AppState, request: Request) -> Login:
    """Return what somebody logs in with, whom nobody knows yet. Raises InputProblem as `json_of`."""
    check_kind(request)
    pieces = [piece async for piece in limited_body(parts.bounds, request, LOGIN_MAX_BYTES)]
    return parsed(b"".join(pieces), Login)
