"""Mailboxes (PST) whose structures name each other, and RTF bodies of mails: they end in a moment."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from thresher.service.discovery.collection.pst.file import Node, PstDamaged, PstFile
from thresher.service.discovery.collection.pst.messages import folders, message_file
from thresher.service.discovery.collection.pst.properties import NodeData
from thresher.service.readers.mail.outlook.rtf_bodies import original

NODES, BLOCKS = 1024, 1536  # offsets of the two trees
MESSAGE, ATTACHMENT = 0x24, 0x8025


def _page(kind: int, level: int, entries: list[bytes]) -> bytes:
    size = len(entries[0])
    facts = bytes([len(entries), 0, size, level]) + bytes(4) + bytes([kind, kind])
    return (b"".join(entries).ljust(488, b"\0") + facts).ljust(512, b"\0")


def _mailbox(folder: Path, nodes: bytes, blocks: dict[int, bytes]) -> Path:
    """Write a mailbox of a tree of nodes and of blocks by their ids."""
    head = bytearray(NODES)
    struct.pack_into("<H", head, 10, 23)
    struct.pack_into("<QQ", head, 216, 0, NODES)
    struct.pack_into("<QQ", head, 232, 0, BLOCKS)
    entries, data = [], b""
    for bid, block in sorted(blocks.items()):
        entries.append(struct.pack("<QQHH4x", bid, BLOCKS + 512 + len(data), len(block), 1))
        data += block.ljust(-(-(len(block) + 16) // 64) * 64, b"\0")
    path = folder / "a.pst"
    path.write_bytes(bytes(head) + nodes + _page(0x80, 0, entries or [bytes(24)]) + data)
    return path


def _heap(kind: int, items: list[bytes]) -> bytes:
    """Return a block that holds a heap of items, whose root is the first."""
    body, offsets = b"", [12]
    for item in items:
        body += item
        offsets.append(12 + len(body))
    table = struct.pack("<HH", len(items), 0) + b"".join(struct.pack("<H", at) for at in offsets)
    return struct.pack("<HBBII", 12 + len(body), 0xEC, kind, 0x20, 0) + body + table


def _list(inner: list[int]) -> bytes:
    return struct.pack("<BBHI", 1, 1, len(inner), 0) + b"".join(struct.pack("<Q", bid) for bid in inner)


def _leaf(node: tuple[int, int, int, int]) -> bytes:
    return _page(0x81, 0, [struct.pack("<QQQI4x", *node)])


def test_pages_that_name_themselves_are_read_once(tmp_path: Path) -> None:
    """20 entries that lead back to their own page would be 20^10 pages."""
    page = _page(0x81, 1, [struct.pack("<QQQ", i, 0, NODES) for i in range(20)])
    with PstFile(_mailbox(tmp_path, page, {})) as pst:
        assert folders(pst) == []
        assert "named twice" in pst.faults[0]


def test_a_list_of_one_block_many_times_is_damaged(tmp_path: Path) -> None:
    """No node holds more than the file: 1,000 times 1,000 blocks of 8 KB would be 8 GB."""
    blocks = {4: bytes(8000), 6: _list([4] * 1000), 10: _list([6] * 1000)}
    path = _mailbox(tmp_path, _leaf((MESSAGE, 10, 0, 0)), blocks)
    with PstFile(path) as pst, pytest.raises(PstDamaged, match="more than the file"):
        pst.blocks(10)


def test_items_of_a_heap_that_name_themselves_are_damaged(tmp_path: Path) -> None:
    """A level of a tree that leads back to itself would be read 1,000^8 times."""
    heap = _heap(0xBC, [struct.pack("<BBBBI", 0xB5, 2, 6, 8, 0x40), struct.pack("<HI", 1, 0x40) * 1000])
    with (
        PstFile(_mailbox(tmp_path, _leaf((MESSAGE, 4, 0, 0)), {4: heap})) as pst,
        pytest.raises(PstDamaged, match="twice"),
    ):
        list(NodeData(pst, Node(MESSAGE, 4, 0)).properties())


def test_a_tree_without_keys_is_damaged(tmp_path: Path) -> None:
    """Records of no width are no fault of the program's."""
    heap = _heap(0xBC, [struct.pack("<BBBBI", 0xB5, 0, 0, 0, 0x40), b"x"])
    with (
        PstFile(_mailbox(tmp_path, _leaf((MESSAGE, 4, 0, 0)), {4: heap})) as pst,
        pytest.raises(PstDamaged, match="no keys"),
    ):
        message_file(pst, MESSAGE)


def test_messages_that_hold_each_other_end(tmp_path: Path) -> None:
    """A message with three attachments, each of which is the message again, would be 3^20 messages."""
    message = _heap(0xBC, [struct.pack("<BBBBI", 0xB5, 2, 6, 0, 0)])
    method = struct.pack("<HHI", 0x3705, 3, 5) + struct.pack("<HHI", 0x3701, 0x000D, 0x60)
    attachment = _heap(0xBC, [struct.pack("<BBBBI", 0xB5, 2, 6, 0, 0x40), method, struct.pack("<II", MESSAGE, 0)])
    inner = [(MESSAGE, 4, 14), *((ATTACHMENT + 32 * i, 8, 14) for i in range(3))]
    listed = struct.pack("<BBHI", 2, 0, len(inner), 0) + b"".join(struct.pack("<QQQ", *one) for one in inner)
    path = _mailbox(tmp_path, _leaf((MESSAGE, 4, 14, 0)), {4: message, 8: attachment, 14: listed})
    with PstFile(path) as pst, pytest.raises(PstDamaged, match="attachments"):
        message_file(pst, MESSAGE)


def test_fonts_without_an_end_take_a_moment() -> None:
    """33,000 fonts, none with its character set, were each looked for to the end of the others: two minutes."""
    start = time.process_time()
    original("{\\rtf1\\fromhtml " + "\\f1" * 33_000 + "}")
    assert time.process_time() - start < 5
