"""Read text boxes and check boxes of old workbooks (XLS), which xlrd ignores: records OBJ and TXO of [MS-XLS]."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import olefile

from thresher.service.readers.text_marks import CHOSEN, OPEN, TICKED, UNCHOSEN

_BOF, _EOF, _OBJ, _TXO, _CONTINUE = 0x0809, 0x000A, 0x005D, 0x01B6, 0x003C
_WORKSHEET = 0x0010
_NOTE, _CHECK, _RADIO = 0x19, 0x0B, 0x0C  # kinds of objects; notes are read as comments
_KIND, _STATE = 0x15, 0x0A  # subrecords of an object
_MAX_BOXES = 10_000


class Record(NamedTuple):
    """One record of the workbook's stream."""

    type: int
    body: bytes


def sheet_boxes(path: str) -> list[list[str]]:
    """Return the texts of each worksheet's boxes, in order; empty where the file violates the specification."""
    try:
        with olefile.OleFileIO(path) as ole:
            name = "Workbook" if ole.exists("Workbook") else "Book"
            return _boxes(ole.openstream(name).read())
    except (OSError, ValueError, IndexError, struct.error):
        return []


def _boxes(data: bytes) -> list[list[str]]:
    sheets: list[list[str]] = []
    kind, state, in_sheet = 0, 0, False
    every = list(records(data))
    for i, record in enumerate(every):
        if record.type == _BOF and len(record.body) >= 4:
            in_sheet = struct.unpack_from("<H", record.body, 2)[0] == _WORKSHEET
            sheets += [[]] if in_sheet else []
        elif record.type == _OBJ and in_sheet:
            kind, state = _object(record.body)
        elif record.type == _TXO and in_sheet and kind != _NOTE and len(sheets[-1]) < _MAX_BOXES:
            text = _text(record.body, every[i + 1 : i + 40])
            mark = {_CHECK: (OPEN, TICKED), _RADIO: (UNCHOSEN, CHOSEN)}.get(kind)
            sheets[-1].append(f"{mark[state == 1]} {text}" if mark and text else text)
    return [[text for text in sheet if text] for sheet in sheets]


def records(data: bytes) -> Iterator[Record]:
    """Yield the records of a workbook's stream, one after the other."""
    at = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        yield Record(kind, data[at + 4 : at + 4 + size])
        at += 4 + size


def _object(body: bytes) -> tuple[int, int]:
    """Return an object's kind, and whether its box is ticked (1)."""
    at, kind, state = 0, 0, 0
    while at + 4 <= len(body):
        part, size = struct.unpack_from("<HH", body, at)
        if part == _KIND and size >= 2:
            (kind,) = struct.unpack_from("<H", body, at + 4)
        elif part == _STATE and size >= 2:
            (state,) = struct.unpack_from("<H", body, at + 4)
        elif part == 0 and size == 0:
            break
        at += 4 + size
    return kind, state


def _text(body: bytes, following: list[Record]) -> str:
    """Return the text of a TXO: as many characters as it states, from the CONTINUE records after it."""
    left = struct.unpack_from("<H", body, 10)[0] if len(body) >= 12 else 0
    text = ""
    for record in following:
        if record.type != _CONTINUE or not left or not record.body:
            break
        wide = record.body[0] & 1
        raw = record.body[1 : 1 + (2 * left if wide else left)]
        piece = raw.decode("utf-16-le" if wide else "latin-1", "replace")
        text += piece
        left -= len(raw) // 2 if wide else len(raw)
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
