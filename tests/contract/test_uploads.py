"""Every member of Uploads keeps the same promises, whether what it keeps is encrypted or not."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.base.spool import Spool
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.storage.encryption.keyring import Key, Keyring
from thresher.service.storage.uploads.base import Stored, Uploads
from thresher.service.storage.uploads.disk import DiskUploads
from thresher.service.storage.uploads.memory import MemoryObjects
from thresher.service.storage.uploads.s3 import Bucket, S3Uploads
from thresher.service.storage.uploads.spooled import SpooledUploads

OLD, NEW = Key(b"o" * 32), Key(b"n" * 32)
KEPT: list[tuple[Cipher, bytes]] = [(NO_CIPHER, b"plain"), (NO_CIPHER, b""), (Keyring([OLD]), b"o" * 200_000)]
BIG = os.urandom(1 << 20) * 9 + b"end"  # more than one part of an upload to S3


@dataclass
class Place:
    """Where uploads lie, that are opened with one Cipher or another."""

    kind: str
    folder: Path
    address: str
    spool: Spool
    objects: MemoryObjects

    def uploads(self, cipher: Cipher) -> Uploads:
        """The Uploads with a Cipher. All of one place make names with one secret, as those of one service do."""
        cipher.adopt("a secret of this place")
        if self.kind == "disk":
            return DiskUploads(self.folder, self.spool, cipher)
        if self.kind == "s3":
            return S3Uploads(Bucket.of(self.address), self.spool, cipher)
        return SpooledUploads(self.objects, self.spool, self.spool, cipher)


@pytest.fixture(params=["disk", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Each member of the family in turn."""
    address = ""
    if request.param == "s3":
        server = request.getfixturevalue("s3")
        address = f"s3://{server.bucket()}/in/box?endpoint={server.endpoint}"
    spool = Spool(tmp_path / "spool")
    yield Place(request.param, tmp_path / "uploads", address, spool, MemoryObjects())
    spool.close()


@pytest.fixture(params=["plain", "shut"])
def cipher(request: pytest.FixtureRequest) -> Cipher:
    """None, and one."""
    return Keyring([NEW]) if request.param == "shut" else NO_CIPHER


@pytest.fixture
def uploads(place: Place, cipher: Cipher) -> Uploads:
    """Each member, with a Cipher and without."""
    return place.uploads(cipher)


async def pieces(*some: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    for piece in some:
        await asyncio.sleep(0)
        yield piece


async def broken() -> AsyncIterator[bytes]:
    """A stream that breaks off."""
    yield b"half"
    raise ConnectionResetError("gone")


async def listed(uploads: Uploads) -> list[Stored]:
    """All uploads."""
    return [stored async for stored in uploads.listed()]


def left_in(place: Place) -> list[str]:
    """Files that hold bytes of an upload, or half of one."""
    return [p.name for p in place.folder.parent.rglob("*") if p.is_file() and p.name not in {"turn", "alive", "owner"}]


def files_in(folder: Path, pattern: str = "*") -> dict[str, int]:
    """Names and permissions of what lies in a folder."""
    return {str(p.relative_to(folder)): stat.S_IMODE(p.stat().st_mode) for p in folder.rglob(pattern)}


async def content(uploads: Uploads, sha256: str) -> bytes:
    """The bytes of an upload."""
    async with uploads.local(sha256) as path:
        return path.read_bytes()


async def test_bytes_come_back(uploads: Uploads) -> None:
    """Kept by their hash, whatever their name says."""
    kept = await uploads.put("../../etc/passwd\0", pieces(b"ab", b"", b"c"), most=3)
    assert (kept.sha256, kept.size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    assert kept.name == "../../etc/passwd\0"
    assert await uploads.has(kept.sha256)
    assert await content(uploads, kept.sha256) == b"abc"


async def test_many_pieces(uploads: Uploads, place: Place) -> None:
    """A file of many chunks and parts comes back to the byte; nothing is left on its way."""
    kept = await uploads.put("x", pieces(*(BIG[n : n + 70_001] for n in range(0, len(BIG), 70_001))), most=len(BIG))
    assert await content(uploads, kept.sha256) == BIG
    assert [s.size >= len(BIG) for s in await listed(uploads)] == [True]
    assert len(left_in(place)) == (place.kind == "disk")


async def test_an_empty_file_is_a_file(uploads: Uploads) -> None:
    """Nothing is something."""
    kept = await uploads.put("x", pieces(), most=0)
    assert kept.size == 0
    assert await content(uploads, kept.sha256) == b""


async def test_equal_bytes_at_once(uploads: Uploads) -> None:
    """Uploads of the same bytes at the same time do not harm each other, and are one."""
    many = await asyncio.gather(*(uploads.put(f"{n}", pieces(b"x" * 1000), most=1000) for n in range(8)))
    assert len({one.sha256 for one in many}) == 1
    assert await content(uploads, many[0].sha256) == b"x" * 1000
    assert len(await listed(uploads)) == 1


async def test_too_large_leaves_nothing(uploads: Uploads, place: Place) -> None:
    """Refused with a code as soon as it passes the limit."""
    with pytest.raises(InputProblem, match="too_large"):
        await uploads.put("x", pieces(b"abc", b"d"), most=3)
    assert await listed(uploads) == []
    assert left_in(place) == []


async def test_a_stream_that_breaks_off_leaves_nothing(uploads: Uploads, place: Place) -> None:
    """Half an upload is none."""
    with pytest.raises(ConnectionResetError):
        await uploads.put("x", broken(), most=100)
    assert await listed(uploads) == []
    assert left_in(place) == []


async def test_dropping(uploads: Uploads) -> None:
    """What is young stays, what is old goes, what is not there is no fault."""
    kept = await uploads.put("x", pieces(b"a"), most=1)
    (stored,) = await listed(uploads)
    assert not await uploads.drop(stored.address)
    await asyncio.sleep(0.02)
    assert await uploads.drop(stored.address, older=0.01)
    assert not await uploads.drop(stored.address, older=0.0)
    assert await listed(uploads) == []
    assert not await uploads.has(kept.sha256)
    with pytest.raises(InputProblem, match="file_not_found"):
        await content(uploads, kept.sha256)


@pytest.mark.parametrize("name", ["", "..", "a" * 63, "/etc/passwd"])
async def test_only_a_hash_is_a_name(uploads: Uploads, name: str) -> None:
    """No other text ever becomes a path or an address."""
    for asking in (uploads.has, uploads.drop):
        with pytest.raises(InputProblem, match="file_not_found"):
            await asking(name)


async def test_whose_it_is(uploads: Uploads) -> None:
    """The first owner stays, and is no upload."""
    assert await uploads.owner("a") == "a"
    assert await uploads.owner("b") == "a"
    assert await listed(uploads) == []


async def test_what_is_shut_tells_nothing(place: Place) -> None:
    """Neither the bytes nor the file's hash stand where it lies, and equal files do not look alike."""
    body = b"confidential " * 100
    shut = place.uploads(Keyring([NEW]))
    kept = await shut.put("x", pieces(body), most=10_000)
    (stored,) = await listed(shut)
    assert stored.address != kept.sha256
    if place.kind == "disk":
        lies = (place.folder / stored.address[:2] / stored.address).read_bytes()
        assert b"confidential" not in lies
        await shut.put("x", pieces(body), most=10_000)
        assert (place.folder / stored.address[:2] / stored.address).read_bytes() != lies


async def test_keys_change(place: Place) -> None:
    """What was plain, and what an older key shut, is read on; what comes is shut with the newest key."""
    kept = await place.uploads(NO_CIPHER).put("1", pieces(b"plain"), most=9)
    older = await place.uploads(Keyring([OLD])).put("2", pieces(b"old"), most=9)
    both = place.uploads(Keyring([NEW, OLD]))
    newer = await both.put("3", pieces(b"new"), most=9)
    assert [await content(both, u.sha256) for u in (kept, older, newer)] == [b"plain", b"old", b"new"]
    with pytest.raises(SetupProblem, match="encryption_key_missing"):
        await content(place.uploads(Keyring([OLD])), newer.sha256)
    assert await content(both, newer.sha256) == b"new"


async def test_the_wrong_key(place: Place) -> None:
    """Without its key an upload does not open, and the word says which key is missing. Nothing is lost."""
    kept = await place.uploads(Keyring([OLD])).put("x", pieces(b"abc"), most=3)
    with pytest.raises(SetupProblem, match="encryption_key_missing") as refused:
        await content(place.uploads(Keyring([NEW])), kept.sha256)
    assert OLD.id.hex() in refused.value.message
    assert await content(place.uploads(Keyring([OLD])), kept.sha256) == b"abc"


async def test_shut_afresh(place: Place) -> None:
    """What an older key shut, or none, needs only the newest from then on; once; what does not open is left as it is."""
    kept = [await place.uploads(cipher).put("x", pieces(body), most=1 << 20) for cipher, body in KEPT]
    both = place.uploads(Keyring([NEW, OLD]))
    assert [await both.reencrypt(s.address) for s in await listed(both)] == [True, True, True]
    assert [await both.reencrypt(s.address) for s in await listed(both)] == [False, False, False]
    newest = place.uploads(Keyring([NEW]))
    assert [await content(newest, u.sha256) for u in kept] == [body for _, body in KEPT]
    with pytest.raises(SetupProblem, match="encryption_key_missing"):
        await place.uploads(Keyring([OLD])).reencrypt((await listed(both))[0].address)
    assert [await content(newest, u.sha256) for u in kept] == [body for _, body in KEPT]


@pytest.mark.parametrize("change", ["flip", "cut", "swap", "add"])
@pytest.mark.parametrize("begins", ["plain", "shut"])
async def test_damage_is_seen(tmp_path: Path, change: str, begins: str) -> None:
    """A bit, a lost end, moved chunks, more at the end: never given out as the document. Plain ones show it by their hash."""
    spool, objects = Spool(tmp_path), MemoryObjects()
    uploads = SpooledUploads(objects, spool, spool, Keyring([NEW]) if begins == "shut" else NO_CIPHER)
    kept = await uploads.put("x", pieces(b"1" * 65_536, b"2" * 65_536, b"3"), most=1 << 20)
    ((address, (at, data)),) = objects._kept.items()
    first, second = slice(29, 29 + 65_552), slice(29 + 65_552, 29 + 2 * 65_552)
    damaged = {
        "flip": data[:100_000] + bytes([data[100_000] ^ 1]) + data[100_001:],
        "cut": data[: -17 if begins == "shut" else -1],
        "swap": data[:29] + data[second] + data[first] + data[second.stop :],
        "add": data + b"more",
    }[change]
    objects._kept[address] = (at, damaged)
    with pytest.raises(SetupProblem, match="storage_damaged"):
        await content(uploads, kept.sha256)
    spool.close()
    assert files_in(tmp_path) == {}


async def test_only_its_owner_may_read(tmp_path: Path) -> None:
    """Whatever the umask: uploads, what is on its way, and what is read."""
    before = os.umask(0)
    try:
        spool = Spool(tmp_path / "a" / "spool")
        uploads = DiskUploads(tmp_path / "a" / "uploads", spool, Keyring([NEW]))
        kept = await uploads.put("x", pieces(b"a"), most=1)
        await uploads.owner("me")
        async with uploads.local(kept.sha256):
            modes = files_in(tmp_path)
    finally:
        os.umask(before)
    spool.close()
    open_ones = {name: oct(mode) for name, mode in modes.items() if mode & 0o077 and name != "a"}
    assert open_ones == {}
    assert any(name.startswith("a/spool/") and "alive" not in name for name in modes)


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from thresher.service.storage.encryption.keyring import Key, Keyring
from thresher.service.storage.uploads.disk import DiskUploads
from thresher.service.base.spool import Spool

async def pieces():
    yield b"confidential"

async def main():
    folder = Path(sys.argv[1])
    uploads = DiskUploads(folder / "uploads", Spool(folder / "spool"), Keyring([Key(b"k" * 32)]))
    kept = await uploads.put("x", pieces(), most=100)
    async with uploads.local(kept.sha256):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_what_the_killed_leave_is_swept(tmp_path: Path) -> None:
    """A process that dies while a document lies open leaves it; the next one deletes it, but nothing of one that lives."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=Path(__file__).parents[2])
    left = [p for p in (tmp_path / "spool").rglob("*") if p.is_file() and p.name != "alive"]
    assert [p.read_bytes() for p in left] == [b"confidential"]
    alive = Spool(tmp_path / "spool")
    with alive.part() as part:
        part.write_bytes(b"in use")
        Spool(tmp_path / "spool").close()
        assert part.read_bytes() == b"in use"
    alive.close()
    assert files_in(tmp_path / "spool") == {}


@pytest.mark.parametrize("body", [b"total 42.00", b"total 42.00 " * 20_000], ids=["small", "large"])
async def test_a_file_that_was_changed_on_the_disk_is_not_read(tmp_path: Path, body: bytes) -> None:
    """Evidence would name the hash of a document that says something else; the same file sent again mends it."""
    uploads = DiskUploads(tmp_path)
    kept = await uploads.put("x", pieces(body), most=1 << 20)
    async with uploads.local(kept.sha256) as path:
        path.write_bytes(body.replace(b"42", b"43"))
    for _ in range(2):
        with pytest.raises(SetupProblem, match="storage_damaged"):
            async with uploads.local(kept.sha256):
                pass
    await uploads.put("x", pieces(body), most=1 << 20)
    async with uploads.local(kept.sha256) as path:
        assert path.read_bytes() == body
