"""Word files (DOCX, DOCM, DOTX): body in order, tables, headers and footers, notes, comments, text boxes, changes.

Read from the XML itself: neither python-docx's paragraphs nor unstructured's elements hold tracked insertions, content
controls, text boxes, notes or numbering (measured in docs/decisions/0002-office-readers.md).
"""

from __future__ import annotations

from typing import Any

from schemas.document import BlockKind, DocumentBuilder
from schemas.errors import InputProblem, note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Reading, Spool
from service.readers.docx_inline import W, attribute
from service.readers.docx_story import Story
from service.readers.docx_styles import read_look
from service.readers.office_children import embedded_children
from service.readers.office_facts import ooxml_facts
from service.readers.signed import SignedReader
from service.readers.zip_package import Link, Package, open_package

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
    _write(builder, package, (main, body), options)
    parts = [main, *(v.target for v in package.links(main).values() if v.type in {"header", "footer", *_NOTES})]
    children = embedded_children(source, package, parts, spool)
    builder.document.notes.extend(package.notes)
    return Reading(builder.build(), children)


def _write(builder: DocumentBuilder, package: Package, body: tuple[str, Any], options: ReadOptions) -> None:
    main, element = body
    links = package.links(main)
    roots = {v.type: package.xml(v.target) for v in links.values() if v.type in {"styles", "numbering", *_NOTES}}
    story = Story(
        builder,
        package,
        links,
        look=read_look(roots.get("styles"), roots.get("numbering")),
        asides=_asides(roots),
        show_hidden=options.hidden_text,
    )
    _running(story, links, "header")
    story.write(element)
    _unquoted(story)
    _running(story, links, "footer")
    if story.hidden:
        builder.document.notes.append(note("hidden_text", f"{story.hidden} deleted or hidden passages"))


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
    own = Story(story.builder, story.package, {}, story.look, show_hidden=story.show_hidden)
    for link in (v for v in links.values() if v.type == kind):
        root = story.package.xml(link.target)
        if root is None:
            continue
        own.links = story.package.links(link.target)
        text, asides = _flat(own, root)
        if text not in seen:
            seen.add(text)
            story.builder.part(kind)
            story.builder.block(text, BlockKind.HEADER if kind == "header" else BlockKind.FOOTER)
            own.write_asides(asides)
            story.builder.part("")
    story.hidden += own.hidden


def _flat(story: Story, root: Any) -> tuple[str, list[Any]]:
    """A header's text and Asides; a table in it is its rows, cells joined by tabs."""
    asides: list[Any] = []
    text = story.cell_text(root, asides)
    tables = [a for a in asides if a.kind == "table"]
    rows = [
        "\t".join(filter(None, story.row(row, list(row.iter(W + "tc")), asides)))
        for t in tables
        for row in t.element.iter(W + "tr")
    ]
    return "\n".join(filter(None, [text, *rows])), [a for a in asides if a.kind != "table"]


def _unquoted(story: Story) -> None:
    """Write the notes and comments that nothing in the body refers to: they are in the file all the same."""
    for kind, key in [k for k in story.asides if k not in story.quoted]:
        story.quote(kind, key)


reader = SignedReader(
    name="docx",
    reading=read,
    types=("application/vnd.openxmlformats-officedocument.wordprocessingml.", "application/vnd.ms-word."),
    members=("word/document",),
)
