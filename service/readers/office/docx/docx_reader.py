"""Word files (DOCX, DOCM, DOTX): body in order, tables, headers and footers, notes, comments, text boxes, changes.

Read from the XML itself: neither python-docx's paragraphs nor unstructured's elements hold tracked insertions, content
controls, text boxes, notes or numbering (measured in docs/decisions/0002-office-readers.md).
"""

from __future__ import annotations

from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.zip_package import Link, Package, open_package
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.hidden_text import Hidden
from thresher.service.readers.office.docx.docx_inline import Aside, W, attribute
from thresher.service.readers.office.docx.docx_story import Story, cells_of, rows_of
from thresher.service.readers.office.docx.docx_styles import read_look
from thresher.service.readers.office.office_children import embedded_children
from thresher.service.readers.office.office_properties import ooxml_facts
from thresher.service.readers.office.package_reader import PackageReader

_NOTES = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Document of a Word file, and the images and objects in it. Raises InputProblem `corrupt` without a body."""
    package = open_package(source, options.limits)
    main = next((v.target for v in package.links("").values() if v.type == "officeDocument"), "word/document.xml")
    root = package.xml(main)
    body = None if root is None else root.find(W + "body")
    if body is None:
        raise InputProblem("corrupt", f"no body in {source.name or source.path}")
    builder = DocumentBuilder(source, kind="office")
    builder.document.facts.update(ooxml_facts(package))
    hidden = _write(builder, package, (main, body), options)
    parts = [main, *(v.target for v in package.links(main).values() if v.type in {"header", "footer", *_NOTES})]
    children = embedded_children(source, package, parts, spool)
    document = builder.build()
    document.notes += [*hidden.notes(document), *package.notes]
    return Reading(document, children)


def _write(builder: DocumentBuilder, package: Package, body: tuple[str, Any], options: ReadOptions) -> Hidden:
    main, element = body
    links = package.links(main)
    roots = {v.type: package.xml(v.target) for v in links.values() if v.type in {"styles", "numbering", *_NOTES}}
    look = read_look(roots.get("styles"), roots.get("numbering"))
    look.plain_paper = _is_plain_paper(element)
    look.shaded = next(element.iter(W + "shd"), None) is not None or any(s.shades for s in look.styles.values())
    story = Story(
        builder,
        package,
        links,
        look=look,
        asides=_asides(roots),
        show_hidden=options.hidden_text,
    )
    _running(story, links, "header")
    story.write(element)
    _unquoted(story)
    _running(story, links, "footer")
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


def _running(story: Story, links: dict[str, Link], kind: str) -> None:
    """Write each different header (or footer) once: at the start of the text, or at its end."""
    seen: set[str] = set()
    own = Story(story.builder, story.package, {}, story.look, show_hidden=story.show_hidden, hidden=story.hidden)
    for link in (v for v in links.values() if v.type == kind):
        root = story.package.xml(link.target)
        if root is None:
            continue
        own.links = story.package.links(link.target)
        asides: list[Aside] = []
        text = _flat(own, root, asides)
        if text not in seen:
            seen.add(text)
            story.builder.part(kind)
            story.builder.block(text, BlockKind.HEADER if kind == "header" else BlockKind.FOOTER)
            own.write_asides(asides)
            story.builder.part("")


def _flat(story: Story, parent: Any, asides: list[Aside]) -> str:
    """The text of a header: a row of a table in it is a line, cells joined by tabs; tables within cells follow."""
    found: list[Aside] = []
    lines = [story.cell_text(parent, found)]
    asides += [a for a in found if a.kind != "table"]
    for table in (a.element for a in found if a.kind == "table"):
        above: list[str] = []
        for row in rows_of(table):
            inner: list[Aside] = []
            above = story.row(row, cells_of(row), inner, above)
            lines.append("\t".join(filter(None, above)))
            lines += [_flat(story, [a.element], asides) for a in inner if a.kind == "table"]
            asides += [a for a in inner if a.kind != "table"]
    return "\n".join(filter(None, lines))


def _unquoted(story: Story) -> None:
    """Write the notes and comments that nothing in the body refers to: they are in the file all the same."""
    for kind, key in [k for k in story.asides if k not in story.quoted]:
        story.quote(kind, key)


reader = PackageReader(
    name="docx",
    reading=read,
    types=("application/vnd.openxmlformats-officedocument.wordprocessingml.", "application/vnd.ms-word."),
    members=("word/document",),
)
