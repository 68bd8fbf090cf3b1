"""Every Store keeps the same promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.extraction import Attempt
from schemas.job import LoggedCall, UnitState
from service.store.base import Store
from service.store.memory import MemoryStore
from service.store.postgres import PostgresStore
from service.store.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Each member of the family in turn."""
    made: Store
    if request.param == "postgres":
        made = await PostgresStore.open(request.getfixturevalue("database"))
    else:
        made = MemoryStore() if request.param == "memory" else await SqliteStore.open(tmp_path / "run.sqlite")
    yield made
    await made.aclose()


def logged(unit: str | None, key: str = "k") -> LoggedCall:
    """A call of a Unit."""
    attempt = Attempt(key=key, model="m", prompt="ask.v1", fingerprint="f", finish="stop", usd=None, prompt_tokens=3)
    return LoggedCall(at=1.5, attempt=attempt, unit=unit)


async def test_no_answer_is_none(store: Store) -> None:
    """A key under which nothing was kept gives None."""
    assert await store.answer("nothing") is None


async def test_an_answer_comes_back_whole(store: Store) -> None:
    """Nested JSON, any characters, a lone surrogate and null survive."""
    answer = {"a": [1, 2.5, None, {"b": "é \U0001f600 \u0000 \ud800"}], "c": "x" * 100_000}
    await store.keep("k", answer)
    assert await store.answer("k") == answer


async def test_the_first_answer_stays(store: Store) -> None:
    """A second answer under one key does not replace what was paid first."""
    await store.keep("k", {"n": 1})
    await store.keep("k", {"n": 2})
    assert await store.answer("k") == {"n": 1}


async def test_an_answer_is_a_copy(store: Store) -> None:
    """Whoever changes what they got, or what they gave, changes nothing that is kept."""
    given = {"n": [1]}
    await store.keep("k", given)
    given["n"].append(2)
    got = await store.answer("k")
    assert got is not None
    got["n"].append(3)
    assert await store.answer("k") == {"n": [1]}


async def test_many_at_once(store: Store) -> None:
    """A thousand answers kept from as many coroutines are all there."""
    await asyncio.gather(*(store.keep(str(i), {"n": i}) for i in range(1_000)))
    found = await asyncio.gather(*(store.answer(str(i)) for i in range(1_000)))
    assert found == [{"n": i} for i in range(1_000)]


async def test_calls_keep_their_order(store: Store) -> None:
    """Calls come back as they were noted, all of them or those of one Unit."""
    calls = [logged("a", "1"), logged(None, "2"), logged("b", "3"), logged("a", "4")]
    for call in calls:
        await store.log(call)
    assert await store.calls() == calls
    assert [c.attempt.key for c in await store.calls("a")] == ["1", "4"]
    assert await store.calls("nobody") == []


async def test_units_are_marked_over(store: Store) -> None:
    """The last mark of a Unit holds; the order is that of the first marks."""
    first = UnitState(id="b", path="b.pdf", state="running", at=1.0)
    other = UnitState(id="a", path="a.pdf", state="failed", detail="corrupt: x", at=2.0)
    last = UnitState(id="b", path="b.pdf", state="complete", result="b.pdf.json", at=3.0)
    for state in (first, other, last):
        await store.mark(state)
    assert await store.unit("b") == last
    assert await store.unit("c") is None
    assert await store.units() == [last, other]


async def test_closing_twice(store: Store) -> None:
    """A second close is no fault."""
    await store.aclose()
    await store.aclose()
