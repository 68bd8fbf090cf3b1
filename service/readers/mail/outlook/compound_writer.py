"""Write compound files (MS-CFB, version 3) from a tree of storages: a mail embedded in an MSG becomes an MSG file.

Only what reading needs is written: each storage's entries as a balanced tree in the order of the format, small streams
in the mini stream, one FAT with its DIFAT.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Union

Storage = dict[str, Union[bytes, "Storage"]]

_SECTOR_BYTES, _MINI_SECTOR_BYTES, _MINI_LIMIT = 512, 64, 4096  # streams below the last are in mini sectors
_END, _FREE, _FAT_SECTOR, _DIFAT_SECTOR, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC, 0xFFFFFFFF
_IN_HEADER, _IN_SECTOR = 109, 127  # FAT sectors that the header lists, and that each DIFAT sector lists


@dataclass(slots=True)
class _Entry:
    """A directory entry."""

    name: str
    kind: int  # 1 storage, 2 stream, 5 root
    data: bytes = b""
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = _END
    size: int = 0

    def pack(self) -> bytes:
        """Return its 128 bytes."""
        name = self.name.encode("utf-16-le")[:62]
        length = len(name) + 2
        links = struct.pack("<HBBIII", length, self.kind, 1, self.left, self.right, self.child)
        return name.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", self.start, self.size)


@dataclass(slots=True)
class _Sectors:
    """Sectors in the order written, and the chain (FAT) of each."""

    size: int
    data: list[bytes] = field(default_factory=list)
    chain: list[int] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        """Append a stream and return its first sector."""
        count = -(-len(data) // self.size)
        if not count:
            return _END
        first = len(self.chain)
        self.data.append(data.ljust(count * self.size, b"\0"))
        self.chain += [*range(first + 1, first + count), _END]
        return first


def write_compound(root: Storage) -> bytes:
    """Return the bytes of a compound file with the tree."""
    entries = _entries(root)
    sectors, mini = _Sectors(_SECTOR_BYTES), _Sectors(_MINI_SECTOR_BYTES)
    for entry in entries[1:]:
        if entry.kind == 2:
            entry.size = len(entry.data)
            entry.start = (mini if entry.size < _MINI_LIMIT else sectors).add(entry.data)
    small = b"".join(mini.data)
    entries[0].start, entries[0].size = sectors.add(small), len(small)
    mini_fat = sectors.add(_packed(mini.chain))
    mini_sectors = -(-len(mini.chain) // 128)
    directory = sectors.add(_directory(entries))
    return _assemble(sectors, directory, mini_fat, mini_sectors)


def _packed(numbers: list[int]) -> bytes:
    """Pack sector numbers, filled up to whole sectors with free ones."""
    filled = numbers + [_FREE] * (-len(numbers) % 128)
    return struct.pack(f"<{len(filled)}I", *filled)


def _directory(entries: list[_Entry]) -> bytes:
    unused = bytes(68) + struct.pack("<III", _NONE, _NONE, _NONE) + bytes(48)
    return b"".join(e.pack() for e in entries) + unused * (-len(entries) % 4)


def _entries(root: Storage) -> list[_Entry]:
    """Return the directory entries of the tree, linked to each other; the root is first."""
    entries = [_Entry("Root Entry", 5)]
    todo = [(0, root)]
    while todo:
        index, storage = todo.pop()
        numbered = []
        for name, value in sorted(storage.items(), key=lambda item: (len(item[0]), item[0].upper())):
            is_stream = isinstance(value, bytes)
            entries.append(_Entry(name, 2, value) if isinstance(value, bytes) else _Entry(name, 1))
            numbered.append(len(entries) - 1)
            if not is_stream:
                todo.append((len(entries) - 1, storage[name]))  # type: ignore[arg-type]
        entries[index].child = _balance(entries, numbered)
    return entries


def _balance(entries: list[_Entry], numbers: list[int]) -> int:
    """Link sorted entries as a balanced binary tree, and return its root."""
    if not numbers:
        return _NONE
    middle = len(numbers) // 2
    entries[numbers[middle]].left = _balance(entries, numbers[:middle])
    entries[numbers[middle]].right = _balance(entries, numbers[middle + 1 :])
    return numbers[middle]


def _assemble(sectors: _Sectors, directory: int, mini_fat: int, mini_sectors: int) -> bytes:
    """Return the header, the sectors, the FAT and the DIFAT as the bytes of a file."""
    used = len(sectors.chain)
    fat_count = difat_count = 0
    while True:
        fats = -(-(used + fat_count + difat_count) // 128)
        difats = max(0, -(-(fats - _IN_HEADER) // _IN_SECTOR))
        if (fats, difats) == (fat_count, difat_count):
            break
        fat_count, difat_count = fats, difats
    fat = sectors.chain + [_FAT_SECTOR] * fat_count + [_DIFAT_SECTOR] * difat_count
    fat_sectors = list(range(used, used + fat_count))
    first_difat = used + fat_count if difat_count else _END
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fat_count, directory, 0, _MINI_LIMIT, mini_fat,
                          mini_sectors, first_difat, difat_count)  # fmt: skip
    header += _packed(fat_sectors[:_IN_HEADER] + [_FREE] * (128 - min(len(fat_sectors), _IN_HEADER)))[: _IN_HEADER * 4]
    return b"".join([header, *sectors.data, _packed(fat), *_difat(fat_sectors[_IN_HEADER:], first_difat)])


def _difat(fat_sectors: list[int], first: int) -> list[bytes]:
    """Return the DIFAT sectors that list the FAT sectors beyond those in the header."""
    pages = [fat_sectors[i : i + _IN_SECTOR] for i in range(0, len(fat_sectors), _IN_SECTOR)]
    return [
        struct.pack("<128I", *page, *[_FREE] * (_IN_SECTOR - len(page)), first + n + 1 if n + 1 < len(pages) else _END)
        for n, page in enumerate(pages)
    ]
