"""Floods: more connections than the process has file handles for, from nobody with a key. What is in hand is not harmed."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.journey.serving import ROOT, TARGET, command, free_port, order, script

HANDLES = 200


@pytest.fixture
def port() -> int:
    """Where the service listens."""
    return free_port()


def test_a_flood_of_connections_harms_no_queued_work(tmp_path: Path, port: int) -> None:
    """With 200 file handles: of 300 connections the last are cut, the job ends, and then newcomers are served again."""
    model = f"scripted:{script(tmp_path, latency=2.0)}"
    asked = command("serve", "--port", port, "--folder", tmp_path / "data", "--model", model)
    limited = ["bash", "-c", f'ulimit -n {HANDLES}; exec "$@"', "bash", *asked]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(limited, cwd=ROOT, stderr=log) as process:
        try:
            _flooded(f"http://127.0.0.1:{port}", port)
        finally:
            process.terminate()
    said = (tmp_path / "log").read_text()
    assert "internal_error" not in said
    assert "Traceback" not in said


def _flooded(url: str, port: int) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client, ExitStack() as open_ones:
        _until_ready(client)
        files = [("file", (f"{n}.txt", order(n))) for n in range(1, 5)]
        job = client.post("/v1/extractions", files=files, data={"target": TARGET}).json()["id"]
        flood = [open_ones.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(300)]
        until = time.monotonic() + 10  # before the quiet ones are cut too
        while (cut := sum(map(_is_cut, flood))) < 100 and time.monotonic() < until:
            time.sleep(0.2)
        assert cut >= 100
        assert client.get(f"/v1/extractions/{job}/result?wait=50").status_code == 200
        assert client.get(f"/v1/extractions/{job}").json()["counts"]["done"] == 4
        open_ones.close()
        time.sleep(0.5)
        with httpx.Client(base_url=url, trust_env=False) as newcomer:
            assert newcomer.get("/healthz").status_code == 200


def _until_ready(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError


def _is_cut(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
