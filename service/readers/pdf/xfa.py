"""The values of an XFA form, whose pages only say "please wait"."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pypdfium2.raw as pdfium

from schemas.document import BlockKind, DocumentBuilder
from schemas.errors import note

_MOST = 64 * 2**20  # bytes of one packet
_DEEPEST = 200


def write_xfa(builder: DocumentBuilder, document: Any) -> None:
    """Append a FORM Block for each value of the data packet."""
    data = _packet(document, "datasets")
    if not data:
        return
    try:
        root = ET.fromstring(data)  # noqa: S314 - expat limits the growth of entities, and opens no files
    except ET.ParseError:
        builder.document.notes.append(note("embedded_unreadable", "the form's data"))
        return
    for name, value in _values(root, "", 0):
        builder.block(f"{name}: {value}", BlockKind.FORM)


def _packet(document: Any, wanted: str) -> bytes:
    for i in range(max(pdfium.FPDF_GetXFAPacketCount(document), 0)):
        size = pdfium.FPDF_GetXFAPacketName(document, i, None, 0)
        name = ctypes.create_string_buffer(max(size, 1))
        pdfium.FPDF_GetXFAPacketName(document, i, name, size)
        if name.value.decode("utf-8", "replace") == wanted:
            return _content(document, i)
    return b""


def _content(document: Any, index: int) -> bytes:
    size = ctypes.c_ulong()
    pdfium.FPDF_GetXFAPacketContent(document, index, None, 0, ctypes.byref(size))
    if not 0 < size.value <= _MOST:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    pdfium.FPDF_GetXFAPacketContent(document, index, buffer, size.value, ctypes.byref(size))
    return buffer.raw[: size.value]


def _values(node: ET.Element, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Leaves with text: names joined by dots below the data root."""
    for child in node:
        tag = child.tag.rpartition("}")[2]
        name = f"{path}.{tag}" if path else "" if tag == "data" else tag
        text = " ".join((child.text or "").split())
        if text and not len(child):
            yield name or tag, text
        elif depth < _DEEPEST:
            yield from _values(child, name, depth + 1)
