"""A tenant's webhook secret is one, however many ask for it first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from thresher.service.backend.resources import opened_record_store
from thresher.service.tenants.accounts import Accounts


@pytest.mark.parametrize("member", ["sqlite", "postgres"])
async def test_all_that_ask_at_once_get_the_same_secret(
    member: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Two webhooks that are sent at once, by one process or two, are signed alike, and so is the next one."""
    database = request.getfixturevalue("database") if member == "postgres" else None
    async with opened_record_store(tmp_path, database) as one, opened_record_store(tmp_path, database) as other:
        askers = [Accounts(one), Accounts(other)] * 8
        secrets = await asyncio.gather(*(a.webhook_secret("acme") for a in askers))
        assert set(secrets) == {await Accounts(other).webhook_secret("acme")}
