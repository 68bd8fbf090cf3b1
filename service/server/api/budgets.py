"""Routes of /v1/budgets: what may be spent, and how far it is used up."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.tenants.budget import Budget, BudgetState, Spent
from thresher.service.server.api.auth import AppStateDep, VisibleTenant
from thresher.service.server.api.extractions import PROBLEMS

routes = APIRouter(prefix="/v1/budgets", tags=["budgets"])
EXAMPLE: dict[str, Any] = {
    "budget": {"tenant": "example", "period": "month", "usd": 50.0},
    "spent": {"usd": 12.5, "tokens": 1_840_000},
    "percent": 25.0,
    "began": 1761955200.0,
    "ends": 1764547200.0,
}


class BudgetView(BaseModel):
    """A budget and how far it is used up in its present period. Times are seconds since 1970, UTC."""

    budget: Budget
    spent: Spent
    percent: float = Field(description="of whichever limit is nearer")
    began: float
    ends: float


class BudgetViews(BaseModel):
    """Budgets that the key may see."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"budgets": [EXAMPLE]}]})

    budgets: list[BudgetView]


@routes.get("", operation_id="list_budgets", responses=PROBLEMS)
async def listing(parts: AppStateDep, seen: VisibleTenant) -> BudgetViews:
    """The tenant's own budgets; with an admin key those of all tenants, and the one of all together (`*`)."""
    return BudgetViews(budgets=[_view(state) for state in await parts.budgets.states(seen)])


def _view(state: BudgetState) -> BudgetView:
    return BudgetView(**dict(state), percent=round(state.percent, 2))
