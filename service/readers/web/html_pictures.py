"""Extract pictures embedded in an HTML file as `data:` URLs into children of its Document."""

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
    """Return the pictures in document order, each content once, and Notes on those that cannot be decoded."""
    children: list[Source] = []
    notes: list[Note] = []
    seen: set[bytes] = set()
    left = options.limits.expanded
    for found in _PICTURE.finditer(text):
        if len(children) >= options.limits.members or left <= 0:
            notes.append(note("expansion_limit", f"more than {len(children):,} pictures"))
            break
        kind, data = (found["a"] or found["c"]).lower(), _decoded(found["b"] or found["d"] or "")
        if data is None:
            notes.append(note("embedded_unreadable", f"picture {len(children) + 1}"))
        elif data and data not in seen:
            seen.add(data)
            left -= len(data)
            name = f"picture{len(children) + 1}.{kind.rpartition('/')[2].partition('+')[0]}"
            child = spool.child(source, data, name=name, ordinal=len(children), relation="inline", declared_type=kind)
            children.append(child)
    return children, notes


def _decoded(text: str) -> bytes | None:
    """Decode base64, ignoring white space and percent encoding; None where it is invalid."""
    try:
        return base64.b64decode(b"".join(unquote_to_bytes(text).split()), validate=True)
    except (binascii.Error, ValueError):
        return None
