"""Read the members of a ZIP, whole or damaged, with their names as stored and their dates."""

from __future__ import annotations

import functools
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from thresher.schemas.discovery.matter import MatterDate
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.collection.dates import date_of_file, date_of_member
from thresher.service.discovery.collection.expansion import ArchiveMember, ArchiveReading
from thresher.service.discovery.collection.zip_aes import aes_form, aes_pieces
from thresher.service.readers.archives.zip_reader import (
    AES,
    ENCRYPTED,
    UTF8_NAME,
    member_names,
    opens,
    pieces_of,
    raw_name,
)
from thresher.service.readers.archives.zip_salvage import salvage

_UNIX_TIME = 0x5455  # extra field with the time in UTC


def zip_members(path: Path, reading: ArchiveReading) -> Iterator[ArchiveMember]:
    """Yield the files of a ZIP, in order. Bytes must be read before the next member is asked for."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, struct.error, OSError):
        yield from _salvaged(path, reading)
        return
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        reading.total = len(infos)
        for info, name in zip(infos, member_names(infos), strict=True):
            read = _aes_pieces if info.compress_type == AES else _pieces
            pieces = functools.partial(read, archive, info, reading)
            yield ArchiveMember(name, _raw(info), pieces, info.compress_size, _modified(info, reading.zone))


def _salvaged(path: Path, reading: ArchiveReading) -> Iterator[ArchiveMember]:
    """Yield members found by the header before each, where the directory at the end is missing."""
    reading.findings.append(
        ("corrupt_partial", "the directory of the archive is damaged; members were found one by one")
    )
    for member in salvage(path):
        yield ArchiveMember(member.name, member.name.encode("utf-8", "surrogateescape"), member.pieces)


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, reading: ArchiveReading) -> Iterator[bytes]:
    yield from pieces_of(archive, info, _password(archive, info, reading) if info.flag_bits & ENCRYPTED else None)


def _password(archive: zipfile.ZipFile, info: zipfile.ZipInfo, reading: ArchiveReading) -> bytes:
    """Return the first password that opens a member, trying the one that worked last first."""
    for index in _order(reading):
        if opens(archive, info, reading.passwords[index].encode()):
            reading.password_index = index
            return reading.passwords[index].encode()
    raise InputProblem("password_protected", info.filename)


def _raw(info: zipfile.ZipInfo) -> bytes:
    marked = info.flag_bits & UTF8_NAME
    return info.orig_filename.encode("utf-8", "surrogateescape") if marked else raw_name(info)


def _order(reading: ArchiveReading) -> list[int]:
    """Return the numbers of the passwords, that of the one that worked last first."""
    return sorted(range(len(reading.passwords)), key=lambda index: index != reading.password_index)


def _aes_pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, reading: ArchiveReading) -> Iterator[bytes]:
    """Return the bytes of a member encrypted with AES, opened by the first password that fits."""
    form = aes_form(info)
    for index in _order(reading) if form else []:
        pieces = (
            aes_pieces(Path(archive.filename or ""), info, form, reading.passwords[index].encode()) if form else None
        )
        if pieces is not None:
            reading.password_index = index
            return pieces
    raise InputProblem("password_protected", f"{info.filename} (AES)")


def _modified(info: zipfile.ZipInfo, zone: str) -> MatterDate | None:
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == _UNIX_TIME and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return date_of_file(struct.unpack("<i", extra[5:9])[0] * 10**9)
        extra = extra[4 + size :]
    return date_of_member(info.date_time, zone)
