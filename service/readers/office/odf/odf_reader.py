"""Read OpenDocument files (ODT, ODS, ODP) from their XML, without an office program."""

from __future__ import annotations

from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.zip_package import Package, open_package
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.office.odf.odf_controls import control_texts
from thresher.service.readers.office.odf.odf_frames import EmbeddedObjects, images_of, points
from thresher.service.readers.office.odf.odf_pictures import OdfPictures, master_pages, shown_members
from thresher.service.readers.office.odf.odf_sheet import write_sheet
from thresher.service.readers.office.odf.odf_story import OdfStory
from thresher.service.readers.office.odf.odf_styles import Looks, read_looks
from thresher.service.readers.office.odf.odf_text import DRAW, OFFICE, STYLE, TABLE, local, text_of
from thresher.service.readers.office.office_properties import odf_facts
from thresher.service.readers.office.odf.odf_values import fill_fields
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.placed_pictures import PlacedPictures

_ODF = "application/vnd.oasis.opendocument."
_KINDS = ("text", "spreadsheet", "presentation", "graphics", "chart", "formula", "image", "database")
_SLIDE_KINDS = frozenset(("presentation", "drawing"))
_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_PACKED = tuple(_ODF + kind for kind in _KINDS)


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
    styles = package.xml("styles.xml")
    looks = read_looks(root, styles, show_hidden=options.hidden_text)
    looks.objects, looks.controls = EmbeddedObjects(package), control_texts(root)
    looks.differing += fill_fields(body)
    children = _children(source, package, [body, *master_pages(styles).values()], spool)
    pictures = OdfPictures(PlacedPictures(options, spool, children), looks, kind in _SLIDE_KINDS)
    _write(OdfStory(builder, pictures, looks), body[0], styles, options)
    document = builder.build()
    if looks.differing:
        document.notes.append(note("versions_differ", f"{len(looks.differing)} places, first {looks.differing[0]}"))
    document.notes += [*looks.hidden.notes(document), *package.notes]
    return Reading(document, pictures.placed.remaining)


def _write(story: OdfStory, body: Any, styles: Any | None, options: ReadOptions) -> None:
    if local(body) == "spreadsheet":
        for table in body.iter(TABLE + "table"):
            write_sheet(story.builder, table, story.looks, options.limits)
    elif local(body) in _SLIDE_KINDS:
        _slides(story, body, styles)
    else:
        _write_headers_or_footers(story, styles, "header", BlockKind.HEADER)
        story.write(body)
        _write_headers_or_footers(story, styles, "footer", BlockKind.FOOTER)


def _slides(story: OdfStory, body: Any, styles: Any | None) -> None:
    """Write the slides; what a master page adds to them is written once."""
    size, masters = _page_size(styles), master_pages(styles)
    for page in body.iter(DRAW + "page"):
        story.builder.page(*size)
        if _is_hidden(page, story.looks):
            if not story.looks.show_hidden:
                story.looks.hidden.add(story.builder.length, "hidden slide")
                continue
            story.builder.document.notes.append(note("hidden_kept", f"slide {len(story.builder.document.pages)}"))
        story.write(page)
        master = masters.pop(page.get(DRAW + "master-page-name", ""), None)
        for shape in [] if master is None else master:
            if local(shape) != "notes" and not shape.get(_PRESENTATION + "class"):
                story.write([shape])


def _is_hidden(page: Any, looks: Looks) -> bool:
    style = looks.styles.get(page.get(DRAW + "style-name", ""))
    return style is not None and any(p.get(_PRESENTATION + "visibility") == "hidden" for p in style)


def _page_size(styles: Any | None) -> tuple[float, float]:
    """Return width and height in points of the first page layout that states them; else A4 landscape."""
    for layout in [] if styles is None else styles.iter(STYLE + "page-layout-properties"):
        stated = {k.rsplit("}", 1)[-1]: v for k, v in layout.attrib.items()}
        if "page-width" in stated and "page-height" in stated:
            return points(stated["page-width"]), points(stated["page-height"])
    return 841.89, 595.28


def _write_headers_or_footers(story: OdfStory, styles: Any | None, name: str, kind: BlockKind) -> None:
    """Write each different header or footer of the page styles once, with its pictures."""
    elements = [] if styles is None else list(styles.iter(*(STYLE + name + end for end in ("", "-left", "-first"))))
    different: dict[tuple[str, tuple[str, ...]], Any] = {}
    for element in elements:
        different.setdefault((text_of(element, story.looks), tuple(shown_members(element))), element)
    for (text, _), element in different.items():
        story.builder.part(name)
        story.builder.block(text, kind)
        for frame in (f for f in element.iter(DRAW + "frame") if images_of(f)):
            story.pictures.write(story.builder, frame)
        story.builder.part("")


def _children(source: Source, package: Package, roots: list[Any], spool: Spool) -> dict[str, Source]:
    """Store pictures and embedded files that some elements show, by member, in order, each once."""
    found = [(name, data) for name in shown_members(*roots) if name in package and (data := package.read(name))]
    return {
        name: spool.child(source, data, name=name, ordinal=i, relation="inline") for i, (name, data) in enumerate(found)
    }


reader = PackageReader(name="odf", reading=read, types=_PACKED, mimetype=_ODF.encode())
