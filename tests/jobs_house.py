"""A house with orders to extract: uploads, a scripted model, Submissions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from thresher.schemas.policy import Policy
from thresher.schemas.work import AskedTarget, Job, Submission
from thresher.service.backend.resources import ServiceResources
from thresher.service.server.api.app_state import AppState, ServiceConfig
from thresher.service.targets.loading import load_target
from thresher.service.tenants.accounts import Accounts
from thresher.service.tenants.budgets import Budgets

SCHEMA: dict[str, Any] = {
    "title": "Order",
    "type": "object",
    "properties": {"number": {"type": "string"}, "buyer": {"type": ["string", "null"]}},
    "required": ["number", "buyer"],
}


def order(n: int) -> str:
    """A small order as text."""
    return f"Order number: PO-{n}\nBuyer: Acme Works {n} Ltd\n"


def script(folder: Path, count: int, latency: float = 0.0) -> Policy:
    """The Policy of a model that answers each order rightly."""
    said = [{"when": f"PO-{n}\n", "say": {"number": f"PO-{n}", "buyer": f"Acme Works {n} Ltd"}} for n in range(count)]
    path = folder / "script.json"
    path.write_text(json.dumps({"latency": latency, "answers": said}))
    return Policy(model=f"scripted:{path}")


def target(schema: dict[str, Any] = SCHEMA) -> AskedTarget:
    """The target as it travels."""
    known = load_target(schema)
    return AskedTarget(name=known.name, fingerprint=known.fingerprint, json_schema=schema)


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    yield body


def app_state(house: ServiceResources, **more: Any) -> AppState:
    """A service over a house, with keys unless `more` says otherwise."""
    parts: dict[str, Any] = {
        "jobs": house.jobs,
        "uploads": house.uploads,
        "accounts": Accounts(house.jobs),
        "calls": house.calls,
        "budgets": Budgets(house.jobs, house.spending),
        "offer": ServiceConfig(policy=Policy(model="scripted:x")),
    }
    return AppState(**{**parts, **more})


async def submitted(house: ServiceResources, policy: Policy, count: int, **more: Any) -> Job:
    """A Job of some orders."""
    files = [await house.uploads.put(f"{n}.txt", pieces(order(n).encode()), most=10_000) for n in range(count)]
    asked = Submission(**{"tenant": "a", "target": target(), "policy": policy, "files": tuple(files), **more})
    return (await house.jobs.submit(asked))[0]


async def bodies(house: ServiceResources, job: str) -> dict[str, dict[str, Any]]:
    """Results of a Job by path."""
    found = await house.jobs.results("a", job, limit=10_000)
    assert len(found) == len({o.task for o in found})
    return {o.path: json.loads(o.body) for o in found}


async def paid(house: ServiceResources) -> list[str]:
    """Keys of the calls that cost something."""
    return [c.attempt.key for c in await house.store.calls() if not c.attempt.stored and not c.attempt.error]
