"""Read OpenDocument files (ODT, ODS, ODP) from their XML, without an office program."""

from __future__ import annotations

from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.zip_package import Package, open_package
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.odf.odf_sheet import write_sheet
from thresher.service.readers.office.odf.odf_styles import read_looks
from thresher.service.readers.office.odf.odf_text import DRAW, OFFICE, STYLE, TABLE, OdfStory, local, text_of
from thresher.service.readers.office.office_properties import odf_facts
from thresher.service.readers.office.package_reader import PackageReader

_ODF = "application/vnd.oasis.opendocument."
_KINDS = ("text", "spreadsheet", "presentation", "graphics", "chart", "formula", "image", "database")
_PACKED = tuple(_ODF + kind for kind in _KINDS)
_POINTS = {"cm": 28.3465, "mm": 2.83465, "in": 72.0, "pt": 1.0, "px": 0.75, "pc": 12.0}


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of an OpenDocument file. Raises InputProblem(password_protected, corrupt)."""
    package = open_package(source, options.limits)
    manifest = package.read("META-INF/manifest.xml")
    if b"encryption-data" in manifest:
        raise InputProblem("password_protected", f"{source.name or source.path} (OpenDocument encryption)")
    root = package.xml("content.xml")
    body = None if root is None else root.find(OFFICE + "body")
    if body is None or not len(body):
        raise InputProblem("corrupt", f"no body in {source.name or source.path}")
    kind = local(body[0])
    builder = DocumentBuilder(source, kind="sheet" if kind == "spreadsheet" else "office")
    builder.document.facts.update(odf_facts(package))
    hidden = _write(builder, package, body[0], options)
    children = _children(source, package, body, spool)
    document = builder.build()
    document.notes += [*hidden.notes(document), *package.notes]
    return Reading(document, children)


def _write(builder: DocumentBuilder, package: Package, body: Any, options: ReadOptions) -> HiddenPassages:
    styles = package.xml("styles.xml")
    looks = read_looks(body.getroottree().getroot(), styles, show_hidden=options.hidden_text)
    story = OdfStory(builder, looks)
    if local(body) == "spreadsheet":
        for table in body.iter(TABLE + "table"):
            write_sheet(builder, table, looks, options.limits)
    elif local(body) in {"presentation", "drawing"}:
        _slides(builder, story, body, _page_size(styles))
    else:
        _write_headers_or_footers(builder, styles, "header", BlockKind.HEADER)
        story.write(body)
        _write_headers_or_footers(builder, styles, "footer", BlockKind.FOOTER)
    return looks.hidden


def _slides(builder: DocumentBuilder, story: OdfStory, body: Any, size: tuple[float, float]) -> None:
    for page in body.iter(DRAW + "page"):
        builder.page(*size)
        story.write(page)


def _page_size(styles: Any | None) -> tuple[float, float]:
    """Return width and height in points of the first page layout that states them; else A4 landscape."""
    for layout in [] if styles is None else styles.iter(STYLE + "page-layout-properties"):
        stated = {k.rsplit("}", 1)[-1]: v for k, v in layout.attrib.items()}
        if "page-width" in stated and "page-height" in stated:
            return _points(stated["page-width"]), _points(stated["page-height"])
    return 841.89, 595.28


def _points(length: str) -> float:
    try:
        return float(length[:-2]) * _POINTS.get(length[-2:], 1.0)
    except ValueError:
        return 0.0


def _write_headers_or_footers(builder: DocumentBuilder, styles: Any | None, name: str, kind: BlockKind) -> None:
    """Write each different header or footer of the page styles once."""
    elements = [] if styles is None else list(styles.iter(*(STYLE + name + end for end in ("", "-left", "-first"))))
    for text in dict.fromkeys(filter(None, (text_of(e) for e in elements))):
        builder.part(name)
        builder.block(text, kind)
        builder.part("")


def _children(source: Source, package: Package, body: Any, spool: Spool) -> list[Source]:
    """Store pictures and embedded files that the body shows, in order, each once."""
    link = "{http://www.w3.org/1999/xlink}href"
    found = dict.fromkeys(
        e.get(link, "").removeprefix("./") for e in body.iter(DRAW + "image", DRAW + "object-ole") if e.get(link)
    )
    names = [name for name in found if name in package and not name.startswith("ObjectReplacements")]
    return [
        spool.child(source, data, name=name, ordinal=i, relation="inline")
        for i, name in enumerate(names)
        if (data := package.read(name))
    ]


reader = PackageReader(name="odf", reading=read, types=_PACKED, mimetype=_ODF.encode())
