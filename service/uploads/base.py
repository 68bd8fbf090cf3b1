"""The Uploads protocol. One contract suite is run on every member."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from schemas.work import UploadedFile


class Uploads(Protocol):
    """Keeps bytes under their SHA-256."""

    async def put(self, name: str, pieces: AsyncIterable[bytes], *, most: int) -> UploadedFile:
        """Keep a stream; durable when this returns, nothing is left of one that breaks off. Memory holds a piece at a time.

        Raises InputProblem(too_large) past `most` bytes, SetupProblem(store_failed) for a full disk.
        """
        ...

    async def has(self, sha256: str) -> bool:
        """Whether the bytes are here."""
        ...

    def local(self, sha256: str) -> AbstractAsyncContextManager[Path]:
        """The bytes as a file of this machine while the context lasts; never write to it.

        Raises InputProblem(file_not_found).
        """
        ...

    async def drop(self, sha256: str, *, older: float = 3600.0) -> bool:
        """Delete what was put over `older` seconds ago; gives whether. What was put again since stays: a Job may be coming."""
        ...
