"""Every member of Jobs keeps the same promises, beside its own Store."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from thresher.schemas.errors import InputProblem, JobProblem, note
from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.policy import Policy
from thresher.schemas.work import AskedTarget, Claim, Outcome, Submission, UploadedFile
from thresher.service.jobs import caller_queries
from thresher.service.jobs.backoff import DEATHS_WITHOUT_WAIT
from thresher.service.jobs.base import MOST_DEATHS, Jobs
from thresher.service.jobs.sql import SqlJobs
from thresher.service.server.api import result_pages
from thresher.service.storage.answers.base import Store
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.storage.encryption.base import NO_CIPHER
from thresher.service.storage.encryption.keyring import Key, Keyring

TARGET = AskedTarget(name="Order", fingerprint="f" * 16, json_schema={"type": "object", "properties": {}})
SHUT = Keyring([Key(b"k" * 32)])
WHY = note("model_unavailable", "it is away")


@dataclass
class House:
    """Jobs and the Store beside them."""

    jobs: Jobs
    store: Store
    shuts: bool = False


@pytest.fixture(params=["memory", "sqlite", "postgres", "shut"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each member of the family in turn."""
    store: SqliteStore | PostgresStore
    if request.param == "postgres":
        store = await PostgresStore.open(request.getfixturevalue("database"))
    else:
        path = None if request.param in {"memory", "shut"} else tmp_path / "jobs.sqlite"
        store = await SqliteStore.open(path, SHUT if request.param == "shut" else NO_CIPHER)
    jobs = SqlJobs(store)
    yield House(jobs, store, request.param == "shut")
    await jobs.aclose()
    await store.aclose()


@pytest.fixture
def jobs(house: House) -> Jobs:
    """The Jobs alone."""
    return house.jobs


def asked(*names: str, tenant: str = "a", **more: Any) -> Submission:
    """A Submission of files named so, whose content is their name."""
    files = tuple(UploadedFile(sha256=name, name=f"{name}.pdf", size=10) for name in names)
    return Submission(tenant=tenant, target=TARGET, files=files, **more)


def outcome(path: str, status: str = "complete") -> Outcome:
    """A Result."""
    return Outcome(path=path, status=status, body='{"é": "\U0001f600"}')


async def claimed(jobs: Jobs, limit: int = 100, lease: float = 30.0) -> list[Claim]:
    """Claims of a worker."""
    return await jobs.claim("w", limit=limit, lease=lease)


async def test_long_results_are_not_read_all_at_once(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many Results of whatever length a job has, one answer is bounded, and pages of the service lose none."""
    job, _ = await jobs.submit(asked("x"))
    (held,) = await claimed(jobs)
    made = [Outcome(path=str(n), status="complete", body=f'"{"ab" * (4000 if n % 3 else 10)}{n}"') for n in range(12)]
    await jobs.finish(held, made)
    monkeypatch.setattr(caller_queries, "PIECE_BYTES", 100)
    assert [o.path for o in await jobs.results("a", job.id)] == [o.path for o in made]
    for module in (caller_queries, result_pages):
        monkeypatch.setattr(module, "RESULTS_MAX_CHARS", 5000)
    assert [len(await jobs.results("a", job.id, after=(0, n), limit=9)) for n in (-1, 0, 2)] == [2, 2, 2]
    seen, cursor = list[str](), ""
    while cursor is not None:
        page = json.loads(await result_pages.result_page(jobs, job, cursor, 5))
        assert page["results"]
        seen, cursor = seen + page["results"], page["next"]
    assert seen == [json.loads(o.body) for o in made]


async def kinds(jobs: Jobs, job: str) -> list[str]:
    """Events of a Job, by kind."""
    return [e.kind for e in await jobs.events("a", job)]


async def test_a_job_from_start_to_end(jobs: Jobs) -> None:
    """Submitted, claimed, finished: Tasks in order, counts that add up, Outcomes whole, Events without gaps."""
    job, again = await jobs.submit(asked("x", "y"))
    assert (again, job.state, job.counts.todo, job.counts.total) == (False, "open", 2, 2)
    held = await claimed(jobs)
    assert [(c.number, c.attempt, c.files[0].name, c.tenant) for c in held] == [
        (0, 1, "x.pdf", "a"),
        (1, 1, "y.pdf", "a"),
    ]
    assert (await jobs.job("a", job.id)).counts.running == 2
    await jobs.finish(held[1], [outcome("y.pdf"), outcome("y.pdf!/1", "partial")], usd=0.5)
    await jobs.fail(held[0], note("corrupt", "x"), again_in=None)
    done = await jobs.job("a", job.id)
    assert (done.state, done.counts.done, done.counts.failed) == ("finished", 1, 1)
    assert done.finished is not None
    found = await jobs.results("a", job.id)
    assert [(o.task, o.number, o.path, o.status) for o in found] == [
        (1, 0, "y.pdf", "complete"),
        (1, 1, "y.pdf!/1", "partial"),
    ]
    assert found[0].body == outcome("").body
    assert await jobs.results("a", job.id, after=(1, 0)) == found[1:]
    events = await jobs.events("a", job.id)
    assert [(e.number, e.kind, e.task, e.detail) for e in events] == [
        (1, "submitted", None, ""),
        (2, "done", 1, "complete,partial"),
        (3, "failed", 0, "corrupt"),
        (4, "finished", None, "finished"),
    ]
    assert await jobs.events("a", job.id, after=2) == events[2:]
    states = await jobs.tasks("a", job.id)
    assert [(t.state, t.attempts, t.why and t.why.code) for t in states] == [
        ("failed", 1, "corrupt"),
        ("done", 1, None),
    ]
    assert await jobs.tasks("a", job.id, after=0) == states[1:]


async def test_the_order_of_a_worker(jobs: Jobs) -> None:
    """A worker gets target and Policy as they were asked."""
    policy = Policy(model="m", stance="recall")
    job, _ = await jobs.submit(asked("x", policy=policy))
    order = await jobs.order(job.id)
    assert (order.target, order.policy, order.files, order.tenant) == (TARGET, policy, (), "a")
    with pytest.raises(JobProblem, match="job_not_found"):
        await jobs.order("nothing")


async def test_all_files_of_a_folder_are_one_task(jobs: Jobs) -> None:
    """Where the Policy's unit is a folder there is one Task of all files."""
    await jobs.submit(asked("x", "y", policy=Policy(unit="folder")))
    (held,) = await claimed(jobs)
    assert [f.sha256 for f in held.files] == ["x", "y"]


async def test_a_job_without_files_is_finished(jobs: Jobs) -> None:
    """Nothing to do is done."""
    job, _ = await jobs.submit(asked())
    assert job.state == "finished"
    assert job.finished is not None


async def test_names_of_any_kind(jobs: Jobs) -> None:
    """A file's name may hold NUL, a lone surrogate, quotes and many scripts."""
    name = "a\0b\ud800'\"; DROP TABLE jobs;--\U0001f600é"
    job, _ = await jobs.submit(asked().model_copy(update={"files": (UploadedFile(sha256="s", name=name),)}))
    (held,) = await claimed(jobs)
    assert held.files[0].name == name
    await jobs.finish(held, [outcome("a\0b")])
    assert len(await jobs.results("a", job.id)) == 1


async def test_an_idempotency_key_gives_the_same_job(jobs: Jobs) -> None:
    """The same request again gives the Job that is there; another body, or another tenant, does not."""
    first, _ = await jobs.submit(asked("x", idempotency_key="k", request_hash="1"))
    second, again = await jobs.submit(asked("x", idempotency_key="k", request_hash="1"))
    assert (second.id, again) == (first.id, True)
    with pytest.raises(InputProblem, match="idempotency_mismatch"):
        await jobs.submit(asked("y", idempotency_key="k", request_hash="2"))
    other, again = await jobs.submit(asked("x", tenant="b", idempotency_key="k", request_hash="2"))
    assert (other.id != first.id, again) == (True, False)
    assert len(await claimed(jobs)) == 2


async def test_ten_submissions_at_once_with_one_key(jobs: Jobs) -> None:
    """A race of equal requests makes one Job."""
    same = asked("x", idempotency_key="k", request_hash="1")
    made = await asyncio.gather(*(jobs.submit(same) for _ in range(10)))
    assert len({job.id for job, _ in made}) == 1
    assert [again for _, again in made].count(False) == 1


async def test_another_tenants_job_does_not_exist(jobs: Jobs) -> None:
    """Whatever is asked of it."""
    job, _ = await jobs.submit(asked("x"))
    for asking in (
        jobs.job,
        jobs.tasks,
        jobs.results,
        jobs.progress,
        jobs.events,
        jobs.cancel,
        jobs.retry,
        jobs.delete,
    ):
        with pytest.raises(JobProblem, match="job_not_found"):
            await asking("b", job.id)
    assert await jobs.jobs("b") == []
    assert (await jobs.usage("b", 0.0)).documents == 0
    assert (await jobs.job("a", job.id)).state == "open"


async def test_a_list_with_a_cursor(jobs: Jobs) -> None:
    """Newest first, page by page, by state."""
    made = []
    for n in range(5):
        made.append((await jobs.submit(asked(f"{n}")))[0].id)
        await asyncio.sleep(0.002)
    await jobs.cancel("a", made[0])
    first = await jobs.jobs("a", limit=3)
    assert [j.id for j in first] == made[:1:-1]
    assert [j.id for j in await jobs.jobs("a", before=first[-1].id, limit=3)] == [made[1], made[0]]
    assert [j.id for j in await jobs.jobs("a", state="cancelled")] == [made[0]]


async def test_priority_goes_first(jobs: Jobs) -> None:
    """The higher number first; among equals the older."""
    for name, priority in (("a", 0), ("b", 0), ("c", 5), ("d", -1)):
        await jobs.submit(asked(name, priority=priority))
        await asyncio.sleep(0.002)
    assert [(await claimed(jobs, 1))[0].files[0].sha256 for _ in range(4)] == ["c", "a", "b", "d"]


async def test_many_claimants_get_each_task_once(jobs: Jobs) -> None:
    """Nobody gets what another has."""
    await jobs.submit(asked(*(f"{n}" for n in range(60))))
    some = await asyncio.gather(*(jobs.claim(f"w{n}", limit=4) for n in range(20)))
    ids = [c.id for claims in some for c in claims]
    assert len(ids) == len(set(ids))
    rest = await claimed(jobs)
    assert len(ids) + len(rest) == 60


async def test_a_dead_workers_task_is_taken_over(jobs: Jobs) -> None:
    """When the lease has run out another gets it; what the first still says is refused."""
    job, _ = await jobs.submit(asked("x"))
    (first,) = await claimed(jobs)
    assert await claimed(jobs) == []
    await jobs.beat([first], lease=0.01, stages={})
    await asyncio.sleep(0.05)
    (second,) = await claimed(jobs, lease=0.01)
    assert (second.id, second.attempt, second.token > first.token) == (first.id, 2, True)
    assert await jobs.beat([first, second], stages={}) == {first.id: "lost"}
    with pytest.raises(JobProblem, match="lease_lost"):
        await jobs.finish(first, [outcome("x")])
    with pytest.raises(JobProblem, match="lease_lost"):
        await jobs.fail(first, WHY, again_in=None)
    await jobs.give_back([first])
    await jobs.finish(second, [outcome("x")])
    assert (await jobs.job("a", job.id)).counts.done == 1
    assert await kinds(jobs, job.id) == ["submitted", "again", "done", "finished"]


async def test_a_beat_keeps_a_task(jobs: Jobs) -> None:
    """Who renews in time keeps it, and its stage is seen."""
    job, _ = await jobs.submit(asked("x", "y"))
    held = await claimed(jobs, lease=0.1)
    assert await jobs.beat(held, lease=600.0, stages={held[0].id: "ask", held[1].id: "ask"}) == {}
    await asyncio.sleep(0.2)
    assert await claimed(jobs, lease=0.1) == []
    assert (await jobs.progress("a", job.id)).stages == {"ask": 2}


async def test_late_but_first(jobs: Jobs) -> None:
    """A Task whose lease ran out, and that nobody took since, is still its holder's to finish."""
    job, _ = await jobs.submit(asked("x", "y"))
    held = await claimed(jobs, lease=0.01)
    await asyncio.sleep(0.05)
    await jobs.finish(held[0], [outcome("x")])
    assert [c.number for c in await claimed(jobs, lease=0.01)] == [1]
    assert (await jobs.job("a", job.id)).counts.done == 1


async def test_finishing_twice_is_finishing_once(jobs: Jobs) -> None:
    """A worker that did not hear the database's word may say it again."""
    job, _ = await jobs.submit(asked("x"))
    (held,) = await claimed(jobs)
    for _ in range(2):
        await jobs.finish(held, [outcome("x")], usd=1.0)
    assert (await jobs.job("a", job.id)).counts.done == 1
    assert len(await jobs.results("a", job.id)) == 1
    assert (await jobs.usage("a", 0.0)).usd == 1.0


async def test_a_failure_that_may_pass_is_tried_again_later(jobs: Jobs) -> None:
    """Not before its time, and with one attempt more."""
    job, _ = await jobs.submit(asked("x", "y"))
    soon, late = await claimed(jobs)
    await jobs.fail(soon, WHY, again_in=0.01)
    await jobs.fail(late, WHY, again_in=600.0)
    assert [(task.state, task.why) for task in await jobs.tasks("a", job.id)] == [("todo", WHY)] * 2
    await asyncio.sleep(0.05)
    (again,) = await claimed(jobs)
    assert (again.id, again.attempt) == (soon.id, 2)


async def test_dead_letters_can_be_retried(jobs: Jobs) -> None:
    """What failed for good goes back with fresh attempts, and the Job is open again."""
    job, _ = await jobs.submit(asked("x", "y", webhook="http://example.org/hook"))
    first, second = await claimed(jobs)
    await jobs.fail(first, WHY, again_in=None)
    await jobs.finish(second, [])
    assert (await jobs.job("a", job.id)).state == "finished"
    assert await jobs.retry("a", job.id) == 1
    assert await jobs.retry("a", job.id) == 0
    assert (await jobs.job("a", job.id)).state == "open"
    assert await jobs.webhooks_due() == []
    (held,) = await claimed(jobs)
    assert held.attempt == 1
    await jobs.finish(held, [])
    assert (await jobs.job("a", job.id)).counts.done == 2


async def test_a_file_that_kills_workers_is_put_off(jobs: Jobs) -> None:
    """The first deaths are blamed on the workers; then the Task waits longer and longer, and fails in the end."""
    job, _ = await jobs.submit(asked("x"))
    deaths = 0
    for _ in range(10):
        deaths += len(await claimed(jobs, lease=0.0))
        await asyncio.sleep(0.002)
    (task,) = await jobs.tasks("a", job.id)
    assert (task.state, task.why and task.why.code) == ("todo", "worker_died")
    assert deaths == DEATHS_WITHOUT_WAIT + 1 < MOST_DEATHS


async def test_documents_within_a_file_count(jobs: Jobs) -> None:
    """A tenant's usage counts what its uploads unfolded to, also when the Job is gone."""
    job, _ = await jobs.submit(asked("x", "y"))
    first, second = await claimed(jobs)
    await jobs.finish(first, [], read=1000)
    await jobs.finish(second, [])
    assert (await jobs.usage("a", 0.0)).documents == 1001
    await jobs.delete("a", job.id)
    assert (await jobs.usage("a", 0.0)).documents == 1001


async def test_a_task_tells_of_its_deaths(jobs: Jobs) -> None:
    """Who claims a Task whose worker died is told, however often it failed for other reasons; failures are no deaths."""
    await jobs.submit(asked("x"))
    (first,) = await claimed(jobs)
    await jobs.fail(first, WHY, again_in=0.0)
    (second,) = await claimed(jobs, lease=0.0)
    await asyncio.sleep(0.002)
    (third,) = await claimed(jobs, lease=0.0)
    assert [(c.attempt, c.deaths) for c in (first, second, third)] == [(1, 0), (2, 0), (3, 1)]


async def test_a_poisoned_task_is_set_aside(jobs: Jobs) -> None:
    """Nobody is given it again until somebody retries it by hand; who is given it then knows that it kills."""
    job, _ = await jobs.submit(asked("x", "y"))
    first, second = await claimed(jobs)
    await jobs.fail(first, note("poisoned", "killed by SIGSEGV"), again_in=None)
    await jobs.finish(second, [])
    assert await claimed(jobs) == []
    task, _ = await jobs.tasks("a", job.id)
    assert (task.state, task.deaths, task.why and task.why.code) == ("failed", 1, "poisoned")
    assert [e.detail for e in await jobs.events("a", job.id) if e.kind == "failed"] == ["poisoned"]
    assert await jobs.retry("a", job.id) == 1
    (again,) = await claimed(jobs)
    assert (again.number, again.attempt, again.deaths) == (0, 1, 1)


async def test_too_many_deaths_poison(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that die without a word, again and again with the same Task in hand, end with it set aside."""
    monkeypatch.setattr("thresher.service.jobs.worker_queries.MOST_DEATHS", DEATHS_WITHOUT_WAIT)
    job, _ = await jobs.submit(asked("x"))
    for _ in range(DEATHS_WITHOUT_WAIT):
        assert len(await claimed(jobs, lease=0.0)) == 1
        await asyncio.sleep(0.002)
    assert await claimed(jobs, lease=0.0) == []
    (task,) = await jobs.tasks("a", job.id)
    assert (task.state, task.why and task.why.code) == ("failed", "poisoned")
    assert (await jobs.job("a", job.id)).state == "finished"


async def test_handing_back_costs_no_attempt(jobs: Jobs) -> None:
    """A worker that is told to stop leaves no trace."""
    await jobs.submit(asked("x"))
    await jobs.give_back(await claimed(jobs))
    (held,) = await claimed(jobs)
    assert held.attempt == 1


async def test_cancelling_reaches_what_is_running(jobs: Jobs) -> None:
    """What is todo is cancelled at once, what is running is told at its next beat; what was done stays."""
    job, _ = await jobs.submit(asked("x", "y", "z"))
    first, second = await claimed(jobs, limit=2)
    await jobs.finish(first, [outcome("x")])
    gone = await jobs.cancel("a", job.id)
    assert (gone.state, gone.counts.cancelled, gone.counts.done, gone.counts.total) == ("cancelled", 2, 1, 3)
    assert await claimed(jobs) == []
    assert await jobs.beat([second], stages={}) == {second.id: "cancelled"}
    with pytest.raises(JobProblem, match="lease_lost"):
        await jobs.finish(second, [outcome("y")])
    assert await jobs.cancel("a", job.id) == gone
    assert await jobs.retry("a", job.id) == 0
    assert await kinds(jobs, job.id) == ["submitted", "done", "cancelled", "finished"]
    assert len(await jobs.results("a", job.id)) == 1


async def test_events_have_no_gaps_when_many_end_at_once(jobs: Jobs) -> None:
    """Whoever reads on from the last number misses none, however many write at once."""
    job, _ = await jobs.submit(asked(*(f"{n}" for n in range(40))))
    held = await claimed(jobs)
    seen: list[int] = []

    async def read() -> None:
        while len(seen) < 42:
            seen.extend([e.number for e in await jobs.events("a", job.id, after=seen[-1] if seen else 0)])

    async with asyncio.timeout(30):
        await asyncio.gather(read(), *(jobs.finish(c, []) for c in held))
    assert seen == list(range(1, 43))


async def test_waiting_ends_with_news(jobs: Jobs) -> None:
    """Who waits is woken by a new Job, and not for ever without."""
    await jobs.wait(0.05)
    waiting = asyncio.create_task(jobs.wait(600))
    await asyncio.sleep(0.2)
    await jobs.submit(asked("x"))
    await asyncio.wait_for(waiting, 60)


async def test_a_webhook_is_due_when_its_job_has_ended(jobs: Jobs) -> None:
    """Given to one caller at a time, again later if it failed, and no more once it was told."""
    job, _ = await jobs.submit(asked("x", webhook="http://example.org/hook"))
    await jobs.submit(asked("y"))
    assert await jobs.webhooks_due() == []
    for held in await claimed(jobs):
        await jobs.finish(held, [])
    (due,) = await jobs.webhooks_due(lease=0.01)
    assert (due.id, due.webhook) == (job.id, "http://example.org/hook")
    await asyncio.sleep(0.05)
    assert len(await jobs.webhooks_due(lease=600.0)) == 1
    assert await jobs.webhooks_due() == []
    assert await jobs.webhook_attempted(job.id, again_in=0.0) == 1
    assert len(await jobs.webhooks_due()) == 1
    assert await jobs.webhook_attempted(job.id) == 2
    assert await jobs.webhooks_due() == []


async def use(house: House, held: Claim, keys: Sequence[str]) -> None:
    """A Task's calls, whose answers are kept."""
    for key in keys:
        attempt = Attempt(key=key, model="m", prompt="p", fingerprint="f", finish="stop", usd=0.0, prompt_tokens=1)
        await house.store.log(LoggedCall(at=1.0, attempt=attempt, unit="x", task=held.id))
        await house.store.keep(key, {"k": key})


async def test_forgetting_honours_what_is_shared(house: House) -> None:
    """An answer or upload that another Job used stays; what a tenant used stays counted."""
    jobs = house.jobs
    first, _ = await jobs.submit(asked("x", "both"))
    second, _ = await jobs.submit(asked("both"))
    held = await claimed(jobs)
    await use(house, held[0], ["only", "shared"])
    await use(house, held[2], ["shared"])
    for one in held:
        await jobs.finish(one, [outcome("x")], usd=0.25)
    gone = await jobs.delete("a", first.id)
    name = SHUT.name if house.shuts else str
    assert (gone.jobs, gone.answers, gone.uploads) == (1, 1, (name("x"),))
    assert await house.store.answer("only") is None
    assert await house.store.answer("shared") == {"k": "shared"}
    assert [c.task for c in await house.store.calls()] == [held[2].id]
    with pytest.raises(JobProblem, match="job_gone"):
        await jobs.job("a", first.id)
    used = await jobs.usage("a", 0.0)
    assert (used.documents, used.bytes, used.usd) == (3, 30, 0.75)
    assert (await jobs.usage("a", time.time() + 60)).documents == 0
    purged = await jobs.purge(time.time() + 60)
    assert (purged.jobs, purged.answers, purged.uploads) == (1, 1, (name("both"),))
    assert second.id not in [j.id for j in await jobs.jobs("a")]


async def test_purging_leaves_what_is_young_or_open(jobs: Jobs) -> None:
    """Only what ended before the time goes."""
    await jobs.submit(asked("x"))
    done, _ = await jobs.submit(asked())
    assert (await jobs.purge(time.time() - 60)).jobs == 0
    assert (await jobs.purge(time.time() + 60)).jobs == 1
    assert done.id not in [j.id for j in await jobs.jobs("a")]
    assert len(await jobs.jobs("a")) == 1


async def test_records_of_the_server(jobs: Jobs) -> None:
    """Put, put over, found by tenant and key, deleted."""
    await jobs.put("key", "a", "1", {"n": 1})
    await jobs.put("key", "a", "1", {"n": 2})
    await jobs.put("key", "b", "1", {"n": 3})
    await jobs.put("target", "a", "1", {"n": 4})
    assert await jobs.records("key") == [{"n": 2}, {"n": 3}]
    assert await jobs.records("key", "a") == [{"n": 2}]
    assert await jobs.records("key", key="1") == [{"n": 2}, {"n": 3}]
    assert await jobs.records("key", "a", "2") == []
    await jobs.put("key", "a", "1", None)
    assert await jobs.records("key", "a") == []
    await jobs.ready()
