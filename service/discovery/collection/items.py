"""What an item is before it is a document: its bytes, its names, and its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.discovery.matter import MatterDate

INSIDE = "!/"  # between the path of something and what is inside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The SOURCE of an item. `label` tells SOURCEs of one custodian apart in ids."""

    number: int
    label: str
    custodian: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that becomes a document, a container or an exception. Its bytes are `data`, or lie in `file`."""

    name: str
    path: str  # as shown, within the SOURCE
    raw: bytes  # the bytes of the path
    place: str
    ordinal: int = 0
    depth: int = 0  # containers around it
    file: Path | None = None
    data: bytes | None = None
    declared: str | None = None  # media type that its container states
    modified: MatterDate | None = None
    content_id: str = ""
    is_inline: bool = False

    @property
    def path_bytes(self) -> str | None:
        """Return the bytes of the path in hexadecimal where they are not those of the shown path."""
        raw = self.raw.replace(INSIDE.encode() * 2, INSIDE.encode())
        return None if raw == self.path.encode() else raw.hex()


def shown_path(raw: bytes) -> str:
    r"""Return a path as text: bytes that are not UTF-8 as `\xff`, control characters and lone surrogates escaped.

    >>> shown_path(b"caf\xc3\xa9\xff")
    'café\\xff'
    """
    text = raw.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def key_path(raw: bytes) -> str:
    r"""Return a path as text that no other path has, and that sorts as the bytes do where they are UTF-8.

    >>> key_path(b"a\xff") == key_path(rb"a\xff")
    False
    """
    text = raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\0").replace("\x01", "\\1")
