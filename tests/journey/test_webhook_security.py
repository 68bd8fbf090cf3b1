"""Webhooks to real servers: over TLS, to names that change their address, to receivers that redirect or never answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.jobs_house import target
from thresher.schemas.errors import Note
from thresher.schemas.policy import Policy
from thresher.schemas.work import Submission, UploadedFile
from thresher.service.jobs.sql import SqlJobs
from thresher.service.server import webhook_delivery
from thresher.service.server.webhook_delivery import WebhookSender
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.tenants import webhook_signing
from thresher.service.tenants.accounts import Accounts

HOST = "hook.example"


@dataclass
class Receiver:
    """A real server on loopback: what came, and what it says."""

    port: int = 0
    said: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    seconds: float = 0.0  # before it says anything
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        self.open.append(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head.split("\r\n")[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append((headers, body))
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(self.seconds)
        writer.write(self.said)
        writer.close()


@asynccontextmanager
async def receiving(context: ssl.SSLContext | None = None, **choices: Any) -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver(**choices)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for writer in receiver.open:
            writer.close()
        await asyncio.sleep(0.1)  # for connections that broke in their handshake


@pytest.fixture
async def jobs() -> AsyncIterator[SqlJobs]:
    """Jobs in memory."""
    store = await SqliteStore.open(None)
    yield SqlJobs(store)
    await store.aclose()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers that HOST stands for, one after the other; the last for ever."""
    numbers = ["127.0.0.1"]
    plain = socket.getaddrinfo

    def resolved(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host != HOST:
            return plain(host, port, *more, **named)
        now = numbers.pop(0) if len(numbers) > 1 else numbers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (n, port)) for n in now.split()]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return numbers


async def told(jobs: SqlJobs, url: str, **choices: Any) -> list[str]:
    """One Job that ended is told to an address; gives the outcomes that were counted."""
    file = UploadedFile(name="a", sha256="0" * 64, size=1)
    asked = Submission(tenant="acme", target=target(), policy=Policy(), files=(file,), webhook=url)
    await jobs.submit(asked)
    claims = await jobs.claim("w", limit=1)
    await jobs.fail(claims[0], Note(code="corrupt", message=""), again_in=None)
    outcomes: list[str] = []
    sender = WebhookSender(jobs=jobs, accounts=Accounts(jobs), count=outcomes.append, **choices)
    for job in await jobs.webhooks_due():
        await sender._tell(job)
    return outcomes


async def test_over_tls_by_a_name_that_a_certificate_vouches_for(
    jobs: SqlJobs, names: list[str], tmp_path: Path
) -> None:
    """The connection goes to a number, TLS asks for the name; a receiver of its own making finds the signature right."""
    authority = Authority.new()
    async with receiving(authority.server(HOST, tmp_path)) as receiver:
        url = f"https://{HOST}:{receiver.port}/hook?a=1"
        assert await told(jobs, url, private=True, trust=authority.trust()) == ["sent"]
    headers, body = receiver.got[0]
    assert headers["host"] == f"{HOST}:{receiver.port}"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    secret = await Accounts(jobs).webhook_secret("acme")
    mac = base64.b64encode(
        hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    ).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 60
    assert json.loads(body)["data"]["counts"]["failed"] == 1
    assert names == ["127.0.0.1"]


@pytest.mark.parametrize("wrong", ["authority", "name", "plain"])
async def test_over_tls_nobody_else_is_told(jobs: SqlJobs, names: list[str], tmp_path: Path, wrong: str) -> None:  # noqa: ARG001 - the name is known
    """Another authority, a certificate for another name, no TLS at all: nothing is sent, and it is tried again later."""
    authority, stranger = Authority.new(), Authority.new()
    shown = (stranger if wrong == "authority" else authority).server(
        "other.example" if wrong == "name" else HOST, tmp_path
    )
    async with receiving(None if wrong == "plain" else shown) as receiver:
        outcomes = await told(jobs, f"https://{HOST}:{receiver.port}/", private=True, trust=authority.trust())
    assert (outcomes, receiver.got) == (["failed"], [])


async def test_the_public_certificates_are_the_default(jobs: SqlJobs, names: list[str], tmp_path: Path) -> None:  # noqa: ARG001 - as above
    """An authority that nobody was told of is not believed."""
    async with receiving(Authority.new().server(HOST, tmp_path)) as receiver:
        assert await told(jobs, f"https://{HOST}:{receiver.port}/", private=True) == ["failed"]
    assert receiver.got == []


@pytest.mark.parametrize("now", ["127.0.0.1", "93.184.216.34 127.0.0.1", "169.254.169.254", "0.0.0.0", "10.1.2.3"])
async def test_a_name_that_turns_private_is_not_called(jobs: SqlJobs, names: list[str], now: str) -> None:
    """Public when the job was sent, private when it ends, or only one of several addresses: nothing is sent."""
    async with receiving() as receiver:
        url = f"http://{HOST}:{receiver.port}/"
        names[:] = ["93.184.216.34", now]
        ports = frozenset({receiver.port})  # as the operator allows it
        assert await webhook_signing.public_addresses_of(url, ports=ports) == ["93.184.216.34"]
        assert await told(jobs, url, ports=ports) == ["failed"]
    assert receiver.got == []


async def test_the_number_that_was_checked_is_the_one_that_is_called(
    jobs: SqlJobs, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes between check and connection can not matter: it is looked up once."""
    called: list[str] = []

    async def post(url: str, number: str, *_: Any) -> None:
        called.append(f"{url} {number}")

    monkeypatch.setattr(webhook_delivery, "_post", post)
    names[:] = ["93.184.216.34", "127.0.0.1"]
    assert await told(jobs, f"http://{HOST}/x") == ["sent"]
    assert (called, names) == ([f"http://{HOST}/x 93.184.216.34"], ["127.0.0.1"])


async def test_a_redirect_is_not_followed(jobs: SqlJobs) -> None:
    """Neither to a private address nor to any other."""
    async with receiving() as inner:
        said = (
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{inner.port}/\r\nContent-Length: 0\r\n\r\n"
        )
        async with receiving(said=said.encode()) as outer:
            assert await told(jobs, f"http://127.0.0.1:{outer.port}/", private=True) == ["failed"]
        assert (len(outer.got), inner.got) == (1, [])


async def test_a_receiver_that_never_answers_is_given_up_for_now(
    jobs: SqlJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs its time and no more, and is tried again."""
    monkeypatch.setattr(webhook_delivery, "ATTEMPT_SECONDS", 2.0)
    async with receiving(seconds=600.0) as receiver:
        begun = time.monotonic()
        assert await told(jobs, f"http://127.0.0.1:{receiver.port}/", private=True) == ["failed"]
        assert time.monotonic() - begun < 60
    assert len(receiver.got) == 1


async def test_silent_receivers_of_one_tenant_delay_nobody_elses(jobs: SqlJobs) -> None:
    """Sixty receivers that never answer are waited for a few at a time; another tenant's is told within seconds."""
    async with receiving(seconds=60.0) as silent, receiving() as quick:
        for n in range(61):
            url = f"http://127.0.0.1:{quick.port if n == 60 else silent.port}/{n}"
            file = UploadedFile(name="a", sha256="0" * 64, size=1)
            tenant = "few" if n == 60 else "many"
            asked = Submission(tenant=tenant, target=target(), policy=Policy(), files=(file,), webhook=url)
            job, _ = await jobs.submit(asked)
            await jobs.cancel(tenant, job.id)
        stopping = asyncio.Event()
        sender = asyncio.create_task(WebhookSender(jobs=jobs, accounts=Accounts(jobs), private=True).run(stopping))
        begun = time.monotonic()
        while not quick.got and time.monotonic() - begun < 20:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
        assert time.monotonic() - begun < webhook_delivery.ATTEMPT_SECONDS / 2
        assert len(silent.got) <= 2 * webhook_delivery.MAX_ATTEMPTS_OF_TENANT
        stopping.set()
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
