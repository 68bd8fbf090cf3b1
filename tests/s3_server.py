"""A real S3 server for tests: moto over real HTTP on loopback, in a process of its own; and a door to it that fails."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

import httpx

SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 43\r\nConnection: close\r\n\r\n"
    b"<Error><Code>SlowDown</Code></Error>       "
)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests-secret"}
numbers = count()


class S3Server:
    """One server. It must be closed."""

    def __init__(self) -> None:
        """Start, and wait until it answers."""
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                httpx.get(self.endpoint, trust_env=False)
                return
            time.sleep(0.1)
        raise TimeoutError("the S3 server did not start")

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> str:
        """The name of a new bucket."""
        name = f"bucket-{next(numbers)}"
        httpx.put(f"{self.endpoint}/{name}", trust_env=False).raise_for_status()
        return name

    def keys(self, bucket: str) -> str:
        """A listing of a bucket, as S3 writes it."""
        return httpx.get(f"{self.endpoint}/{bucket}", trust_env=False).text

    def uploads(self, bucket: str) -> str:
        """A listing of the uploads in parts that have not become objects."""
        return httpx.get(f"{self.endpoint}/{bucket}?uploads", trust_env=False).text

    def ask_for_keys(self, *, after: int) -> None:
        """Refuse unknown access keys, after some requests."""
        headers = {"Content-Type": "text/plain"}
        httpx.post(f"{self.endpoint}/moto-api/reset-auth", content=str(after), headers=headers, trust_env=False)

    def close(self) -> None:
        """Stop."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(120)


@dataclass(slots=True)
class Door:
    """A way to a server that can fail: each new connection takes the next fault, "" for none."""

    endpoint: str
    faults: list[str] = field(default_factory=list)  # "503" or "cut", first come first served
    always: str = ""  # when the list is used up
    seen: int = 0  # connections
    meetings: set[asyncio.Task[None]] = field(default_factory=set)

    def cut(self) -> None:
        """Cut every connection there is."""
        for meeting in self.meetings:
            meeting.cancel()


@asynccontextmanager
async def failing_door(server: S3Server) -> AsyncIterator[Door]:
    """A Door to a server."""
    door = Door("")

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        door.meetings.add(asyncio.current_task())  # type: ignore[arg-type]
        door.seen += 1
        fault = door.faults.pop(0) if door.faults else door.always
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                if fault == "503":
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = re.search(rb"(?i)content-length: *(\d+)", head)
                    await reader.readexactly(int(length[1]) if length else 0)
                    writer.write(SLOW_DOWN)
                    await writer.drain()
                elif fault == "cut":
                    await reader.read(20_000)
                else:
                    await _through(server, reader, writer)
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(met, "127.0.0.1", 0)
    door.endpoint = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield door
    finally:
        listening.close()
        await asyncio.sleep(0.05)  # who was let in begins, and can be shown out
        door.cut()
        await asyncio.gather(*door.meetings, return_exceptions=True)


async def _through(server: S3Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there, out = await asyncio.open_connection("127.0.0.1", server.port)

    async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()

    both = [asyncio.create_task(pipe(reader, out)), asyncio.create_task(pipe(there, writer))]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in both:
            one.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        out.transport.abort()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
