"""Read ZIP archives: plain, encrypted, damaged or malicious."""

from __future__ import annotations

import functools
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.container import PIECE_BYTES, Damaged, Member, Unpacking, is_system_file, unpack
from thresher.service.readers.archives.zip_salvage import salvage
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import decode

UTF8_NAME = 0x800
ENCRYPTED = 0x1
AES = 99  # the compression method number of WinZip's AES
_UNICODE_NAME = 0x7075  # Info-ZIP's extra field


FAULTS = (RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, struct.error)


class ZipReader:
    """Read a ZIP that is not an office file."""

    name = "zip"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.8 for ZIP, else 0. Office files have readers of their own, unless these find them damaged."""
        return 0.8 if source.media_type == "application/zip" else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return a listing, and the members as children.

        Raises InputProblem(corrupt) where it is damaged and no member is found.
        """
        unpacking = Unpacking(source, options.limits, spool)
        try:
            archive = zipfile.ZipFile(source.blob)
        except (zipfile.BadZipFile, ValueError, struct.error, OSError):
            return _salvaged(unpacking)
        with archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not is_system_file(info.filename)]
            return unpack(unpacking, _members(archive, infos, options.passwords), len(infos))


def _salvaged(unpacking: Unpacking) -> Reading:
    """Read members by their own headers, where the directory at the end is missing or wrong."""
    unpacking.add_note("corrupt_partial", "the archive's directory is damaged; members were found one by one")
    reading = unpack(unpacking, (m for m in salvage(Path(unpacking.source.blob)) if not is_system_file(m.name)))
    if not unpacking.listing:
        raise InputProblem("corrupt", unpacking.source.path)
    return reading


def _members(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], passwords: tuple[str, ...]) -> Iterator[Member]:
    for info, name in zip(infos, member_names(infos), strict=True):
        yield Member(name, info.compress_size, functools.partial(_pieces, archive, info, passwords))


def member_names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Return the names as their authors wrote them; names not marked as UTF-8 share one charset, found over all."""
    raw = {i: raw_name(info) for i, info in enumerate(infos) if not info.flag_bits & UTF8_NAME}
    odd = [name for name in raw.values() if not name.isascii()]
    charset = _charset(b"\n".join(odd))
    names = []
    for i, info in enumerate(infos):
        stated = _unicode_name(info.extra)
        names.append(stated or (raw[i].decode(charset, "replace") if i in raw else info.orig_filename))
    return names


def _charset(names: bytes) -> str:
    """Return the charset of names that are not marked; cp437, the standard's own, where it is not clear."""
    found = decode(names)
    return "cp437" if found.guessed and found.charset == "cp1252" else found.charset


def raw_name(info: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a name as stored, where it is not marked as UTF-8; else its UTF-8."""
    try:
        return info.orig_filename.encode("cp437")  # the charset that zipfile used for unmarked bytes
    except UnicodeEncodeError:
        return info.orig_filename.encode()


def _unicode_name(extra: bytes) -> str | None:
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == _UNICODE_NAME and size > 5:
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    return None


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, passwords: tuple[str, ...]) -> Iterator[bytes]:
    """Yield the member's bytes; a missing password or an unknown method raises a Problem."""
    if info.compress_type == AES or (info.flag_bits & ENCRYPTED and not passwords):
        raise InputProblem("password_protected", info.filename)
    yield from pieces_of(archive, info, _password(archive, info, passwords) if info.flag_bits & ENCRYPTED else None)


def pieces_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes | None) -> Iterator[bytes]:
    """Yield the bytes of a ZIP's member. Raises InputProblem(embedded_unreadable), Damaged."""
    try:
        with archive.open(info, pwd=password) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except NotImplementedError as error:
        raise InputProblem("embedded_unreadable", f"{info.filename} ({error})") from error
    except FAULTS as error:
        raise Damaged(str(error) or type(error).__name__) from error


def _password(archive: zipfile.ZipFile, info: zipfile.ZipInfo, passwords: tuple[str, ...]) -> bytes:
    for password in passwords:
        if opens(archive, info, password.encode()):
            return password.encode()
    raise InputProblem("password_protected", info.filename)


def opens(archive: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes) -> bool:
    """Whether a password decrypts the member. All of it is read, as the check byte alone is right once in 256 times."""
    try:
        with archive.open(info, pwd=password) as file:
            while file.read(PIECE_BYTES):
                pass
    except FAULTS:
        return False
    return True


reader = ZipReader()
