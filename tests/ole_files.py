"""Old office files made by code: a small OLE container, and the least Word, Excel and PowerPoint streams within."""

from __future__ import annotations

import struct
from pathlib import Path

_SECTOR, _LEAST = 512, 4096  # bytes; a smaller stream would lie in the mini stream
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def ole(path: Path, streams: dict[str, bytes]) -> Path:
    """An OLE file (version 3) of streams at its root."""
    padded = {
        name: data.ljust(_LEAST, b"\0")
        for name, data in sorted(streams.items(), key=lambda s: (len(s[0]), s[0].upper()))
    }
    chains, at = [], 1  # sector 0 holds the allocation table
    folder = (len(padded) + 4) // 4
    chains.append((at, folder))
    at += folder
    for data in padded.values():
        chains.append((at, -(-len(data) // _SECTOR)))
        at += chains[-1][1]
    table = [_FAT] + [_FREE] * 127
    for start, count in chains:
        table[start : start + count] = [*range(start + 1, start + count), _END]
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    for i, (name, data) in enumerate(padded.items(), 1):
        entries.append(_entry(name, 2, chains[i][0], len(data), right=i + 1 if i < len(padded) else _FREE))
    directory = b"".join(entries).ljust(folder * _SECTOR, b"\0")
    body = b"".join(data.ljust(-(-len(data) // _SECTOR) * _SECTOR, b"\0") for data in padded.values())
    path.write_bytes(_head() + struct.pack("<128I", *table) + directory + body)
    return path


def _head() -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, _LEAST, _END, 0, _END, 0) + struct.pack("<109I", 0, *[_FREE] * 108)
    return head


def _entry(name: str, kind: int, start: int, size: int, *, right: int = _FREE, child: int = _FREE) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return (
        raw.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(raw), kind, 1, _FREE, right, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def doc_streams(stories: list[str], *, flags: int = 0x0200) -> dict[str, bytes]:
    """Word streams of up to eight stories (text, footnotes, headers, macros, comments, endnotes, text boxes, those of headers)."""
    text = "".join(stories)
    main = bytearray(0x600)
    struct.pack_into("<HH", main, 0, 0xA5EC, 0x00C1)
    struct.pack_into("<H", main, 0x0A, flags)
    sizes = [len(s.encode("utf-16-le")) // 2 for s in stories]  # the format counts units of UTF-16
    struct.pack_into("<8i", main, 0x4C, *sizes, *[0] * (8 - len(stories)))
    half = len(text) // 2  # one piece of single bytes, one of UTF-16
    narrow, wide = text[:half].encode("cp1252"), text[half:].encode("utf-16-le")
    plan = struct.pack("<3I", 0, half, sum(sizes))
    plan += struct.pack("<HIH", 0, 0x4000_0000 | 2 * 0x600, 0) + struct.pack("<HIH", 0, 0x600 + len(narrow), 0)
    clx = b"\x02" + struct.pack("<I", len(plan)) + plan
    struct.pack_into("<II", main, 0x01A2, 0, len(clx))
    return {"WordDocument": bytes(main) + narrow + wide, "1Table": clx}


def _record(kind: int, body: bytes, *, container: bool = False, instance: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4 | (0xF if container else 0), kind, len(body)) + body


def ppt_streams(title: str, drawn: str) -> dict[str, bytes]:
    """PowerPoint streams of one slide: a title in the document's list, a text in the slide's drawing."""
    listed = _record(0x03F3, struct.pack("<5I", 2, 0, 0, 256, 0)) + _record(0x0F9F, struct.pack("<I", 0))
    listed += _record(0x0FA0, title.encode("utf-16-le"))
    document = _record(0x03E9, struct.pack("<ii", 5760, 4320) + bytes(32)) + _record(0x0FF0, listed, container=True)
    first = _record(0x03E8, document, container=True)
    box = _record(0x0F9F, struct.pack("<I", 4)) + _record(0x0FA8, drawn.encode("latin-1"))
    slide = _record(0x03EE, _record(0x040C, _record(0xF00D, box, container=True), container=True), container=True)
    directory = _record(0x1772, struct.pack("<III", 2 << 20 | 1, 0, len(first)))
    at = len(first) + len(slide)
    edit = _record(0x0FF5, struct.pack("<IIII", 0, 0, 0, at) + bytes(12))
    user = struct.pack("<HHIIII", 0, 0x0FF6, 20, 20, 0xE391C05F, at + len(directory))
    return {"PowerPoint Document": first + slide + directory + edit, "Current User": user}


def xls_streams(
    cells: dict[tuple[int, int], str | float], *, hidden: bool = False, boxes: tuple[tuple[int, int, str], ...] = ()
) -> dict[str, bytes]:
    """Excel 97 streams of one sheet: texts and numbers by (row, column), boxes as (kind of object, state, text)."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def start(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    rows = b""
    for (r, c), value in sorted(cells.items()):
        place = struct.pack("<HHH", r, c, 0)
        if isinstance(value, str):
            rows += record(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
        else:
            rows += record(0x0203, place + struct.pack("<d", value))
    for kind, state, text in boxes:
        parts = struct.pack("<HHHHH", 0x15, 6, kind, 1, 0) + struct.pack("<HHH", 0x0A, 2, state) + bytes(4)
        head = struct.pack("<HHHHHHHH", 0, 0, 0, 0, 0, len(text), 16, 0)[:18]
        rows += record(0x005D, parts) + record(0x01B6, head + bytes(2))
        rows += record(0x003C, b"\1" + text.encode("utf-16-le")) + record(0x003C, bytes(16))
    name = b"Rates"
    size = len(start(5)) + 4 + 8 + len(name) + 4
    sheet = record(0x0085, struct.pack("<IBBBB", size, int(hidden), 0, len(name), 0) + name)
    return {"Workbook": start(5) + sheet + record(0x0A, b"") + start(0x10) + rows + record(0x0A, b"")}
