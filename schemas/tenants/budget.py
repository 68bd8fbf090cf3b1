"""What may be spent in a day or a month, by one tenant or by all, and what happens on the way there."""

from __future__ import annotations

import calendar
import time

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresher.schemas.choices import AtLimit, Period, Running

ALL_TENANTS = "*"  # in place of a tenant: all of them together
DAY = 86_400  # seconds


class Noun(BaseModel):
    """A frozen record that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Budget(Noun):
    """The most for one period, in UTC; dollars, tokens or both. A tenant has one for each period at most."""

    tenant: str = ALL_TENANTS
    period: Period = "month"
    usd: float | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0, description="of prompts and answers together")
    alerts: tuple[int, ...] = (50, 80, 100)  # percent; each is told once a period
    stop: AtLimit = "refuse"  # at 100 %: new jobs are refused, or wait for the next period
    running: Running = "finish"  # at 100 %: files in hand go on, or ask no more
    webhook: str | None = None  # told of alerts

    @model_validator(mode="after")
    def _something(self) -> Budget:
        if self.usd is None and self.tokens is None:
            raise ValueError("a budget is in dollars, tokens or both")
        if any(not 0 < a <= 1000 for a in self.alerts):
            raise ValueError("alerts are in percent, 1 to 1000")
        return self

    @property
    def id(self) -> str:
        """Return the id, unique among budgets.

        >>> Budget(tenant="acme", period="day", usd=5.0).id
        'acme/day'
        """
        return f"{self.tenant}/{self.period}"


class Spent(Noun):
    """What calls have cost; calls at an unknown price count in tokens alone."""

    usd: float = 0.0
    tokens: int = 0


class BudgetState(Noun):
    """How far a budget is used up. Times are seconds since 1970, UTC."""

    budget: Budget
    spent: Spent
    began: float
    ends: float

    @property
    def percent(self) -> float:
        """Return the percentage used of the limit that is nearer.

        >>> some = Budget(usd=10.0, tokens=1000)
        >>> BudgetState(budget=some, spent=Spent(usd=2.0, tokens=900), began=0.0, ends=1.0).percent
        90.0
        """
        pairs = ((self.spent.usd, self.budget.usd), (self.spent.tokens, self.budget.tokens))
        return max((100.0 if not most else 100.0 * used / most) for used, most in pairs if most is not None)


class Alert(Noun):
    """A threshold of a budget that was passed, once for each period."""

    id: str
    tenant: str
    period: Period
    threshold: int  # percent
    usd: float
    tokens: int
    most_usd: float | None
    most_tokens: int | None
    at: float  # seconds since 1970, UTC
    webhook: str | None = None


def bounds(period: Period, now: float) -> tuple[float, float]:
    """Return the begin and the end of the period of a moment; seconds since 1970, UTC.

    >>> [time.gmtime(t)[:3] for t in bounds("month", 1_798_700_000.0)]
    [(2026, 12, 1), (2027, 1, 1)]
    """
    at = time.gmtime(now)
    if period == "day":
        began = calendar.timegm((at.tm_year, at.tm_mon, at.tm_mday, 0, 0, 0))
        return float(began), float(began + DAY)
    began = calendar.timegm((at.tm_year, at.tm_mon, 1, 0, 0, 0))
    year, month = (at.tm_year, at.tm_mon + 1) if at.tm_mon < 12 else (at.tm_year + 1, 1)
    return float(began), float(calendar.timegm((year, month, 1, 0, 0, 0)))
