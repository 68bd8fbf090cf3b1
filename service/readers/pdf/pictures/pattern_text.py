"""Tell from a file's bytes whether it paints text through a tiling pattern, whose cell no reader of pages looks into."""

from __future__ import annotations

import mmap
import re
import zlib

from thresher.service.readers.pdf.text.replacement_search import spelt

_HEAD_BYTES, _CELL_MAX_BYTES = 4096, 1 << 17  # of a pattern's dictionary; of its cell, unpacked
_MAX_PATTERNS = 200
_TILING = re.compile(spelt("PatternType").pattern + rb"\s*1\b")
_STREAM = re.compile(rb"stream\r?\n")
_SHOWN = re.compile(rb"(?:\)|\]|>)\s*(?:Tj|TJ|'|\")(?![\w*])")  # operators that show text, behind a string or an array


def paints_text_through_patterns(path: str) -> bool:
    """Whether a tiling pattern's cell shows text, as far as its bytes can be read."""
    with open(path, "rb") as file:  # noqa: PTH123 - one read, no Path needed
        try:
            body = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file
            return False
    found = (match.end() for match, _ in zip(_TILING.finditer(body), range(_MAX_PATTERNS), strict=False))
    return any(_SHOWN.search(_cell(body, at)) for at in found)


def _cell(body: mmap.mmap, at: int) -> bytes:
    """Return the content of a pattern's cell; empty where it is packed in another way."""
    begin = _STREAM.search(body, at, at + _HEAD_BYTES)
    if begin is None:
        return b""
    end = body.find(b"endstream", begin.end())
    data = body[begin.end() : min(end if end >= 0 else len(body), begin.end() + _CELL_MAX_BYTES)]
    try:
        return zlib.decompressobj().decompress(data, _CELL_MAX_BYTES)
    except zlib.error:
        return data
