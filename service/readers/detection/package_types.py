"""Detect the kind of document in a ZIP or an OLE file from its members."""

from __future__ import annotations

import zipfile
from pathlib import Path

_OOXML = "application/vnd.openxmlformats-officedocument."
_FOLDERS = {
    "word/": _OOXML + "wordprocessingml.document",
    "xl/": _OOXML + "spreadsheetml.sheet",
    "ppt/": _OOXML + "presentationml.presentation",
    "visio/": "application/vnd.ms-visio.drawing",
}
_IWORK = {"Index/Document.iwa": "application/vnd.apple.iwork", "Index/Presentation.iwa": "application/vnd.apple.iwork"}
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", "application/x-ooxml-protected"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("VisioDocument", "application/vnd.visio"),
)
_MIMETYPE_MAX_BYTES = 200


def zip_type(path: Path) -> str:
    """Return OOXML, OpenDocument, EPUB or plain `application/zip`.

    Where the directory is damaged, the first bytes decide.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _by_members(archive)
    except Exception:  # noqa: BLE001 - zipfile raises many types on damage; the first bytes decide instead
        return _by_first_bytes(path)


def _by_members(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "mimetype" in names and archive.getinfo("mimetype").file_size <= _MIMETYPE_MAX_BYTES:
        stated = archive.read("mimetype").decode("ascii", "replace").strip()
        if stated.startswith(("application/epub+zip", "application/vnd.oasis.opendocument.")):
            return stated
    if "[Content_Types].xml" in names:
        return next(
            (t for folder, t in _FOLDERS.items() if any(n.startswith(folder) for n in names)), "application/zip"
        )
    return next((t for name, t in _IWORK.items() if name in names), "application/zip")


def _by_first_bytes(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if b"mimetypeapplication/epub+zip" in head[:200]:
        return "application/epub+zip"
    if b"mimetypeapplication/vnd.oasis.opendocument." in head[:200]:
        return "application/vnd.oasis.opendocument." + head[73:93].split(b"PK")[0].decode("ascii", "replace")
    if b"[Content_Types].xml" in head:
        return next((t for folder, t in _FOLDERS.items() if folder.encode() in head), "application/zip")
    return "application/zip"


def ole_type(path: Path) -> str:
    """Return a type for mail, old or encrypted office files, or plain `application/x-ole-storage`."""
    import olefile  # noqa: PLC0415 - only files with the OLE signature need it

    try:
        with olefile.OleFileIO(str(path)) as ole:
            names = {entry[0].lower() for entry in ole.listdir()}
    except Exception:  # noqa: BLE001 - the reader of the storage will report the fault
        return _by_utf16_names(path)
    return next((t for stream, t in _OLE_STREAMS if stream.lower() in names), "application/x-ole-storage")


def _by_utf16_names(path: Path) -> str:
    """Search for stream names in UTF-16, as they are readable even where the allocation table is damaged."""
    with path.open("rb") as file:
        body = file.read(1 << 20)
    return next((t for s, t in _OLE_STREAMS if s.encode("utf-16-le") in body), "application/x-ole-storage")
