"""Authenticate callers: by the tenant's key, by a browser's session, or as the local tenant where no key is needed.

A request of a session that writes must carry the session's CSRF token: the cookie alone proves no will of the person.

Without a key the service answers programs of this machine only. A browser is no such program: a page from elsewhere
could make it send requests, so all that a browser sends for another page than the service's own is refused. Another
server of this machine (another port) is elsewhere, too.
"""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from thresher.schemas.errors import InputProblem
from thresher.schemas.tenants.account import LOCAL, ApiKey
from thresher.service.server.api.app_state import AppState
from thresher.service.telemetry.ids import current_tenant
from thresher.service.tenants.sessions import Sessions, csrf_token

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
READING = frozenset({"GET", "HEAD"})  # methods that change nothing
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
OWN_SITES = frozenset({"none", "same-origin"})  # of Sec-Fetch-Site; "none": typed, or opened from a bookmark
CSRF_HEADER = "x-csrf-token"
bearer = HTTPBearer(auto_error=False, description="A key made with `thresher keys create`. On loopback none is needed.")


async def service_of(request: Request) -> AppState:
    """Return the AppState of the application that got a request."""
    service: AppState = request.app.state.service
    return service


AppStateDep = Annotated[AppState, Depends(service_of)]


async def tenant_of(
    request: Request, parts: AppStateDep, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    """Return the tenant of a request. Raises InputProblem(key_invalid, session_ended, csrf_invalid, forbidden)."""
    request.state.tenant, request.state.admin, request.state.who, request.state.key = "", False, "", ""
    if given is not None:
        key = await parts.accounts.key_of(given.credentials)
        if key is None:
            raise InputProblem("key_invalid")
    elif "authorization" in request.headers:
        raise InputProblem("key_invalid")
    elif token := request.cookies.get(cookie_name(request)):
        key = await _key_of_session(parts, request, token)
    elif parts.offer.keyless:
        check_local(request)
        key = None
    else:
        raise InputProblem("key_invalid")
    tenant = LOCAL if key is None else key.tenant
    if key is not None:
        request.state.admin, request.state.who, request.state.key = key.admin, key.note or key.id, key.id
    request.state.tenant = tenant
    current_tenant.set(tenant)
    return tenant


Tenant = Annotated[str, Depends(tenant_of)]


async def admin_of(request: Request, tenant: Tenant) -> str:  # noqa: ARG001 - authenticates
    """Return who asks, for the audit, where it is an admin key. Raises InputProblem(forbidden)."""
    if not request.state.admin:
        raise InputProblem("forbidden", "an admin key is needed: `thresher keys create --admin`")
    return f"key:{request.state.key}"


Admin = Annotated[str, Depends(admin_of)]


async def visible_tenant(
    request: Request,
    tenant: Tenant,
    wanted: Annotated[
        str | None, Query(alias="tenant", max_length=64, description="of which tenant; all with an admin key alone")
    ] = None,
) -> str | None:
    """Return the tenant whose calls and budgets may be shown; None: every tenant's. Raises InputProblem(forbidden)."""
    if request.state.admin:
        return wanted
    if wanted not in {None, tenant}:
        raise InputProblem("forbidden", "another tenant's")
    return tenant


VisibleTenant = Annotated[str | None, Depends(visible_tenant)]


async def _key_of_session(parts: AppState, request: Request, token: str) -> ApiKey:
    """Return the key of a session. Raises InputProblem(session_ended, csrf_invalid)."""
    found = await Sessions(parts.accounts, parts.clock).key_of(token)
    if found is None:
        raise InputProblem("session_ended")
    sent = request.headers.get(CSRF_HEADER, "").encode()
    if request.method not in READING and not hmac.compare_digest(sent, csrf_token(token).encode()):
        raise InputProblem("csrf_invalid")
    return found[1]


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie: with the port, because browsers share cookies between ports."""
    port = _port(request.headers.get("host", ""))
    return f"thresher_session_{port}" if port else "thresher_session"


def is_loopback_name(request: Request) -> bool:
    """Whether a request asked for this machine by a loopback name."""
    return _hostname(f"//{request.headers.get('host', '')}") in LOOPBACK


def check_local(request: Request) -> None:
    """Raise InputProblem(forbidden) for a request that a page from elsewhere made, or that did not come by loopback.

    A reverse proxy on this machine comes by loopback, and may ask for it by that name: its callers come from anywhere. It is
    told by its headers, or by HTTP/1.0, which nginx speaks unless it is told otherwise.
    """
    if not is_loopback_name(request):
        raise InputProblem("forbidden", "without a key only loopback names may be asked for")
    if request.scope.get("http_version") == "1.0" or any(name in request.headers for name in FORWARDED):
        raise InputProblem(
            "forbidden", "a proxy passed this on: callers need a key then (`thresher serve --require-key`)"
        )
    if not _is_from_own_page(request):
        raise InputProblem("forbidden", "without a key pages from elsewhere may not ask")


def _is_from_own_page(request: Request) -> bool:
    """Whether no browser sent a request, or one did for a page of this very host and port, or for what a person typed.

    A page need not send an Origin: a picture or a script that it loads is asked for without one. Sec-Fetch-Site says of
    those, too, where they come from.
    """
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    foreign = origin is not None and _netloc(origin) != host.lower()
    return not foreign and request.headers.get("sec-fetch-site", "none") in OWN_SITES


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _port(host: str) -> int | None:
    try:
        return urlsplit(f"//{host}").port
    except ValueError:
        return None
