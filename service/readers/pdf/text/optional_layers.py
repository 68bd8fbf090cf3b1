"""Whether a file may have layers that are switched off: a look at its bytes, as PDFium does not tell."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

_SIGN = b"/OCProperties"
_PACKED = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.DOTALL)
_MOST = 64 * 2**20  # bytes of a file that are looked at
_MOST_PACKED = 4 * 2**20  # bytes of one stream of objects, and how many are opened
_STREAMS = 400


def may_have_layers(path: str) -> bool:
    """True where the catalogue names layers, or can not be looked into."""
    if Path(path).stat().st_size > _MOST:
        return True
    data = Path(path).read_bytes()
    if _SIGN in data or b"/Encrypt" in data:
        return True
    if b"/ObjStm" not in data:
        return False
    return any(
        _SIGN in _opened(data, match.end()) for match, _ in zip(_PACKED.finditer(data), range(_STREAMS), strict=False)
    )


def _opened(data: bytes, start: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data[start : start + _MOST_PACKED], _MOST_PACKED)
    except zlib.error:
        return b""
