"""A full disk: a clear word, nothing lost, nothing half there; and when there is room again, all goes on."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests import jobs_house
from thresher.schemas.errors import SetupProblem, note
from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.result import AnyResult, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.service.backend.resources import ServiceResources, opened_resources, retried_on_full_disk
from thresher.service.base.spool import Spool
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source
from thresher.service.runs.retryable import transient_reason
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.storage.encryption.base import NO_CIPHER
from thresher.service.storage.encryption.keyring import Key, Keyring
from thresher.service.storage.record_store import SqliteRecordStore
from thresher.service.storage.uploads.disk import DiskUploads

SMALL, LARGE = b"a" * 1000, 300_000
SHUT = Keyring([Key(b"k" * 32)])


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Let every write past `size` bytes of a file fail, as a full disk or a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB that is really full when it is full."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A stream."""
    for _ in range(0, size, 10_000):
        yield os.urandom(10_000)


def halves(folder: Path) -> list[str]:
    """What is left on its way."""
    return [
        p.name for name in ("parts", "spool") for p in (folder / name).rglob("*") if p.is_file() and p.name != "alive"
    ]


@pytest.mark.parametrize("cipher", [NO_CIPHER, SHUT])
async def test_an_upload_that_does_not_fit(tmp_path: Path, cipher: Keyring) -> None:
    """507's code; what was there stays, no half is left or seen, and the same file is taken when there is room."""
    uploads = DiskUploads(tmp_path, Spool(tmp_path / "spool"), cipher)
    kept = await uploads.put("small", pieces(10_000), most=LARGE)
    with no_file_over(100_000), pytest.raises(SetupProblem) as refused:
        await uploads.put("large", pieces(LARGE), most=LARGE)
    assert refused.value.code == "storage_full"
    assert halves(tmp_path) == []
    assert [s.address async for s in uploads.listed()] == [cipher.name(kept.sha256)]
    again = await uploads.put("large", pieces(LARGE), most=LARGE)
    with no_file_over(100_000), pytest.raises(SetupProblem) if cipher.ids else contextlib.nullcontext():
        async with uploads.local(again.sha256):
            pass
    assert halves(tmp_path) == []
    async with uploads.local(again.sha256) as path:
        assert path.stat().st_size == LARGE


@pytest.mark.parametrize("cipher", [NO_CIPHER, SHUT])
async def test_small_uploads_that_do_not_fit(tmp_path: Path, cipher: Keyring) -> None:
    """Those that are written together fail each for itself, with the code; those that fit are taken."""
    uploads = DiskUploads(tmp_path, Spool(tmp_path / "spool"), cipher)
    bodies = [os.urandom(size) for size in (1000, 4000, 1500, 40_000)]
    with no_file_over(2_500):
        found = await asyncio.gather(
            *(uploads.put(str(n), jobs_house.pieces(body), most=LARGE) for n, body in enumerate(bodies)),
            return_exceptions=True,
        )
    assert [getattr(f, "code", "taken") for f in found] == ["taken", "storage_full", "taken", "storage_full"]
    assert halves(tmp_path) == []


async def test_a_disk_that_is_really_full(tiny: Path) -> None:
    """Uploads and answers on a disk of 1 MiB: refused with the code, and all that was kept is there."""
    uploads = DiskUploads(tiny / "uploads")
    with pytest.raises(SetupProblem, match="storage_full"):
        await uploads.put("large", pieces(2 << 20), most=4 << 20)
    assert halves(tiny / "uploads") == []
    store = await SqliteStore.open(tiny / "run.sqlite", patience=0.0)
    kept: list[str] = []

    async def fill() -> None:
        for n in range(10_000):
            await store.keep(str(n), {"text": os.urandom(4000).hex()})
            kept.append(str(n))

    with pytest.raises(SetupProblem, match="storage_full"):
        await fill()
    assert len(kept) > 10
    assert all([await store.answer(key) for key in kept])
    await store.aclose()


async def test_a_paid_answer_waits_for_room(tmp_path: Path) -> None:
    """It is put until it is kept, with the calls noted before it, once each; meanwhile reading goes on."""
    store = await SqliteStore.open(tmp_path / "run.sqlite")
    await store.keep("first", {"n": 1})
    pages = (await store._do(lambda c: c.execute("PRAGMA page_count").fetchone(), writes=False))[0]
    await store._do(lambda c: c.execute(f"PRAGMA max_page_count = {pages}"), writes=False)
    for n in range(40):
        attempt = Attempt(key=str(n), model="m" * 500, prompt="ask.v1", fingerprint="f", finish="stop")
        await store.log(LoggedCall(at=1.0, attempt=attempt, unit="x"))
    waiting = asyncio.create_task(store.keep("paid", {"text": os.urandom(20_000).hex()}))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    assert await store.answer("first") == {"n": 1}
    await store._do(lambda c: c.execute("PRAGMA max_page_count = 100000"), writes=False)
    async with asyncio.timeout(60):
        await waiting
    assert await store.answer("paid") is not None
    assert [c.attempt.key for c in await store.calls()] == [str(n) for n in range(40)]
    await store.aclose()


async def test_a_job_that_does_not_fit(tmp_path: Path) -> None:
    """Submitting to a full disk is refused with the code, and leaves no Job behind; accounts say the same."""
    async with opened_resources(tmp_path) as house:
        store = house.store
        assert isinstance(store, SqliteStore)
        pages = (await store._do(lambda c: c.execute("PRAGMA page_count").fetchone(), writes=False))[0]
        await store._do(lambda c: c.execute(f"PRAGMA max_page_count = {pages}"), writes=False)

        async def fill() -> None:
            for _ in range(200):
                await jobs_house.submitted(house, Policy(model="x" * 2000), 2)

        with pytest.raises(SetupProblem, match="storage_full"):
            await fill()
        found = await house.jobs.jobs("a", limit=1000)
        assert all(job.counts.total == 2 for job in found)
        assert [len(await house.jobs.tasks("a", job.id)) for job in found] == [2] * len(found)
        await store._do(lambda c: c.execute("PRAGMA max_page_count = 100000"), writes=False)
        await jobs_house.submitted(house, Policy(), 2)
    record_store = await SqliteRecordStore.open(tmp_path / "accounts.sqlite")
    record_store._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(SetupProblem, match="storage_full"):
        await record_store.put("key", "a", "k", {"x": "y" * 100_000})
    await record_store.aclose()


async def test_a_house_killed_on_a_full_disk_comes_back(tiny: Path) -> None:
    """Opening writes that nobody holds the Tasks any more: it waits for room, and then all is there."""

    def reopened() -> AbstractAsyncContextManager[ServiceResources]:
        return opened_resources(tiny / "house")

    async with reopened() as house:
        await jobs_house.submitted(house, Policy(), 2)
        assert len(await house.jobs.claim("dead", limit=2, lease=1000.0)) == 2
    balloon = await asyncio.to_thread((tiny / "balloon").open, "wb", buffering=0)
    with contextlib.suppress(OSError):
        while balloon.write(bytes(1024)):
            continue
    with pytest.raises(SetupProblem, match="storage_full"):
        async with reopened():
            pass
    asyncio.get_running_loop().call_later(1.0, balloon.truncate, 0)
    async with asyncio.timeout(120), retried_on_full_disk(reopened) as house:
        assert len(await house.jobs.claim("new", limit=2, lease=1000.0)) == 2
    balloon.close()


async def test_a_mail_whose_attachment_finds_no_room_is_not_damaged(tmp_path: Path) -> None:
    """The disk is the machine's fault: the mail can be read in a while, and nothing half is left until then."""
    mail = EmailMessage()
    mail.set_content("See below.")
    mail.add_attachment(os.urandom(LARGE), maintype="application", subtype="octet-stream", filename="a.bin")
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    source, reads = make_source(tmp_path / "a.eml"), InlineReader(tmp_path / "spool")
    with no_file_over(100_000), pytest.raises(SetupProblem) as full:
        await reads.read(source, ReadOptions())
    assert full.value.code == "storage_full"
    assert not [p for p in (tmp_path / "spool").rglob("*") if p.is_file()]
    assert (await reads.read(source, ReadOptions())).children[0].size == LARGE


async def test_a_machine_out_of_descriptors_damages_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says of itself is no word on the file."""
    (tmp_path / "a.txt").write_text("hello")
    source, reads = make_source(tmp_path / "a.txt"), InlineReader(tmp_path / "spool")

    def none_left(*_: object) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as short:
        short.setattr(Path, "open", none_left)
        with pytest.raises(SetupProblem, match="store_failed"):
            await reads.read(source, ReadOptions())
    assert (await reads.read(source, ReadOptions())).document.text == "hello"


def test_what_may_pass_in_a_result() -> None:
    """A full disk makes no final Result, wherever it struck; damage does."""
    facts = SourceFacts(path="a", sha256="", media_type="message/rfc822")
    result = AnyResult(source=facts, target=TargetFacts(name="t", fingerprint=""), status="complete")
    full, damage = note("storage_full", "/tmp"), note("corrupt", "a")
    below = facts.model_copy(update={"notes": [full]})
    assert transient_reason(result) is None
    assert transient_reason(result.model_copy(update={"status": "failed", "problems": [damage]})) is None
    assert transient_reason(result.model_copy(update={"problems": [full]})) == full
    assert transient_reason(result.model_copy(update={"problems": [note("internal_error")]})) is not None
    assert transient_reason(result.model_copy(update={"sources": [facts, below]})) == full
    unseen = [note("ocr_failed", "503", cause="model_unavailable"), note("ocr_failed", "another engine")]
    reasons = [
        transient_reason(result.model_copy(update={"source": facts.model_copy(update={"notes": [n]})})) for n in unseen
    ]
    assert (reasons[0] and reasons[0].code, reasons[1]) == ("model_unavailable", None)
