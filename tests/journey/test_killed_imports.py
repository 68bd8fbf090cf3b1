"""An import whose worker is killed, far from its server, is gone on with by another."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.collection_imports import dumped, settled
from tests.postgres_server import Server
from tests.simulation.discovery.mailboxes import Mailboxes
from tests.zygote import Command
from thresher.schemas.work import AskedTarget, ImportOrder, Submission, Task
from thresher.service.backend.matters.folders import MatterFolders
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.discovery.matter.folder import Matter

ROOT = Path(__file__).parents[2]
LEASE = 4  # seconds
WAIT_SECONDS = 180


def worker(folder: Path, number: int, address: str, roots: Path) -> subprocess.Popen[bytes]:
    """A worker on a machine of its own: all that it shares are the database, the matters and the evidence."""
    said = {"THRESHER_MATTERS": str(folder / "matters"), "THRESHER_IMPORT_ROOTS": str(roots)}
    options = ("--folder", folder / f"machine{number}", "--uploads", folder / "uploads", "--database", address)
    with (folder / "log").open("ab") as log:
        return Command("worker", *options, "--lease", LEASE, env=os.environ | said, stderr=log)


async def task_when(house: ServiceResources, job: str, documents: int, matter: Path) -> Task:
    """The one Task of an import when the matter holds so many documents, or when it is done."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            (task,) = await house.jobs.tasks("a", job)
            with Matter(matter, writes=False) as opened:
                held = sum(opened.store.counts("documents").values())
            if task.state == "done" or (held >= documents and task.state == "running"):
                return task
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_another_worker_goes_on_where_a_killed_one_stood(tmp_path: Path) -> None:
    """Two workers on one PostgreSQL; the one that imports is killed; the records are those of an import without a kill."""
    box = Mailboxes(600, attached_bytes=300, custodians=1).write(tmp_path / "evidence")[0]
    server, processes = Server(), list[subprocess.Popen[bytes]]()
    try:
        address = server.fresh("thresher")
        async with opened_resources(tmp_path / "house", address, tmp_path / "uploads") as house:
            folders = MatterFolders(tmp_path / "matters")
            made = folders.create("a", "m")
            matter = folders.folder("a", made.id)
            order = ImportOrder(matter=made.id, custodian="A", paths=(str(box),))
            target = AskedTarget(name="import", fingerprint="", json_schema={})
            job, _ = await house.jobs.submit(Submission(tenant="a", target=target, files=(), import_order=order))
            processes += [worker(tmp_path, n, address, tmp_path / "evidence") for n in range(2)]
            task = await task_when(house, job.id, 1, matter)
            assert task.state == "running", (tmp_path / "log").read_text()
            first = next(p for p in processes if str(p.pid) == (task.worker or "").rpartition(".")[2])
            first.kill()
            ended = await task_when(house, job.id, 10**9, matter)
            assert (ended.state, ended.worker != task.worker) == ("done", True)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_SECONDS)
        server.close()
    settled(tmp_path / "whole", [box])
    assert dumped(matter) == dumped(tmp_path / "whole")
