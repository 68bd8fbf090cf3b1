"""Uploads in a folder: `ab/abcdef…`, readable by its owner alone. Machines that share the folder share the uploads."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from thresher.service.base.disk_faults import disk
from thresher.service.base.thread_batching import ThreadBatcher
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.storage.uploads.base import PIECE, SHA256, Stored
from thresher.service.storage.uploads.spool import Spool, private
from thresher.service.storage.uploads.spooled import SpooledUploads

OWNER, TURN = "owner", "turn"  # files beside the objects: whose they are, and whose turn it is to change them


class DiskUploads(SpooledUploads):
    """Uploads under one folder."""

    def __init__(self, folder: Path, spool: Spool | None = None, seal: Cipher = NO_CIPHER) -> None:
        """Make the folder if it is not there. Raises SetupProblem(store_failed, storage_full)."""
        with disk(folder):
            private(folder)
        parts = Spool(folder / "parts", shared=True)  # in the same folder: a rename keeps them
        super().__init__(DiskObjects(folder, parts), parts, spool or parts, seal)


class DiskObjects:
    """Objects as files."""

    def __init__(self, folder: Path, parts: Spool) -> None:
        """A folder, and one within it for what has no name yet."""
        self._folder = folder
        self._parts = parts
        self._small = ThreadBatcher(self._keep_small)

    async def keep(self, address: str, held: Path | bytes, *, anew: bool = False) -> None:  # noqa: ARG002 - of the contract
        """See Objects."""
        if isinstance(held, bytes):
            await self._small.do((address, held))
        else:
            await asyncio.to_thread(self._name, {address: held})

    async def stored(self, address: str) -> Stored | None:
        """See Objects."""
        with disk(self._folder), suppress(FileNotFoundError):
            facts = self.place(address).stat()
            return Stored(address=address, at=facts.st_mtime, size=facts.st_size)
        return None

    def place(self, address: str) -> Path:
        """See Objects."""
        return self._folder / address[:2] / address

    async def pieces(self, address: str) -> AsyncGenerator[bytes, None]:
        """See Objects."""
        with disk(self._folder):
            file = self.place(address).open("rb")
        with file:
            while True:
                with disk(self._folder):
                    piece = await asyncio.to_thread(file.read, PIECE)
                if not piece:
                    return
                yield piece

    async def drop(self, address: str, older: float) -> bool:
        """See Objects."""
        return await asyncio.to_thread(self._drop, address, older)

    async def listed(self) -> AsyncIterator[Stored]:
        """See Objects."""
        for number in range(256):
            for stored in await asyncio.to_thread(self._stored, f"{number:02x}"):
                yield stored

    async def owner(self, owner: str) -> str:
        """See Objects."""
        return await asyncio.to_thread(self._owner, owner)

    def _keep_small(self, some: Sequence[tuple[str, bytes]]) -> None:
        """Keep bytes in hand."""
        once = dict(some)
        with self._parts.held(once.values()) as parts:
            self._name(dict(zip(once, parts, strict=True)))

    def _name(self, parts: Mapping[str, Path]) -> None:
        """Give files that were just written their names; what is there already is only made young again."""
        places = {self.place(address): part for address, part in parts.items()}
        with disk(self._folder), self._turn():
            for place, part in places.items():
                try:
                    part.replace(place)
                except FileNotFoundError:  # the first one of its folder
                    place.parent.mkdir(exist_ok=True, mode=0o700)
                    part.replace(place)
        self._parts.flushed({place.parent for place in places})

    def _drop(self, address: str, older: float) -> bool:
        place = self.place(address)
        with disk(self._folder), self._turn():
            try:
                if time.time() - place.stat().st_mtime < older:
                    return False
                place.unlink()
            except FileNotFoundError:
                return False
        return True

    def _stored(self, begins: str) -> list[Stored]:
        found = []
        with disk(self._folder), suppress(FileNotFoundError):
            for entry in os.scandir(self._folder / begins):
                with suppress(FileNotFoundError):  # dropped meanwhile
                    facts = entry.stat()
                    if SHA256.fullmatch(entry.name):
                        found.append(Stored(address=entry.name, at=facts.st_mtime, size=facts.st_size))
        return found

    def _owner(self, owner: str) -> str:
        place = self._folder / OWNER
        with disk(self._folder), self._turn():
            if not place.exists():
                handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "w") as file:
                    file.write(owner)
            return place.read_text()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One change at a time: what is being put is not dropped for its age."""
        held = os.open(self._folder / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)
