"""Read the lower layer of a PST or OST: nodes, their blocks and their inner nodes (MS-PST 2.2).

Nothing is loaded but what is asked for, so that the size of the file does not matter. Old files (ANSI, 32 bits) and newer
ones (Unicode, 64 bits) are read; files with pages of 4 KiB (OST of Outlook 2013 and later) are refused by name.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

from thresher.schemas.errors import InputProblem

_ANSI, _UNICODE, _LARGE_PAGES = (14, 15), (21, 23), 36
_MAX_LEVEL = 10  # of a tree; real ones have three or four
_MAX_FAULTS = 1000  # named of pages that are named twice
_PAGE_BYTES = 512
_DECODED = bytes.fromhex(  # MS-PST 5.1, mpbbI: what each byte of an encoded block stands for
    "47f1b4e60b6a7248854e9eebe2f89453e0bba002e85a09abdbe3bac67cc310dd39059630f53760828cc9134a6b1df3fb"
    "8f2697ca911701c4322d6e3195ffd923d1005e79dc443b1a28c5615720903d83b943be67d2464276c06d5b7eb20f1629"
    "3ca903540dda5ddff6b7c762cd8d06d3695c86d614f7a56675acb1e94521700c879f74a4224c6fbf1f56aa2eb3783350"
    "b0a392bccf191ca763cb1e4d3e4b1b9b4fe7f0eead3ab55904ea40552551e57a893868527bfc27aed7bdfa07f4cc8e5f"
    "ef359c842b15d5773449b6120a7f7188fd9d18417d93d8582ccefe24afdeb836c8a180a69998a82f0e816573e4c2a28a"
    "d4e111d0088b2af2ed9a643fc16cf9ec"
)


class PstDamaged(Exception):  # noqa: N818 - the state of a part of the file
    """A structure of the file is not as it must be."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its id, the ids of its data and of its inner nodes, and the id of the node that it belongs to."""

    nid: int
    data: int
    inner: int
    parent: int = 0

    @property
    def kind(self) -> int:
        """Return what the node is: 2 a folder, 4 a message, 5 an attachment, 3 the result of a search."""
        return self.nid & 0x1F


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things are, by the version of the file."""

    nodes_at: int  # offset of the reference to the tree of nodes
    blocks_at: int
    crypt_at: int
    reference: struct.Struct  # a block id and an offset
    key: struct.Struct
    node: struct.Struct  # an entry of the tree of nodes
    block: struct.Struct  # an entry of the tree of blocks
    counts_at: int  # in a page: number of entries, most entries, bytes of one, level
    block_id: struct.Struct
    inner_header: int  # bytes before the entries of a list of inner nodes
    inner: struct.Struct
    trailer_bytes: int  # of a block
    sum_at: int  # in a trailer, the checksum


_LAYOUTS = {
    "ansi": _Layout(184, 192, 461, struct.Struct("<II"), struct.Struct("<I"), struct.Struct("<IIII"),
                    struct.Struct("<IIHH"), 496, struct.Struct("<I"), 4, struct.Struct("<III"), 12, 8),
    "unicode": _Layout(216, 232, 513, struct.Struct("<QQ"), struct.Struct("<Q"), struct.Struct("<QQQI4x"),
                       struct.Struct("<QQHH4x"), 488, struct.Struct("<Q"), 8, struct.Struct("<QQQ"), 16, 4),
}  # fmt: skip


def _checksum(data: bytes) -> int:
    """Return the checksum of a block: a CRC-32 that begins and ends without inversion (MS-PST 5.3)."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


class PstFile:
    """An open PST."""

    def __init__(self, path: Path) -> None:
        """Open a file. Raises InputProblem(corrupt, unsupported_type)."""
        self._file = path.open("rb")
        try:
            self._bytes = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            self._layout = self._read_header()
        except (ValueError, struct.error, InputProblem) as error:
            self._file.close()
            if isinstance(error, InputProblem):
                raise
            raise InputProblem("corrupt", "the header of the mailbox is damaged") from error
        self.faults: list[str] = []  # damage that was passed over
        self._page = lru_cache(maxsize=4096)(self._read_page)

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._bytes.close()
        self._file.close()

    def _read_header(self) -> _Layout:
        version = struct.unpack_from("<H", self._bytes, 10)[0]
        if version >= _LARGE_PAGES:
            raise InputProblem("unsupported_type", f"an OST of Outlook 2013 or later (type {version})")
        if version not in (*_ANSI, *_UNICODE):
            raise InputProblem("corrupt", f"a mailbox of the unknown type {version}")
        layout = _LAYOUTS["unicode" if version in _UNICODE else "ansi"]
        if self._bytes[layout.crypt_at] not in {0, 1}:
            raise InputProblem("unsupported_type", "a mailbox with high encryption")
        self._is_encoded = self._bytes[layout.crypt_at] == 1
        self._nodes_root = layout.reference.unpack_from(self._bytes, layout.nodes_at)[1]
        self._blocks_root = layout.reference.unpack_from(self._bytes, layout.blocks_at)[1]
        return layout

    # --- trees

    def _read_page(self, offset: int) -> tuple[int, tuple[tuple[int, ...], ...], tuple[int, ...]]:
        """Return the level, entries and keys of a page of a tree."""
        page = self._bytes[offset : offset + _PAGE_BYTES]
        layout = self._layout
        if len(page) < _PAGE_BYTES:
            raise PstDamaged(f"a page at {offset} is beyond the end of the file")
        count, _, size, level = page[layout.counts_at : layout.counts_at + 4]
        kind = page[layout.counts_at + (8 if layout.counts_at == 488 else 4)]
        entry = (layout.node if kind == 0x81 else layout.block) if not level else None
        unpack = entry or struct.Struct(layout.key.format + layout.reference.format.lstrip("<"))
        if kind not in {0x80, 0x81} or size < unpack.size or count * size > layout.counts_at:
            raise PstDamaged(f"a page at {offset} is no page of a tree")
        entries = tuple(unpack.unpack_from(page, i * size) for i in range(count))
        return level, entries, tuple(e[0] for e in entries)

    def _find(self, root: int, key: int) -> tuple[int, ...] | None:
        """Return the entry with a key; None where there is none."""
        offset = root
        for _ in range(_MAX_LEVEL):
            level, entries, keys = self._page(offset)
            at = bisect_right(keys, key) - 1
            if at < 0:
                return None
            if not level:
                return entries[at] if keys[at] == key else None
            offset = entries[at][2]
        raise PstDamaged("a tree has too many levels")

    def nodes(self) -> Iterator[Node]:
        """Yield all nodes by their ids. What stands in damaged pages is passed over and added to `faults`.

        Raises PstDamaged where the topmost page is damaged.
        """
        self._page(self._nodes_root)
        todo, seen = [(self._nodes_root, _MAX_LEVEL)], set[int]()
        while todo:
            offset, left = todo.pop()
            if offset in seen:  # pages that name each other would be read without end
                if len(self.faults) < _MAX_FAULTS:
                    self.faults.append(f"a page at {offset} is named twice")
                continue
            seen.add(offset)
            try:
                level, entries, _ = self._page(offset)
            except PstDamaged as damage:
                self.faults.append(str(damage))
                continue
            if level and not left:
                self.faults.append("a tree has too many levels")
            elif level:
                todo.extend((entry[2], left - 1) for entry in reversed(entries))
            else:
                yield from (Node(e[0] & 0xFFFFFFFF, e[1], e[2], e[3]) for e in entries)

    def node(self, nid: int) -> Node | None:
        """Return a node; None where there is none."""
        entry = self._find(self._nodes_root, nid)
        return Node(nid, *entry[1:4]) if entry else None

    # --- blocks

    def blocks(self, bid: int) -> list[bytes]:
        """Return the data of a block, or of all blocks that it lists, in order."""
        if not bid & 2:
            return [self._block(bid)] if bid else []
        found, todo, room = [], [(bid, 2)], len(self._bytes)
        while todo:
            current, left = todo.pop()
            if not current & 2:
                found.append(self._block(current))
                room -= max(len(found[-1]), 1)
                if room < 0:  # a list that names one block again and again unfolds to any size
                    raise PstDamaged(f"the list of blocks {bid:x} holds more than the file")
                continue
            data = self._block(current)
            if not left or len(data) < 8 or data[0] != 1:
                raise PstDamaged(f"the list of blocks {current:x} is damaged")
            todo.extend((inner, left - 1) for inner in reversed(self._listed(data)))
        return found

    def _listed(self, data: bytes) -> list[int]:
        count, size = struct.unpack_from("<H", data, 2)[0], self._layout.block_id.size
        if 8 + count * size > len(data):
            raise PstDamaged("a list of blocks is cut off")
        return [self._layout.block_id.unpack_from(data, 8 + i * size)[0] for i in range(count)]

    def _block(self, bid: int) -> bytes:
        """Return the bytes of one block, decoded where it holds data."""
        entry = self._find(self._blocks_root, bid & ~1)
        if entry is None:
            raise PstDamaged(f"the block {bid:x} is missing")
        _, offset, size = entry[:3]
        data = self._bytes[offset : offset + size]
        if len(data) < size:
            raise PstDamaged(f"the block {bid:x} is beyond the end of the file")
        if self._stated_sum(offset, size) != _checksum(data):
            self.faults.append(f"the checksum of the block {bid:x} is wrong")
        return data.translate(_DECODED) if self._is_encoded and not bid & 2 else data

    def _stated_sum(self, offset: int, size: int) -> int | None:
        """Return the checksum in the trailer of a block, which ends at a multiple of 64 bytes; None beyond the file."""
        layout = self._layout
        end = offset + -(-(size + layout.trailer_bytes) // 64) * 64
        if end > len(self._bytes):
            return None
        return int(struct.unpack_from("<I", self._bytes, end - layout.trailer_bytes + layout.sum_at)[0])

    def inner_nodes(self, bid: int) -> dict[int, Node]:
        """Return the nodes inside a node, by their ids."""
        found: dict[int, Node] = {}
        todo, seen = [(bid, 2)] if bid else [], set[int]()
        layout = self._layout
        while todo:
            current, left = todo.pop()
            if current in seen:
                raise PstDamaged(f"the list of inner nodes {current:x} is named twice")
            seen.add(current)
            data = self._block(current)
            if not left or len(data) < layout.inner_header or data[0] != 2:
                raise PstDamaged(f"the list of inner nodes {current:x} is damaged")
            level, count = data[1], struct.unpack_from("<H", data, 2)[0]
            entry = layout.reference if level else layout.inner
            if layout.inner_header + count * entry.size > len(data):
                raise PstDamaged(f"the list of inner nodes {current:x} is cut off")
            entries = [entry.unpack_from(data, layout.inner_header + i * entry.size) for i in range(count)]
            if level:
                todo.extend((inner[1], left - 1) for inner in entries)
            else:
                found.update((e[0] & 0xFFFFFFFF, Node(e[0] & 0xFFFFFFFF, e[1], e[2])) for e in entries)
        return found
