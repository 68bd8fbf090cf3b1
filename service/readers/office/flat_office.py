"""Read office files in one XML file: flat OpenDocument (FODT, FODS, FODP) and flat OPC (Word or PowerPoint).

Both contain the same parts as the ZIP form, so the parts are packed into a temporary ZIP and read by the reader of that
form.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from lxml import etree

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.detection.flat_xml_types import FLAT_OPC, ODF

_PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_DRAW, _LINK = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}", "{http://www.w3.org/1999/xlink}href"
_READERS = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}


class FlatOfficeReader:
    """Read one office file in one XML file."""

    name = "flat office"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.95 for flat office files, else 0."""
        flat = source.media_type.startswith(ODF) and source.media_type.endswith("-flat-xml")
        return 0.95 if flat or source.media_type == FLAT_OPC else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the Document and the children, as for the ZIP form. Raises InputProblem(corrupt) for invalid XML."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.parse(source.blob, parser).getroot()
        except etree.XMLSyntaxError as error:
            raise InputProblem("corrupt", f"{source.name or source.path} is not valid XML") from error
        is_odf = root.tag.startswith(_OFFICE)
        members = dict(_odf_members(root, source.media_type) if is_odf else _opc_members(root))
        kind = "odf" if is_odf else next((r for p, r in _READERS.items() if any(m.startswith(p) for m in members)), "")
        if not kind:
            raise InputProblem("unsupported_type", f"{source.name or source.path} is a package of no known kind")
        read: Callable[[Source, ReadOptions, Spool], Reading] = import_module(
            f"thresher.service.readers.office.{kind}.{kind}_reader"
        ).read
        with tempfile.TemporaryDirectory(dir=_folder(spool)) as folder:
            packed = _packed(Path(folder) / "packed.zip", members)
            reading = read(source.model_copy(update={"blob": str(packed)}), options, spool)
        return replace(reading, document=replace(reading.document, source=source))


def _folder(spool: Spool) -> Path:
    spool.folder.mkdir(parents=True, exist_ok=True)
    return spool.folder


def _packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def _opc_members(root: etree._Element) -> Iterator[tuple[str, bytes]]:
    for part in root.iter(_PKG + "part"):
        name = part.get(_PKG + "name", "").lstrip("/")
        content, binary = part.find(_PKG + "xmlData"), part.findtext(_PKG + "binaryData")
        if name and content is not None and len(content):
            yield name, etree.tostring(content[0])
        elif name and binary:
            yield name, _decoded(binary)


def _odf_members(root: etree._Element, media_type: str) -> Iterator[tuple[str, bytes]]:
    """Yield the members of the ZIP form; content, styles and metadata are each the whole file."""
    yield "mimetype", media_type.removesuffix("-flat-xml").encode()
    for i, data in enumerate(list(root.iter(_OFFICE + "binary-data"))):
        holder = data.getparent()
        if holder is not None and holder.tag == _DRAW + "image":
            name = f"Pictures/{i + 1}"
            holder.set(_LINK, name)
            yield name, _decoded(data.text or "")
            holder.remove(data)
    whole = etree.tostring(root)
    yield "content.xml", whole
    yield "styles.xml", whole
    yield "meta.xml", whole


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()))
    except (binascii.Error, ValueError):
        return b""


reader = FlatOfficeReader()
