"""Keep Objects in memory until the process ends: the shipped fake."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from thresher.service.storage.uploads.base import PIECE_BYTES, Stored


class MemoryObjects:
    """Objects in a dictionary. For tests."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._owner = ""

    async def keep(self, address: str, held: Path | bytes, *, anew: bool = False) -> None:  # noqa: ARG002 - of the contract
        """Keep bytes with the present time."""
        self._kept[address] = (time.time(), held if isinstance(held, bytes) else held.read_bytes())  # noqa: ASYNC240 - a fake

    async def stored(self, address: str) -> Stored | None:
        """Return time and size of an object; None where there is none."""
        if address not in self._kept:
            return None
        at, data = self._kept[address]
        return Stored(address=address, at=at, size=len(data))

    def place(self, address: str) -> Path | None:  # noqa: ARG002 - of the contract
        """Return None: nothing is a file."""
        return None

    async def pieces(self, address: str) -> AsyncGenerator[bytes, None]:
        """Iterate over the bytes of an object."""
        data = self._kept[address][1]
        for start in range(0, len(data), PIECE_BYTES):
            yield data[start : start + PIECE_BYTES]

    async def drop(self, address: str, older: float) -> bool:
        """Delete an object that is older than `older` seconds; return whether it did."""
        stored = await self.stored(address)
        if stored is None or time.time() - stored.at < older:
            return False
        del self._kept[address]
        return True

    async def listed(self) -> AsyncIterator[Stored]:
        """Iterate over all objects."""
        for address in list(self._kept):
            if (stored := await self.stored(address)) is not None:
                yield stored

    async def owner(self, owner: str) -> str:
        """Return the owner, set at the first call."""
        self._owner = self._owner or owner
        return self._owner
