"""Serving: the parts of `thresher serve` put together, opened in order and closed in reverse.

    store -> jobs, uploads, accounts -> loop, webhooks -> HTTP

Told to stop, the HTTP door closes first (open waits and event streams end), then the loop gets some seconds for what it has in
hand and hands back the rest, then the store is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import uvicorn

from schemas.errors import SetupProblem
from schemas.policy import Policy
from service.accounts import Accounts
from service.api.app import application
from service.api.service import Bounds, Offer, Service
from service.handling import Handling
from service.jobs.sql import SqlJobs
from service.llm.asking import Asking
from service.llm.limited import Gate
from service.loop import Loop
from service.readers.pool import ReadingPool
from service.settings import Settings
from service.store.shelf import SqliteShelf
from service.store.sqlite import SqliteStore
from service.uploads.disk import DiskUploads
from service.webhook_sender import Sender
from service.wiring import engine_of, gate_of, model_name, model_of

log = logging.getLogger(__name__)

SWEEP = 600.0  # seconds between two sweeps of what reading has left
STALE = 6 * 3600.0  # seconds after which a file of the spool belongs to no reading any more
SLOW_HEAD = 15  # seconds that an idle connection is kept open


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the operator chose."""

    data: Path  # folder of jobs, uploads and accounts
    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8080
    offer: Offer = field(default_factory=Offer)
    bounds: Bounds = field(default_factory=Bounds)
    width: int = 8  # files in hand at once
    grace: float = 30.0  # seconds that work in hand has when the service is stopped


def accounts_file(data: Path) -> Path:
    """Where the accounts of a service lie."""
    return data / "accounts.sqlite"


async def serve(chosen: Serving) -> None:
    """Serve until SIGTERM or SIGINT. Raises SetupProblem(address_needs_key, store_locked, store_failed)."""
    stopping = asyncio.Event()
    async with opened(chosen, stopping) as service:
        config = uvicorn.Config(
            application(service),
            host=chosen.host,
            port=chosen.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=SLOW_HEAD,
            timeout_graceful_shutdown=max(1, round(chosen.grace)),
            h11_max_incomplete_event_size=64 * 1024,
            http="h11",
            ws="none",
            lifespan="off",
        )
        await _until_told(uvicorn.Server(config), stopping)


@asynccontextmanager
async def opened(chosen: Serving, stopping: asyncio.Event) -> AsyncIterator[Service]:
    """The Service with its loop and webhooks at work; at the end they are let go in order."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(_private, chosen.data)
        shelf = await SqliteShelf.open(accounts_file(chosen.data))
        stack.push_async_callback(shelf.aclose)
        accounts = Accounts(shelf)
        await _check_address(chosen, accounts)
        store = await SqliteStore.open(chosen.data / "store.sqlite")
        stack.push_async_callback(store.aclose)
        jobs = SqlJobs(store)
        stack.push_async_callback(jobs.aclose)
        uploads = await asyncio.to_thread(DiskUploads, chosen.data / "uploads")
        offer = _offer(chosen)
        spool = chosen.data / "spool"
        pool = await stack.enter_async_context(ReadingPool(spool))
        service = Service(jobs=jobs, uploads=uploads, store=store, accounts=accounts, offer=offer, bounds=chosen.bounds)
        service.stopping = stopping
        handling = Handling(
            uploads=uploads,
            reads=pool,
            model=partial(_model, {}, chosen.settings, store),
            engine=engine_of,
            targets=offer.targets,
        )
        loop = Loop(jobs=jobs, work=handling, width=chosen.width)
        sender = Sender(
            jobs=jobs,
            accounts=accounts,
            private=offer.private_webhooks,
            count=lambda outcome: service.metrics.add("thresher_webhooks_total", outcome=outcome),
        )
        working = [
            asyncio.create_task(loop.run(stopping, chosen.grace)),
            asyncio.create_task(sender.run(stopping)),
            asyncio.create_task(_sweeping(spool, stopping)),
        ]
        stack.push_async_callback(_ended, working, stopping)
        yield service


def _offer(chosen: Serving) -> Offer:
    """The operator's offer, with the model named: what a caller sees is what is asked."""
    from dataclasses import replace  # noqa: PLC0415 - used here alone

    policy = chosen.offer.policy
    policy = policy.model_copy(update={"model": model_name(policy, chosen.settings)})
    return replace(chosen.offer, policy=policy, keyless=is_loopback(chosen.host))


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


async def _check_address(chosen: Serving, accounts: Accounts) -> None:
    """Refuse to listen beyond loopback where no key could be used."""
    now = time.time()
    usable = [k for k in await accounts.keys() if k.revoked is None and (k.expires is None or k.expires > now)]
    if not is_loopback(chosen.host) and not usable:
        raise SetupProblem("address_needs_key", chosen.host)


def _model(gates: dict[str, Gate], settings: Settings, store: SqliteStore, policy: Policy) -> Asking:
    """A Model for one Task; all Tasks that ask the same model share its gate."""
    gate = gates.setdefault(model_name(policy, settings), gate_of(policy))
    return model_of(policy, settings, store, gate)


def _private(folder: Path) -> None:
    """Make a folder that only its owner can enter. Raises SetupProblem(store_failed)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise SetupProblem("store_failed", f"{folder} ({error.strerror})") from error


async def _sweeping(spool: Path, stopping: asyncio.Event) -> None:
    """Delete, now and then, what readings have left."""
    while not stopping.is_set():
        await asyncio.to_thread(_sweep, spool, time.time() - STALE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), SWEEP)


def _sweep(spool: Path, before: float) -> None:
    for file in spool.rglob("*"):
        with contextlib.suppress(OSError):
            if file.is_file() and file.stat().st_mtime < before:
                file.unlink()


async def _ended(working: list[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    """Let everything end; what is wrong with one does not stop the others."""
    stopping.set()
    for outcome in await asyncio.gather(*working, return_exceptions=True):
        if isinstance(outcome, BaseException):
            log.error("part failed", extra={"action": "serve.part_failed"}, exc_info=outcome)


async def _until_told(server: uvicorn.Server, stopping: asyncio.Event) -> None:
    """Serve until a signal: first nothing new is taken and streams end, then the door closes."""
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())  # noqa: SLF001 - serve() would take the signals for itself
    told = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([serving, told], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        told.cancel()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(sign)
