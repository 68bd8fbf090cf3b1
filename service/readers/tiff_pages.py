"""Count the pages of a TIFF by the chain of its directories, as decoders stop without a word where it breaks."""

from __future__ import annotations

import struct
from pathlib import Path

_PAGES_MAX = 1 << 16  # a longer chain counts as broken


def pages_stated(path: str) -> int:
    """Return the pages of a TIFF or BigTIFF; -1 where the chain leads back, or out of the file."""
    with Path(path).open("rb") as file:
        head = file.read(16)
        order, big = ("<" if head[:2] == b"II" else ">"), head[2:4] in {b"+\0", b"\0+"}
        count_form, link_form, entry = (order + "Q", order + "Q", 20) if big else (order + "H", order + "I", 12)
        seen: set[int] = set()
        try:
            (at,) = struct.unpack_from(link_form, head, 8 if big else 4)
            while at and at not in seen and len(seen) < _PAGES_MAX:
                seen.add(at)
                file.seek(at)
                (entries,) = struct.unpack(count_form, file.read(struct.calcsize(count_form)))
                file.seek(at + struct.calcsize(count_form) + entry * entries)
                (at,) = struct.unpack(link_form, file.read(struct.calcsize(link_form)))
        except (struct.error, OverflowError, OSError):
            return -1
    return -1 if at else len(seen)
