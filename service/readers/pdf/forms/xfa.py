"""Read the values of an XFA form, whose pages only say "please wait"."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import pypdfium2.raw as pdfium

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import Note, note

_PACKET_MAX_BYTES = 64 * 2**20
_MAX_DEPTH = 200  # nested elements
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_BARE_LESS_THAN = re.compile(rb"<(?![A-Za-z_/!?])")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LEAF = re.compile(r"<(?:\w+:)?(\w+)(?:\s[^<>]*)?>([^<>]+)</(?:\w+:)?\1\s*>")


def write_xfa(builder: DocumentBuilder, document: Any) -> None:
    """Append a FORM Block for each value of the data packet."""
    data = _packet(document, "datasets")
    if not data:
        return
    found = list(_parsed(data))
    if not found and data.strip():
        found = list(_salvaged(data))
        builder.document.notes.append(_damaged(found))
    for name, value in found:
        builder.block(f"{name}: {value}", BlockKind.FORM)


def _parsed(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the values of the data as XML.

    Stray signs are escaped where needed. Yields nothing where the data is not well-formed even then.
    """
    for tried in (data, _escaped(data)):
        try:
            root = ET.fromstring(tried)  # noqa: S314 - expat limits the growth of entities, and opens no files
        except ET.ParseError:
            continue
        yield from _values(root, "", 0)
        return


def _escaped(data: bytes) -> bytes:
    """Escape bare ampersands and less-than signs that begin no tag; remove control characters."""
    data = _CONTROL.sub(b"", data)
    return _BARE_LESS_THAN.sub(b"&lt;", _BARE_AMPERSAND.sub(b"&amp;", data))


def _salvaged(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield elements that contain nothing but text, anywhere in data that is not well-formed XML."""
    for match in _LEAF.finditer(data.decode("utf-8", "replace")):
        text = " ".join(unescape(match[2]).split())
        if text:
            yield match[1], text


def _damaged(found: list[tuple[str, str]]) -> Note:
    """Return the Note for damaged data, whether or not values were found in it."""
    if found:
        return note("corrupt_partial", "the form's data is damaged; values were taken from what is left")
    return note("embedded_unreadable", "the form's data")


def _packet(document: Any, wanted: str) -> bytes:
    """Return the content of the packet of a name; empty where there is none."""
    for i in range(max(pdfium.FPDF_GetXFAPacketCount(document), 0)):
        size = pdfium.FPDF_GetXFAPacketName(document, i, None, 0)
        name = ctypes.create_string_buffer(max(size, 1))
        pdfium.FPDF_GetXFAPacketName(document, i, name, size)
        if name.value.decode("utf-8", "replace") == wanted:
            return _content(document, i)
    return b""


def _content(document: Any, index: int) -> bytes:
    """Return the content of a packet; empty for one that is too large."""
    size = ctypes.c_ulong()
    pdfium.FPDF_GetXFAPacketContent(document, index, None, 0, ctypes.byref(size))
    if not 0 < size.value <= _PACKET_MAX_BYTES:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    pdfium.FPDF_GetXFAPacketContent(document, index, buffer, size.value, ctypes.byref(size))
    return buffer.raw[: size.value]


def _values(node: ET.Element, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield elements that contain only text: their names joined by dots below the data root, and the text."""
    for child in node:
        tag = child.tag.rpartition("}")[2]
        name = f"{path}.{tag}" if path else "" if tag == "data" else tag
        text = " ".join((child.text or "").split())
        if text and not len(child):
            yield name or tag, text
        elif depth < _MAX_DEPTH:
            yield from _values(child, name, depth + 1)
