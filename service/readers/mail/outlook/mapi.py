"""Read the MAPI properties of a message in a compound file (MS-OXMSG)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from thresher.service.readers.mail.charsets import decode
from thresher.service.readers.mail.outlook.compound_writer import Storage, write_compound

PROPERTIES, NAMES = "__properties_version1.0", "__nameid_version1.0"
_STREAM = "__substg1.0_"
_HEADER = {"message": 24, "part": 8}  # bytes before the entries; 32 for a top-level message
_FIXED = {0x0002: "<h6x", 0x0003: "<i4x", 0x0005: "<d", 0x000B: "<?7x", 0x0014: "<q", 0x0040: "<Q"}
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_CHARSETS = {65001: "utf-8", 20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp", 51949: "euc-kr",
             50221: "iso-2022-jp", 50222: "iso-2022-jp", 50225: "iso-2022-kr", 51932: "euc-jp", 51936: "gb18030",
             52936: "hz", 54936: "gb18030", 1200: "utf-16-le", 10000: "mac_roman"}  # fmt: skip


@dataclass(slots=True)
class Node:
    """A message, recipient or attachment: a storage and its properties."""

    storage: Storage
    fixed: dict[int, Any] = field(default_factory=dict)
    charset: str | None = None  # of 8-bit strings
    lossy: bool = False  # a string did not fit its charset

    def stream(self, tag: int, kind: int) -> bytes | None:
        """Return the raw bytes of a property of one type; None where there is none."""
        value = self.storage.get(f"{_STREAM}{tag:04X}{kind:04X}")
        return value if isinstance(value, bytes) else None

    def text(self, tag: int) -> str:
        """Return a string property; empty where there is none."""
        wide = self.stream(tag, 0x001F)
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0").replace("\0", "")
        narrow = self.stream(tag, 0x001E)
        if narrow is None:
            return ""
        decoded = decode(narrow.rstrip(b"\0"), self.charset)
        self.lossy = self.lossy or decoded.lossy
        return decoded.text.replace("\0", "")

    def binary(self, tag: int) -> bytes | None:
        """Return a binary property; None where there is none."""
        return self.stream(tag, 0x0102)

    def number(self, tag: int) -> int | None:
        """Return a whole number or truth value; None where there is none."""
        value = self.fixed.get(tag)
        return int(value) if isinstance(value, (int, float)) else None

    def time(self, tag: int) -> str:
        """Return a time as ISO 8601 in UTC; empty where there is none."""
        value = self.fixed.get(tag)
        if not isinstance(value, int) or not 0 < value < 0x4000000000000000:
            return ""
        try:
            return (_EPOCH + timedelta(microseconds=value // 10)).strftime("%Y-%m-%dT%H:%M:%SZ")
        except OverflowError:
            return ""

    def parts(self, prefix: str) -> list[Node]:
        """Return recipients (`__recip`) or attachments (`__attach`), in the order of their numbers."""
        names = sorted(name for name in self.storage if name.startswith(prefix))
        found = [self.storage[name] for name in names]
        return [node(s, _HEADER["part"], self.charset) for s in found if not isinstance(s, bytes)]


def node(storage: Storage, header: int, charset: str | None = None) -> Node:
    """Return a storage with its fixed-size properties."""
    made = Node(storage, charset=charset)
    table = storage.get(PROPERTIES)
    if isinstance(table, bytes):
        for at in range(header, len(table) - 15, 16):
            kind, tag = struct.unpack_from("<HH", table, at)
            if kind in _FIXED:
                made.fixed[tag] = struct.unpack_from(_FIXED[kind], table, at + 8)[0]
    return made


def message(storage: Storage) -> Node:
    """Return the message of a whole file."""
    made = node(storage, 32)
    page = made.number(0x3FFD) or made.number(0x3FDE)
    made.charset = charset_of(page) if page else None
    return made


def charset_of(page: int) -> str:
    """Return the charset name of a Windows code page.

    >>> charset_of(1252), charset_of(28592), charset_of(65001)
    ('cp1252', 'iso-8859-2', 'utf-8')
    """
    if 28591 <= page <= 28606:
        return f"iso-8859-{page - 28590}"
    return _CHARSETS.get(page, f"cp{page}")


def named(storage: Storage) -> dict[int, int]:
    """Return a mapping of numeric property names (LIDs) to their tags in this file."""
    names = storage.get(NAMES)
    table = names.get(f"{_STREAM}00030102") if isinstance(names, dict) else None
    found = {}
    if isinstance(table, bytes):
        for at in range(0, len(table) - 7, 8):
            lid, kind, index = struct.unpack_from("<IHH", table, at)
            if not kind & 1:
                found[lid] = 0x8000 + index
    return found


def as_file(inner: Storage, outer: Storage) -> bytes:
    """Return an embedded message as a file: its table gets the longer header, and it gets the outer file's names."""
    whole = dict(inner)
    table = whole.get(PROPERTIES)
    if isinstance(table, bytes):
        whole[PROPERTIES] = table[:24] + bytes(8) + table[24:]
    if NAMES in outer:
        whole[NAMES] = outer[NAMES]
    return write_compound(whole)
