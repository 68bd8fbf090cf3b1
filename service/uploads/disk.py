"""Uploads in a folder: `ab/abcdef…`, readable by its owner alone. Machines that share the folder share the uploads."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from schemas.errors import InputProblem, SetupProblem
from schemas.work import UploadedFile

SHA256 = re.compile(r"[0-9a-f]{64}")
STALE = 86_400.0  # seconds after which half of an upload belongs to nobody


class DiskUploads:
    """Uploads under one folder."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is not there. Raises SetupProblem(store_failed)."""
        self._folder = folder
        self._parts = folder / "parts"
        with self._disk():
            self._parts.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            _sweep(self._parts)

    async def put(self, name: str, pieces: AsyncIterable[bytes], *, most: int) -> UploadedFile:
        """See Uploads. What the stream raises goes through."""
        with self._disk():
            handle, part = mkstemp(dir=self._parts)  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                sha256, size = await self._written(file, pieces, name, most)
            await asyncio.to_thread(self._keep, Path(part), sha256)
        finally:
            _gone(Path(part))
        return UploadedFile(sha256=sha256, name=name, size=size)

    async def has(self, sha256: str) -> bool:
        """See Uploads."""
        return self._place(sha256).is_file()

    @asynccontextmanager
    async def local(self, sha256: str) -> AsyncIterator[Path]:
        """See Uploads."""
        place = self._place(sha256)
        if not place.is_file():
            raise InputProblem("file_not_found", f"upload {sha256}")
        yield place

    async def drop(self, sha256: str, *, older: float = 3600.0) -> bool:
        """See Uploads."""
        place = self._place(sha256)
        try:
            if time.time() - place.stat().st_mtime < older:
                return False
            place.unlink()
        except FileNotFoundError:
            return False
        return True

    def _place(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise InputProblem("file_not_found", "an upload is named by its SHA-256")
        return self._folder / sha256[:2] / sha256

    async def _written(self, file: BinaryIO, pieces: AsyncIterable[bytes], name: str, most: int) -> tuple[str, int]:
        """Hash and size of a stream that is on the disk."""
        digest, size = hashlib.sha256(), 0
        async for piece in pieces:
            size += len(piece)
            if size > most:
                raise InputProblem("too_large", f"{name[:200]} is over {most} bytes")
            digest.update(piece)
            with self._disk():
                file.write(piece)
        with self._disk():
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return digest.hexdigest(), size

    def _keep(self, part: Path, sha256: str) -> None:
        """Give the bytes their name; ones that are there already are only made young again."""
        place = self._place(sha256)
        with self._disk():
            place.parent.mkdir(exist_ok=True, mode=0o700)
            part.replace(place)
            folder = os.open(place.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Faults of the disk as SetupProblem(store_failed)."""
        try:
            yield
        except OSError as error:
            raise SetupProblem("store_failed", f"{self._folder} ({error.strerror or type(error).__name__})") from error


def _gone(part: Path) -> None:
    part.unlink(missing_ok=True)


def _sweep(parts: Path) -> None:
    """Delete halves that a dead process left."""
    for part in parts.iterdir():
        if time.time() - part.stat().st_mtime > STALE:
            part.unlink(missing_ok=True)
