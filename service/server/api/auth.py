"""Authenticate callers: by the tenant's key, or as the local tenant where no key is needed; refuse all others.

Without a key the service answers programs of this machine only. A browser is no such program: a page from elsewhere
could make it send requests, so a foreign Origin or Host is refused.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from thresher.schemas.account import LOCAL
from thresher.schemas.errors import InputProblem
from thresher.service.server.api.app_state import AppState
from thresher.service.telemetry.ids import current_tenant

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
bearer = HTTPBearer(auto_error=False, description="A key made with `thresher keys create`. On loopback none is needed.")


async def service_of(request: Request) -> AppState:
    """Return the AppState of the application that got a request."""
    service: AppState = request.app.state.service
    return service


AppStateDep = Annotated[AppState, Depends(service_of)]


async def tenant_of(
    request: Request, parts: AppStateDep, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    """Return the tenant of a request. Raises InputProblem(key_invalid, forbidden)."""
    request.state.tenant, request.state.admin, request.state.key = "", False, ""
    if given is not None:
        key = await parts.accounts.key_of(given.credentials)
        if key is None:
            raise InputProblem("key_invalid")
        tenant, request.state.admin, request.state.key = key.tenant, key.admin, key.id
    elif parts.offer.keyless and "authorization" not in request.headers:
        _check_local(request)
        tenant = LOCAL
    else:
        raise InputProblem("key_invalid")
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


def _check_local(request: Request) -> None:
    if _hostname(f"//{request.headers.get('host', '')}") not in LOOPBACK:
        raise InputProblem("forbidden", "without a key only loopback names may be asked for")
    origin = request.headers.get("origin")
    if origin is not None and _hostname(origin) not in LOOPBACK:
        raise InputProblem("forbidden", "without a key pages from elsewhere may not ask")


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
