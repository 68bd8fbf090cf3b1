"""Find members of a ZIP that no directory names, by the header before each (APPNOTE 4.3.7)."""

from __future__ import annotations

import functools
import mmap
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.readers.archives.container import PIECE_BYTES, Damaged, Member

_HEADER = struct.Struct("<4sHHHHHIIIHH")
_LOCAL = b"PK\x03\x04"
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800
_STORED, _DEFLATED = 0, 8


def salvage(path: Path) -> Iterator[Member]:
    """Yield members in file order; their bytes must be read before the next member is requested."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        yield from _between(body, 0, len(body))


def unlisted(path: Path, archive: zipfile.ZipFile) -> Iterator[Member]:
    """Yield the members that lie where the archive's directory names none, as of another archive before or behind it.

    Programs differ in which of them they show.
    """
    with path.open("rb") as file:
        body = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # kept open by the members
    for start, end in _gaps(body, archive):
        yield from _between(body, start, end)


def _gaps(body: mmap.mmap, archive: zipfile.ZipFile) -> Iterator[tuple[int, int]]:
    """Yield the ranges of an archive that neither a listed member nor the directory takes."""
    done = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        yield done, info.header_offset
        done = max(done, info.header_offset + info.compress_size)
        if body[info.header_offset : info.header_offset + 4] == _LOCAL:
            *_, name_size, extra_size = _HEADER.unpack(body[info.header_offset : info.header_offset + _HEADER.size])
            done = max(done, info.header_offset + _HEADER.size + name_size + extra_size + info.compress_size)
    yield done, archive.start_dir
    yield archive.start_dir, len(body)


def _between(body: mmap.mmap, at: int, end: int) -> Iterator[Member]:
    while (at := body.find(_LOCAL, at, end)) >= 0 and at + _HEADER.size <= len(body):
        member, at = _member(body, at)
        if member is not None and not (member.name.endswith("/") and member.packed == 0):
            yield Member(member.name, None, member.pieces)


def _member(body: mmap.mmap, at: int) -> tuple[Member | None, int]:
    """Return the member with a header at an offset, and where to search for the next one."""
    _, _, flags, method, _, _, crc, packed, _, name_size, extra_size = _HEADER.unpack_from(body, at)
    begin = at + _HEADER.size + name_size + extra_size
    if not name_size or begin > len(body):
        return None, at + 4
    raw = body[at + _HEADER.size : at + _HEADER.size + name_size]
    name = raw.decode("utf-8" if flags & _UTF8_NAME else "cp437", "replace")
    pieces = functools.partial(_pieces, body, begin, packed, (flags, method, crc))
    return Member(name, packed, pieces), begin + (packed if begin + packed <= len(body) else 0)


def _pieces(body: mmap.mmap, begin: int, packed: int, form: tuple[int, int, int]) -> Iterator[bytes]:
    flags, method, crc = form
    if flags & _ENCRYPTED:
        raise InputProblem("password_protected", "a member of a damaged archive")
    end = begin + packed if packed else max(body.find(_LOCAL, begin), 0) or len(body)
    if method == _STORED:
        yield from _checked(
            (body[i : min(i + PIECE_BYTES, end)] for i in range(begin, min(end, len(body)), PIECE_BYTES)), crc
        )
    elif method == _DEFLATED:
        yield from _checked(_inflated(body, begin), crc)
    else:
        raise Damaged(f"compression method {method}")


def _inflated(body: mmap.mmap, begin: int) -> Iterator[bytes]:
    """Decompress a deflate stream, which marks its own end."""
    stream, at, rest = zlib.decompressobj(-15), begin, b""
    try:
        while not stream.eof and (rest or at < len(body)):
            rest = rest or body[at : at + PIECE_BYTES // 16]
            at += 0 if stream.unconsumed_tail else len(rest)
            yield stream.decompress(rest, PIECE_BYTES)
            rest = stream.unconsumed_tail
    except zlib.error as error:
        raise Damaged(str(error)) from error
    if not stream.eof:
        raise Damaged("cut off")


def _checked(pieces: Iterator[bytes], crc: int) -> Iterator[bytes]:
    """Yield the pieces; raise Damaged at the end where their checksum is not the stated one (0: none is stated)."""
    found = 0
    for piece in pieces:
        found = zlib.crc32(piece, found)
        yield piece
    if crc and found != crc:
        raise Damaged("its checksum is wrong")
