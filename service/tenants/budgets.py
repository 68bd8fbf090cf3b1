"""Enforce budgets: what a tenant, or all tenants together, may spend in a day or a month, with alerts on the way.

Spending is counted in the transaction that logs a call, so that every process sees every finished call of all others.
Only calls in flight when a limit is reached can overspend it. Three callers check:

    a new job        may_start    refused with `budget_reached`, where the budget's stop is "refuse"
    a worker         held         Tasks wait for the next period, where it is "hold"
    a model's call   may_ask      no more questions, where files in hand are to stop too
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from thresher.schemas.errors import ModelProblem, SetupProblem
from thresher.schemas.tenants.budget import ALL_TENANTS, Alert, Budget, BudgetState, bounds
from thresher.service.storage.answers.spending import Spending
from thresher.service.tenants.accounts import RecordStore

log = logging.getLogger(__name__)

BUDGET_CACHE_SECONDS = 1.0  # for which the budgets themselves are cached
CHECK_SECONDS = 2.0  # between two checks for thresholds that were passed


@dataclass(slots=True)
class Budgets:
    """The budgets of one service, as one process sees them."""

    record_store: RecordStore
    spending: Spending
    clock: Callable[[], float] = time.time
    count: Callable[[Alert], None] = lambda _: None  # called with each alert that this process sent first
    stopped: set[str] = field(default_factory=set)  # ids of Tasks in hand that were refused a question
    _known: list[Budget] = field(default_factory=list)
    _until: float = 0.0  # monotonic time until which `_known` holds

    async def all(self) -> list[Budget]:
        """Return every budget; cached for a second."""
        if time.monotonic() >= self._until:
            found = [Budget.model_validate(r) for r in await self.record_store.records("budget")]
            self._known, self._until = found, time.monotonic() + BUDGET_CACHE_SECONDS
        return self._known

    async def set(self, budget: Budget) -> None:
        """Store a budget, in place of an older one of the same tenant and period."""
        await self.record_store.put("budget", budget.tenant, budget.period, budget.model_dump(mode="json"))
        self._until = 0.0

    async def drop(self, tenant: str, period: str) -> bool:
        """Delete a budget; return False if there was none."""
        found = await self.record_store.records("budget", tenant, period)
        await self.record_store.put("budget", tenant, period, None)
        self._until = 0.0
        return bool(found)

    async def state(self, budget: Budget) -> BudgetState:
        """Compute how far a budget is used up now."""
        began, ends = bounds(budget.period, self.clock())
        tenant = None if budget.tenant == ALL_TENANTS else budget.tenant
        spent = await self.spending.spent(tenant, began, ends)
        return BudgetState(budget=budget, spent=spent, began=began, ends=ends)

    async def states(self, tenant: str | None = None) -> list[BudgetState]:
        """Return the states of all budgets, or of one tenant's."""
        return [await self.state(b) for b in await self.all() if tenant is None or b.tenant == tenant]

    async def may_start(self, tenant: str) -> None:
        """Raise ModelProblem(budget_reached) where a new job of a tenant is to be refused."""
        await self._refuse(tenant, lambda b: b.stop == "refuse")

    async def may_ask(self, tenant: str, task: str) -> None:
        """Raise ModelProblem(budget_reached), and remember the Task (its id), where a tenant's model may be asked no more."""
        try:
            await self._refuse(tenant, lambda b: b.running == "stop" and b.stop != "never")
        except ModelProblem:
            self.stopped.add(task)
            raise

    async def held(self) -> dict[str, float]:
        """Return the tenants ("*": all) whose work waits, with the time until which it waits."""
        found: dict[str, float] = {}
        for budget in await self.all():
            if budget.stop == "hold" and (state := await self.state(budget)).percent >= 100.0:
                found[budget.tenant] = max(found.get(budget.tenant, 0.0), state.ends)
        return found

    async def look(self) -> list[Alert]:
        """Send an alert for each threshold passed and not yet alerted in this period.

        Return those sent by this call.
        """
        new = []
        for state in await self.states():
            waiting = [a for a in _alerts(state, self.clock()) if a.threshold <= state.percent]
            before = await self.spending.recorded(a.id for a in waiting)
            new += [a for a in waiting if a.id not in before and await self.spending.tell(a)]
        for alert in new:
            self.count(alert)
            facts = alert.model_dump(include={"tenant", "period", "threshold", "usd", "tokens"})
            log.warning("budget", extra={"action": "budget.alert", "budget": alert.id, **facts})
        return new

    async def run(self, stopping: asyncio.Event, also: Callable[[dict[str, float]], Awaitable[object]]) -> None:
        """Check every few seconds until told to stop; `also` gets the waiting tenants, to release the others."""
        had = True  # whether there were budgets at the last check: deleted ones hold no tenant any more
        while not stopping.is_set():
            try:
                some = bool(await self.all())
                if some or had:
                    await self.look()
                    await also(await self.held())
                had = some
            except SetupProblem as problem:
                log.warning("store away", extra={"action": "budget.store_away", "code": problem.code})
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def _refuse(self, tenant: str, matters: Callable[[Budget], bool]) -> None:
        for budget in await self.all():
            if budget.tenant not in {tenant, ALL_TENANTS} or not matters(budget):
                continue
            state = await self.state(budget)
            if state.percent >= 100.0:
                until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(state.ends))
                wait = max(1.0, state.ends - self.clock())
                raise ModelProblem("budget_reached", f"the {budget.period}'s, until {until}", retry_after=wait)


def _alerts(state: BudgetState, now: float) -> list[Alert]:
    """Return all alerts of a budget's period, due or not."""
    budget = state.budget
    return [
        Alert(
            id=f"{budget.id}/{int(state.began)}/{threshold}",
            tenant=budget.tenant,
            period=budget.period,
            threshold=threshold,
            usd=round(state.spent.usd, 6),
            tokens=state.spent.tokens,
            most_usd=budget.usd,
            most_tokens=budget.tokens,
            at=now,
            webhook=budget.webhook,
        )
        for threshold in sorted(set(budget.alerts))
    ]
