"""Read the members of a TAR, compressed or not, and the one file in a gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import io
import itertools
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import cast

from thresher.service.discovery.collection.dates import date_of_file
from thresher.service.discovery.collection.expansion import ArchiveMember, ArchiveReading
from thresher.service.readers.archives.compressed_reader import FAULTS, tar_pieces
from thresher.service.readers.archives.container import PIECE_BYTES, Damaged
from thresher.service.readers.detection.signatures import by_signature

_SHORT_SUFFIXES = {".tgz": ".tar", ".tbz2": ".tar", ".tbz": ".tar", ".txz": ".tar"}
NAMES_MAX = 1000  # members that are looked at for their names
NAMES_MAX_BYTES = 256 << 20  # of a compressed TAR that are unpacked for names
_OPENERS = {"application/gzip": gzip.open, "application/x-bzip2": bz2.open, "application/x-xz": lzma.open}


def _open(path: Path, media_type: str) -> io.BufferedIOBase:
    opener = _OPENERS.get(media_type)
    return cast("io.BufferedIOBase", opener(path, "rb") if opener else path.open("rb"))  # type: ignore[operator]


def is_tar(path: Path, media_type: str) -> bool:
    """Whether a file is a TAR, or a compressed one."""
    try:
        with _open(path, media_type) as file:
            return by_signature(file.read(512)) == "application/x-tar"
    except FAULTS:
        return False


def tar_names(path: Path, media_type: str) -> list[str]:
    """Return the names of the first members of a TAR, as far as it can be read; of a compressed one those at its beginning."""
    names: list[str] = []
    with _open(path, media_type) as file, contextlib.suppress(tarfile.TarError, *FAULTS):
        packed = media_type in _OPENERS
        whole = cast("io.BufferedIOBase", _Beginning(file)) if packed else file
        with tarfile.open(fileobj=whole, mode="r|" if packed else "r:") as archive:
            names.extend(info.name for info in itertools.islice(archive, NAMES_MAX))
    return names


class _Beginning:
    """The first bytes of a file, which end as if it ended there."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file, self._left = file, NAMES_MAX_BYTES

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


def tar_members(path: Path, media_type: str, reading: ArchiveReading) -> Iterator[ArchiveMember]:
    """Yield the files of a TAR, in order; links and devices are reported. Bytes must be read at once."""
    count = 0
    with _open(path, media_type) as file:
        try:
            with tarfile.open(fileobj=file, mode="r|", bufsize=1 << 16, errors="surrogateescape") as archive:
                for info in archive:
                    if info.isfile():
                        count += 1
                        yield _member(archive, info)
                    elif not info.isdir():
                        count += 1
                        code = "linked_not_collected" if info.islnk() or info.issym() else "unsupported_type"
                        reading.unread.append((_shown(info.name), code, f"{_shown(info.name)} is a link or a device"))
        except (tarfile.TarError, *FAULTS) as error:
            reading.findings.append(("corrupt_partial", f"the archive breaks off ({error})"))
    reading.total = count


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> ArchiveMember:
    raw = info.name.encode("utf-8", "surrogateescape")
    modified = date_of_file(int(info.mtime) * 10**9)
    return ArchiveMember(_shown(info.name), raw, functools.partial(tar_pieces, archive, info), None, modified)


def _shown(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def packed_member(path: Path, media_type: str, name: str, reading: ArchiveReading) -> Iterator[ArchiveMember]:
    """Yield the one file of a gzip, bzip2 or xz."""
    reading.total = 1
    shown = PurePosixPath(name or "unnamed")
    suffix = shown.suffix.lower()
    stem = shown.stem if suffix in {".gz", ".bz2", ".xz", *_SHORT_SUFFIXES} else shown.name
    inner = stem + _SHORT_SUFFIXES.get(suffix, "")
    yield ArchiveMember(inner, inner.encode(), functools.partial(_unpacked, path, media_type), path.stat().st_size)


def _unpacked(path: Path, media_type: str) -> Iterator[bytes]:
    with _open(path, media_type) as file:
        try:
            while piece := file.read1(PIECE_BYTES):
                yield piece
        except FAULTS as error:
            raise Damaged(f"it breaks off ({error})") from error
