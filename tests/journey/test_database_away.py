"""A database that is away at start, or in the middle, and a disk that may not be written: through the doors operators use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import zygote
from tests.journey.serving import ROOT, TARGET, free_port, order, script
from tests.postgres_server import Server, programs
from tests.zygote import Command

pytestmark = [pytest.mark.slow, pytest.mark.skipif(programs() is None, reason="no PostgreSQL")]
PASSWORD = "correct-horse-battery"
DOORS = ("serve", "worker")
IMPATIENT = """
import thresher.service.backend.resources
import thresher.service.storage.answers.postgres
from thresher.service.cli.main import main
thresher.service.backend.resources.DISK_FULL_WAIT_SECONDS = thresher.service.storage.answers.postgres.DATABASE_WAIT_SECONDS = 1.5
main()
"""
EXTRACTIONS = "/v1/extractions"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Server]:
    """A PostgreSQL of this module's own."""
    made = Server()
    yield made
    made.close()


@pytest.fixture
def server(cluster: Server) -> Iterator[Server]:
    """The same, which a test may stop."""
    yield cluster
    if cluster.process is None:
        cluster.start()


def address(server: Server, database: str) -> str:
    """Where a database is, with a password that nobody may see."""
    return server.address(database).replace("thresher@", f"thresher:{PASSWORD}@")


def ran(*arguments: object, program: tuple[str, ...] = ()) -> tuple[int, str]:
    """Exit code and standard error of a command that is to end by itself."""
    words = [sys.executable, *program, *map(str, arguments)]
    own: dict[str, Any] = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run(words, **own, check=False) if program else zygote.ran(*arguments)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@contextmanager
def running(folder: Path, *arguments: object) -> Iterator[Callable[[], str]]:
    """A process of the product until the block ends; gives how to read what it said."""
    log = folder / f"{arguments[0]}.log"
    with log.open("a") as said:
        process = Command[bytes](*arguments, stderr=said)
    try:
        yield log.read_text
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(120) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()


def until(true: Callable[[], bool], seconds: float = 180) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("door", DOORS)
def test_away_at_start_for_too_long(server: Server, tmp_path: Path, door: str) -> None:
    """It is waited for, told in lines on the way; then one line with the code and what to do, exit code 2, no password."""
    server.stop()
    where = ["--database", address(server, "x"), "--folder", tmp_path]
    code, said = ran(door, *where, program=("-c", IMPATIENT))
    *before, last = said.splitlines()
    assert code == 2
    assert last.startswith("thresher: database_away: postgresql://thresher@")
    assert "see that it runs" in last
    assert any(json.loads(line)["action"] == "store.away" for line in before)
    assert PASSWORD not in said


@pytest.mark.parametrize("door", DOORS)
def test_a_database_that_refuses_is_told_at_once(server: Server, tmp_path: Path, door: str) -> None:
    """No database of that name, or an address that is none: nobody waits, and no part of a password is shown."""
    wrong = [address(server, "nobody-made-it"), f"postgresql://me:{PASSWORD}/x@h/x"]
    for where in wrong:
        code, said = ran(door, "--database", where, "--folder", tmp_path)
        assert (code, said.count("thresher: database_refused")) == (2, 1), said
        assert "store.away" not in said
        assert PASSWORD not in said


def healthy(client: httpx.Client, path: str = "/readyz") -> int:
    """Status of a probe; 0 where nobody listens."""
    try:
        return client.get(path).status_code
    except httpx.TransportError:
        return 0


@contextmanager
def deployed(folder: Path, database: str, *, latency: float = 0.0) -> Iterator[tuple[httpx.Client, Callable[[], str]]]:
    """`serve --width 0` and one worker over a database; a client, and what both said."""
    port = free_port()
    where = ["--database", database, "--uploads", folder / "uploads"]
    model = ["--model", f"scripted:{script(folder, latency=latency)}"]
    with ExitStack() as stack:
        serve = ["serve", *where, "--folder", folder / "s", *model, "--port", port, "--width", 0, "--grace", 2]
        logs = [
            stack.enter_context(running(folder, *serve)),
            stack.enter_context(running(folder, "worker", *where, "--folder", folder / "w", "--grace", 2)),
        ]
        url = f"http://127.0.0.1:{port}"
        client = stack.enter_context(httpx.Client(base_url=url, timeout=120, trust_env=False))
        yield client, lambda: "".join(log() for log in logs)


def send(client: httpx.Client, *numbers: int, key: str = "", filler: int = 0) -> httpx.Response:
    """Upload orders, with an Idempotency-Key where one is named."""
    files = [("file", (f"{n}.txt", order(n) + b" " * filler)) for n in numbers]
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(EXTRACTIONS, files=files, data={"target": TARGET}, headers=headers)


def ended(client: httpx.Client, job: str) -> list[str]:
    """Numbers in a job's Results when it has ended."""
    until(lambda: client.get(f"{EXTRACTIONS}/{job}").json().get("state") == "finished")
    body: dict[str, Any] = client.get(f"{EXTRACTIONS}/{job}/result").json()
    assert body["failed"] == []
    return [r["data"]["number"] for r in body["results"]]


def test_both_may_start_before_their_database(server: Server, tmp_path: Path) -> None:
    """Containers are started in any order: both wait, and work once the database is there."""
    server.fresh("late")
    server.stop()
    with deployed(tmp_path, address(server, "late")) as (client, said):
        until(lambda: said().count("store.away") >= 4)
        assert healthy(client) == 0
        server.start()
        until(lambda: healthy(client) == 200)
        assert ended(client, send(client, 1).json()["id"]) == ["PO-1"]
        assert PASSWORD not in said()


def test_away_in_the_middle(server: Server, tmp_path: Path) -> None:
    """Alive but not ready; uploads get 503 with a Retry-After, waits and listeners stay; then all goes on, nothing is lost."""
    server.fresh("middle")
    with deployed(tmp_path, address(server, "middle"), latency=2.0) as (client, said):
        until(lambda: healthy(client) == 200)
        job = send(client, *range(1, 13)).json()["id"]
        events: list[str] = []
        listener = threading.Thread(target=listen, args=(client, job, events))
        listener.start()
        until(lambda: bool(events))
        until(lambda: client.get(f"{EXTRACTIONS}/{job}").json()["counts"]["running"] > 0)
        server.stop(signal.SIGQUIT)
        assert healthy(client, "/healthz") == 200
        assert healthy(client) == 503
        refused = send(client, 20, key="twenty", filler=30 << 20)  # an answer that is seen, however much was to come
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "database_away"
        assert "thresher@" not in refused.text
        server.start()
        until(lambda: healthy(client) == 200)
        again = send(client, 20, key="twenty")
        assert again.status_code == 202
        assert ended(client, again.json()["id"]) == ["PO-20"]
        assert sorted(ended(client, job)) == sorted(f"PO-{n}" for n in range(1, 13))
        listener.join(120)
        assert events[-1] == "finished"
        assert events.count("done") == 12
        calls = client.get("/v1/calls", params={"extraction": job}).json()["calls"]
        assert sorted(c["unit"] for c in calls) == sorted(f"{n}.txt" for n in range(1, 13))
        assert PASSWORD not in said()
        assert "http.fault" not in said()


def listen(client: httpx.Client, job: str, events: list[str]) -> None:
    """Note the kinds of a job's events as they come, in one stream to its end."""
    with (
        httpx.Client(base_url=client.base_url, timeout=300, trust_env=False) as own,
        own.stream("GET", f"{EXTRACTIONS}/{job}/events") as stream,
    ):
        for line in stream.iter_lines():
            events += [line.removeprefix("event: ")] if line.startswith("event: ") else []


def test_a_database_that_says_nothing(server: Server, tmp_path: Path) -> None:
    """It holds its connections and answers none: a request is told so soon, and goes through when it speaks again."""
    server.fresh("mute")
    with deployed(tmp_path, address(server, "mute")) as (client, _):
        until(lambda: healthy(client) == 200)
        with frozen(server):
            assert healthy(client, "/healthz") == 200
            assert healthy(client) == 503
            refused = send(client, 1, key="one")
            assert (refused.status_code, refused.json()["code"]) == (503, "database_away")
        until(lambda: healthy(client) == 200)
        assert ended(client, send(client, 1, key="one").json()["id"]) == ["PO-1"]


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """While no process of the database runs."""
    assert server.process is not None
    parent = server.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    everyone = [parent, *map(int, children)]
    try:
        for pid in everyone:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in everyone:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small disk at a folder, for root alone."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a disk can be mounted by root alone")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("what", ["a file", "read-only", "full"])
def test_a_folder_that_can_not_be_used(tmp_path: Path, door: str, what: str) -> None:
    """One line with the code and the path, exit code 2; with room again it starts."""
    folder = tmp_path / "data"
    port = ["--port", free_port()] if door == "serve" else []
    with ExitStack() as stack:
        if what == "a file":
            folder.write_text("")
        else:
            folder.mkdir()
            stack.enter_context(mounted(folder, {"read-only": "ro", "full": "size=64k"}[what]))
        if what == "full":
            (folder / "filler").write_bytes(b"x" * (60 << 10))
        code, said = ran(door, "--folder", folder / "own", *port, program=("-c", IMPATIENT))
        last = said.splitlines()[-1]
        assert code == 2
        assert last.startswith("thresher: storage_full: " if what == "full" else "thresher: store_failed: "), said
        assert str(folder) in last
