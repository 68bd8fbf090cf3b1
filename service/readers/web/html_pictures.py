"""Find the pictures of a page: those embedded as `data:` URLs, which become children, and what an `src` names."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from thresher.schemas.document import Document
from thresher.schemas.errors import Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.placed_pictures import PlacedPicture, PlacedPictures, ShownPicture
from thresher.service.readers.web.css_rules import declarations
from thresher.service.readers.web.css_values import pixels

_PICTURE = re.compile(
    r"""\bsrc\s*=\s*(?:"data:(?P<a>image/[\w.+-]+)[^",]*;base64,(?P<b>[^"]*)"|'data:(?P<c>image/[\w.+-]+)[^',]*;base64,(?P<d>[^']*)')""",
    re.IGNORECASE,
)


_EMBEDDED = re.compile(r"data:image/[^,]*;base64,", re.IGNORECASE)
_SIDES = ("width", "height", "max-width", "max-height")


@dataclass(frozen=True, slots=True)
class PagePictures:
    """The pictures that a page may show. Those embedded in it are known by their SHA-256."""

    pictures: PlacedPictures
    document: Document  # of the page; takes the Notes on pictures
    members: dict[str, str]  # of `pictures`, by what an `src` names: an address, or a Content-ID as `cid:…`
    folder: str = ""  # of the page in its file; addresses are relative to it

    def place(self, src: str) -> PlacedPicture | None:
        """Return the picture of an `src`, where it has words to write here."""
        member = self._member(src.strip())
        return self.pictures.place(self.document, ShownPicture(member)) if member else None

    def holds(self, src: str) -> bool:
        """Whether the file holds the picture of an `src`."""
        return bool(self._member(src.strip()))

    def _member(self, src: str) -> str:
        """Return what a picture is known by; empty where the file does not hold it."""
        if embedded := _EMBEDDED.match(src):
            data = _decoded(src[embedded.end() :])
            return self.members.get(hashlib.sha256(data).hexdigest(), "") if data else ""
        if src[:4].lower() == "cid:":
            return self.members.get(f"cid:{unquote(src[4:])}", "")
        path = posixpath.normpath(posixpath.join(self.folder, unquote(src)))
        return self.members.get(src) or self.members.get(path, "")


def is_speck(attributes: dict[str, str | None]) -> bool:
    """Whether an image is shown with at most a pixel of width or height, so that nobody reads it."""
    style = declarations(attributes.get("style") or "")
    sides = [pixels(style.get(name) or attributes.get(name) or "") for name in _SIDES]
    return any(side is not None and side <= 1 for side in sides)


def pictures_of(
    text: str, source: Source, options: ReadOptions, spool: Spool, *, first: int = 0
) -> tuple[list[Source], list[Note]]:
    """Return the pictures in document order, each content once, and Notes on those that cannot be decoded.

    Their ordinals begin with `first`.
    """
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
            at = first + len(children)
            children.append(spool.child(source, data, name=name, ordinal=at, relation="inline", declared_type=kind))
    return children, notes


def _decoded(text: str) -> bytes | None:
    """Decode base64, ignoring white space and percent encoding; None where it is invalid."""
    try:
        return base64.b64decode(b"".join(unquote_to_bytes(text).split()), validate=True)
    except (binascii.Error, ValueError):
        return None
