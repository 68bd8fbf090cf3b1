"""Containers: hostile, damaged, locked or merely odd, nothing in them vanishes and nothing gets out."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source

Read = Callable[..., Awaitable[Reading]]
Pack = Callable[[bytes], bytes]
SMALL = ReadOptions(limits=Limits(expanded=20 << 20, members=50))


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of names and bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: dict[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    """A TAR of names and bytes, and of special entries."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return out.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads bytes under a name."""

    async def go(data: bytes, name: str, options: ReadOptions = SMALL) -> Reading:
        (tmp_path / name).write_bytes(data)
        return await InlineReader(tmp_path / "spool").read(make_source(tmp_path / name), options)

    return go


def _codes(reading: Reading) -> list[str]:
    return [n.code for n in reading.document.notes]


def _bytes(reading: Reading) -> dict[str, bytes]:
    return {c.name: Path(c.blob).read_bytes() for c in reading.children}


PACKS = [
    ("a.zip", None),
    ("a.tar", bytes),
    ("a.tgz", gzip.compress),
    ("a.tar.bz2", bz2.compress),
    ("a.tar.xz", lzma.compress),
]


@pytest.mark.parametrize(("name", "pack"), PACKS)
async def test_members_come_out_whole_and_in_order(read: Read, name: str, pack: Pack | None) -> None:
    """Every kind of archive gives the same listing and the same children."""
    members = {"one.txt": b"first", "folder/two.txt": b"second" * 1000}
    reading = await read(zipped(members) if pack is None else pack(tarred(members)), name)
    assert reading.document.text == "one.txt\nfolder/two.txt"
    assert _bytes(reading) == {"one.txt": b"first", "two.txt": b"second" * 1000}
    assert [(c.relation, c.ordinal, c.depth) for c in reading.children] == [("member", 0, 1), ("member", 1, 1)]
    assert reading.document.kind == "container"
    assert _codes(reading) == []


async def test_a_bomb_stops_at_the_limit(read: Read) -> None:
    """A member that expands 1,000 times is left out; what stands beside it is kept."""
    bomb = b"\0" * (30 << 20)
    reading = await read(zipped({"a.txt": b"fine", "bomb": bomb, "z.txt": b"fine too"}), "bomb.zip")
    assert set(_bytes(reading)) == {"a.txt", "z.txt"}
    assert _codes(reading) == ["corrupt_partial", "expansion_limit"]


async def test_many_small_members_stop_at_the_total(read: Read) -> None:
    """The limit on size counts over all members, and the Note says how many were kept."""
    noise = random.Random(1).randbytes(3 << 20)
    reading = await read(zipped({f"{i}.bin": noise for i in range(9)}, zipfile.ZIP_STORED), "many.zip")
    assert len(reading.children) == 6
    assert "6 of 9 members kept" in reading.document.notes[0].message


async def test_a_packed_bomb_stops(read: Read) -> None:
    """gzip, bzip2 and xz are held to the ratio too, alone and around a TAR."""
    zeros = b"\0" * (30 << 20)
    bombs = {"a.gz": gzip.compress(zeros), "a.bz2": bz2.compress(zeros), "a.tgz": gzip.compress(tarred({"x": zeros}))}
    for name, data in bombs.items():
        reading = await read(data, name)
        assert "expansion_limit" in _codes(reading), name
        assert not reading.children


async def test_too_many_members(read: Read) -> None:
    """Members over the limit on count are counted, not read."""
    reading = await read(zipped({f"{i}.txt": b"%d" % i for i in range(60)}), "many.zip")
    assert len(reading.children) == 50
    assert "50 of 60" in reading.document.notes[0].message


async def test_paths_that_leave_the_folder(read: Read, tmp_path: Path) -> None:
    """A member may call itself what it likes: its bytes stay in the spool, its name becomes safe."""
    members = {"../../evil.txt": b"1", "/etc/passwd": b"2", "C:\\temp\\x.txt": b"3", "ok..txt": b"4"}
    for reading in (await read(zipped(members), "a.zip"), await read(tarred(members), "a.tar")):
        assert [c.name for c in reading.children] == ["evil.txt", "passwd", "x.txt", "ok..txt"]
        assert _codes(reading) == ["unsafe_path"] * 3
        assert all((tmp_path / "spool") in Path(c.blob).parents for c in reading.children)


async def test_links_and_devices_are_named_not_followed(read: Read) -> None:
    """A TAR's links and devices are listed and left out."""
    link, device = tarfile.TarInfo("link"), tarfile.TarInfo("device")
    link.type, link.linkname, device.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.CHRTYPE
    reading = await read(tarred({"a.txt": b"a"}, link, device), "a.tar")
    assert reading.document.text == "a.txt\nlink\ndevice"
    assert _codes(reading) == ["corrupt_partial", "linked_not_collected", "unsupported_type"]


async def test_a_wrong_checksum_costs_one_member(read: Read) -> None:
    """One damaged member is named; the others are read."""
    data = bytearray(zipped({"a.txt": b"aaaa", "b.txt": b"bbbb"}, zipfile.ZIP_STORED))
    data[data.index(b"aaaa")] ^= 1
    reading = await read(bytes(data), "a.zip")
    assert _bytes(reading) == {"b.txt": b"bbbb"}
    assert "1 of 2 members" in reading.document.notes[0].message


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
async def test_an_archive_cut_in_two(read: Read, method: int) -> None:
    """Without the directory at its end a ZIP still gives the members that are whole; so does a TAR."""
    members = {f"{i}.txt": random.Random(i).randbytes(20_000) for i in range(5)}
    wholes = {"a.zip": zipped(members, method), "a.tar": tarred(members), "a.tgz": gzip.compress(tarred(members))}
    for name, whole in wholes.items():
        reading = await read(whole[: len(whole) * 7 // 10], name)
        assert _bytes(reading).items() >= {k: v for k, v in members.items() if k < "2"}.items(), name
        assert "corrupt_partial" in _codes(reading), name


async def test_a_cut_gzip_gives_what_is_left(read: Read) -> None:
    """The readable part of a truncated gzip is kept, with a Note."""
    text = "".join(f"line {i}\n" for i in range(20_000)).encode()
    packed = gzip.compress(text)
    reading = await read(packed[: len(packed) // 2], "log.txt.gz")
    (name, kept), *_ = _bytes(reading).items()
    assert name == "log.txt"
    assert text.startswith(kept)
    assert len(kept) > len(text) // 4
    assert _codes(reading) == ["corrupt_partial"]


def _cipher(password: bytes) -> Callable[[bytes], bytes]:
    """Traditional PKWARE encryption (APPNOTE 6.1), which the standard library reads but does not write."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value: int, byte: int) -> int:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        return value

    def update(byte: int) -> None:
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    def encrypt(data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            k = keys[2] | 2
            out.append(byte ^ (((k * (k ^ 1)) >> 8) & 0xFF))
            update(byte)
        return bytes(out)

    for byte in password:
        update(byte)
    return encrypt


def encrypted(password: bytes, name: bytes = b"a.txt", text: bytes = b"secret") -> bytes:
    """A ZIP with one encrypted member."""
    crc = zlib.crc32(text)
    body = _cipher(password)(b"\1" * 11 + bytes([crc >> 24]) + text)
    fixed = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 33, crc, len(body), len(text), len(name), 0)
    local = b"PK\3\4" + fixed + name + body
    central = b"PK\1\2" + struct.pack("<H", 20) + fixed + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


LOCKS: list[tuple[tuple[str, ...], dict[str, bytes], list[str]]] = [
    ((), {}, ["corrupt_partial", "password_protected"]),
    (("no", "never"), {}, ["corrupt_partial", "password_protected"]),
    (("no", "pass"), {"a.txt": b"secret"}, []),
]


@pytest.mark.parametrize(("passwords", "members", "codes"), LOCKS)
async def test_a_locked_member(
    read: Read, passwords: tuple[str, ...], members: dict[str, bytes], codes: list[str]
) -> None:
    """A locked member is listed and named; a right password among several opens it."""
    reading = await read(encrypted(b"pass"), "a.zip", ReadOptions(passwords=passwords))
    assert reading.document.text == "a.txt"
    assert _bytes(reading) == members
    assert _codes(reading) == codes


RUSSIAN = "Договор аренды нежилого помещения с приложениями и дополнительными соглашениями.txt"


@pytest.mark.parametrize(("name", "charset"), [("Übersicht.txt", "utf-8"), ("Zürich.txt", "cp437"), (RUSSIAN, "cp866")])
async def test_names_in_odd_charsets(read: Read, name: str, charset: str) -> None:
    """Names without a UTF-8 mark are read in the charset that fits them."""
    raw = name.encode(charset)
    data = zipped({"x" * len(raw): b"1"}).replace(b"x" * len(raw), raw)
    reading = await read(data, "a.zip")
    assert reading.children[0].name == name


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.gz", "a.xz"])
async def test_noise_behind_a_signature(read: Read, name: str) -> None:
    """Random bytes behind the right signature are one clear problem."""
    marks = {"a.zip": b"PK\3\4", "a.tar": b"\0" * 257 + b"ustar", "a.gz": b"\x1f\x8b\x08", "a.xz": b"\xfd7zXZ\0"}
    for seed in range(20):
        noise = marks[name] + random.Random(seed).randbytes(4096)
        try:
            reading = await read(noise, name)
        except InputProblem as problem:
            assert problem.code == "corrupt"  # noqa: PT017 - either way is right
        else:
            assert _codes(reading)


def test_spooled_files_leave_no_parts(tmp_path: Path) -> None:
    """A member that breaks off leaves nothing half-written in the spool."""

    def pieces() -> Iterator[bytes]:
        yield b"abc"
        raise OSError

    (tmp_path / "p").write_bytes(b"p")
    parent = make_source(tmp_path / "p")
    with pytest.raises(OSError):  # noqa: PT011 - it comes out as it is
        Spool(tmp_path / "spool").child(parent, pieces(), name="a", ordinal=0)
    assert list((tmp_path / "spool").iterdir()) == []
