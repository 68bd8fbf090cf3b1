"""Extract images and objects of an office file as child Sources."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from io import BytesIO
from pathlib import PurePosixPath

import olefile

from thresher.schemas.source import Relation, Source
from thresher.service.readers.archives.zip_package import Link, Package
from thresher.service.readers.base import Spool

_INLINE = frozenset({"image"})
_EMBEDDED = frozenset({"oleObject", "package", "aFChunk"})
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def embedded_children(source: Source, package: Package, parts: Iterable[str], spool: Spool) -> dict[str, Source]:
    """Return images and objects of the parts of an OOXML file by member, each once, in order. Linked ones become a Note."""
    wanted: dict[str, Link] = {}
    for link in (v for part in parts for v in package.links(part).values()):
        if link.type in _INLINE | _EMBEDDED:
            if link.external:
                package.flag("linked_not_collected", link.target)
            else:
                wanted.setdefault(link.target, link)
    return {
        link.target: child
        for ordinal, link in enumerate(wanted.values())
        if (child := _child(source, package, link, spool, ordinal)) is not None
    }


def _child(source: Source, package: Package, link: Link, spool: Spool, ordinal: int) -> Source | None:
    data, name = package.read(link.target), PurePosixPath(link.target).name
    if not data:
        package.flag("embedded_unreadable", link.target)
        return None
    if link.type in _EMBEDDED:
        name, data = unwrap_ole(name, data)
    relation: Relation = "inline" if link.type in _INLINE else "embedded"
    return spool.child(source, data, name=name, ordinal=ordinal, relation=relation)


def unwrap_ole(name: str, data: bytes) -> tuple[str, bytes]:
    """Return name and bytes of the file inside an OLE object; the object itself where it contains none."""
    if not data.startswith(_OLE):
        return name, data
    try:
        with olefile.OleFileIO(BytesIO(data)) as ole:
            for stream in ("Package", "CONTENTS"):
                if ole.exists(stream):
                    return name, ole.openstream(stream).read()
            if ole.exists("\x01Ole10Native"):
                return unwrap_ole_native(name, ole.openstream("\x01Ole10Native").read())
    except (OSError, ValueError, IndexError, struct.error):
        pass
    return name, data


def unwrap_ole_native(name: str, stream: bytes) -> tuple[str, bytes]:
    r"""Return name and bytes of the file in an `\x01Ole10Native` stream (MS-OLEDS 2.3.6 and the packager's layout).

    Layout: size (4), flags (2), label, file name, two words, length and text of a temporary path, length and bytes of
    the file.
    """
    try:
        label_end = stream.index(b"\0", 6)
        file_end = stream.index(b"\0", label_end + 1)
        label = stream[6:label_end].decode("cp1252", "replace")
        at = file_end + 5
        (path_size,) = struct.unpack_from("<I", stream, at)
        at += 4 + path_size
        (size,) = struct.unpack_from("<I", stream, at)
        data = stream[at + 4 : at + 4 + size]
    except (ValueError, struct.error):
        return name, stream[4:]
    return (label or name), data or stream[4:]
