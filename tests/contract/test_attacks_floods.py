"""Attacks by many small things: targets, sessions, corrections, decisions and refused uploads of one tenant, beside another's work."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_attacks_requests import FIELDS, FILE, client, told
from tests.jobs_house import app_state, pieces
from thresher.schemas.errors import InputProblem
from thresher.schemas.review import ReviewEvent, is_right
from thresher.service.backend.matters import folders
from thresher.service.backend.matters.folders import MatterFolders
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.backend.retention import keep_purging
from thresher.service.reviews import sql
from thresher.service.reviews.base import NewEvent, ResultPlace
from thresher.service.reviews.sql import SqlReviews
from thresher.service.server.api import system
from thresher.service.server.api.app_state import AppState, Bounds
from thresher.service.server.api.fair_slots import FairThreads
from thresher.service.storage.record_store import SqliteRecordStore
from thresher.service.telemetry.ids import current_tenant
from thresher.service.tenants import sessions
from thresher.service.tenants.sessions import Sessions

PLACE = ResultPlace(tenant="a", collection="job", key="0.0", number=0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ServiceResources]:
    """Jobs in a file."""
    async with opened_resources(tmp_path) as made:
        yield made


@pytest.fixture
async def service(house: ServiceResources) -> AsyncIterator[AppState]:
    """A service with keys, and small bounds."""
    made = app_state(house, bounds=Bounds(upload=1 << 20, refused=100))
    yield made
    await made.schema_checker.close()


def said(path: str, note: str = "", **more: Any) -> NewEvent:
    """A correction by a person."""
    return NewEvent(by="Ada", path=path, action="accept", note=note, **more)


async def test_registered_targets_have_room_for_all_together(
    service: AppState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each list of them reads all: a thousand of the largest stopped the service for seconds at each request."""
    monkeypatch.setattr(system, "MAX_TARGETS_BYTES", 300)
    schema = {"title": "A", "type": "object", "properties": {"a": {"type": "string", "description": "x" * 100}}}
    async with await client(service, "acme") as acme, await client(service, "other") as other:
        assert (await acme.put("/v1/targets/one", json=schema)).status_code == 200
        assert (await acme.put("/v1/targets/one", json=schema)).status_code == 200  # in place of itself
        assert told(await acme.put("/v1/targets/two", json=schema)) == (429, "quota_exceeded")
        assert (await other.put("/v1/targets/two", json=schema)).status_code == 200


async def test_a_record_is_found_without_reading_the_others(tmp_path: Path) -> None:
    """Every request finds its key or session, however many there are."""
    store = await SqliteRecordStore.open(tmp_path / "accounts.sqlite")
    with sqlite3.connect(tmp_path / "accounts.sqlite") as others:
        rows = (("session", f"t{n}", f"{n:012x}", json.dumps({"n": n})) for n in range(5000))
        others.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)
    others.close()
    steps = [0]
    store._connection.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 1000)
    assert await store.records("session", key=f"{7:012x}") == [{"n": 7}]
    assert await store.records("session", "t8", f"{8:012x}") == [{"n": 8}]
    assert steps == [0]  # thousands of steps of the database's machine
    await store.aclose()


async def test_a_tenant_has_so_many_sessions_and_no_more(service: AppState, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one more the oldest ends; another tenant's stay."""
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 3)
    times = iter(range(1000, 2000))
    made = Sessions(service.accounts, lambda: float(next(times)))
    keys = {t: (await service.accounts.create_key(t))[1] for t in ("a", "b")}
    first = (await made.begin(keys["b"]))[0]
    tokens = [(await made.begin(keys["a"]))[0] for _ in range(5)]
    alive = [await made.key_of(token) is not None for token in [first, *tokens]]
    assert alive == [True, False, False, True, True, True]


async def test_a_long_chain_makes_nobody_wait(house: ServiceResources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are read and hashed outside the store's one thread, for which all work of all tenants waits."""
    threads = set[str]()
    validated, hashed = ReviewEvent.model_validate, ReviewEvent.right_hash

    def in_thread(made: Any) -> Any:
        threads.add(threading.current_thread().name)
        return made

    monkeypatch.setattr(ReviewEvent, "model_validate", lambda value: in_thread(validated(value)))
    monkeypatch.setattr(ReviewEvent, "right_hash", lambda event: in_thread(hashed(event)))
    reviews = SqlReviews(house.store)
    await asyncio.gather(*(reviews.append(PLACE, said(f"/f{n}")) for n in range(5)))
    events = await reviews.events(PLACE)
    assert "store" not in threads
    assert len(events) == 5
    assert is_right(events)


async def test_a_chain_ends_at_its_bound(house: ServiceResources, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the size of all events, not by their number: one may hold 4,000 characters of a note and the row of a list."""
    monkeypatch.setattr(sql, "CHAIN_MAX_CHARS", 3000)
    reviews = SqlReviews(house.store)
    await reviews.append(PLACE, said("/a", "n" * 2000))
    with pytest.raises(InputProblem, match="quota_exceeded"):
        await reviews.append(PLACE, said("/b", "n" * 2000))
    assert [e.path for e in await reviews.events(PLACE)] == ["/a"]


async def test_files_of_refused_requests_are_counted(service: AppState) -> None:
    """No job names them, so no quota counts them: without a bound one tenant fills the disk of all."""
    large: list[Any] = [
        ("file", ("a.bin", os.urandom(80))),
        ("file", ("b.bin", os.urandom(80))),
        ("policy", (None, "[]")),
    ]
    async with await client(service, "acme") as acme, await client(service, "other") as other:
        for _ in range(2):  # one more try with the same files is no more on the disk
            assert told(await acme.post("/v1/extractions", files=large[:1] + large[2:])) == (422, "policy_invalid")
        assert told(await acme.post("/v1/extractions", files=large)) == (422, "policy_invalid")
        assert told(await acme.post("/v1/extractions", files=FILE, data=FIELDS)) == (429, "quota_exceeded")
        assert (await other.post("/v1/extractions", files=FILE, data=FIELDS)).status_code == 202


async def test_files_of_refused_requests_go_wherever_jobs_stay(house: ServiceResources, tmp_path: Path) -> None:
    """Also where jobs are kept for ever, a service deletes uploads that no job named for a day."""
    file = await house.uploads.put("a.txt", pieces(b"nobody's"), most=100)
    place = tmp_path / "uploads" / file.sha256[:2] / file.sha256
    os.utime(place, (0, time.time() - 90_000))
    stopping = asyncio.Event()
    purging = asyncio.create_task(keep_purging(house, None, stopping))
    while await house.uploads.has(file.sha256):
        await house.jobs.wait(0.01)
    stopping.set()
    await purging


async def test_threads_are_shared_by_turns() -> None:
    """Sixty scans of a large matter made another tenant's upload wait for 18 s: what it wrote waited for a thread."""
    ends, begun = threading.Event(), list[str]()
    asyncio.get_running_loop().set_default_executor(FairThreads(current_tenant.get, 4))

    def work(tenant: str) -> None:
        begun.append(tenant)
        if tenant == "a":
            ends.wait(30)

    async def ask(tenant: str) -> None:
        current_tenant.set(tenant)
        await asyncio.to_thread(work, tenant)

    flood = [asyncio.create_task(ask("a")) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.create_task(ask("b"))
    assert sorted(begun) == ["a", "a", "b"]
    ends.set()
    await asyncio.gather(*flood)
    assert begun.count("a") == 10


def test_threads_end_with_all_that_waits() -> None:
    """What was handed in is done before the end, or cancelled where that is asked for."""
    threads = FairThreads(lambda: "a", 2)
    held = threading.Event()
    futures = [threads.submit(held.wait, 30), *(threads.submit(int, n) for n in range(5))]
    held.set()
    threads.shutdown()
    assert [f.result() for f in futures] == [True, 0, 1, 2, 3, 4]
    held, threads = threading.Event(), FairThreads(lambda: "a", 2)
    futures = [threads.submit(held.wait, 30), *(threads.submit(int, n) for n in range(5))]
    threading.Timer(0.01, held.set).start()
    threads.shutdown(cancel_futures=True)
    assert [f.cancelled() for f in futures] == [False, True, True, True, True, True]


def test_a_tenant_has_so_many_matters_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one takes room on the disk, too, which no quota counts; a page of the list opens no others."""
    monkeypatch.setattr(folders, "MATTERS_MAX", 2)
    matters = MatterFolders(tmp_path)
    made = [matters.create("a", name).id for name in ("one", "two")]
    with pytest.raises(InputProblem, match="quota_exceeded"):
        matters.create("a", "three")
    matters.create("b", "one")
    (matters.folder("a", made[0]) / "matter.json").write_text("{")
    assert [m.id for m in matters.listed("a", None, 1)] == [made[1]]
