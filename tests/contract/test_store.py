"""Every Store keeps the same promises."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall, UnitState
from thresher.service.storage.answers.base import Store
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.storage.encryption.keyring import Key, Keyring

SHUT = Keyring([Key(b"k" * 32)])


@pytest.fixture(params=["memory", "sqlite", "postgres", "shut"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Each member of the family in turn."""
    made: Store
    if request.param == "postgres":
        made = await PostgresStore.open(request.getfixturevalue("database"))
    elif request.param == "shut":
        made = await SqliteStore.open(tmp_path / "run.sqlite", SHUT)
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
    found = await store.calls()
    assert [c.model_copy(update={"attempt": a.attempt}) for c, a in zip(found, calls, strict=True)] == calls
    assert await store.calls("a") == [found[0], found[3]]
    assert len({c.attempt.key for c in found}) == 4
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


async def test_answers_that_no_call_names_go(store: Store) -> None:
    """What a dead process left goes when it is old; what a call names stays however old, as does what is young."""
    for key in ("named", "left 1", "left 2"):
        await store.keep(key, {"n": key})
    await store.log(logged("a", "named"))
    assert await store.purge(time.time() - 60) == 0
    assert await store.purge(time.time() + 60, limit=1) == 1
    assert await store.purge(time.time() + 60) == 1
    assert await store.purge(time.time() + 60) == 0
    kept = [await store.answer(key) for key in ("named", "left 1", "left 2")]
    assert kept == [{"n": "named"}, None, None]
    await store.keep("left 1", {"n": "again"})
    assert await store.answer("left 1") == {"n": "again"}


async def test_closing_twice(store: Store) -> None:
    """A second close is no fault."""
    await store.aclose()
    await store.aclose()
