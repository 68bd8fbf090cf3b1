"""Who asks the service: tenants, their API keys, and what they may use in a month."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.tenants.budget import ALL_TENANTS

LOCAL = "local"  # the tenant of callers that need no key, on loopback


class ApiKey(BaseModel):
    """What is kept of a key: never the key itself. Times are seconds since 1970, UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    tenant: str
    digest: str = Field(repr=False)  # SHA-256 of the secret half, in hexadecimal
    note: str = ""
    created: float
    expires: float | None = None
    revoked: float | None = None
    admin: bool = False  # sees the calls and budgets of every tenant


class KeyEvent(BaseModel):
    """A line of the audit of keys: never changed, never deleted."""

    model_config = ConfigDict(frozen=True)

    at: float  # seconds since 1970, UTC
    action: Literal["created", "revoked"]
    key: str  # id
    tenant: str
    admin: bool = False
    by: str  # "key:ID" of the admin key that asked, or "command:USER"


class Session(BaseModel):
    """What is kept of a browser's session: never its token. Times are seconds since 1970, UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    tenant: str
    key: str  # id of the key that it was begun with, and ends with
    digest: str = Field(repr=False)  # SHA-256 of the token's secret half, in hexadecimal
    created: float
    expires: float


class Quota(BaseModel):
    """The most that a tenant may use in a calendar month (UTC); None: as much as it likes."""

    model_config = ConfigDict(frozen=True)

    documents: int | None = Field(default=None, ge=0)
    bytes: int | None = Field(default=None, ge=0)
    usd: float | None = Field(default=None, ge=0)


def is_tenant_name(name: str) -> bool:
    """Whether a tenant may be called so: 1 to 64 printable characters, and none of the names that are taken.

    >>> is_tenant_name("acme"), is_tenant_name("local"), is_tenant_name("*"), is_tenant_name("")
    (True, False, False, False)
    """
    return name.isprintable() and 0 < len(name) <= 64 and name not in {LOCAL, ALL_TENANTS}


class NamedSchema(BaseModel):
    """A JSON Schema that a tenant has registered as a target."""

    model_config = ConfigDict(frozen=True)

    name: str
    json_schema: dict[str, Any]
    created: float  # seconds since 1970, UTC
    size: int = 0  # characters of its JSON; 0: from before they were counted
