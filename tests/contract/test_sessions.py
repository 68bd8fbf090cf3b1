"""Sessions of browsers: begun with a key, in a cookie that is safe, with proof for each writing request, ended in four ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.jobs_house import app_state
from thresher.schemas.policy import Policy
from thresher.service.backend.resources import opened_resources
from thresher.service.server.api.app import application
from thresher.service.server.api.app_state import AppState, ServiceConfig
from thresher.service.tenants.sessions import SESSION_SECONDS

TARGET = {"type": "object", "properties": {"number": {"type": "string"}}}


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = field(default=1_800_000_000.0)

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time of the service."""
    return Clock()


@pytest.fixture
async def service(tmp_path: Path, clock: Clock) -> AsyncIterator[AppState]:
    """A service on loopback, with keys and without."""
    async with opened_resources(tmp_path) as house:
        made = app_state(house, offer=ServiceConfig(policy=Policy(model="scripted:x"), keyless=True), clock=clock)
        yield made
        await made.schema_checker.close()


def browser(service: AppState, base: str = "http://localhost:8080") -> httpx.AsyncClient:
    """A client that keeps cookies."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(application(service)), base_url=base)


@asynccontextmanager
async def logged_in(service: AppState, tenant: str = "acme") -> AsyncIterator[httpx.AsyncClient]:
    """A client with a session of a tenant, which sends the CSRF token."""
    key, _ = await service.accounts.create_key(tenant, note=f"{tenant}'s review_service")
    async with browser(service) as client:
        answer = await client.post("/v1/session", json={"key": f" {key} "})
        assert answer.status_code == 201
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield client


async def test_a_session_is_its_tenant_and_sees_nothing_of_another(service: AppState) -> None:
    """What a session registers is its tenant's; another session finds nothing there, nor does a caller without key."""
    async with logged_in(service) as acme, logged_in(service, "bolt") as bolt, browser(service) as local:
        assert (await acme.put("/v1/targets/mine", json=TARGET)).status_code == 200
        assert (await acme.get("/v1/targets/mine")).status_code == 200
        assert (await bolt.get("/v1/targets/mine")).status_code == 404
        assert (await local.get("/v1/targets/mine")).status_code == 404
        who = (await acme.get("/v1/session")).json()
        assert (who["tenant"], who["name"]) == ("acme", "acme's review_service")
        assert (await local.get("/v1/session")).json() == {
            "tenant": "local",
            "name": "local",
            "csrf": "",
            "expires": None,
        }


@pytest.mark.parametrize(("base", "secure"), [("http://127.0.0.1:8080", False), ("https://thresher.example", True)])
async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    service: AppState, base: str, secure: object
) -> None:
    """HttpOnly and SameSite=Strict always; Secure beyond loopback; it holds no key."""
    key, _ = await service.accounts.create_key("acme")
    async with browser(service, base) as client:
        answer = await client.post("/v1/session", json={"key": key})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert ("secure" in cookie) is secure
    assert key.lower() not in cookie
    assert key not in answer.text


@pytest.mark.parametrize("sent", [None, "", "0" * 64])
async def test_writing_without_the_proof_is_refused(service: AppState, sent: str | None) -> None:
    """The cookie alone changes nothing, whatever method; reading needs no proof; a key needs none either."""
    async with logged_in(service) as client:
        right = client.headers.pop("X-CSRF-Token")
        headers = {} if sent is None else {"X-CSRF-Token": sent}
        for method, path in [("PUT", "/v1/targets/mine"), ("POST", "/v1/extractions"), ("DELETE", "/v1/targets/mine")]:
            answer = await client.request(method, path, headers=headers, json=TARGET)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_invalid")
        assert (await client.get("/v1/targets")).status_code == 200
        assert (await client.put("/v1/targets/mine", headers={"X-CSRF-Token": right}, json=TARGET)).status_code == 200


async def test_a_session_ends_by_time_by_hand_and_with_its_key(service: AppState, clock: Clock) -> None:
    """Afterwards its cookie opens nothing, not even what is free without a key."""
    async with logged_in(service) as late, logged_in(service) as left, logged_in(service) as lost:
        tokens = {client: dict(client.cookies) for client in (late, left, lost)}
        assert (await left.delete("/v1/session")).status_code == 204
        key = (await service.accounts.record_store.records("session", "acme"))[-1]["key"]
        await service.accounts.revoke_key(key)
        refused = [c for c, t in tokens.items() if await code(service, t) == "session_ended"]
        assert len(refused) == 2
        clock.now += SESSION_SECONDS + 1
        assert [await code(service, t) for t in tokens.values()] == ["session_ended"] * 3


async def code(service: AppState, cookies: dict[str, str]) -> str:
    """The code with which some cookies are refused; empty: they are not."""
    async with browser(service) as client:
        client.cookies.update(cookies)
        return str((await client.get("/v1/targets")).json().get("code", ""))


async def test_a_wrong_key_begins_nothing(service: AppState) -> None:
    """Refused like everywhere, and no cookie is set."""
    async with browser(service) as client:
        answer = await client.post("/v1/session", json={"key": "thr_0123456789ab_" + "x" * 43})
        assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")
        assert "set-cookie" not in answer.headers


async def test_a_key_beside_a_cookie_counts_as_before(service: AppState) -> None:
    """A program with a key needs no CSRF token, whatever cookies come along; a wrong key is refused in spite of them."""
    key, _ = await service.accounts.create_key("bolt")
    async with logged_in(service) as client:
        del client.headers["X-CSRF-Token"]
        own = {"Authorization": f"Bearer {key}"}
        assert (await client.put("/v1/targets/mine", headers=own, json=TARGET)).status_code == 200
        assert (await client.get("/v1/session", headers=own)).json()["tenant"] == "bolt"
        wrong = await client.get("/v1/targets", headers={"Authorization": "Bearer nothing"})
        assert wrong.json()["code"] == "key_invalid"


async def test_pages_allow_only_their_own_script_and_style(service: AppState) -> None:
    """Every page is open to all, holds no data, and says default-src 'none' with hashes and no inline handler."""
    async with browser(service) as client:
        for path in ("/", "/login", "/docs", "/review/any", "/review/any/3"):
            answer = await client.get(path)
            policy = answer.headers["content-security-policy"]
            assert answer.status_code == 200
            assert policy.startswith("default-src 'none'; script-src 'sha256-")
            assert "unsafe" not in policy
            assert " onclick=" not in answer.text
            assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
