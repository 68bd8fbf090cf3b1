"""`thresher budgets`: set, list and remove what may be spent. A running service sees a change within a second."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thresher.schemas.errors import InputProblem
from thresher.schemas.tenants.budget import Budget
from thresher.service.backend.resources import cipher_of, opened_record_store
from thresher.service.cli.serve import data_folder
from thresher.service.settings import load
from thresher.service.tenants.accounts import RecordStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where the budgets are stored."""

    folder: Path | None
    database: str | None = field(default=None, repr=False)  # may hold a password


def keep(place: Place, wanted: dict[str, Any]) -> int:
    """Set a budget, in place of an older one for the same tenant and period."""
    try:
        budget = Budget.model_validate({k: v for k, v in wanted.items() if v is not None})
    except ValidationError as error:
        told = "; ".join(f"{_option(e['loc'])}{e['msg'].removeprefix('Value error, ')}" for e in error.errors())
        raise InputProblem("option_invalid", told) from None

    async def work(record_store: RecordStore) -> None:
        await record_store.put("budget", budget.tenant, budget.period, budget.model_dump(mode="json"))

    return _with_record_store(place, work)


def _option(place: tuple[int | str, ...]) -> str:
    """Return the option that sets a field of a budget, to stand before what is wrong with it."""
    return (
        f"--{ {'alerts': 'alert', 'period': 'per'}.get(str(place[0]), place[0]) }: " if place else "--usd, --tokens: "
    )


def drop(place: Place, tenant: str, period: str) -> int:
    """Remove a budget."""

    async def work(record_store: RecordStore) -> None:
        if not await record_store.records("budget", tenant, period):
            raise InputProblem("not_found", "there is no such budget; see `thresher budgets list`")
        await record_store.put("budget", tenant, period, None)

    return _with_record_store(place, work)


def listing(place: Place, form: str) -> int:
    """List the budgets; how far they are used up, /v1/budgets tells."""
    if form not in {"table", "json"}:
        raise InputProblem("option_invalid", f"--format {form}: table or json")

    async def work(record_store: RecordStore) -> None:
        found = [Budget.model_validate(r) for r in await record_store.records("budget")]
        if form == "json":
            sys.stdout.write(json.dumps([b.model_dump(mode="json") for b in found], indent=1) + "\n")
        for budget in found if form == "table" else ():
            sys.stdout.write(_line(budget) + "\n")

    return _with_record_store(place, work)


def _line(budget: Budget) -> str:
    limits = [f"${budget.usd:g}"] if budget.usd is not None else []
    limits += [f"{budget.tokens:,} tokens"] if budget.tokens is not None else []
    alerts = ", ".join(f"{a} %" for a in budget.alerts)
    ends = f"then {budget.stop} new work, {budget.running} what runs"
    return f"{budget.tenant:20} {budget.period:6} {' and '.join(limits):28} alerts at {alerts or 'nothing'}; {ends}"


def _with_record_store(place: Place, work: Callable[[RecordStore], Awaitable[None]]) -> int:
    settings = load()

    async def run() -> None:
        folder = data_folder(place.folder, settings)
        async with opened_record_store(
            folder, place.database or settings.database, cipher_of(settings)
        ) as record_store:
            await work(record_store)

    asyncio.run(run())
    return 0
