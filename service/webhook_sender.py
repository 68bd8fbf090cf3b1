"""Sending webhooks: each Job that has ended and wants one, with retries, to checked addresses only."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from schemas.errors import JobProblem, Problem
from schemas.work import Job
from service.accounts import Accounts
from service.jobs.base import Jobs
from service.webhooks import addresses_of, signature, wait_before

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds without news after which there is a look for what is due
TIMEOUT = 10.0  # seconds that a receiver has for everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Tells receivers of Jobs that have ended."""

    jobs: Jobs
    accounts: Accounts
    private: bool = False  # addresses that are not public are allowed
    count: Callable[[str], None] = lambda _: None  # told each outcome: sent, failed, given_up
    clock: Callable[[], float] = time.time
    trust: ssl.SSLContext | None = None  # whose certificates are believed; None: those of the public internet

    async def run(self, stopping: asyncio.Event) -> None:
        """Send what is due until told to stop."""
        while not stopping.is_set():
            try:
                due = await self.jobs.webhooks_due()
                await asyncio.gather(*(self._tell(job) for job in due))
            except Problem as problem:
                log.warning("store away", extra={"action": "webhook.store_away", "code": problem.code})
                due = []
            if not due:
                await _either(stopping.wait(), self.jobs.wait(PATIENCE))
                await asyncio.sleep(0.1)

    async def _tell(self, job: Job) -> None:
        facts = {"job": job.id, "tenant": job.tenant}
        try:
            await self._send(job)
        except (Problem, httpx.HTTPError, OSError, TimeoutError, ValueError) as error:
            again = await self._again(job)
            why = error.code if isinstance(error, Problem) else type(error).__name__
            self.count("failed" if again else "given_up")
            log.warning("webhook failed", extra={"action": "webhook.failed", "why": why, "again": again, **facts})
        else:
            await self._told(job)
            self.count("sent")
            log.info("webhook sent", extra={"action": "webhook.sent", **facts})

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
        url = str(job.webhook)
        body, at = _body(job), int(self.clock())
        secret = await self.accounts.webhook_secret(job.tenant)
        headers = {
            "content-type": "application/json",
            "user-agent": "thresher",
            "webhook-id": job.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, job.id, at, body),
        }
        async with asyncio.timeout(TIMEOUT):
            (number, *_) = await addresses_of(url, private=self.private)
            await _post(url, number, headers, body, self.trust)


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


async def _either(*waits: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(w) for w in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
