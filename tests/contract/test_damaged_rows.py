"""A row that is damaged, or encrypted with a key that is not here, costs itself alone: never the work of others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests import jobs_house
from thresher.schemas.errors import RETRIED_AS_TASK, SetupProblem
from thresher.schemas.work import Job, Outcome, Submission, UploadedFile
from thresher.service.jobs.job_rows import DAMAGED_FILE
from thresher.service.jobs.sql import SqlJobs
from thresher.service.reviews.base import NewEvent, ResultPlace
from thresher.service.reviews.sql import SqlReviews
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.session import Session
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher, decrypt_text, encrypt_text
from thresher.service.storage.encryption.keyring import Key, Keyring
from thresher.service.tenants.accounts import Accounts

SHUT, OTHER = Keyring([Key(b"k" * 32)]), Keyring([Key(b"o" * 32)])
HOOK = "https://hooks.example/"
Opened = tuple[SqlJobs, SqliteStore | PostgresStore, Cipher]


@pytest.fixture(params=["plain", "shut", "postgres"])
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    """Jobs and their Store, with and without a key."""
    store: SqliteStore | PostgresStore
    cipher = NO_CIPHER if request.param == "plain" else SHUT
    if request.param == "postgres":
        store = await PostgresStore.open(request.getfixturevalue("database"), cipher=cipher)
    else:
        store = await SqliteStore.open(None, cipher)
    jobs = SqlJobs(store)
    yield jobs, store, cipher
    await jobs.aclose()
    await store.aclose()


async def submitted(jobs: SqlJobs, tenant: str, count: int = 1) -> Job:
    """A Job of some files, with a webhook."""
    files = tuple(UploadedFile(sha256=f"{n:064x}", name=f"{n}.txt", size=1) for n in range(count))
    asked = Submission(tenant=tenant, target=jobs_house.target(), files=files, webhook=HOOK)
    return (await jobs.submit(asked))[0]


def damaged(text: str) -> str:
    """A stored text with other characters in its middle."""
    middle = len(text) // 2
    return f"{text[:middle]}????{text[middle + 4 :]}" if text.startswith("sealed:") else "[[1]"


async def changed(opened: Opened, table: str, column: str, job: str, new: str | None = None) -> None:
    """Damage a column of a Job, or put a text there that another key has encrypted."""
    key = "id" if table == "jobs" else "job"

    def change(session: Session) -> None:
        (kept,) = session.one(f"SELECT {column} FROM {table} WHERE {key} = :job", job=job) or ("",)
        text = damaged(kept) if new is None else encrypt_text(OTHER, new, "x")
        first = "" if table == "jobs" else " AND number = 0"
        session.run(f"UPDATE {table} SET {column} = :text WHERE {key} = :job{first}", text=text, job=job)

    await opened[1].do(change)


async def test_a_damaged_task_holds_up_no_other(opened: Opened) -> None:
    """It fails with its reason, is listed among what failed, and its Job ends."""
    jobs, *_ = opened
    bad, good = await submitted(jobs, "a", 2), await submitted(jobs, "b")
    await changed(opened, "tasks", "files", bad.id)
    claims = await jobs.claim("w", limit=8)
    assert sorted((c.tenant, c.number) for c in claims) == [("a", 1), ("b", 0)]
    for claim in claims:
        await jobs.finish(claim, [Outcome(path="x", status="complete", body="{}")])
    assert [(await jobs.job(j.tenant, j.id)).state for j in (bad, good)] == ["finished", "finished"]
    first, second = await jobs.tasks("a", bad.id)
    assert (first.state, first.why and first.why.code, first.files) == ("failed", "storage_damaged", (DAMAGED_FILE,))
    assert second.files[0].name == "1.txt"


async def test_a_task_of_a_missing_key_waits_alone(opened: Opened) -> None:
    """Others are claimed, and it is when its key is there again."""
    jobs, store, cipher = opened
    bad, good = await submitted(jobs, "a", 2), await submitted(jobs, "b")

    def read(session: Session) -> str:
        (kept,) = session.one("SELECT files FROM tasks WHERE job = :job AND number = 0", job=bad.id) or ("",)
        return decrypt_text(session.cipher, kept, f"files {bad.id}.0")

    before = await store.do(read)
    await changed(opened, "tasks", "files", bad.id, before)
    assert sorted(c.job for c in await jobs.claim("w", limit=8)) == sorted([bad.id, good.id])
    assert await jobs.claim("w", limit=8) == []
    text = encrypt_text(cipher, before, f"files {bad.id}.0")
    await store.do(lambda s: s.run("UPDATE tasks SET files = :t WHERE job = :j AND number = 0", t=text, j=bad.id))
    assert [c.number for c in await jobs.claim("w", limit=8)] == [0]


@pytest.mark.parametrize(
    ("kept", "code"), [('{"tenant": "a", "files": [], "new": 1}', "store_failed"), ("{", "storage_damaged")]
)
async def test_an_order_of_a_newer_version_is_tried_again(opened: Opened, kept: str, code: str) -> None:
    """Both work for a while where machines are upgraded one by one: the older one ended the newer one's files as failed."""
    jobs, store, cipher = opened
    job = await submitted(jobs, "a")
    text = encrypt_text(cipher, kept, f"order {job.id}")
    await store.do(lambda session: session.run("UPDATE jobs SET asked = :text WHERE id = :id", text=text, id=job.id))
    with pytest.raises(SetupProblem) as problem:
        await jobs.order(job.id)
    assert problem.value.code == code
    assert (code in RETRIED_AS_TASK) is (code == "store_failed")


async def test_a_damaged_webhook_holds_up_no_other(opened: Opened) -> None:
    """It is given up; its Job, and the other's webhook, are as they were."""
    jobs, _, cipher = opened
    if not cipher.ids:
        pytest.skip("any text is an address there")
    bad, good = await submitted(jobs, "a"), await submitted(jobs, "b")
    await changed(opened, "jobs", "webhook", bad.id)
    for claim in await jobs.claim("w", limit=8):
        await jobs.finish(claim, [Outcome(path="x", status="complete", body="{}")])
    assert [job.id for job in await jobs.webhooks_due(lease=0.0)] == [good.id]
    assert (await jobs.job("a", bad.id)).state == "finished"
    assert [j.id for j in await jobs.jobs("a")] == [bad.id]


async def test_keys_change_past_a_damaged_row(opened: Opened) -> None:
    """All other rows are encrypted again, and the damaged one is named."""
    jobs, store, cipher = opened
    if not cipher.ids:
        pytest.skip("nothing is encrypted there")
    bad, good = await submitted(jobs, "a"), await submitted(jobs, "b")
    await changed(opened, "tasks", "files", bad.id)
    store._cipher = Keyring([Key(b"n" * 32), Key(b"k" * 32)])
    done = await jobs.reencrypt()
    assert (done.rows, done.damaged) == (3, [f"tasks {bad.id}.0"])
    store._cipher = Keyring([Key(b"n" * 32)])
    assert [c.job for c in await jobs.claim("w", limit=8)] == [good.id]


async def test_work_that_was_stored_with_a_wrong_clock_is_done_after_a_start() -> None:
    """It waited for a moment years away; work that a budget holds still waits."""
    store = await SqliteStore.open(None)
    jobs = SqlJobs(store)
    ahead, held = await submitted(jobs, "a"), await submitted(jobs, "b")
    await store.do(lambda s: s.run("UPDATE tasks SET due = due + 1e8"))
    await store.do(lambda s: s.run("UPDATE tasks SET stage = 'held' WHERE job = :job", job=held.id))
    assert await jobs.claim("w", limit=8) == []
    await jobs.orphan()
    assert [c.job for c in await jobs.claim("w", limit=8)] == [ahead.id]
    await jobs.aclose()
    await store.aclose()


async def test_a_damaged_decision_holds_up_no_other(opened: Opened) -> None:
    """Its webhook is given up; else no webhook of anybody would be called again."""
    _, store, _ = opened
    reviews = SqlReviews(store)
    said = NewEvent(by="Ada", path="", action="accepted", wants_webhook=True)
    for tenant in ("a", "b"):
        await reviews.append(ResultPlace(tenant=tenant, collection="job", key="0.0", number=0), said)
    await store.do(lambda s: s.run("UPDATE review_events SET body = :body WHERE tenant = 'a'", body=b"nothing"))
    assert [due.place.tenant for due in await reviews.due(lease=0.0)] == ["b"]
    assert [due.place.tenant for due in await reviews.due(lease=0.0)] == ["b"]


async def test_a_damaged_secret_stops_no_start() -> None:
    """Of a tenant whose webhooks can not be signed any more the others know nothing."""
    store = await SqliteStore.open(None)
    records = SqlJobs(store)
    await Accounts(records, SHUT).webhook_secret("good")
    good = (await records.records("webhook", "good"))[0]["secret"]
    await records.put("webhook", "bad", "", {"secret": damaged(good), "tenant": "bad"})
    both = Accounts(records, Keyring([Key(b"n" * 32), Key(b"k" * 32)]))
    await both.reencrypt()
    assert (await records.records("webhook", "good"))[0]["secret"] != good
    assert (await both.webhook_secret("good")).startswith("whsec_")
    await store.aclose()
