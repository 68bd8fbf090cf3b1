"""`thresher serve` and three `thresher worker`s on PostgreSQL, as the guide says: real processes, real curl, calls counted."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.counted_reader import CountedReader
from tests.journey.serving import TARGET, free_port, order
from tests.postgres_server import Server
from tests.zygote import Command

pytestmark = pytest.mark.slow
LEASE = 3  # seconds; in tests nobody wants to wait for 30


@dataclass
class House:
    """The processes of one deployment. What is started here is ended here."""

    folder: Path
    environment: dict[str, str]
    database: str | None = None
    port: int = field(default_factory=free_port)
    preload: tuple[str, ...] = ()  # heavy modules that its processes will import
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        """A process of the product."""
        if self.database:
            arguments = (*arguments, "--database", self.database, "--uploads", self.folder / "uploads")
        with (self.folder / "log").open("ab") as log:
            words = (*arguments, "--folder", self.folder / "data")
            made = Command[bytes](*words, preload=self.preload, env=os.environ | self.environment, stderr=log)
        self.running.append(made)
        return made

    def end(self) -> None:
        """Nothing is left running."""
        for process in self.running:
            process.kill()
            process.wait()

    async def serve(self, *options: object) -> subprocess.Popen[bytes]:
        """The HTTP service, when it is ready."""
        made = self.start("serve", "--port", self.port, *options)
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(200):
            while made.poll() is None:
                try:
                    if (await http.get(f"{self.url}/readyz")).status_code == 200:
                        return made
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        raise AssertionError(self.log)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What all processes said."""
        return (self.folder / "log").read_text()

    async def said(self, text: str, times: int) -> None:
        """Wait until the processes have said something so often."""
        async with asyncio.timeout(200):
            while self.log.count(text) < times:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def curl(self, *arguments: object) -> Any:
        """What curl gets, as the README uses it."""
        process = await asyncio.create_subprocess_exec(
            "curl", "-sS", *map(str, arguments), stdout=subprocess.PIPE, cwd=self.folder
        )
        out, _ = await asyncio.wait_for(process.communicate(), 200)
        return json.loads(out)

    async def upload(self, numbers: range, wait: float = 0) -> dict[str, Any]:
        """Orders sent with curl."""
        for n in numbers:
            (self.folder / f"{n}.txt").write_bytes(order(n))
        parts = [word for n in numbers for word in ("-F", f"file=@{n}.txt")]
        query = f"?wait={wait:g}" if wait else ""
        return dict(await self.curl(*parts, "-F", f"target={TARGET}", f"{self.url}/v1/extractions{query}"))

    async def ended(self, job: str, seconds: float = 300) -> dict[str, Any]:
        """A job's result when it has ended."""
        async with asyncio.timeout(seconds), httpx.AsyncClient(trust_env=False, timeout=200) as http:
            while (await http.get(f"{self.url}/v1/extractions/{job}")).json()["state"] == "open":  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        return dict(await self.curl(f"{self.url}/v1/extractions/{job}/result?limit=200"))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """One PostgreSQL."""
    made = Server(fsync=True)
    yield made
    made.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A deployment that is gone at the end."""
    with ExitStack() as stack:
        made = House(tmp_path, {})
        stack.callback(made.end)
        yield made


def told(body: dict[str, Any]) -> list[str]:
    """Numbers of the orders in a result, checked: each has evidence that stands in its text."""
    for result in body["results"]:
        text = order(int(result["data"]["number"].removeprefix("PO-"))).decode()
        assert {e["path"] for e in result["evidence"]} == {"/number", "/buyer"}
        assert all(text[e["start"] : e["end"]] == e["quote"] for e in result["evidence"])
    assert body["failed"] == []
    return [r["data"]["number"] for r in body["results"]]


async def test_three_workers_on_postgresql_answer_a_curl(house: House, postgres: Server) -> None:
    """One command each; the work is spread over all three, every order is asked once, the result has its evidence."""
    house.database = postgres.fresh("three")
    async with CountedReader(seconds=3.0) as reader:
        house.environment = reader.environment()
        for _ in range(3):
            house.start("worker")
        await house.serve("--width", 0)
        await house.said("thresher: worker", 3)
        body = await house.upload(range(1, 25), wait=60)
        body = body if "results" in body else await house.ended(body["id"])  # a very busy machine
        assert told(body) == [f"PO-{n}" for n in range(1, 25)], house.log
        assert reader.repeated() == {}
        assert len(await calls_of(house, body["id"])) == 24
    assert len(workers_of(house.database)) == 3


async def calls_of(house: House, job: str) -> list[dict[str, Any]]:
    """Calls of a job whose answers are kept."""
    return list((await house.curl(f"{house.url}/v1/calls?extraction={job}"))["calls"])


def workers_of(database: str) -> set[str]:
    """Which workers did some of the work."""
    import psycopg

    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute("SELECT DISTINCT worker FROM tasks")}


async def test_the_server_is_killed_and_no_call_is_repeated(house: House, postgres: Server) -> None:
    """Kill -9 of `serve` in the middle of an upload and of a job: the workers go on, the next server tells all, no call twice."""
    house.database = postgres.fresh("killed")
    async with CountedReader(seconds=1.0) as reader:
        house.environment = reader.environment()
        server = await house.serve("--width", 0)
        for _ in range(3):
            house.start("worker", "--width", 2)
        job = (await house.upload(range(1, 25)))["id"]
        await reader.until(4)
        async with half_an_upload(house.port):
            server.kill()
            await asyncio.to_thread(server.wait)
        await asyncio.sleep(1)
        await house.serve("--width", 0)
        assert told(await house.ended(job)) == [f"PO-{n}" for n in range(1, 25)]
        assert len(reader.asked) == 24
        assert len((await house.curl(f"{house.url}/v1/extractions"))["extractions"]) == 1


async def test_the_embedded_server_is_killed_and_no_finished_call_is_repeated(house: House) -> None:
    """Kill -9 of `serve` over its own file, mid-upload and mid-job: only what was on its way is asked again."""
    async with CountedReader(seconds=0.7) as reader:
        house.environment = reader.environment()
        server = await house.serve("--width", 4)
        job = (await house.upload(range(1, 25)))["id"]
        await reader.until(11)
        kept = {int(call["unit"].removesuffix(".txt")) for call in await calls_of(house, job)}
        async with half_an_upload(house.port):
            server.kill()
            await asyncio.to_thread(server.wait)
        again = await house.serve("--width", 4)
        assert told(await house.ended(job)) == [f"PO-{n}" for n in range(1, 25)]
        assert kept
        assert not kept & set(reader.repeated()), (reader.asked, kept)
        assert len((await house.curl(f"{house.url}/v1/extractions"))["extractions"]) == 1
        again.terminate()
        assert await asyncio.to_thread(again.wait, 120) == 0


async def test_a_stopped_worker_hands_back_within_its_grace(house: House, postgres: Server) -> None:
    """Told to stop with a long call in hand: gone within the grace and a moment, and another has its file at once, not after a lease."""
    house.database = postgres.fresh("stopped")
    async with CountedReader(seconds=120.0) as reader:
        house.environment = reader.environment()
        await house.serve("--width", 0)
        worker = house.start("worker", "--lease", 300, "--grace", 1)
        job = (await house.upload(range(1, 2)))["id"]
        await reader.until(1)
        worker.terminate()
        begun = time.monotonic()
        assert await asyncio.to_thread(worker.wait, 200) == 0
        took = time.monotonic() - begun
        assert took < 60, house.log  # grace 1, paid calls coming home 5, closing; well before the call ends
        reader.seconds = 0.1
        house.start("worker", "--lease", 300)
        assert told(await house.ended(job)) == ["PO-1"]


async def test_a_stopped_server_finishes_what_is_in_hand(house: House) -> None:
    """SIGTERM with files in hand that end within the grace: they are finished, and the process is gone well before it is over."""
    async with CountedReader(seconds=1.5) as reader:
        house.environment = reader.environment()
        server = await house.serve("--width", 2, "--grace", 100)
        job = (await house.upload(range(1, 6)))["id"]
        await reader.until(2)
        server.terminate()
        begun = time.monotonic()
        assert await asyncio.to_thread(server.wait, 200) == 0
        took = time.monotonic() - begun
        assert took < 100  # the grace; a quiet machine needs two or three seconds
        asked = len(reader.asked)
        await house.serve("--width", 2)
        assert told(await house.ended(job)) == [f"PO-{n}" for n in range(1, 6)]
        assert reader.repeated() == {}
        assert asked < 5


@asynccontextmanager
async def half_an_upload(port: int) -> AsyncIterator[None]:
    """While a connection has sent half of a file."""
    _, wire = await asyncio.open_connection("127.0.0.1", port)
    wire.write(
        b"POST /v1/extractions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: 100000\r\n\r\n--x\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\nhalf"
    )
    await wire.drain()
    await asyncio.sleep(0.2)
    yield
    wire.close()
