"""Resealing: all that a service keeps is shut with the newest key, so that an older one, or none, is needed no more."""

from __future__ import annotations

import logging

from pydantic import BaseModel

from thresher.schemas.errors import SetupProblem
from thresher.service.backend.resources import ServiceResources

log = logging.getLogger(__name__)


class RotationCounts(BaseModel):
    """What was shut afresh."""

    key: str  # id of the newest
    rows: int
    uploads: int
    damaged: list[str]  # addresses of uploads that do not open: they were left as they are


async def rotate_keys(house: ServiceResources) -> RotationCounts:
    """Shut afresh what another key shut, or none; what is shut with the newest is left alone, so that it can be done over.

    Raises SetupProblem(setting_missing) where there is no key, SetupProblem(encryption_key_missing) where an older one
    is needed, SetupProblem(storage_damaged) for a row that does not open.
    """
    if not house.seal.ids:
        raise SetupProblem("setting_missing", "THRESHER_ENCRYPTION_KEY")
    rows = await house.jobs.reencrypt()
    uploads, damaged = 0, []
    async for stored in house.uploads.listed():
        try:
            uploads += await house.uploads.reencrypt(stored.address)
        except SetupProblem as problem:
            if problem.code != "storage_damaged":
                raise
            damaged.append(stored.address)
    done = RotationCounts(key=house.seal.ids[0], rows=rows, uploads=uploads, damaged=damaged)
    log.info("resealed", extra={"action": "seal.afresh", **done.model_dump()})
    return done
