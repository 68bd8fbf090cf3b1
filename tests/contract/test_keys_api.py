"""API keys over HTTP: made, listed and revoked by admin keys alone, with a line of audit for each."""

from __future__ import annotations

import json
import logging

import httpx
import pytest

from tests.contract.test_job_files import client, problem, service
from thresher.service.server.api.app_state import AppState

__all__ = ["service"]


async def test_a_key_is_made_used_and_revoked(service: AppState, caplog: pytest.LogCaptureFixture) -> None:
    """By an admin; its text is shown once, it works at once, and not after it was revoked; both are in the audit and the log."""
    caplog.set_level(logging.INFO, "thresher")
    async with await client(service, "ops", admin=True) as ops:
        made = await ops.post("/v1/keys", json={"tenant": "acme", "note": "n", "days": 1, "documents": 5})
        assert made.status_code == 201, made.text
        text, id_ = made.json()["key"], made.json()["id"]
        as_new = {"Authorization": f"Bearer {text}"}
        assert (await ops.get("/v1/extractions", headers=as_new)).status_code == 200
        assert (await service.accounts.quota("acme")).documents == 5
        listed = await ops.get("/v1/keys", params={"tenant": "acme"})
        assert [(k["id"], k["revoked"]) for k in listed.json()["keys"]] == [(id_, None)]
        assert text.rpartition("_")[2] not in listed.text + caplog.text
        assert (await ops.delete(f"/v1/keys/{id_}")).json()["revoked"] is not None
        assert (await ops.get("/v1/extractions", headers=as_new)).status_code == 401
        assert (await ops.delete(f"/v1/keys/{id_}")).status_code == 200  # twice is no fault, and no second line
        mine = (await service.accounts.keys())[0].id
        told = (await ops.get("/v1/keys/events")).json()["events"]
    assert [(e["action"], e["key"], e["by"]) for e in told[:2]] == [
        ("revoked", id_, f"key:{mine}"),
        ("created", id_, f"key:{mine}"),
    ]
    assert [vars(r)["action"] for r in caplog.records if vars(r).get("key_id") == id_] == [
        "keys.created",
        "keys.revoked",
    ]


@pytest.mark.parametrize(
    "body",
    ['{"tenant": "local"}', '{"tenant": "*"}', '{"tenant": ""}', '{"tenant": "a\\u0007"}', '{"tenant": "a", "days": 0}',
     '{"tenant": "a", "role": "admin"}', '{"tenant": "a", "admin": "perhaps"}', "[]", "", "{", '{"tenant": "a", "usd": NaN}'],
)  # fmt: skip
async def test_what_is_no_key_is_a_problem(service: AppState, body: str) -> None:
    """And makes none."""
    async with await client(service, "ops", admin=True) as ops:
        assert problem(await ops.post("/v1/keys", content=body)) == (422, "field_invalid")
        assert problem(await ops.delete("/v1/keys/0123456789ab")) == (404, "not_found")
        misspelt = await ops.post("/v1/keys", json={"tenant": "a", "dasy": 3})
        assert "did you mean days?" in misspelt.json()["detail"]
    assert len(await service.accounts.keys()) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/keys"), ("GET", "/v1/keys"), ("GET", "/v1/keys/events"), ("DELETE", "/v1/keys/0123456789ab")],
)
async def test_only_an_admin_key_manages_keys(service: AppState, method: str, path: str) -> None:
    """A tenant's own key sees and changes nothing."""
    async with await client(service, "acme") as acme:
        answer: httpx.Response = await acme.request(method, path, content=json.dumps({"tenant": "acme"}))
        assert problem(answer) == (403, "forbidden")
    assert len(await service.accounts.keys()) == 1
