"""Decide from a file's bytes whether it may have layers that are switched off.

PDFium does not report it.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

_LAYERS_KEY = b"/OCProperties"
_OBJECT_STREAM = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.DOTALL)
_FILE_MAX_BYTES = 64 * 2**20  # larger files are not searched
_STREAM_MAX_BYTES = 4 * 2**20  # of one stream of objects
_MAX_STREAMS = 400


def may_have_layers(path: str) -> bool:
    """Whether the catalogue names layers, or the file is encrypted or larger than 64 MiB.

    Streams beyond _MAX_STREAMS and damaged ones count as naming none.
    """
    if Path(path).stat().st_size > _FILE_MAX_BYTES:
        return True
    data = Path(path).read_bytes()
    if _LAYERS_KEY in data or b"/Encrypt" in data:
        return True
    if b"/ObjStm" not in data:
        return False
    return any(
        _LAYERS_KEY in _opened(data, match.end())
        for match, _ in zip(_OBJECT_STREAM.finditer(data), range(_MAX_STREAMS), strict=False)
    )


def _opened(data: bytes, start: int) -> bytes:
    """Decompress a stream, within a limit; empty where it is damaged."""
    try:
        return zlib.decompressobj().decompress(data[start : start + _STREAM_MAX_BYTES], _STREAM_MAX_BYTES)
    except zlib.error:
        return b""
