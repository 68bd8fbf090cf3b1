"""Routes of /v1/keys: make, list and revoke API keys, and read their audit. For admin keys alone."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from thresher.schemas.errors import InputProblem
from thresher.schemas.nearest_name import suggestion
from thresher.schemas.tenants.account import ApiKey, KeyEvent, Quota, is_tenant_name
from thresher.schemas.tenants.budget import DAY
from thresher.service.server.api.auth import Admin, AppStateDep
from thresher.service.server.api.extractions import PROBLEMS
from thresher.service.server.api.upload import body_of

routes = APIRouter(prefix="/v1/keys", tags=["keys"])
PAGE_MAX = 1000
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", description="id of the key", examples=["0123456789ab"])]
EXAMPLE_KEY: dict[str, Any] = {
    "id": "0123456789ab",
    "tenant": "acme",
    "note": "nightly import",
    "admin": False,
    "created": 1763799600.0,
    "expires": 1771575600.0,
    "revoked": None,
}
EXAMPLE_EVENT: dict[str, Any] = {
    "at": 1763799600.0,
    "action": "created",
    "key": "0123456789ab",
    "tenant": "acme",
    "admin": False,
    "by": "key:ba9876543210",
}


class WantedKey(BaseModel):
    """An API key to be made, and what its tenant may use in a month from now on."""

    model_config = ConfigDict(extra="forbid")

    tenant: str = Field(min_length=1, max_length=64)
    note: str = Field(default="", max_length=200)
    days: float | None = Field(default=None, gt=0, le=36_500, description="until it expires; default: never")
    admin: bool = Field(default=False, description="sees every tenant's calls and budgets, and manages keys")
    documents: int | None = Field(default=None, ge=0, le=2**53)
    bytes: int | None = Field(default=None, ge=0, le=2**53)
    usd: float | None = Field(default=None, ge=0, le=1e12)


class KeyView(BaseModel):
    """An API key, never its secret. Times are seconds since 1970, UTC."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_KEY]})

    id: str
    tenant: str
    note: str
    admin: bool
    created: float
    expires: float | None = None
    revoked: float | None = None


class CreatedKey(KeyView):
    """A key that was just made, with its text, which is shown this once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE_KEY, "key": "thr_0123456789ab_…"}]})

    key: str


class Keys(BaseModel):
    """API keys, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"keys": [EXAMPLE_KEY]}]})

    keys: list[KeyView]


class KeyEvents(BaseModel):
    """The audit of keys, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": [EXAMPLE_EVENT]}]})

    events: list[KeyEvent]


BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": WantedKey.model_json_schema(),
            "example": {"tenant": "acme", "note": "nightly import", "days": 90},
        }
    },
}


@routes.post("", operation_id="create_key", status_code=201, responses=PROBLEMS, openapi_extra={"requestBody": BODY})
async def create(parts: AppStateDep, admin: Admin, request: Request) -> CreatedKey:
    """Make a key; its text is shown this once."""
    wanted = _wanted(b"".join([piece async for piece in body_of(parts, "", request, parts.bounds.field)]))
    quota = Quota(documents=wanted.documents, bytes=wanted.bytes, usd=wanted.usd)
    if quota != Quota():
        await parts.accounts.set_quota(wanted.tenant, quota)
    expires = None if wanted.days is None else time.time() + wanted.days * DAY
    text, kept = await parts.accounts.create_key(
        wanted.tenant, note=wanted.note, expires=expires, admin=wanted.admin, by=admin
    )
    return CreatedKey(**dict(_view(kept)), key=text)


@routes.get("", operation_id="list_keys", responses=PROBLEMS)
async def listing(
    parts: AppStateDep,
    admin: Admin,  # noqa: ARG001 - authorises
    tenant: Annotated[str | None, Query(max_length=64, description="of one tenant; default: all")] = None,
) -> Keys:
    """Keys, never their secrets."""
    return Keys(keys=[_view(k) for k in await parts.accounts.keys() if tenant in {None, k.tenant}])


@routes.get("/events", operation_id="list_key_events", responses=PROBLEMS)
async def events(
    parts: AppStateDep,
    admin: Admin,  # noqa: ARG001 - authorises
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
) -> KeyEvents:
    """Who made and revoked which key, newest first."""
    return KeyEvents(events=(await parts.accounts.key_events())[::-1][:limit])


@routes.delete("/{id}", operation_id="revoke_key", responses=PROBLEMS)
async def revoke(parts: AppStateDep, admin: Admin, id: KeyId) -> KeyView:  # noqa: A002 - as in the path
    """Revoke a key, from the next request on."""
    gone = await parts.accounts.revoke_key(id, by=admin)
    if gone is None:
        raise InputProblem("not_found", "no key has that id; see /v1/keys")
    return _view(gone)


def _wanted(body: bytes) -> WantedKey:
    """Return the key that a body asks for. Raises InputProblem(field_invalid, request_invalid)."""
    try:
        wanted = WantedKey.model_validate_json(body)
    except ValidationError as error:
        raise InputProblem("field_invalid", "; ".join(map(_fault, error.errors()))[:500]) from None
    if not is_tenant_name(wanted.tenant) or not wanted.note.isprintable():
        raise InputProblem("field_invalid", "tenant, note: printable characters; tenant: not `local` and not `*`")
    return wanted


def _fault(error: ErrorDetails) -> str:
    """Tell one fault of a body; of an unknown field with the nearest known one."""
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{name}: no such field{suggestion(name, WantedKey.model_fields)}"
    return f"{name}: {error['msg']}".removeprefix(": ")


def _view(key: ApiKey) -> KeyView:
    return KeyView(**key.model_dump(exclude={"digest"}))
