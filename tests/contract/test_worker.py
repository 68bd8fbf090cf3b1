"""A worker does the same over every member of Jobs."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
import time
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.jobs_house import bodies, order, paid, pieces, script, submitted, target
from thresher.schemas.errors import ModelProblem, SetupProblem, note
from thresher.schemas.policy import Policy
from thresher.schemas.work import Claim, Job, Submission
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.backend.worker import Worker
from thresher.service.backend.worker_loop import worker_loop
from thresher.service.jobs.loop import Loop, Stage, TaskOutcome
from thresher.service.llm.client import ModelClient
from thresher.service.settings import load


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServiceResources]:
    """Each member of the family in turn."""
    database = request.getfixturevalue("database") if request.param == "postgres" else None
    async with opened_resources(tmp_path / "house", database) as made:
        yield made


@asynccontextmanager
async def running(loop: Loop) -> AsyncIterator[asyncio.Task[None]]:
    """A Loop at work, stopped in the end."""
    task = asyncio.create_task(loop.run())
    try:
        yield task
    finally:
        loop.stopping.set()
        await asyncio.wait_for(task, 120)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(120):
        while not await true():  # noqa: ASYNC110 - nobody tells what is looked for
            await asyncio.sleep(0.05)


async def asking(house: ServiceResources, job: Job) -> bool:
    """Whether two Tasks are at their models."""
    return (await house.jobs.progress("a", job.id)).stages.get("ask", 0) == 2


async def asks(house: ServiceResources, job: Job) -> bool:
    """Whether a Task is at its model."""
    return (await house.jobs.progress("a", job.id)).stages.get("ask", 0) > 0


async def has(some: list[Any], count: int) -> bool:
    """Whether there are so many."""
    return len(some) == count


async def idle(loop: Loop) -> bool:
    """Whether nothing is in hand."""
    return not loop._held


async def all_running(house: ServiceResources, job: Job) -> bool:
    """Whether nothing waits."""
    return (await house.jobs.job("a", job.id)).counts.todo == 0


async def all_settled(house: ServiceResources, job: Job) -> bool:
    """Whether every Task was worked on and none is any more."""
    tasks = await house.jobs.tasks("a", job.id)
    return all(t.attempts and t.state != "running" for t in tasks)


async def ended(house: ServiceResources, job: Job, seconds: float = 120.0) -> Job:
    """The Job when it is not open any more."""
    async with asyncio.timeout(seconds):
        while (now := await house.jobs.job("a", job.id)).state == "open":
            await house.jobs.wait(0.2)
    return now


async def test_uploads_become_results(house: ServiceResources, tmp_path: Path) -> None:
    """Claimed, read, asked, told: every file has its Result, with evidence, and its calls name the Task."""
    job = await submitted(house, script(tmp_path, 5), 5)
    async with worker_loop(house, load(), width=3) as loop, running(loop):
        done = await ended(house, job)
    assert (done.state, done.counts.done) == ("finished", 5)
    found = await bodies(house, job.id)
    assert sorted(found) == [f"{n}.txt" for n in range(5)]
    result = found["3.txt"]
    assert (result["status"], result["data"]) == ("complete", {"number": "PO-3", "buyer": "Acme Works 3 Ltd"})
    assert all(order(3)[e["start"] : e["end"]] == e["quote"] for e in result["evidence"])
    assert {c.task for c in await house.store.calls()} == {f"{job.id}.{n}" for n in range(5)}
    purged = await house.jobs.delete("a", job.id)
    assert (purged.answers, len(purged.uploads)) == (5, 5)


async def test_a_folder_is_one_result(house: ServiceResources, tmp_path: Path) -> None:
    """All files of a Job whose unit is a folder are one Task."""
    policy = script(tmp_path, 1).model_copy(update={"unit": "folder"})
    job = await submitted(house, policy, 1)
    async with worker_loop(house, load()) as loop, running(loop):
        assert (await ended(house, job)).counts.total == 1
    (result,) = (await bodies(house, job.id)).values()
    assert result["data"]["number"] == "PO-0"


async def test_members_of_an_archive_count_for_the_tenant(house: ServiceResources, tmp_path: Path) -> None:
    """Usage is what was read, not what was sent: an archive of two orders is three Documents."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n in range(2):
            archive.writestr(f"{n}.txt", order(n))
    file = await house.uploads.put("orders.zip", pieces(packed.getvalue()), most=10_000)
    asked = Submission(tenant="a", target=target(), policy=script(tmp_path, 2), files=(file,))
    job, _ = await house.jobs.submit(asked)
    async with worker_loop(house, load()) as loop, running(loop):
        assert (await ended(house, job)).counts.done == 1
    assert (await house.jobs.usage("a", 0.0)).documents == 3


async def test_what_can_not_be_read_is_a_failed_result(house: ServiceResources, tmp_path: Path) -> None:
    """An empty file is the caller's matter: the Task is done, the Result says why there is nothing."""
    empty = await house.uploads.put("empty.pdf", pieces(b""), most=1)
    job, _ = await house.jobs.submit(
        Submission(tenant="a", target=target(), policy=script(tmp_path, 1), files=(empty,))
    )
    async with worker_loop(house, load()) as loop, running(loop):
        assert (await ended(house, job)).counts.done == 1
    (result,) = (await bodies(house, job.id)).values()
    assert [p["code"] for p in result["problems"]] == ["zero_byte"]


async def test_a_target_that_is_another_here(house: ServiceResources, tmp_path: Path) -> None:
    """A worker that knows the target otherwise than the server did does not guess."""
    job, _ = await house.jobs.submit(
        Submission(
            tenant="a",
            target=target().model_copy(update={"fingerprint": "0" * 16}),
            policy=script(tmp_path, 1),
            files=(await house.uploads.put("0.txt", pieces(order(0).encode()), most=1000),),
        )
    )
    async with worker_loop(house, load()) as loop, running(loop):
        assert (await ended(house, job)).counts.failed == 1
    (task,) = await house.jobs.tasks("a", job.id)
    assert task.why is not None
    assert task.why.code == "target_invalid"


async def test_cancelling_stops_the_work(house: ServiceResources, tmp_path: Path) -> None:
    """A running Task is dropped within seconds, and no call is made after that."""
    job = await submitted(house, script(tmp_path, 4, latency=600.0), 4)
    async with worker_loop(house, load(), width=2, grace=0.0) as loop, running(loop):
        await until(lambda: asking(house, job))
        await house.jobs.cancel("a", job.id)
        await until(lambda: idle(loop))
    gone = await house.jobs.job("a", job.id)
    assert (gone.state, gone.counts.cancelled) == ("cancelled", 4)
    assert await paid(house) == []


async def test_a_worker_that_is_told_to_stop_hands_back(house: ServiceResources) -> None:
    """What does not end within the grace goes back at no attempt, for the next to claim at once."""

    async def forever(claim: Claim, stage: Stage) -> TaskOutcome:
        stage(claim.id)
        await asyncio.sleep(600)
        raise AssertionError

    job = await submitted(house, Policy(), 2)
    loop = Loop(jobs=house.jobs, work=forever, name="w", grace=0.1)
    async with running(loop):
        await until(lambda: all_running(house, job))
    again = await house.jobs.claim("v", limit=5)
    assert [c.attempt for c in again] == [1, 1]


async def test_faults_of_the_work(house: ServiceResources) -> None:
    """A fault that may pass is tried again, any other is a dead letter, and the worker goes on."""
    calls: list[tuple[int, int]] = []

    async def faulty(claim: Claim, stage: Stage) -> TaskOutcome:
        stage("x")
        calls.append((claim.number, claim.attempt))
        if claim.number == 0:
            raise ZeroDivisionError
        return TaskOutcome(outcomes=(), passing=note("model_unavailable") if claim.number == 1 else None)

    job = await submitted(house, Policy(), 3)
    async with running(Loop(jobs=house.jobs, work=faulty, name="w")):
        await until(lambda: all_settled(house, job))
    states = [(t.state, t.why and t.why.code) for t in await house.jobs.tasks("a", job.id)]
    assert states == [("failed", "internal_error"), ("todo", "model_unavailable"), ("done", None)]


@pytest.mark.parametrize("code", ["key_missing", "key_rejected", "model_unknown"])
async def test_a_fault_of_the_set_up_is_not_tried_again(house: ServiceResources, code: str) -> None:
    """A key that is refused will be refused again: the Task fails at the first try, with that code."""

    async def work(claim: Claim, stage: Stage) -> TaskOutcome:
        stage(f"ask {claim.number}")
        raise SetupProblem(code, "x")

    job = await submitted(house, Policy(), 1)
    async with running(Loop(jobs=house.jobs, work=work, name="w", poll=0.02)):
        assert (await ended(house, job)).counts.failed == 1
    (letter,) = await house.jobs.tasks("a", job.id)
    assert (letter.state, letter.attempts, letter.why and letter.why.code) == ("failed", 1, code)


async def test_a_dead_letter_and_its_second_life(house: ServiceResources, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails again and again is tried later and later, five times; then it lies dead until somebody retries it."""
    monkeypatch.setattr("thresher.service.jobs.backoff.FIRST_WAIT_SECONDS", 0.02)
    tries: list[tuple[int, float]] = []
    healed: list[bool] = []

    async def work(claim: Claim, stage: Stage) -> TaskOutcome:
        stage("x")
        tries.append((claim.attempt, time.monotonic()))
        if not healed:
            raise ModelProblem("model_unavailable", "away")
        return TaskOutcome(outcomes=())

    job = await submitted(house, Policy(), 1)
    async with running(Loop(jobs=house.jobs, work=work, name="w", poll=0.02)):
        assert (await ended(house, job)).counts.failed == 1
        (letter,) = await house.jobs.tasks("a", job.id)
        assert (letter.state, letter.attempts, letter.why and letter.why.code) == ("failed", 5, "model_unavailable")
        gaps = [later - sooner for (_, sooner), (_, later) in itertools.pairwise(tries)]
        assert [attempt for attempt, _ in tries] == [1, 2, 3, 4, 5]
        assert all(gap > 0.018 * 4**n for n, gap in enumerate(gaps)), gaps  # two clocks tell it
        healed.append(True)
        assert await house.jobs.retry("a", job.id) == 1
        assert (await ended(house, job)).counts.done == 1
    assert [attempt for attempt, _ in tries][5:] == [1]


async def test_a_full_disk_under_an_answer_is_not_the_files_fault(
    house: ServiceResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an answer could not be kept the Task is tried again; no Result says that the file failed."""
    monkeypatch.setattr("thresher.service.jobs.backoff.FIRST_WAIT_SECONDS", 0.02)
    keep = house.store.keep
    refused: list[str] = []

    async def full(key: str, answer: dict[str, Any]) -> None:
        if len(refused) < 2:
            refused.append(key)
            raise SetupProblem("store_failed", "database or disk is full")
        await keep(key, answer)

    monkeypatch.setattr(house.store, "keep", full)
    job = await submitted(house, script(tmp_path, 1), 1)
    async with worker_loop(house, load(), poll=0.02) as loop, running(loop):
        assert (await ended(house, job)).counts.done == 1
    assert [r["status"] for r in (await bodies(house, job.id)).values()] == ["complete"]
    assert len(refused) == 2


async def test_a_worker_remembers_no_more_than_so_many_jobs(
    house: ServiceResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each Job with a limit of dollars has a Model of its own, and a worker lives for months."""
    monkeypatch.setattr("thresher.service.backend.worker.CACHED_JOBS", 2)
    monkeypatch.setattr("thresher.service.backend.worker.CACHED_MODELS", 3)
    policy = script(tmp_path, 1).model_copy(update={"max_cost": 1.0})
    jobs = [await submitted(house, policy, 1) for _ in range(6)]
    async with worker_loop(house, load(), width=2) as loop, running(loop):
        for job in jobs:
            assert (await ended(house, job)).counts.done == 1
        worker = getattr(loop.work, "__self__", None)
        assert isinstance(worker, Worker)
        assert (len(worker._orders), len(worker._models)) == (2, 3)


async def test_a_model_that_is_forgotten_is_closed_once_no_task_uses_it(
    house: ServiceResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its paid calls get the same grace as at the end, and it is closed once; the Task in hand still has its Model."""
    monkeypatch.setattr("thresher.service.backend.worker.CACHED_JOBS", 1)
    monkeypatch.setattr("thresher.service.backend.worker.CACHED_MODELS", 1)
    closed: list[tuple[int, float]] = []
    close = ModelClient.aclose

    async def noted(model: ModelClient, grace: float = 0.0) -> None:
        closed.append((id(model), grace))
        await close(model, grace)

    monkeypatch.setattr(ModelClient, "aclose", noted)
    (tmp_path / "slow").mkdir()
    slow, quick = (
        script(folder, 1, latency).model_copy(update={"max_cost": 1.0})
        for folder, latency in ((tmp_path / "slow", 3.0), (tmp_path, 0.0))
    )
    async with worker_loop(house, load(), width=2) as loop, running(loop):
        first = await submitted(house, slow, 1)
        await until(lambda: asks(house, first))
        for _ in range(2):
            assert (await ended(house, await submitted(house, quick, 1))).counts.done == 1
        await asyncio.sleep(0.1)
        assert len(closed) == 1  # of the first quick one; the slow one is at work
        assert (await ended(house, first)).counts.done == 1
        await until(lambda: has(closed, 2))
    assert len({model for model, _ in closed}) == len(closed) == 3
    assert all(grace > 0 for _, grace in closed)


async def test_the_urgent_is_worked_on_first(house: ServiceResources) -> None:
    """A worker with one place takes what is urgent before what came earlier."""
    order_of: list[str] = []

    async def work(claim: Claim, stage: Stage) -> TaskOutcome:
        stage("x")
        order_of.append(claim.job)
        return TaskOutcome(outcomes=())

    slow, late, urgent = [await submitted(house, Policy(), 2, priority=priority) for priority in (-1, 0, 5)]
    async with running(Loop(jobs=house.jobs, work=work, name="w", width=1)):
        for job in (slow, late, urgent):
            await ended(house, job)
    assert order_of == [urgent.id] * 2 + [late.id] * 2 + [slow.id] * 2


class Away:
    """Jobs whose database goes away now and then."""

    def __init__(self, house: ServiceResources) -> None:
        """Every other word is lost, before it was heard."""
        self._jobs = house.jobs
        self._said = 0

    def __getattr__(self, name: str) -> Any:
        """The same, less reliable."""
        told = getattr(self._jobs, name)
        if name == "wait":
            return told

        async def maybe(*values: Any, **named: Any) -> Any:
            self._said += 1
            if self._said % 2:
                raise SetupProblem("store_failed", "away")
            return await told(*values, **named)

        return maybe


async def test_a_tenants_long_work_leaves_room_for_others(house: ServiceResources) -> None:
    """Files that take hours may fill a worker; one file of another tenant is still worked on beside them."""
    ended = list[str]()

    async def work(claim: Claim, stage: Stage) -> TaskOutcome:
        del stage
        if claim.tenant == "many":
            await asyncio.Event().wait()
        ended.append(claim.tenant)
        return TaskOutcome(outcomes=(), usd=0.0, read=1)

    await submitted(house, Policy(), 9, tenant="many")
    loop = Loop(jobs=house.jobs, work=work, name="w", width=4, grace=0.0)
    async with running(loop):
        await until(lambda: has([*loop._held], loop.most))
        for tenant in ("few", "rare", "few"):
            await submitted(house, Policy(), 1, tenant=tenant)
        await until(lambda: has(ended, 3))
        await until(lambda: has([held for held in loop._held.values() if held.claim.tenant != "many"], 0))
        assert len(loop._held) == loop.most


async def test_a_database_that_comes_and_goes(house: ServiceResources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that was done is lost or done twice."""
    monkeypatch.setattr("thresher.service.jobs.loop.RECONNECT_SECONDS", 0.01)
    worked: list[int] = []

    async def work(claim: Claim, stage: Stage) -> TaskOutcome:
        stage("x")
        worked.append(claim.number)
        return TaskOutcome(outcomes=())

    job = await submitted(house, Policy(), 10)
    async with running(Loop(jobs=Away(house), work=work, name="w", width=2, poll=0.05)):
        assert (await ended(house, job)).counts.done == 10
    assert sorted(worked) == list(range(10))


async def test_news_during_a_claim_is_not_missed(house: ServiceResources, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Task that is submitted when a claim has just found nothing is worked on at once, not at the next poll."""
    jobs: list[Job] = []
    claim = house.jobs.claim

    async def claimed(*args: Any, **more: Any) -> list[Claim]:
        found = await claim(*args, **more)
        if not jobs:
            await asyncio.sleep(0.2)  # PostgreSQL is listened to by then
            jobs.append(await submitted(house, Policy(), 1))
            await asyncio.sleep(0.2)
        return found

    async def work(_: Claim, stage: Stage) -> TaskOutcome:
        stage("x")
        return TaskOutcome(outcomes=())

    monkeypatch.setattr(house.jobs, "claim", claimed)
    begun = time.monotonic()
    async with running(Loop(jobs=house.jobs, work=work, name="w", poll=100.0)):
        await until(lambda: has(jobs, 1))
        assert (await ended(house, jobs[0])).counts.done == 1
    assert time.monotonic() - begun < 60


async def test_a_busy_worker_keeps_its_lease(house: ServiceResources, tmp_path: Path) -> None:
    """A worker whose event loop stands still for longer than a lease has renewed it: nobody takes its Task away."""
    job, taken = await submitted(house, script(tmp_path, 1), 1), list[Claim]()

    def another() -> None:
        time.sleep(2.5)
        taken.extend(asyncio.run(house.jobs.claim("another", lease=60.0)))

    async def work(_: Claim, __: Stage) -> TaskOutcome:
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()  # the event loop stands still
        return TaskOutcome(outcomes=())

    async with running(Loop(jobs=house.jobs, work=work, name="busy", lease=1.5)):
        done = await ended(house, job)
    assert (done.counts.done, taken) == (1, [])
