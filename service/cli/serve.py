"""`thresher serve` and `thresher keys`."""

from __future__ import annotations

import asyncio
import gc
import getpass
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.tenants.account import ApiKey, Quota, is_tenant_name
from thresher.service.cli import screen
from thresher.service.cli.observability import observed
from thresher.service.cli.screen import Column
from thresher.service.cli.targets import named
from thresher.service.runs.policy_files import load_policy
from thresher.service.settings import Settings, load
from thresher.service.tenants.accounts import Accounts
from thresher.service.wiring.endpoints import check_weights, model_name

DAY = 86_400.0  # seconds
GC_THRESHOLDS = (10_000, 20, 20)  # new objects, and younger collections, between two of the collector's


@dataclass(frozen=True, slots=True)
class Request:
    """What argv asks for."""

    host: str
    port: int
    data: Path | None
    policy: Path | None
    choices: dict[str, Any]
    models: list[str]
    targets: list[str]
    require_key: bool
    private_webhooks: bool
    limits: dict[str, int]  # of Bounds, in bytes
    width: int
    database: str | None = field(repr=False)  # may hold a password
    uploads: str | None
    log: str = "json"
    grace: float = 30.0
    keep_days: float | None = None


def main(request: Request) -> int:
    """Serve; return the exit code."""
    try:
        import uvloop  # noqa: PLC0415 - only here is a server's loop needed

        from thresher.service.server.api.app_state import Bounds, ServiceConfig  # noqa: PLC0415 - only here is a web framework needed
        from thresher.service.server.serve import ServeOptions, serve  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise SetupProblem("extra_missing", f"{error.name}: pip install 'thresher[serve]'") from None
    settings = load()
    policy = load_policy(request.policy, request.choices)
    policy = policy.model_copy(update={"model": model_name(policy, settings)})  # what a caller sees is what is asked
    if request.width:
        check_weights(policy.model or "", settings)
    offer = ServiceConfig(
        policy=policy,
        models=tuple(request.models),
        targets=dict(map(named, request.targets)),
        private_webhooks=request.private_webhooks,
    )
    chosen = ServeOptions(
        data=data_folder(request.data, settings),
        settings=settings,
        host=request.host,
        port=request.port,
        offer=offer,
        bounds=Bounds(**request.limits),
        require_key=request.require_key,
        width=request.width,
        database=request.database or settings.database,
        uploads=request.uploads or settings.uploads,
        keep_days=settings.keep_days if request.keep_days is None else request.keep_days,
        grace=request.grace,
    )
    os.umask(0o077)  # what is written is its owner's alone

    def ready() -> None:
        gc.freeze()  # what is loaded stays: the collector need not walk it again and again
        gc.set_threshold(*GC_THRESHOLDS)
        sys.stderr.write(f"thresher: serving on http://{request.host}:{request.port}, data in {chosen.data}\n")

    with observed(settings, request.log):
        uvloop.run(serve(chosen, ready))
    return 0


@dataclass(frozen=True, slots=True)
class AccountsLocation:
    """Where the accounts are stored."""

    data: Path | None
    database: str | None = field(default=None, repr=False)  # may hold a password


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """An API key to be created."""

    tenant: str
    note: str = ""
    days: float | None = None  # until it expires
    admin: bool = False


def create(place: AccountsLocation, wanted: NewKey, quota: dict[str, Any]) -> int:
    """Make a key and show it, once."""
    tenant = wanted.tenant
    if not is_tenant_name(tenant):
        raise InputProblem("option_invalid", "--tenant: 1 to 64 printable characters, not `local` and not `*`")

    async def work(accounts: Accounts) -> int:
        expires = None if wanted.days is None else time.time() + wanted.days * DAY
        if any(v is not None for v in quota.values()):
            await accounts.set_quota(tenant, Quota(**quota))
        text, kept = await accounts.create_key(
            tenant, note=wanted.note, expires=expires, admin=wanted.admin, by=_user()
        )
        sys.stderr.write(f"thresher: key {kept.id} of tenant {tenant}; it is shown this once\n")
        sys.stdout.write(f"{text}\n")
        return 0

    return _with_accounts(place, work)


def revoke(place: AccountsLocation, id: str) -> int:  # noqa: A002 - a key's
    """Revoke a key, by its id or the key itself."""
    from thresher.service.tenants.api_keys import id_of  # noqa: PLC0415 - used here alone

    async def work(accounts: Accounts) -> int:
        if not await accounts.revoke_key(id_of(id) or id, by=_user()):
            raise InputProblem("not_found", "no key has that id; see `thresher keys list`")
        return 0

    return _with_accounts(place, work)


def listing(place: AccountsLocation) -> int:
    """List the keys, never their secrets."""

    async def work(accounts: Accounts) -> int:
        rows = [_key_row(key, await accounts.quota(key.tenant)) for key in await accounts.keys()]
        names = ("id", "state", "made", "expires", "tenant", "note", "tenant may, a month")
        sys.stdout.write(screen.table([Column(name=n) for n in names], rows))
        return 0

    return _with_accounts(place, work)


def _key_row(key: ApiKey, quota: Quota) -> list[str]:
    """Return what `keys list` says of a key; never the key itself."""
    state = "revoked" if key.revoked else "expired" if key.expires and key.expires < time.time() else "valid"
    made, ends = (time.strftime("%Y-%m-%d", time.gmtime(at)) if at else "never" for at in (key.created, key.expires))
    limits = {"documents": quota.documents, "MiB": quota.bytes and quota.bytes / 2**20, "USD": quota.usd}
    may = ", ".join(f"{most:g} {unit}" for unit, most in limits.items() if most is not None)
    return [key.id, state, made, ends, key.tenant + " (admin)" * key.admin, key.note, may or "no limit"]


def audit(place: AccountsLocation) -> int:
    """List who made and revoked which key, oldest first."""

    async def work(accounts: Accounts) -> int:
        for event in await accounts.key_events():
            at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(event.at))
            admin = " (admin)" if event.admin else ""
            sys.stdout.write(
                f"{at}  {event.action:7}  {event.key}  {event.tenant}{admin}  by {event.by or 'unknown'}\n"
            )
        return 0

    return _with_accounts(place, work)


def _user() -> str:
    """Return who runs this command, for the audit."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"command:{os.getuid()}"


def data_folder(given: Path | None, settings: Settings) -> Path:
    """Return the folder in which a service stores its data."""
    return given or settings.home / "service"


def _with_accounts(place: AccountsLocation, work: Callable[[Accounts], Awaitable[int]]) -> int:
    from thresher.service.backend.resources import cipher_of  # noqa: PLC0415 - see main
    from thresher.service.server.serve import opened_accounts  # noqa: PLC0415 - see main

    settings = load()

    async def run() -> int:
        data = data_folder(place.data, settings)
        async with opened_accounts(data, place.database or settings.database, cipher_of(settings)) as accounts:
            return await work(accounts)

    return asyncio.run(run())
