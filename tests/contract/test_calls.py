"""The log of calls, asked: the same pages and sums from every store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.tenants.calls import CallFilter, CallState, CallSums, GroupBy
from thresher.service.storage.answers import call_log as room
from thresher.service.storage.answers import postgres_opening, sqlite_opening
from thresher.service.storage.answers.call_log import CallLog
from thresher.service.storage.answers.call_rows import seconds_of, slot_of
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.sqlite import SqliteStore

BEGUN = 1_795_219_200.0  # 2026-11-21, 00:00 UTC


def call(n: int, **more: Any) -> LoggedCall:
    """The nth call: its tenant, document, model, day and fate follow from its number."""
    error = "model_unavailable: busy" if n % 10 == 3 else None
    made: dict[str, Any] = {
        "key": f"k{n - 1 if n % 10 == 4 else n}",
        "model": f"m{n % 2}",
        "prompt": "extract.v1" if n % 3 else "repair.v1",
        "fingerprint": "f",
        "finish": "error" if error else "stop",
        "error": error,
        "retry": int(n % 10 == 4),
        "stored": n % 10 == 7,
        "prompt_tokens": 0 if error else 100,
        "answer_tokens": 0 if error else 10,
        "cached_tokens": 40 if n % 2 and not error else 0,
        "usd": None if n % 10 == 8 else 0.01,
        "seconds": 0.1 * (1 + n % 20),
    }
    job = f"j{n % 5}"
    own = {
        "tenant": "acme" if n % 5 < 3 else "bolt",
        "task": f"{job}.{n % 7}",
        "document": f"d{n % 7}",
        "unit": "a.pdf",
    }
    return LoggedCall(at=BEGUN + n * 3600.0, **{**own, **more}, attempt=Attempt(**made))


CALLS = [call(n) for n in range(60)]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CallLog]:
    """Each store in turn, with the calls in it."""
    store: SqliteStore | PostgresStore
    if request.param == "postgres":
        store = await PostgresStore.open(request.getfixturevalue("database"))
    else:
        store = await SqliteStore.open(None if request.param == "memory" else tmp_path / "calls.sqlite")
    for one in CALLS:
        await store.log(one)
    await store.keep("k", {})
    yield CallLog(store)
    await store.aclose()


async def paged(log: CallLog, wanted: CallFilter, limit: int, order: room.Order) -> list[LoggedCall]:
    """All calls, page by page."""
    found: list[LoggedCall] = []
    after = None
    while page := await log.page(wanted, after=after, limit=limit, order=order):
        found += [kept.call for kept in page]
        after = page[-1].cursor
    return found


async def test_pages_hold_every_call_once_and_whole(log: CallLog) -> None:
    """In either order, whatever the size of a page; every field comes back as it was."""
    assert await paged(log, CallFilter(), 7, "oldest") == CALLS
    assert await paged(log, CallFilter(), 60, "newest") == CALLS[::-1]


async def test_every_filter_narrows_as_it_says(log: CallLog) -> None:
    """Alone and together; a tenant's filter shows nothing of another's."""
    wanted: dict[str, tuple[Any, Callable[[LoggedCall], bool]]] = {
        "tenant": ("acme", lambda c: c.tenant == "acme"),
        "job": ("j1", lambda c: c.job == "j1"),
        "document": ("d3", lambda c: c.document == "d3"),
        "model": ("m1", lambda c: c.attempt.model == "m1"),
        "prompt": ("repair.v1", lambda c: c.attempt.prompt == "repair.v1"),
        "since": (BEGUN + 10 * 3600.0, lambda c: c.at >= BEGUN + 10 * 3600.0),
        "until": (BEGUN + 50 * 3600.0, lambda c: c.at < BEGUN + 50 * 3600.0),
    }
    for name, (value, test) in wanted.items():
        assert await paged(log, CallFilter(**{name: value}), 9, "oldest") == [c for c in CALLS if test(c)], name
    everything = CallFilter(**{name: value for name, (value, _) in wanted.items()})
    kept = [c for c in CALLS if all(test(c) for _, test in wanted.values())]
    assert await paged(log, everything, 9, "oldest") == kept
    fates: tuple[tuple[CallState, int], ...] = (("failed", 6), ("stored", 6), ("made", 48))
    for status, count in fates:
        assert len(await paged(log, CallFilter(status=status), 9, "newest")) == count


@pytest.mark.parametrize("by", ["document", "job", "prompt", "model", "tenant", "day"])
async def test_sums_are_those_of_the_calls(log: CallLog, by: GroupBy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every group, however many slices they are made of."""
    whole = await log.sums(CallFilter(), by)
    for size in (1, 7, 60):
        monkeypatch.setattr(room, "SLICE_CALLS", size)
        assert [_rounded(s) for s in await log.sums(CallFilter(), by)] == [_rounded(s) for s in whole]
    assert sum(s.calls for s in whole) == 60
    assert sum(s.failed for s in whole) == sum(s.stored for s in whole) == sum(s.retries for s in whole) == 6
    assert sum(s.made for s in whole) == 48
    paid = [c.attempt for c in CALLS if not c.attempt.stored]
    assert sum(s.usd for s in whole) == pytest.approx(sum(a.usd or 0 for a in paid))
    assert sum(s.unpriced for s in whole) == 6
    assert sum(s.prompt_tokens for s in whole) == sum(a.prompt_tokens for a in paid)
    assert sum(s.cached_tokens for s in whole) == sum(a.cached_tokens for a in paid)


def _rounded(sums: CallSums) -> dict[str, Any]:
    return {**sums.model_dump(), "usd": round(sums.usd, 9)}


async def test_groups_are_named_and_ordered(log: CallLog) -> None:
    """Days in their order and as dates, the rest with the dearest first; latencies within 2.5 %."""
    assert [s.group for s in await log.sums(CallFilter(), "day")] == ["2026-11-21", "2026-11-22", "2026-11-23"]
    tenants = await log.sums(CallFilter(), "tenant")
    assert [s.group for s in tenants] == ["acme", "bolt"]
    seconds = sorted(
        c.attempt.seconds for c in CALLS if c.tenant == "acme" and not c.attempt.stored and not c.attempt.error
    )
    assert tenants[0].median == pytest.approx(seconds[len(seconds) // 2 - 1], rel=0.1)
    assert tenants[0].p95 == pytest.approx(seconds[int(len(seconds) * 0.95)], rel=0.06)
    assert tenants[0].cached_share == tenants[0].cached_tokens / tenants[0].prompt_tokens
    assert await log.sums(CallFilter(tenant="nobody"), "day") == []


@given(st.floats(0.001, 10_000))
def test_a_slot_is_within_two_and_a_half_percent(seconds: float) -> None:
    """Of whatever fell into it."""
    assert seconds_of(slot_of(seconds)) == pytest.approx(seconds, rel=0.0251)


OLD = {
    "key": "k",
    "model": "m",
    "prompt": "p.v1",
    "fingerprint": "f",
    "finish": "stop",
    "prompt_tokens": 7,
    "answer_tokens": 2,
    "cached_tokens": 1,
    "usd": 0.5,
    "seconds": 0.2,
    "stored": False,
    "purpose": "ask",
    "error": None,
}


async def test_calls_of_an_older_file_are_moved_into_columns(tmp_path: Path) -> None:
    """With the tenant of their job, and the same latency slot as a new call's."""
    path = tmp_path / "old.sqlite"
    old = sqlite3.connect(path)
    old.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY) WITHOUT ROWID")
    for name, script in sorted(sqlite_opening.steps().items()):
        if name < "0063":
            old.executescript(script)
            old.execute("INSERT INTO migrations VALUES (?)", (name,))
    old.execute(
        "INSERT INTO jobs (id, tenant, state, target, fingerprint, priority, created, asked, request_hash, bytes, total)"
        " VALUES ('j', 'acme', 'open', 't', 'f', 0, 0, '{}', '', 0, 0)"
    )
    row = (BEGUN, "a.pdf", json.dumps(OLD), "j.0", "j", "k")
    old.execute("INSERT INTO calls (at, unit, attempt, task, job, key) VALUES (?, ?, ?, ?, ?, ?)", row)
    old.commit()
    old.close()
    store = await SqliteStore.open(path)
    await _check_moved(store)
    await store.aclose()


async def test_calls_of_an_older_database_are_moved_into_columns(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a file."""
    import psycopg

    known = postgres_opening.steps()
    monkeypatch.setattr(postgres_opening, "steps", lambda: {k: v for k, v in known.items() if k < "0063"})
    with psycopg.connect(database, autocommit=True) as connection:
        postgres_opening.migrate(connection)
        connection.execute(
            "INSERT INTO jobs (id, tenant, state, target, fingerprint, priority, created, asked, request_hash, bytes, total)"
            " VALUES ('j', 'acme', 'open', 't', 'f', 0, 0, '{}', '', 0, 0)"
        )
        row = ("x", BEGUN, "a.pdf", json.dumps(OLD), "j.0", "j", "k")
        connection.execute(
            "INSERT INTO calls (once, at, unit, attempt, task, job, key) VALUES (%s, %s, %s, %s, %s, %s, %s)", row
        )
    monkeypatch.undo()
    store = await PostgresStore.open(database)
    await _check_moved(store)
    await store.aclose()


async def _check_moved(store: SqliteStore | PostgresStore) -> None:
    (moved,) = await store.calls()
    assert moved == LoggedCall(at=BEGUN, unit="a.pdf", task="j.0", tenant="acme", attempt=Attempt(**OLD))
    (sums,) = await CallLog(store).sums(CallFilter(tenant="acme"), "day")
    assert (sums.group, sums.made, sums.usd) == ("2026-11-21", 1, 0.5)
    assert sums.median == pytest.approx(0.2, rel=0.026)
