"""Recognise XML files that are office files: flat OpenDocument, flat OPC, SpreadsheetML 2003."""

from __future__ import annotations

import re

ODF = "application/vnd.oasis.opendocument."
FLAT_OPC = "application/vnd.ms-office.flat-opc"
SHEET_XML = "application/vnd.ms-excel.spreadsheetml-2003+xml"
FLAT_TYPES = (
    FLAT_OPC,
    SHEET_XML,
    *(f"{ODF}{kind}-flat-xml" for kind in ("text", "spreadsheet", "presentation", "graphics")),
)
_MIMETYPE = re.compile(rb"""office:mimetype\s*=\s*["'](application/vnd\.oasis\.opendocument\.[\w-]+)""")


def flat_type(head: bytes) -> str | None:
    """Return the media type of a flat office file from the beginning of its XML; None for any other XML."""
    if b"urn:oasis:names:tc:opendocument:xmlns:office" in head:
        stated = _MIMETYPE.search(head)
        return f"{stated[1].decode()}-flat-xml" if stated else None
    if b"http://schemas.microsoft.com/office/2006/xmlPackage" in head:
        return FLAT_OPC
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and re.search(rb"<(?:\w+:)?Workbook\s", head):
        return SHEET_XML
    return None
