"""Read Word files (DOCX, DOCM, DOTX): body, tables, headers, footers, notes, comments, text boxes, changes.

Read from the XML: the paragraphs of python-docx and the elements of unstructured lack tracked insertions, content
controls, text boxes, notes and numbering (measured in docs/decisions/0002-office-readers.md).
"""

from __future__ import annotations

from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.zip_package import Link, Package, open_package
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.docx.docx_bindings import fill_controls
from thresher.service.readers.office.docx.docx_inline import Aside, R, W, attribute, local, switched_on
from thresher.service.readers.office.docx.docx_story import Story, cells_of, rows_of
from thresher.service.readers.office.docx.docx_styles import read_styles
from thresher.service.readers.office.office_children import embedded_children
from thresher.service.readers.office.office_properties import ooxml_facts
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.placed_pictures import PlacedPictures

_NOTES = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of a Word file, and its images and objects. Raises InputProblem(corrupt) without a body."""
    package = open_package(source, options.limits)
    main = next((v.target for v in package.links("").values() if v.type == "officeDocument"), "word/document.xml")
    root = package.xml(main)
    body = None if root is None else root.find(W + "body")
    if body is None:
        raise InputProblem("corrupt", f"no body in {source.name or source.path}")
    builder = DocumentBuilder(source, kind="office")
    builder.document.facts.update(ooxml_facts(package))
    fill_controls(body, package, main)
    parts = [main, *(v.target for v in package.links(main).values() if v.type in {"header", "footer", *_NOTES})]
    pictures = PlacedPictures(options, spool, embedded_children(source, package, parts, spool))
    hidden = _write(builder, package, (main, body), pictures)
    document = builder.build()
    document.notes += [*hidden.notes(document), *package.notes]
    return Reading(document, pictures.remaining)


def _write(
    builder: DocumentBuilder, package: Package, body: tuple[str, Any], pictures: PlacedPictures
) -> HiddenPassages:
    main, element = body
    links = package.links(main)
    roots = {v.type: package.xml(v.target) for v in links.values() if v.type in {"styles", "numbering", "settings", *_NOTES}}
    look = read_styles(roots.get("styles"), roots.get("numbering"))
    look.plain_paper = _is_plain_paper(element)
    look.shaded = next(element.iter(W + "shd"), None) is not None or any(s.shades for s in look.styles.values())
    story = Story(
        builder,
        package,
        links,
        look=look,
        pictures=pictures,
        asides=_asides(roots),
        show_hidden=pictures.options.hidden_text,
    )
    shown = _shown_margins(element, roots.get("settings"))
    _write_headers_or_footers(story, links, "header", shown)
    story.write(element)
    _write_unreferenced(story)
    _write_headers_or_footers(story, links, "footer", shown)
    return story.hidden


def _is_plain_paper(body: Any) -> bool:
    """Whether text stands on white paper: no background colour, no picture or shape behind it."""
    if body.getparent().find(W + "background") is not None:
        return False
    return not any(a.get("behindDoc") in {"1", "true"} for a in body.iter("{*}anchor"))


def _asides(roots: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (kind, attribute(element, "id")): element
        for name, kind in _NOTES.items()
        if (root := roots.get(name)) is not None
        for element in root.iter(W + kind)
        if attribute(element, "type") not in _SEPARATORS
    }


def _shown_margins(body: Any, settings: Any | None) -> set[str]:
    """Return the relationships of the headers and footers that some page shows."""
    sections = list(body.iter(W + "sectPr"))
    shown = {"default": True, "first": any(switched_on(s, "titlePg") for s in sections)}
    shown["even"] = switched_on(settings, "evenAndOddHeaders")
    return {
        reference.get(R + "id", "")
        for section in sections
        for reference in section
        if local(reference) in {"headerReference", "footerReference"}
        and shown.get(attribute(reference, "type", "default"), True)
    }


def _write_headers_or_footers(story: Story, links: dict[str, Link], kind: str, shown: set[str]) -> None:
    """Write each different header (or footer) once; those that no page shows are hidden text."""
    seen: set[str] = set()
    inner_story = Story(
        story.builder,
        story.package,
        {},
        story.look,
        story.pictures,
        show_hidden=story.show_hidden,
        hidden=story.hidden,
    )
    for link in (v for v in links.values() if v.type == kind):
        root = story.package.xml(link.target)
        if root is None:
            continue
        inner_story.links = story.package.links(link.target)
        asides: list[Aside] = []
        text = _header_text(inner_story, root, asides)
        if link.id not in shown and not story.show_hidden:
            if text.strip():
                story.hidden.add(story.builder.length, f"{kind} that no page shows")
        elif text not in seen:
            seen.add(text)
            story.builder.part(kind)
            story.builder.block(text, BlockKind.HEADER if kind == "header" else BlockKind.FOOTER)
            inner_story.write_asides(asides)
            story.builder.part("")


def _header_text(story: Story, parent: Any, asides: list[Aside]) -> str:
    """Return the text of a header: a table row is one line with tabs between cells; nested tables follow."""
    found: list[Aside] = []
    lines = [story.cell_text(parent, found)]
    asides += [a for a in found if a.kind != "table"]
    for table in (a.element for a in found if a.kind == "table"):
        above: list[str] = []
        for row in rows_of(table):
            inner: list[Aside] = []
            above = story.row(row, cells_of(row), inner, above)
            lines.append("\t".join(filter(None, above)))
            lines += [_header_text(story, [a.element], asides) for a in inner if a.kind == "table"]
            asides += [a for a in inner if a.kind != "table"]
    return "\n".join(filter(None, lines))


def _write_unreferenced(story: Story) -> None:
    """Write the notes and comments that nothing in the body refers to, so that they are not lost."""
    for kind, key in [k for k in story.asides if k not in story.quoted]:
        story.quote(kind, key)


reader = PackageReader(
    name="docx",
    reading=read,
    types=("application/vnd.openxmlformats-officedocument.wordprocessingml.", "application/vnd.ms-word."),
    members=("word/document",),
)
