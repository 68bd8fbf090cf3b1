"""What has had its time goes, with what it alone used; nothing else does. For every member of Jobs, Store and Uploads."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from thresher.schemas.errors import JobProblem, SetupProblem
from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.work import AskedTarget, Claim, Job, Outcome, Submission
from thresher.service.backend.resources import ServiceResources, opened_resources
from thresher.service.backend.retention import DAY, PurgeOptions, PurgeReport, keep_purging, purge
from thresher.service.base.spool import Spool
from thresher.service.jobs.sql import SqlJobs
from thresher.service.llm.rate_limiting import LocalLimits
from thresher.service.storage.answers.call_log import CallLog
from thresher.service.storage.answers.postgres import PostgresStore
from thresher.service.storage.answers.spending import Spending
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.storage.encryption.base import NO_CIPHER
from thresher.service.storage.encryption.keyring import Key, Keyring
from thresher.service.storage.uploads.disk import DiskUploads
from thresher.service.storage.uploads.s3 import Bucket, S3Uploads
from thresher.service.storage.uploads.spooled import SpooledUploads

TARGET = AskedTarget(name="Order", fingerprint="f" * 16, json_schema={"type": "object", "properties": {}})


@pytest.fixture(params=["memory", "sqlite", "postgres", "shut"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServiceResources]:
    """Each member of the family in turn; `shut` with a key."""
    cipher = Keyring([Key(b"k" * 32)]) if request.param == "shut" else NO_CIPHER
    store: SqliteStore | PostgresStore
    if request.param == "postgres":
        store = await PostgresStore.open(request.getfixturevalue("database"))
    else:
        store = await SqliteStore.open(None if request.param == "memory" else tmp_path / "jobs.sqlite", cipher)
    jobs = SqlJobs(store)
    spool = Spool(tmp_path / "spool")
    yield ServiceResources(
        store=store,
        jobs=jobs,
        uploads=DiskUploads(tmp_path / "up", spool, cipher),
        calls=CallLog(store),
        spending=Spending(store),
        limits=LocalLimits(),
        cipher=cipher,
    )
    spool.close()
    await jobs.aclose()
    await store.aclose()


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    yield body


async def submitted(house: ServiceResources, *bodies: str, tenant: str = "a") -> Job:
    """A Job of some files."""
    files = [await house.uploads.put(f"{body}.txt", pieces(body.encode()), most=100) for body in bodies]
    return (await house.jobs.submit(Submission(tenant=tenant, target=TARGET, files=tuple(files))))[0]


async def worked(house: ServiceResources, answers: list[str]) -> None:
    """Work on all that is to do; each Task uses some answers, and gives one Result."""
    for claim in await house.jobs.claim("w", limit=100):
        await use(house, claim, answers)
        await house.jobs.finish(claim, [Outcome(path="x", status="complete", body="{}")])


async def use(house: ServiceResources, claim: Claim, answers: list[str]) -> None:
    """Keep answers and note the calls that used them, as a worker does."""
    for key in answers:
        await house.store.keep(key, {"k": key})
        attempt = Attempt(key=key, model="m", prompt="ask.v1", fingerprint="f", finish="stop")
        await house.store.log(LoggedCall(at=1.0, attempt=attempt, unit="x", task=claim.id))
    await house.store.keep("flush", {})


async def aged(house: ServiceResources, seconds: float = 2 * DAY) -> None:
    """Let all uploads be older than they are."""
    assert isinstance(house.uploads, DiskUploads)
    async for stored in house.uploads.listed():
        os.utime(house.uploads._objects.place(stored.address) or "", (stored.at - seconds,) * 2)


async def gone(house: ServiceResources, **wanted: object) -> PurgeReport:
    """A purge of all that has ended by now."""
    return await purge(house, PurgeOptions(before=time.time() + 60, **wanted))  # type: ignore[arg-type]


async def test_a_job_goes_whole(house: ServiceResources) -> None:
    """Job, Results, calls, answers and uploads go, and are counted; who asks is told that they were there."""
    job = await submitted(house, "one", "two")
    await worked(house, ["k1", "k2"])
    await aged(house)
    report = await gone(house, sweep=False)
    assert (report.jobs, report.results, report.calls, report.answers, report.uploads) == (1, 2, 4, 2, 2)
    assert (report.abandoned, report.later, report.bytes > 0) == (0, 0, True)
    assert [s async for s in house.uploads.listed()] == []
    assert await house.store.answer("k1") is None
    for asking in (house.jobs.job("a", job.id), house.jobs.results("a", job.id)):
        with pytest.raises(JobProblem, match="job_gone"):
            await asking
    with pytest.raises(JobProblem, match="job_not_found"):
        await house.jobs.job("b", job.id)
    assert (await house.jobs.usage("a", 0.0)).documents == 2


async def test_a_dry_run_says_the_same_and_does_nothing(house: ServiceResources) -> None:
    """What it counts is what the next purge deletes."""
    job = await submitted(house, "one", "two")
    await worked(house, ["k1"])
    await aged(house)
    foreseen = await gone(house, dry=True)
    assert (await house.jobs.job("a", job.id)).state == "finished"
    assert len(await house.jobs.results("a", job.id)) == 2
    assert await house.store.answer("k1") == {"k": "k1"}
    assert len([s async for s in house.uploads.listed()]) == 2
    done = await gone(house)
    flush = 1  # the answer that no call names, which a dry run does not look for
    assert foreseen.model_dump(exclude={"before", "dry_run"}) == {
        **done.model_dump(exclude={"before", "dry_run"}),
        "answers": done.answers - flush,
    }


async def test_what_others_use_stays(house: ServiceResources) -> None:
    """An answer and an upload of another tenant's living Job stay, and go with that one."""
    await submitted(house, "own", "both", tenant="a")
    await worked(house, ["own", "shared"])
    before = time.time()
    await asyncio.sleep(0.01)
    other = await submitted(house, "both", tenant="b")
    await worked(house, ["shared"])
    await aged(house)
    report = await purge(house, PurgeOptions(before=before, sweep=False))
    assert (report.jobs, report.answers, report.uploads) == (1, 1, 1)
    assert await house.store.answer("shared") == {"k": "shared"}
    assert (await house.jobs.job("b", other.id)).state == "finished"
    report = await gone(house, sweep=False)
    assert (report.jobs, report.answers, report.uploads) == (1, 1, 1)


async def test_of_one_tenant_alone(house: ServiceResources) -> None:
    """Another tenant's ended Jobs, and what belongs to nobody, are not looked at."""
    mine, theirs = await submitted(house, "one", tenant="a"), await submitted(house, "two", tenant="b")
    await worked(house, [])
    await house.uploads.put("nobody", pieces(b"three"), most=10)
    await aged(house)
    report = await gone(house, tenant="a")
    assert (report.jobs, report.uploads, report.abandoned) == (1, 1, 0)
    with pytest.raises(JobProblem, match="job_gone"):
        await house.jobs.job("a", mine.id)
    assert (await house.jobs.job("b", theirs.id)).state == "finished"
    assert len([s async for s in house.uploads.listed()]) == 2


async def test_nothing_in_use_goes(house: ServiceResources) -> None:
    """An open Job stays with all it has; so does an ended one of the same content, whose answers it is about to find."""
    ended = await submitted(house, "same")
    await worked(house, ["paid"])
    running = await submitted(house, "same", tenant="b")
    held = await house.jobs.claim("w", limit=10)
    await aged(house)
    report = await gone(house)
    assert (report.jobs, report.uploads, report.abandoned) == (0, 0, 0)
    assert await house.store.answer("paid") == {"k": "paid"}
    async with house.uploads.local(held[0].files[0].sha256) as path:
        assert path.read_bytes() == b"same"
    await use(house, held[0], ["paid"])
    await house.jobs.finish(held[0], [])
    assert (await gone(house, tenant="a", sweep=False)).answers == 0
    with pytest.raises(JobProblem, match="job_gone"):
        await house.jobs.job("a", ended.id)
    assert (await gone(house, sweep=False)).answers == 1
    assert running.state == "open"


async def test_young_jobs_stay(house: ServiceResources) -> None:
    """Those that ended after the time that is asked for."""
    await submitted(house, "one")
    await worked(house, [])
    assert (await purge(house, PurgeOptions(before=time.time() - 60))).jobs == 0


async def test_abandoned_uploads_go(house: ServiceResources) -> None:
    """What no Job ever named goes after a day, not before; what is named stays however old."""
    await submitted(house, "named")
    kept = await house.uploads.put("x", pieces(b"refused"), most=10)
    assert (await gone(house)).abandoned == 0
    await aged(house)
    assert (await gone(house, dry=True)).abandoned == 1
    assert await house.uploads.has(kept.sha256)
    report = await gone(house)
    assert (report.abandoned, report.uploads, report.bytes > 0) == (1, 0, True)
    assert not await house.uploads.has(kept.sha256)
    assert len([s async for s in house.uploads.listed()]) == 1


async def test_uploads_that_were_just_put_go_later(house: ServiceResources) -> None:
    """Their Job may be coming; the report says how many there are."""
    await submitted(house, "one")
    await worked(house, [])
    report = await gone(house)
    assert (report.jobs, report.uploads, report.later) == (1, 0, 1)
    await aged(house)
    assert (await gone(house)).abandoned == 1


async def test_many_jobs(house: ServiceResources) -> None:
    """More than one transaction's worth go, in as many as it takes."""
    for _ in range(230):
        await house.jobs.submit(Submission(tenant="a", target=TARGET, files=()))
    assert (await gone(house)).jobs == 230
    assert (await gone(house)).jobs == 0


async def test_uploads_of_another_service_are_left_alone(house: ServiceResources) -> None:
    """A folder that two services share by mistake loses nothing."""
    foreign = replace(house, owned=False)
    with pytest.raises(SetupProblem, match="storage_shared"):
        await gone(foreign)


async def test_whose_uploads_they_are(tmp_path: Path) -> None:
    """The first service that opens a folder owns it, also when it comes back; a second one does not."""
    place = str(tmp_path / "up")
    for _ in range(2):
        async with opened_resources(tmp_path / "one", None, place) as first:
            assert first.owned
    async with opened_resources(tmp_path / "two", None, place) as second:
        assert not second.owned


async def test_a_service_purges_by_itself(house: ServiceResources) -> None:
    """At once, and until it is told to stop."""
    await submitted(house, "one")
    await worked(house, [])
    await aged(house)
    stopping = asyncio.Event()
    task = asyncio.create_task(keep_purging(house, 0.0, stopping))
    async with asyncio.timeout(60):
        while await house.jobs.jobs("a"):  # noqa: ASYNC110 - the purge has no bell to ring
            await asyncio.sleep(0.01)
    stopping.set()
    await task
    assert [s async for s in house.uploads.listed()] == []


async def test_uploads_far_away_go_too(tmp_path: Path, s3: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same over S3."""
    monkeypatch.setattr("thresher.service.backend.retention.YOUNG_SECONDS", 0.0)
    address = f"s3://{s3.bucket()}/box?endpoint={s3.endpoint}"  # type: ignore[attr-defined]
    async with opened_resources(tmp_path, None, address, Keyring([Key(b"k" * 32)])) as house:
        assert isinstance(house.uploads, S3Uploads | SpooledUploads)
        assert Bucket.of(address).prefix == "box"
        await submitted(house, "one", "two")
        await worked(house, [])
        assert (await gone(house, dry=True)).uploads == 2
        assert (await gone(house)).later == 2
        assert len([s async for s in house.uploads.listed()]) == 2
