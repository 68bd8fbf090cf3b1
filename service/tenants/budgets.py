"""Budgets: what tenants, and all of them together, may spend in a day or a month; alerts on the way, and a stop at the end.

What was spent is counted in the transaction that notes a call, so that every process sees every finished call of every other one:
what can be overspent is what is in flight when a limit is reached. Three places ask:

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
from typing import Any, Protocol

from thresher.schemas.budget import EVERYBODY, Alert, Budget, BudgetState, bounds
from thresher.schemas.errors import ModelProblem, SetupProblem
from thresher.service.storage.answers.spending import Spending
from thresher.service.telemetry.ids import asked_by, working_on

log = logging.getLogger(__name__)

KNOWN = 1.0  # seconds for which the budgets themselves are remembered
LOOK = 2.0  # seconds between two looks for thresholds that were passed


class Shelf(Protocol):
    """Keeps small records; see `service/tenants/accounts.py`."""

    async def put(self, kind: str, tenant: str, key: str, body: dict[str, Any] | None) -> None:
        """Keep a record, or delete it (None)."""
        ...

    async def once(self, kind: str, tenant: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a record where there is none yet; gives the one that is kept."""
        ...

    async def records(self, kind: str, tenant: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        """Records of a kind."""
        ...


@dataclass(slots=True)
class Budgets:
    """The budgets of one service, as one process sees them."""

    shelf: Shelf
    spending: Spending
    clock: Callable[[], float] = time.time
    count: Callable[[Alert], None] = lambda _: None  # told each alert that this process was the first to see
    stopped: set[str] = field(default_factory=set)  # Tasks in hand that were refused a question
    _known: list[Budget] = field(default_factory=list)
    _until: float = 0.0  # by the steady clock

    async def all(self) -> list[Budget]:
        """Every budget; remembered for a second."""
        if time.monotonic() >= self._until:
            found = [Budget.model_validate(r) for r in await self.shelf.records("budget")]
            self._known, self._until = found, time.monotonic() + KNOWN
        return self._known

    async def set(self, budget: Budget) -> None:
        """Keep a budget, in place of an older one of the same tenant and period."""
        await self.shelf.put("budget", budget.tenant, budget.period, budget.model_dump(mode="json"))
        self._until = 0.0

    async def drop(self, tenant: str, period: str) -> bool:
        """Drop a budget; False where there was none."""
        found = await self.shelf.records("budget", tenant, period)
        await self.shelf.put("budget", tenant, period, None)
        self._until = 0.0
        return bool(found)

    async def state(self, budget: Budget) -> BudgetState:
        """How far a budget is used up just now."""
        began, ends = bounds(budget.period, self.clock())
        tenant = None if budget.tenant == EVERYBODY else budget.tenant
        spent = await self.spending.spent(tenant, began, ends)
        return BudgetState(budget=budget, spent=spent, began=began, ends=ends)

    async def states(self, tenant: str | None = None) -> list[BudgetState]:
        """All budgets, or one tenant's own."""
        return [await self.state(b) for b in await self.all() if tenant is None or b.tenant == tenant]

    async def may_start(self, tenant: str) -> None:
        """Raises ModelProblem(budget_reached) where a new job of a tenant is to be refused."""
        await self._refuse(tenant, lambda b: b.stop == "refuse")

    async def may_ask(self) -> None:
        """Raises ModelProblem(budget_reached) where the Task in hand may ask no more; the Task is remembered."""
        tenant = asked_by.get()
        if tenant is None:
            return
        try:
            await self._refuse(tenant, lambda b: b.running == "stop" and b.stop != "never")
        except ModelProblem:
            self.stopped.add(working_on.get() or "")
            raise

    async def held(self) -> dict[str, float]:
        """Tenants ("*": all) whose work waits, and until when."""
        found: dict[str, float] = {}
        for budget in await self.all():
            if budget.stop == "hold" and (state := await self.state(budget)).percent >= 100.0:
                found[budget.tenant] = max(found.get(budget.tenant, 0.0), state.ends)
        return found

    async def look(self) -> list[Alert]:
        """Tell every threshold that was passed and not told yet this period; gives those told by this look."""
        told = []
        for state in await self.states():
            waiting = [a for a in _alerts(state, self.clock()) if a.threshold <= state.percent]
            before = await self.spending.told(a.id for a in waiting)
            told += [a for a in waiting if a.id not in before and await self.spending.tell(a)]
        for alert in told:
            self.count(alert)
            facts = alert.model_dump(include={"tenant", "period", "threshold", "usd", "tokens"})
            log.warning("budget", extra={"action": "budget.alert", "budget": alert.id, **facts})
        return told

    async def run(self, stopping: asyncio.Event, also: Callable[[dict[str, float]], Awaitable[object]]) -> None:
        """Look every few seconds until told to stop; `also` is given whose work waits, to let the others go on."""
        had = True  # budgets, at the last look: those that are gone hold nobody any more
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
                async with asyncio.timeout(LOOK):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def _refuse(self, tenant: str, matters: Callable[[Budget], bool]) -> None:
        for budget in await self.all():
            if budget.tenant not in {tenant, EVERYBODY} or not matters(budget):
                continue
            state = await self.state(budget)
            if state.percent >= 100.0:
                until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(state.ends))
                wait = max(1.0, state.ends - self.clock())
                raise ModelProblem("budget_reached", f"the {budget.period}'s, until {until}", retry_after=wait)


def _alerts(state: BudgetState, now: float) -> list[Alert]:
    """The alerts of a budget's period, due or not."""
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
