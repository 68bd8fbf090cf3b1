"""Store uploads over any Objects: hashed, bounded and encrypted as they come, written to a file, then stored whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.work import UploadedFile
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.base.spool import Spool, writing
from thresher.service.storage.encryption.base import KEY_ID_BYTES, MAGIC, NO_CIPHER, Cipher
from thresher.service.storage.uploads.base import YOUNG_SECONDS, Objects, Stored, checked_address

SMALL_MAX_BYTES = 64 * 1024  # bytes up to which an upload stays in memory
CHECKED_FILES = 4096  # whose state is kept


class SpooledUploads:
    """Uploads over Objects, which decide where the bytes are stored."""

    def __init__(self, objects: Objects, parts: Spool, spool: Spool, cipher: Cipher = NO_CIPHER) -> None:
        """Take the Objects. `parts`: for incoming files, as stored; `spool`: for decrypted files to be read."""
        self._objects = objects
        self._parts = parts
        self._spool = spool
        self._cipher = cipher
        self._checked: dict[str, tuple[int, int, int]] = {}  # time, size and number of files that were checked, by hash

    async def put(self, name: str, pieces: AsyncIterable[bytes], *, most: int) -> UploadedFile:
        """Store a stream: from memory where it is small, else over a file. Raises what the stream raises, too."""
        stream = aiter(pieces)
        first = [piece async for piece in _first(stream)]
        if sum(map(len, first)) <= SMALL_MAX_BYTES:
            return await self._put_small(name, b"".join(first), most)
        with self._parts.part() as part:
            with writing(part) as file:
                sha256, size = await self._write(file, _chained(first, stream), name, most)
            await self._objects.keep(self._cipher.name(sha256), part)
        return UploadedFile(sha256=sha256, name=name, size=size)

    async def _put_small(self, name: str, data: bytes, most: int) -> UploadedFile:
        """Store bytes from memory."""
        _check_size(name, len(data), most)
        sha256, encrypting = hashlib.sha256(data).hexdigest(), self._cipher.encrypting()
        await self._objects.keep(
            self._cipher.name(sha256), encrypting.take(data) + encrypting.end() if encrypting else data
        )
        return UploadedFile(sha256=sha256, name=name, size=len(data))

    async def has(self, sha256: str) -> bool:
        """Whether the bytes are stored."""
        return await self._address_of(sha256) is not None

    @asynccontextmanager
    async def local(self, sha256: str) -> AsyncIterator[Path]:
        """Provide the file where it is stored, or a decrypted copy of it."""
        address = await self._address_of(sha256)
        if address is None:
            raise InputProblem("file_not_found", f"upload {sha256}")
        place = self._objects.place(address)
        if place is not None and address == sha256:
            await self._check_unchanged(place, sha256)
            yield place
            return
        with self._spool.part() as part:
            await self._fetch(part, address, sha256)
            yield part

    async def _check_unchanged(self, place: Path, sha256: str) -> None:
        """Raise SetupProblem(storage_damaged) where a file is not what was put there. One that was checked is not read again.

        Evidence names the hash of a document: it must be that of the bytes that were read.
        """
        with disk_faults_as_problems(place.parent):
            facts = place.stat()  # noqa: ASYNC240 - of a file that is opened next
            state = facts.st_mtime_ns, facts.st_size, facts.st_ino
            if self._checked.get(sha256) == state:
                return
            small = facts.st_size <= SMALL_MAX_BYTES
            found = _hash_of(place) if small else await asyncio.to_thread(_hash_of, place)
        if found != sha256:
            raise SetupProblem("storage_damaged", f"upload {sha256}")
        while len(self._checked) >= CHECKED_FILES:
            del self._checked[next(iter(self._checked))]
        self._checked[sha256] = state

    async def stored(self, address: str) -> Stored | None:
        """Return what is stored under an address; None where there is nothing."""
        return await self._objects.stored(checked_address(address))

    async def drop(self, address: str, *, older: float = YOUNG_SECONDS) -> bool:
        """Delete an upload that was last put over `older` seconds ago; return whether it did."""
        return await self._objects.drop(checked_address(address), older)

    async def reencrypt(self, address: str) -> bool:
        """Encrypt an upload with the newest key where it is not yet; return whether it did."""
        head = await self._key_head(address)
        if not self._cipher.ids or head == MAGIC + bytes.fromhex(self._cipher.ids[0]):
            return False
        with self._parts.part() as part:
            with writing(part) as file:
                sha256, _ = await self._write(file, self._decrypted(address, head), address, 1 << 62)
            new = self._cipher.name(sha256)
            if address not in {new, sha256}:
                raise SetupProblem("storage_damaged", f"upload {address}")
            await self._objects.keep(new, part, anew=True)
        if address != new:
            await self._objects.drop(address, 0.0)
        return True

    async def _key_head(self, address: str) -> bytes:
        """Return the first bytes of an object, which name its key."""
        async with aclosing(self._objects.pieces(checked_address(address))) as pieces:
            async for piece in pieces:
                return piece[: len(MAGIC) + KEY_ID_BYTES]
        return b""

    async def _decrypted(self, address: str, head: bytes) -> AsyncIterator[bytes]:
        """Iterate over the bytes of an object, decrypted where it is encrypted."""
        decrypting = self._cipher.decrypting() if head.startswith(MAGIC) else None
        async for piece in self._objects.pieces(address):
            yield decrypting.take(piece) if decrypting else piece
        if decrypting:
            yield decrypting.end()

    def listed(self) -> AsyncIterator[Stored]:
        """Iterate over all uploads."""
        return self._objects.listed()

    async def owner(self, owner: str) -> str:
        """Return the owner of the storage, which becomes `owner` if it had none."""
        return await self._objects.owner(owner)

    async def _address_of(self, sha256: str) -> str | None:
        """Return the address under which the bytes are stored; None where they are not."""
        for address in self._cipher.names(checked_address(sha256)):
            if await self._objects.stored(address) is not None:
                return address
        return None

    async def _write(self, file: BinaryIO, pieces: AsyncIterable[bytes], name: str, most: int) -> tuple[str, int]:
        """Write a stream to a file, encrypted and flushed; return hash and size of the plain bytes."""
        digest, size, encrypting = hashlib.sha256(), 0, self._cipher.encrypting()
        async for piece in pieces:
            size += len(piece)
            _check_size(name, size, most)
            digest.update(piece)
            with disk_faults_as_problems(Path(file.name).parent):
                file.write(encrypting.take(piece) if encrypting else piece)
        with disk_faults_as_problems(Path(file.name).parent):
            file.write(encrypting.end() if encrypting else b"")
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return digest.hexdigest(), size

    async def _fetch(self, part: Path, address: str, sha256: str) -> None:
        """Write an object decrypted to a file. Raises SetupProblem(storage_damaged) for other bytes than were put."""
        digest, decrypting = hashlib.sha256(), None if address == sha256 else self._cipher.decrypting()
        with writing(part) as file:

            def take(data: bytes) -> None:
                digest.update(data)
                with disk_faults_as_problems(part.parent):
                    file.write(data)

            async for piece in self._objects.pieces(address):
                take(decrypting.take(piece) if decrypting else piece)
            take(decrypting.end() if decrypting else b"")
            with disk_faults_as_problems(part.parent):
                file.flush()
        if digest.hexdigest() != sha256:
            raise SetupProblem("storage_damaged", f"upload {sha256}")


def _hash_of(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _first(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces until they are more than SMALL_MAX_BYTES."""
    size = 0
    async for piece in stream:
        yield piece
        size += len(piece)
        if size > SMALL_MAX_BYTES:
            return


async def _chained(first: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for piece in first:
        yield piece
    async for piece in rest:
        yield piece


def _check_size(name: str, size: int, most: int) -> None:
    if size > most:
        raise InputProblem("too_large", f"{name[:200]} is over {most} bytes")
