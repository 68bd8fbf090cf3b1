"""What grows in a service over thousands of small jobs, and does not come back.

    python -m bench.leaks [--jobs 3000] [--every 1000]

Files of many kinds, broken and empty ones, targets that differ from job to job, jobs that are cancelled, listeners who
leave, uploads that are cut off, webhooks; eight callers. After every so many jobs, when all have ended: what the service
and the processes below it hold (memory, descriptors, threads), how many processes and temporary files there are, and the
rows of each table. Rows of jobs are kept on purpose; all else must come back.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.beside import below, free_port
from bench.watched import look
from tests.journey.serving import TARGET, Served, order, served
from tests.simulation.mixed import document

CALLERS, REST = 8, 5.0  # callers at once; seconds of rest before a look
LEAVES = 0.3  # seconds for which a listener stays
CUT = 97  # of so many uploads one is cut off
BODY = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + b"a" * 50_000
HEAD = b"POST /v1/extractions HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: multipart/form-data; boundary=x\r\n"


def zipped(number: int) -> bytes:
    """Three orders in an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n in range(3):
            archive.writestr(f"{number}-{n}.txt", order(number % 50 + 1) + b"%d" % number)
    return buffer.getvalue()


def file(number: int) -> tuple[str, bytes]:
    """The file of a job: each kind in turn."""
    text = order(number % 50 + 1) + b"%d" % number
    page = b"<html><body><p>" + text + b"</p><table><tr><td>a</td></tr></table></body></html>"
    rows = b"number,buyer\n" + b"".join(b"PO-%d,Acme %d\n" % (n, number) for n in range(20))
    kinds = {
        0: ("a.eml", document(number, "eml")),
        1: ("a.pdf", document(number, "pdf")),
        2: ("a.zip", zipped(number)),
        3: ("a.pdf", b"%PDF-1.4 broken" + text),
        4: ("a.txt", b""),
        5: ("a.csv", rows),
        6: ("a.html", page),
    }
    return kinds.get(number % 14, ("a.txt", text))


@dataclass(slots=True, kw_only=True)
class Load:
    """What is done to a service."""

    service: Served
    hook: int  # port that answers webhooks
    said: Counter[str] = field(default_factory=Counter)

    def client(self) -> httpx.AsyncClient:
        """A client."""
        return httpx.AsyncClient(base_url=self.service.url, timeout=120, trust_env=False)

    async def send(self, numbers: range) -> None:
        """Send jobs, and wait until all have ended."""
        left = iter(numbers)
        async with self.client() as http:

            async def caller() -> None:
                for number in left:
                    await (self._cut() if number % CUT == 0 else self._one(http, number))

            await asyncio.gather(*(caller() for _ in range(CALLERS)))
            while (await http.get("/v1/extractions", params={"state": "open"})).json()["extractions"]:  # noqa: ASYNC110 - others work
                await asyncio.sleep(1)
        await asyncio.sleep(REST)

    async def _one(self, http: httpx.AsyncClient, number: int) -> None:
        kind = number % 14
        data = {"target": TARGET if kind != 7 else TARGET.replace('"Order"', f'"Order{number}"')}
        if kind == 8:
            data["webhook"] = f"http://127.0.0.1:{self.hook}/"
        waits = {"wait": 20} if kind == 9 else {}
        answer = await http.post("/v1/extractions", files={"file": file(number)}, data=data, params=waits)
        self.said[str(answer.status_code)] += 1
        job = answer.json().get("id")
        if kind == 10:
            await http.delete(f"/v1/extractions/{job}")
        if kind == 11:
            with suppress(TimeoutError, httpx.HTTPError):
                async with asyncio.timeout(LEAVES), http.stream("GET", f"/v1/extractions/{job}/events") as events:
                    async for _ in events.aiter_lines():
                        pass
        if kind == 12:
            await http.get(f"/v1/extractions/{job}/result", params={"wait": 30})
            await http.get(f"/v1/extractions/{job}/export.csv", params={"partial": "true"})

    async def _cut(self) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(self.service.url).port)
        writer.write(HEAD + b"content-length: 100000\r\n\r\n" + BODY)
        await writer.drain()
        writer.close()
        self.said["cut off"] += 1


def row(jobs: int, pid: int, temporary: Path, data: Path) -> str:
    """One line of the table."""
    held, processes = look(pid), below(pid)
    assert held is not None
    own = f"{held.memory:.0f} | {held.under:.0f} | {held.files} | {held.threads} | {len(processes)}"
    return f"| {jobs} | {own} | {sum(1 for _ in temporary.rglob('*'))} | {rows(data)} |"


def rows(data: Path) -> str:
    """Rows of each table that has some, read from a copy: the service holds the file."""
    with tempfile.TemporaryDirectory() as name:
        for suffix in ("", "-wal"):
            shutil.copy(f"{data / 'service.sqlite'}{suffix}", f"{name}/copy{suffix}")
        database = sqlite3.connect(f"{name}/copy")
        tables = [t for (t,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {t: database.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables}
        database.close()
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


async def answer_hooks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a webhook."""
    with suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


async def measure(load: Load, jobs: int, every: int, folder: Path) -> None:
    """Send, and print a row after so many jobs."""
    async with await asyncio.start_server(answer_hooks, "127.0.0.1", load.hook):
        print(
            "| jobs | MiB | MiB below | descriptors | threads | processes | temporary | rows |\n|---|---|---|---|---|---|---|---|"
        )
        for first in range(1, jobs + 1, every):
            begun = time.monotonic()
            await load.send(range(first, first + every))
            print(row(first + every - 1, load.service.process.pid, folder / "tmp", folder / "data"), flush=True)
            print(f"{every} jobs in {time.monotonic() - begun:.0f} s, load {os.getloadavg()[0]:.1f}; {dict(load.said)}")


def main() -> None:
    """Start a service and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=3_000)
    parser.add_argument("--every", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, hook = Path(name), free_port()
        (folder / "tmp").mkdir()
        os.environ |= {"TMPDIR": str(folder / "tmp"), "THRESHER_WEBHOOK_PORTS": str(hook)}
        with served(folder, "--private-webhooks") as service:
            asyncio.run(measure(Load(service=service, hook=hook), given.jobs, given.every, folder))


if __name__ == "__main__":
    main()
