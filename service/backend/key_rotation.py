"""Rotate keys: encrypt all that a service stores with the newest key, so that older keys can be removed."""

from __future__ import annotations

import logging

from pydantic import BaseModel

from thresher.schemas.errors import SetupProblem
from thresher.service.backend.resources import ServiceResources

log = logging.getLogger(__name__)


class RotationCounts(BaseModel):
    """What a rotation encrypted again."""

    key: str  # id of the newest key
    rows: int
    uploads: int
    damaged: list[str]  # rows, and addresses of uploads, that do not decrypt: they were left as they are


async def rotate_keys(resources: ServiceResources) -> RotationCounts:
    """Encrypt all rows and uploads with the newest key; those encrypted with it already are left alone.

    May be repeated.

    Raises SetupProblem(setting_missing) where there is no key, SetupProblem(encryption_key_missing) where an older one
    is needed.
    """
    if not resources.cipher.ids:
        raise SetupProblem("setting_missing", "THRESHER_ENCRYPTION_KEY")
    rows = await resources.jobs.reencrypt()
    uploads, damaged = 0, rows.damaged
    async for stored in resources.uploads.listed():
        try:
            uploads += await resources.uploads.reencrypt(stored.address)
        except SetupProblem as problem:
            if problem.code != "storage_damaged":
                raise
            damaged.append(stored.address)
    done = RotationCounts(key=resources.cipher.ids[0], rows=rows.rows, uploads=uploads, damaged=damaged)
    log.info("resealed", extra={"action": "seal.afresh", **done.model_dump()})
    return done
