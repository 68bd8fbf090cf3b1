"""Read the middle layer of a PST: heaps, properties and tables (MS-PST 2.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from thresher.service.discovery.collection.pst.file import Node, PstDamaged, PstFile

_HEAP, _PROPERTIES, _TABLE, _TREE = 0xEC, 0xBC, 0x7C, 0xB5
_INLINE = {0x0002: 2, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x000B: 1}  # types that stand in their entry, and their bytes
_MAX_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Property:
    """A property: its tag, its type and its bytes."""

    tag: int
    kind: int
    data: bytes


class NodeData:
    """The data of a node as a heap, with the nodes inside it."""

    def __init__(self, pst: PstFile, node: Node) -> None:
        """Load a node. Raises PstDamaged."""
        self._pst = pst
        self._blocks = pst.blocks(node.data)
        self.inner = pst.inner_nodes(node.inner)
        if not self._blocks or len(self._blocks[0]) < 12 or self._blocks[0][2] != _HEAP:
            raise PstDamaged(f"the node {node.nid:x} holds no heap")
        self.kind = self._blocks[0][3]
        self._root = struct.unpack_from("<I", self._blocks[0], 4)[0]

    def _heap_item(self, hid: int) -> bytes:
        """Return an item of the heap; empty for the id 0."""
        if not hid:
            return b""
        index, number = hid >> 5 & 0x7FF, hid >> 16
        if number >= len(self._blocks) or not index:
            raise PstDamaged(f"the heap has no item {hid:x}")
        block = self._blocks[number]
        at = struct.unpack_from("<H", block, 0)[0]
        if at + 4 > len(block):
            raise PstDamaged("the map of a heap is cut off")
        count = struct.unpack_from("<H", block, at)[0]
        if index > count or at + 4 + 2 * (index + 1) > len(block):
            raise PstDamaged(f"the heap has no item {hid:x}")
        start, end = struct.unpack_from("<HH", block, at + 4 + 2 * (index - 1))
        return block[start:end]

    def value(self, hnid: int) -> bytes:
        """Return what an id of an item or of an inner node refers to."""
        return b"".join(self.pieces(hnid))

    def pieces(self, hnid: int) -> list[bytes]:
        """Return the same in the blocks in which it stands."""
        if hnid & 0x1F == 0:
            return [self._heap_item(hnid)]
        inner = self.inner.get(hnid)
        if inner is None:
            raise PstDamaged(f"the inner node {hnid:x} is missing")
        return self._pst.blocks(inner.data)

    def _tree(self, hid: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, data) of the tree whose header is an item of the heap."""
        header = self._heap_item(hid)
        if len(header) < 8 or header[0] != _TREE:
            raise PstDamaged("a tree in a heap is damaged")
        key, size, levels = header[1], header[2], header[3]
        if levels > _MAX_LEVELS:
            raise PstDamaged("a tree in a heap has too many levels")
        if not key:
            raise PstDamaged("a tree in a heap has no keys")
        yield from self._records(struct.unpack_from("<I", header, 4)[0], key, size, levels, set())

    def _records(self, hid: int, key: int, size: int, levels: int, seen: set[int]) -> Iterator[tuple[bytes, bytes]]:
        if hid in seen:  # items that name each other would be read without end
            raise PstDamaged("a tree in a heap names an item twice")
        seen.add(hid)
        data, width = self._heap_item(hid), key + (4 if levels else size)
        for at in range(0, len(data) - width + 1, width):
            name, rest = data[at : at + key], data[at + key : at + width]
            if levels:
                yield from self._records(struct.unpack("<I", rest)[0], key, size, levels - 1, seen)
            else:
                yield name, rest

    def properties(self) -> Iterator[Property]:
        """Yield the properties, by their tags; one whose value is damaged has the type 0 and no bytes."""
        if self.kind != _PROPERTIES:
            raise PstDamaged("the node holds no properties")
        for name, entry in self._tree(self._root):
            tag = struct.unpack("<H", name)[0]
            kind, hnid = struct.unpack("<HI", entry)
            try:
                data = entry[2 : 2 + _INLINE[kind]] if kind in _INLINE else self.value(hnid)
            except PstDamaged:
                yield Property(tag, 0, b"")
            else:
                yield Property(tag, kind, data)

    def rows(self) -> Iterator[list[Property]]:
        """Yield the rows of a table, each as its cells that are set."""
        if self.kind != _TABLE:
            raise PstDamaged("the node holds no table")
        head = self._heap_item(self._root)
        if len(head) < 22:
            raise PstDamaged("the head of a table is cut off")
        width, bits_at = struct.unpack_from("<H", head, 8)[0], struct.unpack_from("<H", head, 6)[0]
        hnid = struct.unpack_from("<I", head, 14)[0]
        columns = [struct.unpack_from("<IHBB", head, 22 + 8 * i) for i in range(min(head[1], (len(head) - 22) // 8))]
        if not width or not hnid:
            return
        for block in self.pieces(hnid):
            for at in range(0, len(block) - width + 1, width):
                yield list(self._cells(block[at : at + width], bits_at, columns))

    def _cells(self, row: bytes, bits_at: int, columns: list[tuple[int, ...]]) -> Iterator[Property]:
        for tag_and_kind, at, size, bit in columns:
            byte = bits_at + bit // 8
            if byte >= len(row) or not row[byte] >> (7 - bit % 8) & 1:
                continue
            kind, data = tag_and_kind & 0xFFFF, row[at : at + size]
            if kind not in _INLINE and not (size == 8 and kind in {0x0005, 0x0006, 0x0007, 0x0014, 0x0040}):
                try:
                    data = self.value(struct.unpack("<I", data)[0])
                except (PstDamaged, struct.error):
                    kind, data = 0, b""
            yield Property(tag_and_kind >> 16, kind, data)
