"""The Uploads protocol, and the Objects protocol below it. One contract suite is run on every member.

An upload is known by the SHA-256 of its bytes and stored under an address. The two are the same unless uploads are
encrypted: then the address is a keyed hash of the SHA-256, which does not reveal the file.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from thresher.schemas.errors import InputProblem
from thresher.schemas.work import UploadedFile

SHA256 = re.compile(r"[0-9a-f]{64}")
YOUNG_SECONDS = 3600.0  # seconds in which an upload may still be waiting for its Job
PIECE_BYTES = 1 << 20  # bytes read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored upload."""

    address: str
    at: float  # of the last put; seconds since 1970, UTC
    size: int  # bytes, as stored


class Uploads(Protocol):
    """Stores bytes under their SHA-256."""

    async def put(self, name: str, pieces: AsyncIterable[bytes], *, most: int) -> UploadedFile:
        """Store a stream, durable at return; memory holds a piece at a time, and a broken stream leaves nothing.

        Raises InputProblem(too_large) past `most` bytes, SetupProblem(storage_full) for a full disk, and
        SetupProblem(store_failed, storage_away, storage_refused, bucket_missing).
        """
        ...

    async def has(self, sha256: str) -> bool:
        """Whether the bytes are stored."""
        ...

    def local(self, sha256: str) -> AbstractAsyncContextManager[Path]:
        """Provide the bytes as a file of this machine while the context lasts; never write to it.

        Raises InputProblem(file_not_found), SetupProblem(storage_damaged, encryption_key_missing).
        """
        ...

    async def stored(self, address: str) -> Stored | None:
        """Return what is stored under an address; None where there is nothing."""
        ...

    async def drop(self, address: str, *, older: float = YOUNG_SECONDS) -> bool:
        """Delete an upload that was last put over `older` seconds ago; return whether it did.

        A younger one stays: its Job may still be submitted.
        """
        ...

    async def reencrypt(self, address: str) -> bool:
        """Encrypt an upload with the newest key where it is not yet; return whether it did. Its address may change.

        Raises SetupProblem(encryption_key_missing, storage_damaged), and leaves the upload unchanged then.
        """
        ...

    def listed(self) -> AsyncIterator[Stored]:
        """Iterate over all uploads, in no order; memory holds a page at a time."""
        ...

    async def owner(self, owner: str) -> str:
        """Return the owner of the storage, which becomes `owner` if it had none."""
        ...


class Objects(Protocol):
    """Stores bytes by address, as a whole or not at all."""

    async def keep(self, address: str, held: Path | bytes, *, anew: bool = False) -> None:
        """Store bytes, given in memory or as a file that is on the disk and may be moved; durable at return.

        An object that is there already only gets a new time. `anew`: replace it, however young.
        """
        ...

    async def stored(self, address: str) -> Stored | None:
        """Return what is stored under an address; None where there is nothing."""
        ...

    def place(self, address: str) -> Path | None:
        """Return the object as a file of this machine; None where it is stored elsewhere."""
        ...

    def pieces(self, address: str) -> AsyncGenerator[bytes, None]:
        """Iterate over the bytes of an object that is there."""
        ...

    async def drop(self, address: str, older: float) -> bool:
        """Delete an object that was last put over `older` seconds ago; return whether it did."""
        ...

    def listed(self) -> AsyncIterator[Stored]:
        """Iterate over all objects, in no order."""
        ...

    async def owner(self, owner: str) -> str:
        """Return the owner of the storage, which becomes `owner` if it had none."""
        ...


def checked_address(address: str) -> str:
    """Return the address if it is one: no other text ever becomes a path. Raises InputProblem(file_not_found)."""
    if not SHA256.fullmatch(address):
        raise InputProblem("file_not_found", "an upload is named by its SHA-256")
    return address
