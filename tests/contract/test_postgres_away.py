"""A PostgreSQL that is away: at start, under a paid answer, and for longer than a lease."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs_house import submitted
from tests.postgres_server import Server, programs
from thresher.schemas.errors import SetupProblem
from thresher.schemas.policy import Policy
from thresher.service.backend.resources import opened_resources
from thresher.service.storage.answers.postgres import PostgresStore

pytestmark = pytest.mark.skipif(programs() is None, reason="no PostgreSQL")


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


async def test_away_at_start(server: Server) -> None:
    """A clear problem that tells no password, and nothing is left behind."""
    address = server.address("thresher").replace("thresher@", "thresher:secret@")
    server.stop()
    with pytest.raises(SetupProblem) as raised:
        await PostgresStore.open(address, patience=0.3)
    assert raised.value.code == "database_away"
    assert "secret" not in str(raised.value)
    assert not [t.name for t in threading.enumerate() if t.name.startswith("postgres")]


async def test_late_at_start(server: Server) -> None:
    """Whoever starts before the database waits for it."""
    address = server.fresh("late")
    server.stop()
    opening = asyncio.create_task(PostgresStore.open(address, patience=30))
    await asyncio.sleep(0.5)
    assert not opening.done()
    await asyncio.to_thread(server.start)
    store = await opening
    assert await store.answer("k") is None
    await store.aclose()


async def test_an_answer_waits_for_the_database(server: Server) -> None:
    """What was paid for is put until it is kept, however long that takes; and it is there after a crash."""
    store = await PostgresStore.open(server.fresh("answer"), patience=0.2)
    await store.keep("before", {"n": 1})
    await asyncio.to_thread(server.stop, signal.SIGQUIT)
    keeping = asyncio.create_task(store.keep("during", {"n": 2}))
    await asyncio.sleep(1.0)
    assert not keeping.done()
    await asyncio.to_thread(server.start)
    await asyncio.wait_for(keeping, 120)
    assert [await store.answer(k) for k in ("before", "during")] == [{"n": 1}, {"n": 2}]
    await store.aclose()


async def test_the_living_keep_their_tasks_over_a_restart(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases ran out while nobody could renew them: first the living may, then the Tasks of the dead are put back."""
    monkeypatch.setattr("thresher.service.jobs.worker_queries.RENEWAL_SECONDS", 3.0)
    async with opened_resources(tmp_path, server.fresh("living")) as house:
        await submitted(house, Policy(), 2)
        living, dead = await house.jobs.claim("both", limit=2, lease=1.0)
        await asyncio.to_thread(server.stop, signal.SIGQUIT)
        await asyncio.sleep(1.2)
        await asyncio.to_thread(server.start)
        assert await house.jobs.claim("w", lease=3.0) == []
        assert await house.jobs.beat([living], lease=60.0, stages={}) == {}
        async with asyncio.timeout(120):
            while not (taken := await house.jobs.claim("w", limit=2, lease=3.0)):  # noqa: ASYNC110 - time alone does it
                await asyncio.sleep(0.1)
        assert [t.id for t in taken] == [dead.id]
