"""Send webhooks: for each Job that has ended and wants one, and for decisions on its Results, with retries, to checked addresses only."""

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

from thresher.schemas.errors import JobProblem, Problem
from thresher.schemas.tenants.budget import ALL_TENANTS, Alert
from thresher.schemas.work import Job
from thresher.service.jobs.base import Jobs
from thresher.service.reviews.base import DueDecision, Reviews
from thresher.service.storage.answers.spending import Spending
from thresher.service.tenants.accounts import Accounts
from thresher.service.tenants.webhook_signing import public_addresses_of, retry_delay, signature

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0  # without news after which due webhooks are looked for
ATTEMPT_SECONDS = 10.0  # that a receiver has for a whole attempt
MAX_ATTEMPTS, MAX_ATTEMPTS_OF_TENANT = 64, 4  # attempts at once: in all, and for one tenant

FAULTS = (Problem, httpx.HTTPError, OSError, TimeoutError, ValueError)  # what an attempt may end with


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """One message to one receiver."""

    url: str
    id: str
    tenant: str  # whose secret signs it
    body: bytes
    private: bool  # the address need not be a public one


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSender:
    """Calls the webhooks of ended Jobs and of alerts."""

    jobs: Jobs
    accounts: Accounts
    spending: Spending | None = None  # whose alerts are sent too
    reviews: Reviews | None = None  # whose decisions are sent too
    private: bool = False  # addresses that are not public are allowed
    ports: frozenset[int] = frozenset()  # allowed besides 80 and 443
    count: Callable[[str], None] = lambda _: None  # called with each outcome: sent, failed, given_up
    clock: Callable[[], float] = time.time
    trust: ssl.SSLContext | None = None  # certificates that are trusted; None: those of the public internet

    async def run(self, stopping: asyncio.Event) -> None:
        """Send what is due until told to stop. A slow receiver delays no other tenant's."""
        under_way: dict[asyncio.Task[None], str] = {}  # with the tenant of each
        stop = asyncio.create_task(stopping.wait())
        try:
            while not stopping.is_set():
                begun = await self._begin(under_way)
                if not begun:
                    news = asyncio.ensure_future(self.jobs.wait(POLL_SECONDS))
                    await _first_done((stop, news), under_way)
                    await asyncio.sleep(0.1)
        finally:
            stop.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _begin(self, under_way: dict[asyncio.Task[None], str]) -> int:
        """Start due attempts, as far as there are slots; return how many."""
        for task in [t for t in under_way if t.done()]:
            del under_way[task]
        counts = Counter(under_way.values())
        free, full = (
            MAX_ATTEMPTS - len(under_way),
            [t for t, count in counts.items() if count >= MAX_ATTEMPTS_OF_TENANT],
        )
        if free <= 0:
            return 0
        try:
            due = await self.jobs.webhooks_due(limit=min(free, MAX_ATTEMPTS_OF_TENANT), full=full)
            full += [job.tenant for job in due]
            left = min(free - len(due), MAX_ATTEMPTS_OF_TENANT)
            decisions = await self.reviews.due(limit=left, full=full) if self.reviews and left else []
            alerts = await self.spending.due() if self.spending and ALL_TENANTS not in full else []
        except Problem as problem:
            log.warning("store away", extra={"action": "webhook.store_away", "code": problem.code})
            return 0
        under_way |= {asyncio.create_task(_attempted(self._tell(j))): j.tenant for j in due}
        under_way |= {asyncio.create_task(_attempted(self._alert(a))): ALL_TENANTS for a in alerts}
        under_way |= {asyncio.create_task(_attempted(self._decision(d))): d.place.tenant for d in decisions}
        return len(due) + len(alerts) + len(decisions)

    async def _tell(self, job: Job) -> None:
        facts = {"job": job.id, "tenant": job.tenant}
        try:
            await self._send(job)
        except FAULTS as error:
            again = await self._schedule_retry(job)
            why = error.code if isinstance(error, Problem) else type(error).__name__
            self.count("failed" if again else "given_up")
            log.warning("webhook failed", extra={"action": "webhook.failed", "why": why, "again": again, **facts})
        else:
            await self._mark_sent(job)
            self.count("sent")
            log.info("webhook sent", extra={"action": "webhook.sent", **facts})

    async def _alert(self, alert: Alert) -> None:
        """Try once to send an alert. The address is the operator's own, so that it may be a private one."""
        facts = {"budget": alert.id, "threshold": alert.threshold}
        sent = WebhookMessage(
            url=str(alert.webhook), id=alert.id, tenant=alert.tenant, body=_alert_body(alert), private=True
        )
        wait: float | None = None
        try:
            await self._deliver(sent)
        except FAULTS as error:
            why = error.code if isinstance(error, Problem) else type(error).__name__
            wait = retry_delay(self.clock() - alert.at)
            self.count("failed" if wait else "given_up")
            log.warning("webhook failed", extra={"action": "webhook.failed", "why": why, "again": wait, **facts})
        else:
            self.count("sent")
            log.info("webhook sent", extra={"action": "webhook.sent", **facts})
        if self.spending is not None:
            await self.spending.settle(alert.id, again_in=wait)

    async def _decision(self, due: DueDecision) -> None:
        """Try once to tell a job's webhook what was decided of a Result; of a deleted job nothing is told."""
        facts = {"job": due.place.collection, "tenant": due.place.tenant}
        wait: float | None = None
        try:
            job = await self.jobs.job(due.place.tenant, due.place.collection)
            name = f"{job.id}.{due.place.key}.{due.event.seq}"
            body = _decision_body(due)
            sent = WebhookMessage(url=str(job.webhook), id=name, tenant=job.tenant, body=body, private=self.private)
            await self._deliver(sent)
        except JobProblem:
            log.info("job of a decision is gone", extra={"action": "webhook.job_gone", **facts})
        except FAULTS as error:
            why = error.code if isinstance(error, Problem) else type(error).__name__
            wait = retry_delay(self.clock() - due.at)
            self.count("failed" if wait else "given_up")
            log.warning("webhook failed", extra={"action": "webhook.failed", "why": why, "again": wait, **facts})
        else:
            self.count("sent")
            log.info("webhook sent", extra={"action": "webhook.sent", **facts})
        if self.reviews is not None:
            await self.reviews.webhook_attempted(due, again_in=wait)

    async def _mark_sent(self, job: Job) -> None:
        try:
            await self.jobs.webhook_attempted(job.id)
        except JobProblem:  # deleted meanwhile
            return

    async def _schedule_retry(self, job: Job) -> float | None:
        """Schedule the next attempt; return the seconds to it, None when it is given up."""
        wait = retry_delay(self.clock() - (job.finished or 0.0))
        try:
            await self.jobs.webhook_attempted(job.id, again_in=wait)
        except JobProblem:  # deleted meanwhile
            return None
        return wait

    async def _send(self, job: Job) -> None:
        """Try once to call a Job's webhook, at an address that is checked for it. Raises whatever goes wrong."""
        body = _body(job)
        sent = WebhookMessage(url=str(job.webhook), id=job.id, tenant=job.tenant, body=body, private=self.private)
        await self._deliver(sent)

    async def _deliver(self, sent: WebhookMessage) -> None:
        """Sign and post a message. Raises whatever goes wrong."""
        at = int(self.clock())
        secret = await self.accounts.webhook_secret(sent.tenant)
        headers = {
            "content-type": "application/json",
            "user-agent": "thresher",
            "webhook-id": sent.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, sent.id, at, sent.body),
        }
        async with asyncio.timeout(ATTEMPT_SECONDS):
            (number, *_) = await public_addresses_of(
                sent.url, tenant=sent.tenant, private=sent.private, ports=self.ports
            )
            await _post(sent.url, number, headers, sent.body, self.trust)


async def _post(url: str, number: str, headers: dict[str, str], body: bytes, trust: ssl.SSLContext | None) -> None:
    """Post to the host of `url` at the IP address `number`: no redirect, no proxy, no other address."""
    parts = urlsplit(url)
    place = f"[{number}]" if ":" in number else number
    pinned = parts._replace(netloc=place if parts.port is None else f"{place}:{parts.port}").geturl()
    extensions = {"sni_hostname": parts.hostname} if parts.scheme == "https" else {}
    host = {"host": parts.netloc}
    each = httpx.Timeout(
        ATTEMPT_SECONDS, connect=ATTEMPT_SECONDS / 4
    )  # a handshake that is cancelled, not timed out, leaves its socket open
    async with (
        httpx.AsyncClient(verify=trust or True, trust_env=False, follow_redirects=False, timeout=each) as client,
        client.stream("POST", pinned, content=body, headers={**headers, **host}, extensions=extensions) as response,
    ):
        if not response.is_success:
            raise ValueError(f"status {response.status_code}")


def _body(job: Job) -> bytes:
    """Return the message of an ended Job: ids and counts, no data of the documents."""
    facts = {"id": job.id, "state": job.state, "counts": job.counts.model_dump(), "finished": job.finished}
    return json.dumps(
        {"type": "extraction.finished", "data": {**facts, "result": f"/v1/extractions/{job.id}/result"}}
    ).encode()


def _alert_body(alert: Alert) -> bytes:
    """Return the message of an alert."""
    data = alert.model_dump(exclude={"webhook"})
    return json.dumps({"type": "budget.alert", "data": data}).encode()


def _decision_body(due: DueDecision) -> bytes:
    """Return the message of a decision: who decided what of which Result, no data of the documents."""
    place, event = due.place, due.event
    data = {"id": place.collection, "number": place.number, "state": event.action, "by": event.by, "at": event.at}
    data["review"] = f"/v1/reviews/{place.collection}/{place.number}"
    return json.dumps({"type": f"review.{event.action}", "data": data}).encode()


async def _attempted(attempt: Awaitable[None]) -> None:
    """Run an attempt; where the store is away at its end, the webhook is due again once its lease has run out."""
    try:
        await attempt
    except Problem as problem:
        log.warning("store away", extra={"action": "webhook.store_away", "code": problem.code})


async def _first_done(own: tuple[asyncio.Task[Any], asyncio.Task[Any]], others: Iterable[asyncio.Task[Any]]) -> None:
    """Wait for the first of some tasks, and cancel the second of `own`, which is made for one wait."""
    try:
        await asyncio.wait([*own, *others], return_when=asyncio.FIRST_COMPLETED)
    finally:
        own[1].cancel()
