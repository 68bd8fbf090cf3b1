"""Every member of Uploads keeps the same promises."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.errors import InputProblem
from service.uploads.base import Uploads
from service.uploads.disk import DiskUploads


@pytest.fixture(params=["disk"])
def uploads(tmp_path: Path) -> Uploads:
    """Each member of the family in turn."""
    return DiskUploads(tmp_path / "uploads")


async def pieces(*some: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    for piece in some:
        await asyncio.sleep(0)
        yield piece


def files_in(folder: Path) -> list[Path]:
    """All files of a folder."""
    return [p for p in folder.rglob("*") if p.is_file()]


async def broken() -> AsyncIterator[bytes]:
    """A stream that breaks off."""
    yield b"half"
    raise ConnectionResetError("gone")


async def test_bytes_come_back(uploads: Uploads) -> None:
    """Kept by their hash, whatever their name says."""
    kept = await uploads.put("../../etc/passwd\0", pieces(b"ab", b"", b"c"), most=3)
    assert (kept.sha256, kept.size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    assert kept.name == "../../etc/passwd\0"
    assert await uploads.has(kept.sha256)
    async with uploads.local(kept.sha256) as path:
        assert path.read_bytes() == b"abc"


async def test_an_empty_file_is_a_file(uploads: Uploads) -> None:
    """Nothing is something."""
    kept = await uploads.put("x", pieces(), most=0)
    assert kept.size == 0
    assert await uploads.has(kept.sha256)


async def test_equal_bytes_at_once(uploads: Uploads) -> None:
    """Uploads of the same bytes at the same time do not harm each other."""
    many = await asyncio.gather(*(uploads.put(f"{n}", pieces(b"x" * 1000), most=1000) for n in range(20)))
    assert len({one.sha256 for one in many}) == 1
    assert await uploads.has(many[0].sha256)


async def test_too_large_leaves_nothing(uploads: Uploads, tmp_path: Path) -> None:
    """Refused with a code as soon as it passes the limit."""
    with pytest.raises(InputProblem, match="too_large"):
        await uploads.put("x", pieces(b"abc", b"d"), most=3)
    assert files_in(tmp_path) == []


async def test_a_stream_that_breaks_off_leaves_nothing(uploads: Uploads, tmp_path: Path) -> None:
    """Half an upload is none."""
    with pytest.raises(ConnectionResetError):
        await uploads.put("x", broken(), most=100)
    assert files_in(tmp_path) == []


async def test_dropping(uploads: Uploads) -> None:
    """What is young stays, what is old goes, what is not there is no fault."""
    kept = await uploads.put("x", pieces(b"a"), most=1)
    assert not await uploads.drop(kept.sha256)
    await asyncio.sleep(0.02)
    assert await uploads.drop(kept.sha256, older=0.01)
    assert not await uploads.drop(kept.sha256, older=0.0)
    assert not await uploads.has(kept.sha256)
    with pytest.raises(InputProblem, match="file_not_found"):
        async with uploads.local(kept.sha256):
            pass


@pytest.mark.parametrize("name", ["", "..", "../" * 30, "a" * 63, "A" * 64, "/etc/passwd"])
async def test_only_a_hash_is_a_name(uploads: Uploads, name: str) -> None:
    """No other text ever becomes a path."""
    for asking in (uploads.has, uploads.drop):
        with pytest.raises(InputProblem, match="file_not_found"):
            await asking(name)


async def test_only_its_owner_may_read(tmp_path: Path) -> None:
    """Whatever the umask."""
    before = os.umask(0)
    try:
        await DiskUploads(tmp_path / "uploads").put("x", pieces(b"a"), most=1)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "uploads").rglob("*")}
    assert modes == {0o600, 0o700}
