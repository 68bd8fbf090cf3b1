"""Extract files and pictures embedded in old office files as children; other objects are reported in a Note."""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator
from typing import Any

import olefile

from thresher.schemas.errors import InputProblem, Note, note
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.office.office_children import unwrap_ole_native

_WRAPPED = ("Package", "CONTENTS", "\x01Ole10Native")
_PROTECTED = ("\tDRMContent", "\x06DataSpaces/TransformInfo/DRMTransform", "DRMViewerContent")
_BLIP = re.compile(rb"..([\x1d\x1e])\xf0", re.DOTALL)
_MAGIC = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff"}
log = logging.getLogger(__name__)


def refuse_protected(ole: Any, source: Source) -> None:
    """Raise InputProblem(rms_protected) where an OLE file is under rights management."""
    if any(ole.exists(name) for name in _PROTECTED):
        raise InputProblem("rms_protected", source.name or source.path)


def ole_children(source: Source, spool: Spool) -> tuple[list[Source], list[Note]]:
    """Return the files in a Source's embedded objects, and a Note on the objects that are not files."""
    try:
        with olefile.OleFileIO(source.blob) as ole:
            found = [_unwrapped(ole, storage) for storage in _objects(ole)]
            shown = list(pictures(ole))
    except (OSError, ValueError, IndexError, struct.error):
        log.debug("no objects in %s", source.path, exc_info=True)
        return [], []
    files = [pair for pair in found if pair is not None]
    children = [
        spool.child(source, data, name=name, ordinal=i, relation="embedded" if i < len(files) else "inline")
        for i, (name, data) in enumerate([*files, *shown])
    ]
    lost = len(found) - len(files)
    return children, [note("embedded_unreadable", f"{lost} objects")] if lost else []


def pictures(ole: Any) -> Iterator[tuple[str, bytes]]:
    """Yield PNG and JPEG pictures of a DOC or PPT with a name each: [MS-ODRAW] blips, found by their record types."""
    count = 0
    for stream in ("Data", "Pictures"):
        data = ole.openstream(stream).read() if ole.exists(stream) else b""
        for blip in _BLIP.finditer(data):
            (size,) = struct.unpack_from("<I", data, blip.start() + 4)
            kind = "png" if blip[1] == b"\x1e" else "jpg"
            body = data[blip.start() + 8 : blip.start() + 8 + size]
            at = body[:64].find(_MAGIC[kind])
            if at >= 0:
                count += 1
                yield f"picture{count}.{kind}", body[at:]


def _objects(ole: Any) -> list[tuple[str, ...]]:
    """Return the storages that contain one embedded object each."""
    storages: dict[tuple[str, ...], None] = {}
    for path in ole.listdir():
        if path[0] == "ObjectPool" and len(path) > 2:
            storages[tuple(path[:2])] = None
        elif path[0].startswith("MBD") and len(path) > 1:
            storages[(path[0],)] = None
    return list(storages)


def _unwrapped(ole: Any, storage: tuple[str, ...]) -> tuple[str, bytes] | None:
    for stream in _WRAPPED:
        path = [*storage, stream]
        if ole.exists(path):
            data = ole.openstream(path).read()
            return unwrap_ole_native(storage[-1], data) if stream.startswith("\x01") else (storage[-1], data)
    return None
