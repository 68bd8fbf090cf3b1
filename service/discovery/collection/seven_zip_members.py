"""Read the members of a 7z. All are unpacked into a folder first, as a 7z can only be read as a whole."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from thresher.schemas.discovery.matter import MatterDate
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.collection.dates import date_of_file
from thresher.service.discovery.collection.expansion import ArchiveMember, ArchiveReading, LimitReached
from thresher.service.readers.archives.container import PIECE_BYTES, Damaged

if TYPE_CHECKING:
    from py7zr import SevenZipFile


def seven_zip_members(
    path: Path, reading: ArchiveReading, folder: Path, take: Callable[[int], None]
) -> Iterator[ArchiveMember]:
    """Yield the files of a 7z, in order; `take` is told the bytes as they are unpacked into `folder`, and may raise.

    Raises InputProblem(password_protected, corrupt, unsupported_type) and what `take` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="7z-", suffix=".part", dir=folder))
    try:
        yield from _members(path, reading, place, take)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def seven_zip_names(path: Path) -> list[str]:
    """Return the names of the members of a 7z; none where it does not show them without a password."""
    import py7zr  # noqa: PLC0415 - an extra

    with py7zr.SevenZipFile(path) as archive:
        return archive.getnames()


def _members(path: Path, reading: ArchiveReading, place: Path, take: Callable[[int], None]) -> Iterator[ArchiveMember]:
    infos, written = _unpack(path, reading, place, take)
    files = [(number, info) for number, info in enumerate(infos) if not info.is_directory]
    reading.total = len(files)
    for number, info in files:
        pieces = functools.partial(_pieces, written.get(str(number)), info)
        yield ArchiveMember(
            info.filename, info.filename.encode("utf-8", "surrogatepass"), pieces, None, _modified(info)
        )


def _unpack(
    path: Path, reading: ArchiveReading, place: Path, take: Callable[[int], None]
) -> tuple[list[Any], dict[str, Path]]:
    """Unpack with no password, then with each; return the list of members and, by its number, where each was written."""
    for index in (None, *range(len(reading.passwords))):
        password = None if index is None else reading.passwords[index]
        writers = _Writers(place / str(index), take)
        try:
            infos = _extract(path, password, writers)
        except InputProblem as problem:
            if problem.code == "password_protected" or index is not None:
                continue
            raise
        reading.password_index = index
        if writers.fault:
            reading.findings.append(("corrupt_partial", f"the archive breaks off ({writers.fault})"))
        return infos, writers.written
    raise InputProblem("password_protected")


def _extract(path: Path, password: str | None, writers: _Writers) -> list[Any]:
    try:
        import py7zr  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise InputProblem("unsupported_type", "a 7z archive needs thresher[discovery]") from error
    try:
        with py7zr.SevenZipFile(path, password=password) as archive:
            _refuse_locked(archive, password)
            infos = list(archive.list())
            for number, file in enumerate(archive.files.files_list):
                file["filename"] = str(number)  # py7zr mixes up members of one name, and refuses all for an unsafe one
            _extract_all(archive, writers, is_trial=password is not None)
            return infos
    except (InputProblem, LimitReached):
        raise
    except py7zr.exceptions.PasswordRequired as error:
        raise InputProblem("password_protected") from error
    except Exception as error:
        if writers.limit:
            raise LimitReached(writers.limit) from error
        raise InputProblem("corrupt", f"not readable as 7z ({type(error).__name__})") from error


def _refuse_locked(archive: SevenZipFile, password: str | None) -> None:
    if password is None and archive.needs_password():
        raise InputProblem("password_protected")


def _extract_all(archive: SevenZipFile, writers: _Writers, *, is_trial: bool) -> None:
    """Unpack all; a fault in the middle keeps what came before it, unless it is the sign of a wrong password."""
    from py7zr.io import WriterFactory  # noqa: PLC0415 - see above

    class _Factory(WriterFactory):
        def create(self, filename: str) -> Any:
            return writers.create(filename)

    try:
        archive.extractall(factory=_Factory())
    except Exception as error:
        if writers.limit or is_trial or not writers.written:
            raise
        writers.fault = type(error).__name__
    finally:
        writers.close()


class _Writers:
    """The files into which the members of an archive are unpacked."""

    def __init__(self, place: Path, take: Callable[[int], None]) -> None:
        place.mkdir()
        self._place = place
        self._take = take
        self._files: list[_File] = []
        self.written: dict[str, Path] = {}
        self.limit = ""
        self.fault = ""

    def create(self, filename: str) -> Any:
        path = self._place / str(len(self.written))
        self.written[filename] = path
        made = _File(path, self)
        self._files.append(made)
        return made

    def count(self, size: int) -> None:
        try:
            self._take(size)
        except LimitReached as reached:
            self.limit = str(reached)
            raise

    def close(self) -> None:
        for file in self._files:
            file.close()


class _File:
    """One file, with the methods that py7zr asks for."""

    def __init__(self, path: Path, writers: _Writers) -> None:
        self._file: BinaryIO = path.open("wb+")
        self._writers = writers
        self._size = 0

    def write(self, piece: bytes | bytearray) -> int:
        self._writers.count(len(piece))
        self._size += len(piece)
        return self._file.write(piece)

    def read(self, size: int | None = None) -> bytes:
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        self._file.flush()

    def size(self) -> int:
        return self._size

    def close(self) -> None:
        with suppress(ValueError):
            self._file.close()


def _pieces(path: Path | None, info: Any) -> Iterator[bytes]:
    if path is None:
        if info.uncompressed:
            raise Damaged("it was not reached")
        return
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
    if path.stat().st_size < info.uncompressed:
        raise Damaged(f"cut off after {path.stat().st_size} of {info.uncompressed} bytes")


def _modified(info: Any) -> MatterDate | None:
    when = info.creationtime  # what py7zr calls the time of the last change
    return date_of_file(int(when.timestamp()) * 10**9) if when is not None else None
