"""Keep original bytes in a folder, each once, under their SHA-256."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from thresher.service.base.disk_faults import disk_faults_as_problems, write_all
from thresher.service.base.ordinary_files import open_ordinary

READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Hashes:
    """The hashes of some bytes in hexadecimal, and their number."""

    md5: str
    sha1: str
    sha256: str
    size: int


class Hasher:
    """Compute the hashes of bytes that come in pieces."""

    def __init__(self) -> None:
        """Begin with no bytes."""
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self.size = 0

    def update(self, piece: bytes) -> None:
        """Add bytes."""
        for digest in (self._md5, self._sha1, self._sha256):
            digest.update(piece)
        self.size += len(piece)

    def hashes(self) -> Hashes:
        """Return the hashes of all bytes so far."""
        return Hashes(self._md5.hexdigest(), self._sha1.hexdigest(), self._sha256.hexdigest(), self.size)


def hashes_of(data: bytes) -> Hashes:
    """Return the hashes of some bytes."""
    hasher = Hasher()
    hasher.update(data)
    return hasher.hashes()


def hashes_of_file(path: Path) -> Hashes:
    """Return the hashes of an ordinary file. Raises OSError."""
    hasher = Hasher()
    with open_ordinary(path, links=True) as file:
        while piece := file.read(READ_BYTES):
            hasher.update(piece)
    return hasher.hashes()


@dataclass(frozen=True, slots=True)
class Originals:
    """A folder of bytes under their SHA-256. Several processes may write at once; what is there is never written again."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Return where the bytes with a hash are, or would be."""
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes, sha256: str) -> Path:
        """Keep bytes whose hash is known, and return where. Raises SetupProblem(storage_full, store_failed)."""
        path = self.path(sha256)
        shown = str(path)
        if not os.path.exists(shown):  # noqa: PTH110 - a Path costs more than the call
            with disk_faults_as_problems(self.folder):
                _write(f"{shown}.{os.getpid()}.part", shown, data)
        return path

    def put_pieces(self, pieces: Iterable[bytes]) -> Hashes:
        """Keep bytes that come in pieces, and return their hashes; what `pieces` raises passes through."""
        hasher = Hasher()
        with disk_faults_as_problems(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{os.getpid()}-{secrets.token_hex(8)}.part"  # other machines have the same numbers
        try:
            with part.open("wb") as file:
                for piece in pieces:
                    hasher.update(piece)
                    with disk_faults_as_problems(self.folder):
                        file.write(piece)
            found = hasher.hashes()
            path = self.path(found.sha256)
            with disk_faults_as_problems(self.folder):
                path.parent.mkdir(parents=True, exist_ok=True)
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return found

    def remove_parts(self) -> None:
        """Remove what a killed process left half written."""
        for part in list(self.folder.glob("**/*.part")):
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)


def _write(part: str, path: str, data: bytes) -> None:
    """Write a file whole, by way of another name; its folder is made where it is missing."""
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with FileIO(handle, "wb") as file:
        write_all(file, data)
    os.replace(part, path)  # noqa: PTH105 - see above
