"""Uploads: many clients at once, many small files; how long the 202 takes, and what the server's memory does.

    python bench/uploads.py [--clients 200] [--files 5000] [--program thresher.service.cli.main]

The service runs as a process of its own with nobody at work (`--width 0`), so that only the taking-in is measured.
`--program`: the module that is served, for another state of this project (`bench.against`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

PORT = 18431
SCHEMA = '{"title":"Order","type":"object","properties":{"number":{"type":"string"}}}'


def main(clients: int, files: int, program: str) -> None:
    """Run the service, ask it, print one table row."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["serve", "--width", "0", "--port", str(PORT), "--folder", folder]
        server = subprocess.Popen([sys.executable, "-m", program, *arguments], stderr=subprocess.DEVNULL)
        try:
            asyncio.run(_ask(server.pid, clients, files))
        finally:
            server.terminate()
            server.wait(timeout=60)


async def _ask(pid: int, clients: int, files: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}") as http:
        await _ready(http)
    before, cpu, begun = _memory(pid), _cpu(pid), time.perf_counter()
    numbers = iter(range(files))
    took = [t for some in await asyncio.gather(*(_client(numbers) for _ in range(clients))) for t in some]
    wall, cpu = time.perf_counter() - begun, _cpu(pid) - cpu
    print("| clients | files | errors | p50 ms | p99 ms | files/s | CPU ms a file | memory MiB |")
    ok = sorted(t for t in took if t > 0)
    p50, p99 = (ok[int(len(ok) * q)] * 1000 for q in (0.5, 0.99))
    memory = f"{before:.0f} -> {_memory(pid):.0f}"
    print(
        f"| {clients} | {files} | {len(took) - len(ok)} | {p50:.0f} | {p99:.0f} | {files / wall:.0f} | {1000 * cpu / files:.2f} | {memory} |"
    )


async def _client(numbers: Iterator[int]) -> list[float]:
    """One client and its connection. Bytes are written by hand: a client's own work would count as waiting."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    took = []
    for n in numbers:
        request = _request(n)
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(h[15:]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
        took.append(time.perf_counter() - begun if b" 202 " in head[:20] else -1.0)
    writer.close()
    return took


def _request(n: int) -> bytes:
    part = '--edge\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    body = part.format("target", "", SCHEMA) + part.format("file", f'; filename="{n}.txt"', f"Order number: PO-{n}\n")
    body += "--edge--\r\n"
    head = f"POST /v1/extractions HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: multipart/form-data; boundary=edge\r\n\r\n{body}".encode()


async def _ready(http: httpx.AsyncClient) -> None:
    for _ in range(200):
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    raise SystemExit("the service did not start")


def _cpu(pid: int) -> float:
    """CPU seconds that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--program", default="thresher.service.cli.main")
    given = parser.parse_args()
    main(given.clients, given.files, given.program)
