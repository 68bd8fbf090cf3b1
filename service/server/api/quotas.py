"""Route of /v1/quota: what a tenant may use in this calendar month, what it has used, and what is left."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.tenants.account import Quota
from thresher.schemas.tenants.budget import bounds
from thresher.schemas.work import TenantUsage
from thresher.service.server.api.auth import AppStateDep, Tenant, VisibleTenant
from thresher.service.server.api.extractions import PROBLEMS, month_usage
from thresher.service.tenants.accounts import quota_left

routes = APIRouter(prefix="/v1/quota", tags=["budgets"])
EXAMPLE: dict[str, Any] = {
    "tenant": "example",
    "quota": {"documents": 500, "bytes": None, "usd": 20.0},
    "used": {"documents": 120, "bytes": 48_211_004, "usd": 3.5},
    "left": {"documents": 380, "bytes": None, "usd": 16.5},
    "began": 1761955200.0,
    "ends": 1764547200.0,
}


class QuotaView(BaseModel):
    """A tenant's quota in the present calendar month (UTC). Times are seconds since 1970, UTC."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    tenant: str
    quota: Quota = Field(description="null: as much as the tenant likes")
    used: TenantUsage = Field(description="documents that were read, bytes that were sent, dollars that models cost")
    left: Quota = Field(description="null: as much as the tenant likes; at 0 the next upload is refused")
    began: float
    ends: float


@routes.get("", operation_id="get_quota", responses=PROBLEMS)
async def get_quota(parts: AppStateDep, tenant: Tenant, seen: VisibleTenant) -> QuotaView:
    """The tenant's own quota, and what is left of it; with an admin key that of another `tenant`, too."""
    asked = seen or tenant
    quota, used = await parts.accounts.quota(asked), await month_usage(parts, asked)
    began, ends = bounds("month", parts.clock())
    return QuotaView(tenant=asked, quota=quota, used=used, left=quota_left(quota, used), began=began, ends=ends)
