"""Store uploads in a folder: `ab/abcdef…`, readable by its owner alone. Machines may share the folder."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.base.spool import Spool, private
from thresher.service.base.thread_batching import ThreadBatcher
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.storage.uploads.base import PIECE_BYTES, SHA256, Stored
from thresher.service.storage.uploads.spooled import SpooledUploads

OWNER, LOCK = "owner", "turn"  # files beside the objects: the owner's id, and the lock for changes


class DiskUploads(SpooledUploads):
    """Uploads under one folder."""

    def __init__(self, folder: Path, spool: Spool | None = None, cipher: Cipher = NO_CIPHER) -> None:
        """Make the folder if it is not there. Raises SetupProblem(store_failed, storage_full)."""
        with disk_faults_as_problems(folder):
            private(folder)
        parts = Spool(folder / "parts", shared=True)  # in the same folder: a rename keeps them
        super().__init__(DiskObjects(folder, parts), parts, spool or parts, cipher)


class DiskObjects:
    """Objects as files."""

    def __init__(self, folder: Path, parts: Spool) -> None:
        """Take the folder, and a Spool within it for files without a name yet."""
        self._folder = folder
        self._parts = parts
        self._small = ThreadBatcher(self._store_small)

    async def keep(self, address: str, held: Path | bytes, *, anew: bool = False) -> None:  # noqa: ARG002 - of the contract
        """Write small bytes in batches, or move a file to its address."""
        if isinstance(held, bytes):
            await self._small.do((address, held))
        else:
            await asyncio.to_thread(self._move_in, {address: held})

    async def stored(self, address: str) -> Stored | None:
        """Return time and size of the file at an address; None where there is none."""
        with disk_faults_as_problems(self._folder), suppress(FileNotFoundError):
            facts = self.place(address).stat()
            return Stored(address=address, at=facts.st_mtime, size=facts.st_size)
        return None

    def place(self, address: str) -> Path:
        """Return the path of an address."""
        return self._folder / address[:2] / address

    async def pieces(self, address: str) -> AsyncGenerator[bytes, None]:
        """Read the file in pieces."""
        with disk_faults_as_problems(self._folder):
            file = self.place(address).open("rb")
        with file:
            while True:
                with disk_faults_as_problems(self._folder):
                    piece = await asyncio.to_thread(file.read, PIECE_BYTES)
                if not piece:
                    return
                yield piece

    async def drop(self, address: str, older: float) -> bool:
        """Delete a file that is older than `older` seconds; return whether it did."""
        return await asyncio.to_thread(self._drop, address, older)

    async def listed(self) -> AsyncIterator[Stored]:
        """Iterate over all files, folder by folder."""
        for number in range(256):
            for stored in await asyncio.to_thread(self._stored, f"{number:02x}"):
                yield stored

    async def owner(self, owner: str) -> str:
        """Return the owner's id, written if there is none."""
        return await asyncio.to_thread(self._owner, owner)

    def _store_small(self, some: Sequence[tuple[str, bytes]]) -> None:
        """Write some objects from memory."""
        once = dict(some)
        with self._parts.held(once.values()) as parts:
            self._move_in(dict(zip(once, parts, strict=True)))

    def _move_in(self, parts: Mapping[str, Path]) -> None:
        """Move written files to their addresses, in place of what is there: the same bytes, or a damaged file."""
        places = {self.place(address): part for address, part in parts.items()}
        with disk_faults_as_problems(self._folder), self._locked():
            for place, part in places.items():
                try:
                    part.replace(place)
                except FileNotFoundError:  # the first one of its folder
                    place.parent.mkdir(exist_ok=True, mode=0o700)
                    part.replace(place)
        self._parts.flushed({place.parent for place in places})

    def _drop(self, address: str, older: float) -> bool:
        place = self.place(address)
        with disk_faults_as_problems(self._folder), self._locked():
            try:
                if time.time() - place.stat().st_mtime < older:
                    return False
                place.unlink()
            except FileNotFoundError:
                return False
        return True

    def _stored(self, begins: str) -> list[Stored]:
        found = []
        with disk_faults_as_problems(self._folder), suppress(FileNotFoundError):
            for entry in os.scandir(self._folder / begins):
                with suppress(FileNotFoundError):  # dropped meanwhile
                    facts = entry.stat()
                    if SHA256.fullmatch(entry.name):
                        found.append(Stored(address=entry.name, at=facts.st_mtime, size=facts.st_size))
        return found

    def _owner(self, owner: str) -> str:
        place = self._folder / OWNER
        with disk_faults_as_problems(self._folder), self._locked():
            if not place.exists():
                handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "w") as file:
                    file.write(owner)
            return place.read_text()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the folder for one change: what is being put is not deleted for its age."""
        held = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)
