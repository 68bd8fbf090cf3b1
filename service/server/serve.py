"""Run `thresher serve`: open its parts in order and close them in reverse.

    store -> jobs, uploads, accounts -> loop, webhooks -> HTTP

When told to stop, HTTP closes first (open waits and event streams end), then the loop gets some seconds for what it has
in hand and gives back the rest, then the store is closed.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from thresher.schemas.errors import SetupProblem
from thresher.service.backend.offered_models import warn_of_missing_keys
from thresher.service.backend.resources import (
    ServiceResources,
    cipher_of,
    opened_record_store,
    opened_resources,
    retried_on_full_disk,
)
from thresher.service.backend.retention import keep_purging
from thresher.service.backend.worker_loop import worker_loop
from thresher.service.server.api.app import application
from thresher.service.server.api.app_state import AppState, Bounds, ServiceConfig
from thresher.service.server.api.connections import (
    FRAMING_MAX_BYTES,
    HEAD_SECONDS,
    HttpConnection,
    TimedConnection,
    max_connections,
)
from thresher.service.server.api.fair_slots import FairThreads
from thresher.service.server.background_parts import run_until_stopped, wait_for_parts
from thresher.service.server.job_results import opened_review_service
from thresher.service.server.webhook_delivery import WebhookSender
from thresher.service.settings import Settings
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.telemetry.ids import current_tenant
from thresher.service.telemetry.metrics import counting
from thresher.service.tenants.accounts import Accounts
from thresher.service.tenants.budgets import Budgets

log = logging.getLogger(__name__)
BACKLOG = 2048  # connections that wait to be accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What the operator chose."""

    data: Path  # folder of jobs, uploads and accounts
    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8080
    offer: ServiceConfig = field(default_factory=ServiceConfig)
    bounds: Bounds = field(default_factory=Bounds)
    require_key: bool = False  # on loopback too
    width: int = 8  # files in hand at once; 0: other workers do the work
    database: str | None = field(default=None, repr=False)  # postgresql://…; None: a file in `data`
    uploads: str | None = None  # folder or s3://… that all machines share; None: in `data`
    keep_days: float | None = None  # days that a Job is kept after its end; None: for ever
    grace: float = 30.0  # seconds that work in hand has when the service is stopped
    clock: Callable[[], float] = time.time  # by which months and days begin


async def serve(chosen: ServeOptions, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called when requests are taken.

    Raises SetupProblem(address_needs_key, address_taken, store_locked, store_failed, database_away).
    """
    stopping = asyncio.Event()
    asyncio.get_running_loop().set_default_executor(FairThreads(current_tenant.get))
    async with opened_service(chosen, stopping) as service, listening_sockets(chosen.host, chosen.port) as sockets:
        await serve_application(application(service), sockets, stopping, ready=ready, grace=chosen.grace)


async def serve_application(
    app: ASGIApp, sockets: list[socket.socket], stopping: asyncio.Event, *, ready: Callable[[], None], grace: float
) -> None:
    """Serve an application until SIGTERM or SIGINT; requests then have `grace` seconds. `ready` is called at the start."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=round(HEAD_SECONDS),
        timeout_graceful_shutdown=max(1, round(grace)),
        h11_max_incomplete_event_size=FRAMING_MAX_BYTES,
        http=HttpConnection,
        ws="none",
        lifespan="off",
    )
    TimedConnection.most = max_connections()
    ready()
    await _serve_until_signal(uvicorn.Server(config), sockets, stopping)


@asynccontextmanager
async def listening_sockets(host: str, port: int) -> AsyncIterator[list[socket.socket]]:
    """Open listening sockets, one for each address of the host that this machine has.

    Raises SetupProblem(address_taken).
    """
    with ExitStack() as stack:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = dict.fromkeys((family, str(address[0])) for family, *_, address in found)
            sockets = [stack.enter_context(p) for family, a in addresses if (p := _listening_socket(family, a, port))]
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise SetupProblem("address_taken", f"{host}:{port} ({why})") from error
        if not sockets:
            raise SetupProblem("address_taken", f"{host}:{port} (no address of this machine)")
        yield sockets


def _listening_socket(family: int, address: str, port: int) -> socket.socket | None:
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:  # another address of the name may work
            return None
        raise


@asynccontextmanager
async def opened_service(chosen: ServeOptions, stopping: asyncio.Event) -> AsyncIterator[AppState]:
    """Open the AppState with its loop and webhooks at work; close all in order at the end."""
    offer, cipher = _offer(chosen), cipher_of(chosen.settings)
    if offer.policy.read.passwords and not cipher.ids:
        raise SetupProblem("setting_missing", "the policy holds passwords, so THRESHER_ENCRYPTION_KEY")
    await asyncio.to_thread(_make_private, chosen.data)
    async with AsyncExitStack() as stack:
        accounts = await stack.enter_async_context(
            retried_on_full_disk(lambda: opened_accounts(chosen.data, chosen.database, cipher))
        )
        await _check_address(chosen, accounts)
        await accounts.reencrypt()
        resources = await stack.enter_async_context(
            retried_on_full_disk(
                lambda: opened_resources(chosen.data, chosen.database, chosen.uploads, cipher, chosen.settings.matters)
            )
        )
        budgets = Budgets(accounts.record_store, resources.spending, clock=chosen.clock)
        review_service = await stack.enter_async_context(opened_review_service(resources, offer.targets))
        service = AppState(
            review_service=review_service,
            jobs=resources.jobs,
            uploads=resources.uploads,
            matters=resources.matters,
            import_roots=chosen.settings.import_roots,
            accounts=accounts,
            calls=resources.calls,
            budgets=budgets,
            clock=chosen.clock,
            offer=offer,
            bounds=chosen.bounds,
            stopping=stopping,
        )
        budgets.count = service.metrics.alerted
        stack.push_async_callback(service.schema_checker.close)
        stack.enter_context(counting(service.metrics))
        async with _working(chosen, resources, service):
            yield service


@asynccontextmanager
async def _working(chosen: ServeOptions, resources: ServiceResources, service: AppState) -> AsyncIterator[None]:
    """Run the loop, webhooks, budgets and purging while the block lasts.

    Nothing starts before all that may be refused is open.
    """
    budgets, stopping = service.budgets, service.stopping
    async with AsyncExitStack() as stack:
        sender, parts = _sender(service, chosen.settings), list[Callable[[], Coroutine[Any, Any, None]]]()
        if chosen.width:
            made = worker_loop(
                resources,
                chosen.settings,
                width=chosen.width,
                grace=chosen.grace,
                stopping=stopping,
                targets=service.offer.targets,
                budgets=budgets,
            )
            loop = await stack.enter_async_context(made)
            service.metrics.works(lambda: loop.in_hand, loop.width)
            parts.append(loop.run)
            offered = filter(None, (service.offer.policy.model, *service.offer.models))
            parts.append(partial(warn_of_missing_keys, [*offered], chosen.settings))
        parts += [partial(sender.run, stopping), partial(budgets.run, stopping, resources.jobs.release)]
        if chosen.keep_days is not None or resources.owned:
            parts.append(partial(keep_purging, resources, chosen.keep_days, stopping))
        running = [asyncio.create_task(run_until_stopped(part, stopping)) for part in parts]
        stack.push_async_callback(wait_for_parts, running, stopping)
        yield


@asynccontextmanager
async def opened_accounts(data: Path, database: str | None, cipher: Cipher = NO_CIPHER) -> AsyncIterator[Accounts]:
    """Open the accounts: a file that `thresher keys` may open too, or the database that all machines share."""
    async with opened_record_store(data, database, cipher) as record_store:
        yield Accounts(record_store, cipher)


def _sender(service: AppState, settings: Settings) -> WebhookSender:
    """Return the sender of webhooks. Raises SetupProblem(setting_missing) for certificates that cannot be read."""
    try:
        trust = ssl.create_default_context(cafile=settings.webhook_ca) if settings.webhook_ca else None
    except (OSError, ssl.SSLError) as error:
        raise SetupProblem("setting_missing", f"THRESHER_WEBHOOK_CA={settings.webhook_ca} ({error})") from None
    return WebhookSender(
        trust=trust,
        jobs=service.jobs,
        accounts=service.accounts,
        spending=service.budgets.spending,
        reviews=None if service.review_service is None else service.review_service.reviews,
        private=service.offer.private_webhooks,
        ports=service.offer.webhook_ports,
        count=lambda outcome: service.metrics.add("thresher_webhooks_total", outcome=outcome),
    )


def _offer(chosen: ServeOptions) -> ServiceConfig:
    """Return the operator's configuration, with what follows from the address and the settings."""
    return replace(chosen.offer, keyless=_is_keyless(chosen), webhook_ports=chosen.settings.webhook_ports)


def _is_keyless(chosen: ServeOptions) -> bool:
    """Whether callers need no key."""
    return is_loopback(chosen.host) and not chosen.require_key


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "example.org")]
    [True, True, True, False, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _check_address(chosen: ServeOptions, accounts: Accounts) -> None:
    """Refuse to listen where a key is needed and no usable one exists."""
    now = time.time()
    usable = [k for k in await accounts.keys() if k.revoked is None and (k.expires is None or k.expires > now)]
    if not _is_keyless(chosen) and not usable:
        raise SetupProblem("address_needs_key", chosen.host)


def _make_private(folder: Path) -> None:
    """Make a folder that only its owner can enter. Raises SetupProblem(store_failed)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise SetupProblem("store_failed", f"{folder} ({error.strerror})") from error


async def _serve_until_signal(server: uvicorn.Server, sockets: list[socket.socket], stopping: asyncio.Event) -> None:
    """Serve until a signal: first streams end and nothing new is taken, then the server closes."""
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve(sockets))  # noqa: SLF001 - serve() would take the signals for itself
    stop_asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([serving, stop_asked], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stop_asked.cancel()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(sign)
