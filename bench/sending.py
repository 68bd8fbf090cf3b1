"""Mixed documents submitted to a house as its server would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench.beside import MODEL
from tests.simulation.generator.kinds import KINDS as MADE
from tests.simulation.mixed import KINDS
from thresher.schemas.policy import Policy
from thresher.schemas.work import AskedTarget, Submission
from thresher.service.backend.resources import ServiceResources
from thresher.service.targets.loading import load_target

TENANT = "bench"
MOST = 50_000_000  # bytes of a file


async def submitted(house: ServiceResources, files: list[Path], policy: Policy | None = None, **more: Any) -> list[str]:
    """A Job for each kind of document; gives their ids."""
    policy = policy or Policy(model=MODEL, concurrency=16)
    made = []
    for suffix, kind in KINDS.items():
        mine = [f for f in files if f.suffix == f".{suffix}"]
        if mine:
            kept = [await house.uploads.put(f.name, _pieces(f), most=MOST) for f in mine]
            asked = Submission(tenant=TENANT, target=target(kind), policy=policy, files=tuple(kept), **more)
            made.append((await house.jobs.submit(asked))[0].id)
    return made


def target(kind: str) -> AskedTarget:
    """The target of a kind as it travels."""
    schema = MADE[kind].model.model_json_schema()
    known = load_target(schema)
    return AskedTarget(name=known.name, fingerprint=known.fingerprint, json_schema=schema)


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    yield file.read_bytes()  # noqa: ASYNC240 - a small file
