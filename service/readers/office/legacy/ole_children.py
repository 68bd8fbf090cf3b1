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
from thresher.service.readers.office.legacy.xls_boxes import records
from thresher.service.readers.office.office_children import unwrap_ole_native

_WRAPPED = ("Package", "CONTENTS", "\x01Ole10Native")
_PROTECTED = ("\tDRMContent", "\x06DataSpaces/TransformInfo/DRMTransform", "DRMViewerContent")
_BLIP = re.compile(  # the head of a picture's record, by its instance and type; JPEG and PNG by their type
    rb"..[\x1d\x1e\x2a]\xf0|[\x40\x50]=\x1a\xf0|[\x60\x70]!\x1b\xf0|[\x20\x30]T\x1c\xf0|[\x80\x90]z\x1f\xf0|[\x40\x50]n\x29\xf0",
    re.DOTALL,
)
_KINDS = {0x1A: "emf", 0x1B: "wmf", 0x1C: "pict", 0x1F: "dib"}  # which no reader takes: their names say so
_MAGIC = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"II*\0": "tif", b"MM\0*": "tif"}
_HEAD_MAX_BYTES = 64  # between a picture's record and its file
_DRAWINGS, _CONTINUED = 0x00EB, 0x003C  # records of a workbook that hold all its pictures
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
        return [], [note("embedded_unreadable", "pictures and objects")]
    files = [pair for pair in found if pair is not None]
    children = [
        spool.child(source, data, name=name, ordinal=i, relation="embedded" if i < len(files) else "inline")
        for i, (name, data) in enumerate([*files, *shown])
    ]
    lost = len(found) - len(files)
    return children, [note("embedded_unreadable", f"{lost} objects")] if lost else []


def pictures(ole: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the pictures of an old office file with a name each: [MS-ODRAW] blips, found by their record types."""
    count = 0
    for data in _drawings(ole):
        at = 0
        while blip := _BLIP.search(data, at):
            if blip.end() + 4 > len(data):
                break
            (size,) = struct.unpack_from("<I", data, blip.end())
            body = data[blip.end() + 4 : blip.end() + 4 + size]
            begin, kind = _picture(body, blip[0][2])
            at = blip.end() + (4 + size if kind else 0)  # the bytes of a picture hold no other
            if kind:
                count += 1
                yield f"picture{count}.{kind}", body[begin:]


def _picture(body: bytes, record: int) -> tuple[int, str]:
    """Return where the file in a blip begins, and its suffix; none for bytes that only look like a blip."""
    places = [(at, kind) for magic, kind in _MAGIC.items() if (at := body[:_HEAD_MAX_BYTES].find(magic)) >= 0]
    return min(places) if places else (0, _KINDS.get(record, "") if len(body) > _HEAD_MAX_BYTES else "")


def _drawings(ole: Any) -> Iterator[bytes]:
    """Yield the bytes in which an old office file keeps its pictures."""
    for stream in ("Data", "Pictures"):
        if ole.exists(stream):
            yield ole.openstream(stream).read()
    if ole.exists("Workbook"):
        pieces, held = [], False
        for kind, body in records(ole.openstream("Workbook").read()):
            held = kind == _DRAWINGS or (held and kind == _CONTINUED)
            if held:
                pieces.append(body)
        yield b"".join(pieces)


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
