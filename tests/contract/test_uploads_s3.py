"""What can go wrong with a storage far away: each fault has its code, nothing is half there, nothing secret is said."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.s3_server import S3Server, failing_door, free_port
from thresher.schemas.errors import SetupProblem
from thresher.service.base.spool import Spool
from thresher.service.storage.uploads import s3 as room
from thresher.service.storage.uploads.s3 import Bucket, S3Uploads


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A Spool."""
    made = Spool(tmp_path)
    yield made
    made.close()


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


async def code_of(uploads: S3Uploads, body: bytes = b"abc") -> str:
    """The code with which an upload is refused. Whatever is said names no credential."""
    with pytest.raises(SetupProblem) as refused:
        await uploads.put("x", pieces(body), most=1 << 30)
    assert "tests" not in refused.value.message
    return refused.value.code


async def addresses(uploads: S3Uploads) -> list[str]:
    """All uploads."""
    return [stored.address async for stored in uploads.listed()]


async def test_no_bucket(s3: S3Server, spool: Spool) -> None:
    """A bucket that is not there is no empty one: putting, looking, listing and owning all say so."""
    uploads = S3Uploads(Bucket.of(f"s3://nowhere?endpoint={s3.endpoint}"), spool)
    assert await code_of(uploads) == "bucket_missing"
    for asking in (uploads.has("0" * 64), uploads.owner("a"), addresses(uploads)):
        with pytest.raises(SetupProblem, match="bucket_missing"):
            await asking


async def test_a_key_that_nobody_knows(s3: S3Server, spool: Spool) -> None:
    """Refused credentials are named, and are not said."""
    bucket = s3.bucket()
    s3.ask_for_keys(after=0)
    try:
        uploads = S3Uploads(Bucket.of(f"s3://{bucket}?endpoint={s3.endpoint}"), spool)
        assert await code_of(uploads) == "storage_refused"
    finally:
        s3.ask_for_keys(after=10**9)


def test_without_the_extra(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word names what to install."""
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(SetupProblem, match=r"thresher\[s3\]"):
        S3Uploads(Bucket.of("s3://bucket"), spool)


async def test_a_storage_that_hesitates(s3: S3Server, spool: Spool) -> None:
    """503 and lost connections are tried again; the upload is there once, whole."""
    bucket = s3.bucket()
    async with failing_door(s3) as door:
        door.faults = ["503", "cut", "503"]
        uploads = S3Uploads(Bucket.of(f"s3://{bucket}?endpoint={door.endpoint}"), spool)
        kept = await uploads.put("x", pieces(b"abc"), most=3)
        assert await addresses(uploads) == [kept.sha256]
        assert door.seen >= 4


async def test_a_storage_that_stays_away(s3: S3Server, spool: Spool) -> None:
    """503 without end, and a port at which nobody is, are given up after the patience, with a code."""
    async with failing_door(s3) as door:
        door.always = "503"
        away = S3Uploads(Bucket.of(f"s3://{s3.bucket()}?endpoint={door.endpoint}"), spool, patience=0.5)
        assert await code_of(away) == "storage_away"
    nobody = S3Uploads(Bucket.of(f"s3://b?endpoint=http://127.0.0.1:{free_port()}"), spool, patience=0.5)
    assert await code_of(nobody) == "storage_away"


async def test_gone_in_the_middle(s3: S3Server, spool: Spool) -> None:
    """The connection is cut amid an upload in parts, and the server is gone: no object, no file left; later it works."""
    body, bucket = os.urandom(room.PART_BYTES * 2 + 5), s3.bucket()
    async with failing_door(s3) as door:
        door.faults, door.always = ["", ""], "cut"
        uploads = S3Uploads(Bucket.of(f"s3://{bucket}?endpoint={door.endpoint}"), spool, patience=0.5)
        assert await code_of(uploads, body) == "storage_away"
        assert [p.name for p in spool.folder.iterdir()] == ["alive"]
    again = S3Uploads(Bucket.of(f"s3://{bucket}?endpoint={s3.endpoint}"), spool)
    assert await addresses(again) == []
    kept = await again.put("x", pieces(body), most=1 << 30)
    assert await addresses(again) == [kept.sha256]


async def test_gone_while_it_is_read(s3: S3Server, spool: Spool) -> None:
    """A storage that goes away amid a file: a code, no half of it left; when it is back the file is whole."""
    body, bucket = os.urandom(3 << 20), s3.bucket()
    async with failing_door(s3) as door:
        uploads = S3Uploads(Bucket.of(f"s3://{bucket}?endpoint={door.endpoint}"), spool, patience=0.5)
        kept = await uploads.put("x", pieces(body), most=1 << 30)
        reading = uploads._objects.pieces(kept.sha256)
        first = await anext(reading)
        assert body.startswith(first)
        door.always = "cut"
        door.cut()
        with pytest.raises(SetupProblem, match="storage_away"):
            async with uploads.local(kept.sha256):
                pass
        await reading.aclose()
        assert [p.name for p in spool.folder.iterdir()] == ["alive"]
        door.always = ""
        async with uploads.local(kept.sha256) as path:
            assert path.read_bytes() == body


async def test_many_servers_put_the_same(s3: S3Server, spool: Spool) -> None:
    """Whoever comes second finds it there: one object, put once; an old one is made young again."""
    bucket = Bucket.of(f"s3://{s3.bucket()}?endpoint={s3.endpoint}")
    some = [S3Uploads(bucket, spool) for _ in range(4)]
    kept = await asyncio.gather(*(one.put("x", pieces(b"same"), most=9) for one in some))
    assert await addresses(some[0]) == [kept[0].sha256]


async def test_an_old_object_is_made_young(s3: S3Server, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put again is put again, so that no purge takes it for what nobody wants."""
    uploads = S3Uploads(Bucket.of(f"s3://{s3.bucket()}?endpoint={s3.endpoint}"), spool)
    kept = await uploads.put("x", pieces(b"a"), most=1)
    first = await uploads._objects.stored(kept.sha256)
    monkeypatch.setattr(room, "YOUNG_SECONDS", 0.0)
    await asyncio.sleep(1.1)
    await uploads.put("x", pieces(b"a"), most=1)
    assert await uploads._objects.stored(kept.sha256) != first
    assert not await uploads.drop(kept.sha256, older=3600)


async def repeated(piece: bytes, times: int) -> AsyncIterator[bytes]:
    """A long stream of little memory."""
    for _ in range(times):
        yield piece


async def test_a_large_file_needs_little_memory(s3: S3Server, spool: Spool) -> None:
    """Memory holds some parts at a time, never the file of 128 MiB, neither when it comes nor when it is read."""
    uploads = S3Uploads(Bucket.of(f"s3://{s3.bucket()}?endpoint={s3.endpoint}"), spool)
    piece = os.urandom(1 << 20)
    await uploads.put("small", repeated(piece, 20), most=1 << 30)
    before = peak()
    kept = await uploads.put("large", repeated(piece, 128), most=1 << 30)
    async with uploads.local(kept.sha256) as path:
        assert path.stat().st_size == kept.size == 128 << 20
    assert peak() - before < 48 << 20


def peak() -> int:
    """The most memory that this process has held, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize(
    "address",
    ["s3://key:tests@bucket/x", "s3://", "s3:///x", "s3://bucket?secret=tests", "s3://bucket?endpoint=nothing"],
)
async def test_addresses_that_are_refused(address: str, spool: Spool) -> None:
    """Secrets in an address, none at all, unknown words: a clear word before anything is asked, without the secret."""
    with pytest.raises(SetupProblem) as refused:
        S3Uploads(Bucket.of(address), spool)
    assert refused.value.code == "setting_missing"
    assert "tests" not in refused.value.message


async def test_nothing_shows_a_secret(s3: S3Server, spool: Spool, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the object's own look nor anything written names the credentials."""
    uploads = S3Uploads(Bucket.of(f"s3://{s3.bucket()}?endpoint={s3.endpoint}"), spool)
    await uploads.put("x", pieces(b"a"), most=1)
    assert "secret" not in repr(vars(uploads._objects))
    assert "secret" not in "".join(capfd.readouterr())
