"""Pictures that stand inside an HTML file itself, as `data:` addresses: children of its Document."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from thresher.schemas.errors import Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool

_PICTURE = re.compile(
    r"""\bsrc\s*=\s*(?:"data:(?P<a>image/[\w.+-]+)[^",]*;base64,(?P<b>[^"]*)"|'data:(?P<c>image/[\w.+-]+)[^',]*;base64,(?P<d>[^']*)')""",
    re.IGNORECASE,
)


def pictures_of(text: str, source: Source, options: ReadOptions, spool: Spool) -> tuple[list[Source], list[Note]]:
    """The pictures in document order, each content once, and Notes on those that can not be had."""
    children: list[Source] = []
    notes: list[Note] = []
    seen: set[bytes] = set()
    room = options.limits.expanded
    for found in _PICTURE.finditer(text):
        if len(children) >= options.limits.members or room <= 0:
            notes.append(note("expansion_limit", f"more than {len(children):,} pictures"))
            break
        kind, data = (found["a"] or found["c"]).lower(), _decoded(found["b"] or found["d"] or "")
        if data is None:
            notes.append(note("embedded_unreadable", f"picture {len(children) + 1}"))
        elif data and data not in seen:
            seen.add(data)
            room -= len(data)
            name = f"picture{len(children) + 1}.{kind.rpartition('/')[2].partition('+')[0]}"
            child = spool.child(source, data, name=name, ordinal=len(children), relation="inline", declared_type=kind)
            children.append(child)
    return children, notes


def _decoded(text: str) -> bytes | None:
    """The bytes of base64 with whatever white space or percent signs it was written."""
    try:
        return base64.b64decode(b"".join(unquote_to_bytes(text).split()), validate=True)
    except (binascii.Error, ValueError):
        return None
