"""A real `thresher serve` for tests: a process of its own on loopback, with a scripted model."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.zygote import Command, ran

ROOT = Path(__file__).parents[2]
SCHEMA = {
    "title": "Order",
    "type": "object",
    "properties": {"number": {"type": "string"}, "buyer": {"type": "string"}},
    "required": ["number", "buyer"],
}
TARGET = json.dumps(SCHEMA)


def order(n: int) -> bytes:
    """A small order as text."""
    return f"Order number: PO-{n}\nBuyer: Acme Works {n} Ltd\n".encode()


def script(folder: Path, most: int = 60, latency: float = 0.0) -> Path:
    """A model that answers each order rightly."""
    said = [{"when": f"PO-{n}\n", "say": {"number": f"PO-{n}", "buyer": f"Acme Works {n} Ltd"}} for n in range(1, most)]
    path = folder / "script.json"
    path.write_text(json.dumps({"latency": latency, "answers": said}))
    return path


@dataclass
class Served:
    """A running service."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def client(self, key: str | None = None) -> httpx.Client:
        """A client of it, with a key or without."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False)


def command(*arguments: object) -> list[str]:
    """The command line of a service or of `keys`."""
    return [sys.executable, "-m", "thresher.service.cli.main", *map(str, arguments)]


def make_key(data: Path, tenant: str, *options: object) -> str:
    """A new key."""
    return ran("keys", "create", "--tenant", tenant, "--folder", data, *options, check=True).stdout.strip()


@contextmanager
def served(folder: Path, *options: object, latency: float = 0.0, most: int = 60) -> Iterator[Served]:
    """A service over `folder`, until the block ends."""
    model = ["--model", f"scripted:{script(folder, most, latency)}"]
    port, log = free_port(), folder / "log.jsonl"
    with log.open("a") as said:
        process = Command[str](
            "serve", "--port", port, "--folder", folder / "data", *model, *options, stderr=said, text=True
        )
    try:
        yield _ready(Served(f"http://127.0.0.1:{port}", process, log))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)


def kill(service: Served) -> None:
    """As a crash would."""
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait(timeout=60)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(service: Served) -> Served:
    until = time.monotonic() + 120
    with service.client() as client:
        while time.monotonic() < until and service.process.poll() is None:
            try:
                if client.get("/readyz").status_code == 200:
                    return service
            except httpx.TransportError:
                time.sleep(0.05)
    raise AssertionError(service.log.read_text())
