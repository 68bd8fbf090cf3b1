"""Sending webhooks: each Job that has ended and wants one, with retries, to checked addresses only."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from thresher.schemas.budget import EVERYBODY, Alert
from thresher.schemas.errors import JobProblem, Problem
from thresher.schemas.work import Job
from thresher.service.jobs.base import Jobs
from thresher.service.storage.answers.spending import Spending
from thresher.service.tenants.accounts import Accounts
from thresher.service.tenants.webhook_signing import addresses_of, signature, wait_before

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds without news after which there is a look for what is due
TIMEOUT = 10.0  # seconds that a receiver has for everything
PLACES, OWN = 64, 4  # attempts under way at once: at all, and for one tenant where another's wait

FAULTS = (Problem, httpx.HTTPError, OSError, TimeoutError, ValueError)  # what an attempt may end with


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One word to one receiver."""

    url: str
    id: str
    tenant: str  # whose secret signs it
    body: bytes
    private: bool  # the address need not be a public one


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Tells receivers of Jobs that have ended."""

    jobs: Jobs
    accounts: Accounts
    spending: Spending | None = None  # of which alerts are told too
    private: bool = False  # addresses that are not public are allowed
    ports: frozenset[int] = frozenset()  # allowed beside 80 and 443
    count: Callable[[str], None] = lambda _: None  # told each outcome: sent, failed, given_up
    clock: Callable[[], float] = time.time
    trust: ssl.SSLContext | None = None  # whose certificates are believed; None: those of the public internet

    async def run(self, stopping: asyncio.Event) -> None:
        """Send what is due until told to stop. No receiver is waited for by another tenant's."""
        under_way: dict[asyncio.Task[None], str] = {}  # with the tenant of each
        stop = asyncio.create_task(stopping.wait())
        try:
            while not stopping.is_set():
                begun = await self._begin(under_way)
                if not begun:
                    news = asyncio.ensure_future(self.jobs.wait(PATIENCE))
                    await _any((stop, news), under_way)
                    await asyncio.sleep(0.1)
        finally:
            stop.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _begin(self, under_way: dict[asyncio.Task[None], str]) -> int:
        """Begin what is due, as far as there are places; gives how many attempts began."""
        for task in [t for t in under_way if t.done()]:
            del under_way[task]
        counts = Counter(under_way.values())
        free, full = PLACES - len(under_way), [t for t, count in counts.items() if count >= OWN]
        if free <= 0:
            return 0
        try:
            due = await self.jobs.webhooks_due(limit=min(free, OWN), full=full)
            alerts = await self.spending.due() if self.spending and EVERYBODY not in full else []
        except Problem as problem:
            log.warning("store away", extra={"action": "webhook.store_away", "code": problem.code})
            return 0
        under_way |= {asyncio.create_task(_kept(self._tell(j))): j.tenant for j in due}
        under_way |= {asyncio.create_task(_kept(self._alert(a))): EVERYBODY for a in alerts}
        return len(due) + len(alerts)

    async def _tell(self, job: Job) -> None:
        facts = {"job": job.id, "tenant": job.tenant}
        try:
            await self._send(job)
        except FAULTS as error:
            again = await self._again(job)
            why = error.code if isinstance(error, Problem) else type(error).__name__
            self.count("failed" if again else "given_up")
            log.warning("webhook failed", extra={"action": "webhook.failed", "why": why, "again": again, **facts})
        else:
            await self._told(job)
            self.count("sent")
            log.info("webhook sent", extra={"action": "webhook.sent", **facts})

    async def _alert(self, alert: Alert) -> None:
        """One attempt to tell of a budget. The address is the operator's own, so that it may be a private one."""
        facts = {"budget": alert.id, "threshold": alert.threshold}
        sent = Sent(url=str(alert.webhook), id=alert.id, tenant=alert.tenant, body=_alert_body(alert), private=True)
        wait: float | None = None
        try:
            await self._deliver(sent)
        except FAULTS as error:
            why = error.code if isinstance(error, Problem) else type(error).__name__
            wait = wait_before(self.clock() - alert.at)
            self.count("failed" if wait else "given_up")
            log.warning("webhook failed", extra={"action": "webhook.failed", "why": why, "again": wait, **facts})
        else:
            self.count("sent")
            log.info("webhook sent", extra={"action": "webhook.sent", **facts})
        if self.spending is not None:
            await self.spending.settle(alert.id, again_in=wait)

    async def _told(self, job: Job) -> None:
        try:
            await self.jobs.webhook_told(job.id)
        except JobProblem:  # forgotten meanwhile
            return

    async def _again(self, job: Job) -> float | None:
        """Set the next attempt; gives the seconds to it, None when it is given up."""
        wait = wait_before(self.clock() - (job.finished or 0.0))
        try:
            await self.jobs.webhook_told(job.id, again_in=wait)
        except JobProblem:  # forgotten meanwhile
            return None
        return wait

    async def _send(self, job: Job) -> None:
        """One attempt, to an address that was checked just now. Raises whatever goes wrong."""
        body = _body(job)
        sent = Sent(url=str(job.webhook), id=job.id, tenant=job.tenant, body=body, private=self.private)
        await self._deliver(sent)

    async def _deliver(self, sent: Sent) -> None:
        """Sign and post. Raises whatever goes wrong."""
        at = int(self.clock())
        secret = await self.accounts.webhook_secret(sent.tenant)
        headers = {
            "content-type": "application/json",
            "user-agent": "thresher",
            "webhook-id": sent.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, sent.id, at, sent.body),
        }
        async with asyncio.timeout(TIMEOUT):
            (number, *_) = await addresses_of(sent.url, private=sent.private, ports=self.ports)
            await _post(sent.url, number, headers, sent.body, self.trust)


async def _post(url: str, number: str, headers: dict[str, str], body: bytes, trust: ssl.SSLContext | None) -> None:
    """Post to the host of `url` at the address `number`: no redirect, no proxy, no other address."""
    parts = urlsplit(url)
    place = f"[{number}]" if ":" in number else number
    pinned = parts._replace(netloc=place if parts.port is None else f"{place}:{parts.port}").geturl()
    extensions = {"sni_hostname": parts.hostname} if parts.scheme == "https" else {}
    host = {"host": parts.netloc}
    each = httpx.Timeout(
        TIMEOUT, connect=TIMEOUT / 4
    )  # a handshake that is cancelled, not timed out, leaves its socket open
    async with (
        httpx.AsyncClient(verify=trust or True, trust_env=False, follow_redirects=False, timeout=each) as client,
        client.stream("POST", pinned, content=body, headers={**headers, **host}, extensions=extensions) as response,
    ):
        if not response.is_success:
            raise ValueError(f"status {response.status_code}")


def _body(job: Job) -> bytes:
    """What a receiver is told: ids and counts, no data of the documents."""
    told = {"id": job.id, "state": job.state, "counts": job.counts.model_dump(), "finished": job.finished}
    return json.dumps(
        {"type": "extraction.finished", "data": {**told, "result": f"/v1/extractions/{job.id}/result"}}
    ).encode()


def _alert_body(alert: Alert) -> bytes:
    """What a receiver is told of a budget."""
    data = alert.model_dump(exclude={"webhook"})
    return json.dumps({"type": "budget.alert", "data": data}).encode()


async def _kept(attempt: Awaitable[None]) -> None:
    """An attempt; where the store is away when it ends, it is due again once its lease has run out."""
    try:
        await attempt
    except Problem as problem:
        log.warning("store away", extra={"action": "webhook.store_away", "code": problem.code})


async def _any(own: tuple[asyncio.Task[Any], asyncio.Task[Any]], others: Iterable[asyncio.Task[Any]]) -> None:
    """Wait for the first of some tasks; the second of `own` is for this once."""
    try:
        await asyncio.wait([*own, *others], return_when=asyncio.FIRST_COMPLETED)
    finally:
        own[1].cancel()
