"""What readers that take a long response slowly cost the server's memory.

    python -m bench.slow_readers [--readers 100] [--tenants 20] [--seconds 30] [--plain]

A server in a process of its own, with the service's connections and long responses (`--plain`: without), answers each request with
27 MB that it makes anew. The readers take 1 kB a second. Prints the server's memory, and how the readers fared.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
from typing import Any

from bench.beside import HOST, free_port
from bench.uploads import _memory

BODY_BYTES = 27_000_000


async def serve(port: int, *, plain: bool) -> None:
    """Serve until killed."""
    from starlette.responses import Response  # noqa: PLC0415 - in the server's process alone
    from uvicorn import Config, Server  # noqa: PLC0415

    from thresher.service.server.api.app_state import RESULT_PAGES_AT_ONCE  # noqa: PLC0415
    from thresher.service.server.api.connections import HttpConnection  # noqa: PLC0415
    from thresher.service.server.api.fair_slots import TenantQueues  # noqa: PLC0415
    from thresher.service.server.api.long_responses import PIECE_BYTES, LongResponses  # noqa: PLC0415

    turns = TenantQueues(RESULT_PAGES_AT_ONCE)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tenant = next(value.decode() for name, value in scope["headers"] if name == b"x-tenant")
        scope["state"] = {"tenant": tenant}
        async with turns.of(tenant):  # as the service joins pages of Results
            made = Response(await asyncio.to_thread(lambda: b"%d" % PIECE_BYTES * (BODY_BYTES // 5)))
            if not plain:
                await made(scope, receive, send)
        if plain:
            await made(scope, receive, send)

    served = app if plain else LongResponses(app)
    await Server(
        Config(served, port=port, http="httptools" if plain else HttpConnection, log_level="error", lifespan="off")
    ).serve()


async def read(port: int, tenant: int, ended: list[str]) -> None:
    """Read 1 kB a second until the server ends it."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(wire, (HOST, port))
    await loop.sock_sendall(wire, f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Tenant: {tenant}\r\n\r\n".encode())
    try:
        first = await loop.sock_recv(wire, 1024)
        if not first.startswith(b"HTTP/1.1 200"):
            ended.append(first[9:12].decode())
            return
        while await loop.sock_recv(wire, 1024):  # noqa: ASYNC110 - a slow reader
            await asyncio.sleep(1.0)
    except ConnectionError:
        ended.append("cut")
    finally:
        wire.close()


async def measure(pid: int, port: int, readers: int, tenants: int, seconds: float) -> None:
    """Let them read, print what it takes."""
    before, ended = _memory(pid), list[str]()
    tasks = [asyncio.create_task(read(port, n % tenants, ended)) for n in range(readers)]
    for part in range(1, 4):
        await asyncio.sleep(seconds / 3)
        told = {end: ended.count(end) for end in set(ended)}
        print(f"after {seconds * part / 3:.0f} s: {before:.0f} -> {_memory(pid):.0f} MiB, ended: {told}", flush=True)
    for task in tasks:
        task.cancel()


async def asked(port: int) -> None:
    """Wait until the server listens."""
    while True:
        try:
            await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.2)
        else:
            return


def main() -> None:
    """Start the server, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--readers", type=int, default=100)
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve, plain=given.plain))
        return
    port = free_port()
    command = [sys.executable, "-m", "bench.slow_readers", "--serve", str(port), *(["--plain"] * given.plain)]
    server = subprocess.Popen(command)
    try:
        asyncio.run(asked(port))
        asyncio.run(measure(server.pid, port, given.readers, given.tenants, given.seconds))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
