"""Every member of Reviews keeps the same promises: nothing said is lost or twice, and two people do not overwrite each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_jobs import asked, claimed
from thresher.schemas.errors import InputProblem
from thresher.schemas.numbers import Number
from thresher.schemas.review import MachineFacts, is_right
from thresher.service.jobs.sql import SqlJobs
from thresher.service.reviews.base import NewEvent, ResultPlace, Reviews
from thresher.service.reviews.folder_file import SharedFile
from thresher.service.reviews.sql import SqlReviews
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.storage.encryption.base import NO_CIPHER
from thresher.service.storage.encryption.keyring import Key, Keyring

SHUT = Keyring([Key(b"k" * 32)])
PLACE = ResultPlace(tenant="a", collection="job", key="0.0", number=0)
MACHINE = MachineFacts(
    sha256="ab", path="x.pdf", target="Order", fingerprint="f", thresher="0.2.0", value=Number("42.00")
)


@pytest.fixture(params=["memory", "sqlite", "postgres", "shut", "folder"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """The transactions of each member in turn."""
    if request.param == "folder":
        file = SharedFile(tmp_path / "reviews.sqlite")
        yield file
        file.close()
        return
    if request.param == "postgres":
        made: Any = await PostgresStore.open(request.getfixturevalue("database"))
    else:
        path = None if request.param in {"memory", "shut"} else tmp_path / "jobs.sqlite"
        made = await SqliteStore.open(path, SHUT if request.param == "shut" else NO_CIPHER)
    yield made
    await made.aclose()


@pytest.fixture
def reviews(store: Any) -> Reviews:
    """Each member in turn."""
    return SqlReviews(store)


def said(by: str = "Ada", path: str = "/total", action: Any = "edit", **more: Any) -> NewEvent:
    """What a person says of a field."""
    return NewEvent(by=by, path=path, action=action, machine=MACHINE, **more)


async def test_a_chain_holds_what_was_said_digit_for_digit(reviews: Reviews) -> None:
    """Old and new values, who, when and why, with the machine's own facts; each event names the one before."""
    first = await reviews.append(PLACE, said(value=Number("43.10"), note="misread"))
    second = await reviews.append(PLACE, said("Bo", action="accept", head=first.hash))
    events = await reviews.events(PLACE)
    assert [(e.seq, e.by, str(e.old), str(e.new), e.note) for e in events] == [
        (1, "Ada", "42.00", "43.10", "misread"),
        (2, "Bo", "43.10", "43.10", ""),
    ]
    assert (events[1].prev, events[1].hash) == (first.hash, second.hash)
    assert is_right(events)
    assert events[0].machine == MACHINE
    assert str(events[0].machine.value) == "42.00"


async def test_the_same_request_again_adds_nothing(reviews: Reviews) -> None:
    """A client whose answer was lost sends it again: it gets the event that was made, and the chain stays."""
    once = await reviews.append(PLACE, said(value=1))
    again = await reviews.append(PLACE, said(value=1))
    assert again == once
    other = await reviews.append(PLACE, said(value=2, head=once.hash))
    back = await reviews.append(PLACE, said(action="undo", head=other.hash))
    assert (back.old, back.new) == (2, 1)
    assert await reviews.append(PLACE, said(action="undo", head=other.hash)) == back
    last = await reviews.append(PLACE, said(action="undo", head=back.hash))
    assert (last.old, str(last.new)) == (1, "42.00")
    with pytest.raises(InputProblem, match="nothing is there to take back"):
        await reviews.append(PLACE, said(action="undo", head=last.hash))


async def test_a_field_that_somebody_else_changed_is_refused(reviews: Reviews) -> None:
    """Who has not seen the other's change gets a conflict; another field, or with the change seen, goes through."""
    seen = await reviews.append(PLACE, said("Bo", value=1))
    with pytest.raises(InputProblem) as refused:
        await reviews.append(PLACE, said("Ada", value=2))
    assert refused.value.code == "review_conflict"
    await reviews.append(PLACE, said("Ada", "/other", value=2))
    await reviews.append(PLACE, said("Ada", value=2, head=seen.hash))
    with pytest.raises(InputProblem, match="Ada"):
        await reviews.append(PLACE, said("Bo", "/other/inner", value=3, head=seen.hash))
    assert len(await reviews.events(PLACE)) == 3


async def test_a_claim_keeps_others_out_until_it_ends(reviews: Reviews) -> None:
    """One holds it, renews it, gives it back; a lease that is over holds nobody."""
    mine = await reviews.claim(PLACE, "Ada")
    assert (await reviews.claim(PLACE, "Ada")).until >= mine.until
    for work in (reviews.claim(PLACE, "Bo"), reviews.append(PLACE, said("Bo", value=1))):
        with pytest.raises(InputProblem, match="Ada"):
            await work
    await reviews.append(PLACE, said("Ada", value=1))
    await reviews.release(PLACE, "Bo")
    states = await reviews.states("a", "job")
    assert (states["0.0"].claim and states["0.0"].claim.by) == "Ada"
    await reviews.release(PLACE, "Ada")
    await reviews.claim(PLACE, "Bo", lease=-1.0)
    assert (await reviews.claim(PLACE, "Ada")).by == "Ada"


async def test_decisions_are_kept_told_and_may_change(reviews: Reviews) -> None:
    """The last decision stands; a webhook is due once for each, with the Result's number."""
    place = ResultPlace(tenant="a", collection="job", key="3.0", number=3)
    await reviews.append(place, NewEvent(by="Ada", path="", action="rejected", wants_webhook=True))
    await reviews.append(place, NewEvent(by="Bo", path="", action="accepted", note="after all", wants_webhook=True))
    await reviews.append(place, NewEvent(by="Bo", path="", action="accepted", note="after all", wants_webhook=True))
    state = (await reviews.states("a", "job"))["3.0"]
    assert state.review is not None
    assert (state.review.state, state.review.by, state.number) == ("accepted", "Bo", 3)
    due = await reviews.due()
    assert [(d.event.action, d.place.number) for d in due] == [("rejected", 3), ("accepted", 3)]
    assert await reviews.due() == []
    await reviews.webhook_attempted(due[0])
    await reviews.webhook_attempted(due[1], again_in=-1.0)
    assert [d.event.action for d in await reviews.due()] == ["accepted"]


async def test_decisions_of_tenants_take_turns(reviews: Reviews) -> None:
    """One tenant's many, to a receiver that is silent, delay nobody else's; one with enough under way gets no more."""
    for tenant, count in (("a", 4), ("b", 1)):
        for n in range(count):
            place = ResultPlace(tenant=tenant, collection=f"job {tenant}", key=f"{n}.0", number=n)
            await reviews.append(place, NewEvent(by="Ada", path="", action="accepted", wants_webhook=True))
    assert {d.place.tenant for d in await reviews.due(limit=2, lease=-1.0)} == {"a", "b"}
    assert [d.place.tenant for d in await reviews.due(limit=9, full=["a"])] == ["b"]
    assert [d.place.tenant for d in await reviews.due(limit=9)] == ["a"] * 4


async def test_tenants_and_collections_do_not_meet(reviews: Reviews) -> None:
    """The same job and key of another tenant is another Result, and has nothing."""
    other = ResultPlace(tenant="b", collection="job", key="0.0", number=0)
    await reviews.append(PLACE, said(value=1))
    assert await reviews.events(other) == []
    assert await reviews.states("b", "job") == {}
    assert (await reviews.states("a", "job"))["0.0"].corrected == {"/total"}


async def test_numbers_are_given_once(reviews: Reviews) -> None:
    """A Result keeps its number when others come and go."""
    assert await reviews.numbers("a", "folder", ["b", "c"]) == {"b": 0, "c": 1}
    assert await reviews.numbers("a", "folder", ["a", "c"]) == {"a": 2, "c": 1}


async def test_many_at_once_make_one_chain(reviews: Reviews) -> None:
    """Twenty people at once, one field each: no event is lost, the chain is whole."""
    wanted = [said(f"P{i}", f"/field{i}", value=i) for i in range(20)]
    await asyncio.gather(*(reviews.append(PLACE, one) for one in wanted))
    events = await reviews.events(PLACE)
    assert sorted(e.path for e in events) == sorted(one.path for one in wanted)
    assert is_right(events)


async def test_a_deleted_job_takes_its_reviews_along(reviews: Reviews, store: Any) -> None:
    """What people said of documents goes with the documents."""
    if isinstance(store, SharedFile):
        pytest.skip("a folder has no jobs")
    jobs = SqlJobs(store)
    job, _ = await jobs.submit(asked("x"))
    await jobs.finish((await claimed(jobs))[0], [])
    place = ResultPlace(tenant="a", collection=job.id, key="0.0", number=0)
    await reviews.append(place, said(value=1))
    await jobs.delete("a", job.id)
    assert await reviews.events(place) == []
    assert await reviews.states("a", job.id) == {}
    await jobs.aclose()


async def test_reviews_are_encrypted_afresh(tmp_path: Path) -> None:
    """What was kept openly is unreadable once a key is given and all is encrypted, and still there for the service."""
    file = tmp_path / "jobs.sqlite"
    store = await SqliteStore.open(file)
    await SqlReviews(store).append(PLACE, said(path="/secret-field", value="Halloumi"))
    await store.aclose()
    store = await SqliteStore.open(file, SHUT)
    jobs = SqlJobs(store)
    assert (await jobs.reencrypt()).rows == 2
    assert [e.new for e in await SqlReviews(store).events(PLACE)] == ["Halloumi"]
    assert (await SqlReviews(store).states("a", "job"))["0.0"].corrected == {"/secret-field"}
    await jobs.aclose()
    await store.aclose()
    assert b"secret-field" not in file.read_bytes()
