"""Define a reader chosen by the members of a ZIP or OLE file, the base of most office readers."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import olefile

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool

_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageReader:
    """A reader of one format, recognised by its media type or by its members."""

    name: str
    reading: Callable[[Source, ReadOptions, Spool], Reading]
    types: tuple[str, ...]  # prefixes of media types
    members: tuple[str, ...] = ()  # prefixes of names in a ZIP
    mimetype: bytes = b""  # prefix of the first member's text, in ODF and EPUB
    streams: tuple[str, ...] = ()  # names of OLE streams
    start: bytes = b""  # first bytes

    def confidence(self, head: bytes, source: Source) -> float:
        """Return 0.9 for the media type, 0.8 where the content is of this format, else 0."""
        if source.media_type.startswith(self.types):
            return 0.9
        return 0.8 if self._has_content(head, source) else 0.0

    def _has_content(self, head: bytes, source: Source) -> bool:
        if self.start:
            return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(self.start)
        if self.mimetype and head.startswith(_ZIP):
            return b"mimetype" + self.mimetype in head[:200]
        if self.members and head.startswith(_ZIP):
            return _holds_member(source, self.members)
        return bool(self.streams) and head.startswith(_OLE) and _holds_stream(source, self.streams)

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the Document, and the children in order."""
        return self.reading(source, options, spool)


def _holds_member(source: Source, beginnings: tuple[str, ...]) -> bool:
    try:
        with zipfile.ZipFile(source.blob) as archive:
            return any(name.lower().startswith(beginnings) for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _holds_stream(source: Source, names: tuple[str, ...]) -> bool:
    try:
        with olefile.OleFileIO(source.blob) as ole:
            return any(ole.exists(name) for name in names)
    except (OSError, ValueError, IndexError):
        return False
