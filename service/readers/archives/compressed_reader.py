"""Read TAR archives, compressed or not, and single files compressed by gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.container import PIECE_BYTES, Damaged, Member, Unpacking, is_system_file, unpack
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.detection.signatures import by_signature

FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)
Stream = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile | io.BufferedReader
_PACKED = {"application/gzip", "application/x-bzip2", "application/x-xz"}
_SHORT_SUFFIXES = {".tgz": ".tar", ".tbz2": ".tar", ".tbz": ".tar", ".txz": ".tar"}


def open_decompressed(source: Source) -> Stream:
    """Return the decompressed bytes as a stream; those of the file where it is not compressed."""
    match source.media_type:
        case "application/gzip":
            return gzip.open(source.blob, "rb")
        case "application/x-bzip2":
            return bz2.open(source.blob, "rb")
        case "application/x-xz":
            return lzma.open(source.blob, "rb")
    return Path(source.blob).open("rb")


class _Bounded(io.RawIOBase):
    """A stream that raises a Problem where it expands too far: tarfile skips members by reading them."""

    def __init__(self, file: Stream, source: Source, options: ReadOptions) -> None:
        self._file = file
        self._left = options.limits.expanded
        self._ratio = (
            max(PIECE_BYTES, int(options.limits.ratio * source.size)) if source.media_type in _PACKED else self._left
        )
        self._read = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read1(PIECE_BYTES if size < 0 else min(size, PIECE_BYTES))
        self._read += len(piece)
        if self._read > min(self._left, self._ratio):
            raise InputProblem("expansion_limit", f"it expands to more than {self._read} bytes")
        return piece


class TarReader:
    """Read TAR archives, compressed or not. Links and devices are listed, never followed."""

    name = "tar"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - packed bytes do not show it
        """Return 0.9 for a TAR, also inside gzip, bzip2 or xz."""
        if source.media_type == "application/x-tar":
            return 0.9
        try:
            with open_decompressed(source) as file:
                return 0.9 if by_signature(file.read(512)) == "application/x-tar" else 0.0
        except FAULTS:
            return 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return a listing, and the files as children.

        Raises InputProblem(corrupt) where it is damaged and no member is found.
        """
        unpacking = Unpacking(source, options.limits, spool)
        with open_decompressed(source) as file:
            reading = unpack(unpacking, _tar_members(_Bounded(file, source, options), unpacking))
        if not unpacking.listing and unpacking.notes:
            raise InputProblem("corrupt", source.path)
        return reading


def _tar_members(stream: _Bounded, unpacking: Unpacking) -> Iterator[Member]:
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 16) as archive:
            for info in archive:
                if info.isfile() and not is_system_file(info.name):
                    yield Member(info.name, None, functools.partial(tar_pieces, archive, info))
                elif not info.isfile() and not info.isdir():
                    _list_unread(info, unpacking)
    except (tarfile.TarError, *FAULTS) as error:
        unpacking.add_note("corrupt_partial", f"the archive breaks off ({error})")


def _list_unread(info: tarfile.TarInfo, unpacking: Unpacking) -> None:
    """List a link or device without reading it."""
    unpacking.listing.append(info.name)
    if info.islnk() or info.issym():
        unpacking.leave_out("linked_not_collected", f"{info.name} is a link to {info.linkname}")
    else:
        unpacking.leave_out("unsupported_type", f"{info.name} is a device")


def tar_pieces(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    """Yield the bytes of a TAR's member. Raises Damaged where it is cut off."""
    file, size = archive.extractfile(info), 0
    try:
        while file is not None and (piece := file.read(PIECE_BYTES)):
            size += len(piece)
            yield piece
    except (tarfile.TarError, *FAULTS) as error:
        raise Damaged(str(error)) from error
    if size < info.size:
        raise Damaged(f"cut off after {size} of {info.size} bytes")


class PackedReader:
    """Read one compressed file."""

    name = "packed"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.6 for compressed files, below TarReader, which looks inside."""
        return 0.6 if source.media_type in _PACKED else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the file as the only child; what can be decompressed of it where the end is missing."""
        unpacking = Unpacking(source, options.limits, spool)
        member = Member(_inner_name(source), source.size, functools.partial(_pieces, source, unpacking))
        reading = unpack(unpacking, [member])
        if not any(child.size for child in unpacking.children) and unpacking.notes and not unpacking.left_out:
            raise InputProblem("corrupt", source.path)
        return reading


def _pieces(source: Source, unpacking: Unpacking) -> Iterator[bytes]:
    """Yield the decompressed bytes up to a fault."""
    with open_decompressed(source) as file:
        try:
            while piece := file.read1(PIECE_BYTES):  # returns the bytes that there are before it raises
                yield piece
        except FAULTS as error:
            unpacking.add_note("corrupt_partial", f"it breaks off ({error})")


def _inner_name(source: Source) -> str:
    path = PurePosixPath(source.name or "unnamed")
    suffix = path.suffix.lower()
    if suffix in _SHORT_SUFFIXES:
        return path.stem + _SHORT_SUFFIXES[suffix]
    return path.stem if suffix in {".gz", ".bz2", ".xz"} else path.name


READERS = (TarReader(), PackedReader())
