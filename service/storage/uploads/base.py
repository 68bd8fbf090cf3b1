"""The Uploads protocol, and the Objects that one Uploads lies in. One contract suite is run on every member.

An upload is known by the SHA-256 of its bytes; it lies under an address. The two are the same unless what is kept is
encrypted: then the address is a keyed hash of the other, and nobody can tell from it which file it is.
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
YOUNG = 3600.0  # seconds in which what was put may still be waiting for its Job
PIECE = 1 << 20  # bytes read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An upload where it lies."""

    address: str
    at: float  # last put; seconds since 1970, UTC
    size: int  # bytes, as they lie


class Uploads(Protocol):
    """Keeps bytes under their SHA-256."""

    async def put(self, name: str, pieces: AsyncIterable[bytes], *, most: int) -> UploadedFile:
        """Keep a stream; durable when this returns, nothing is left of one that breaks off. Memory holds a piece at a time.

        Raises InputProblem(too_large) past `most` bytes, SetupProblem(storage_full) for a full disk, and
        SetupProblem(store_failed, storage_away, storage_refused, bucket_missing).
        """
        ...

    async def has(self, sha256: str) -> bool:
        """Whether the bytes are here."""
        ...

    def local(self, sha256: str) -> AbstractAsyncContextManager[Path]:
        """The bytes as a file of this machine while the context lasts; never write to it.

        Raises InputProblem(file_not_found), SetupProblem(storage_damaged, encryption_key_missing).
        """
        ...

    async def stored(self, address: str) -> Stored | None:
        """An upload where it lies; None where there is none."""
        ...

    async def drop(self, address: str, *, older: float = YOUNG) -> bool:
        """Delete what was put over `older` seconds ago; gives whether. What was put again since stays: a Job may be coming."""
        ...

    async def reencrypt(self, address: str) -> bool:
        """Shut an upload with the newest key where an older one shut it, or none; gives whether. Its address may change.

        Raises SetupProblem(encryption_key_missing, storage_damaged); then it is left as it is.
        """
        ...

    def listed(self) -> AsyncIterator[Stored]:
        """All there are, in no order; memory holds a page at a time."""
        ...

    async def owner(self, owner: str) -> str:
        """Whom the place belongs to: `owner`, where it was nobody's before."""
        ...


class Objects(Protocol):
    """Where bytes lie, by address: whole or not at all."""

    async def keep(self, address: str, held: Path | bytes, *, anew: bool = False) -> None:
        """Keep bytes, in hand or in a file that is on the disk and may be moved; durable when this returns.

        What is there already is made young again.

        `anew`: in place of what is there, however young.
        """
        ...

    async def stored(self, address: str) -> Stored | None:
        """An object where it lies; None where there is none."""
        ...

    def place(self, address: str) -> Path | None:
        """The object as a file of this machine; None where it lies elsewhere."""
        ...

    def pieces(self, address: str) -> AsyncGenerator[bytes, None]:
        """An object that is there."""
        ...

    async def drop(self, address: str, older: float) -> bool:
        """See Uploads."""
        ...

    def listed(self) -> AsyncIterator[Stored]:
        """See Uploads."""
        ...

    async def owner(self, owner: str) -> str:
        """See Uploads."""
        ...


def checked(address: str) -> str:
    """The address, if it is one: no other text ever becomes a path. Raises InputProblem(file_not_found)."""
    if not SHA256.fullmatch(address):
        raise InputProblem("file_not_found", "an upload is named by its SHA-256")
    return address
