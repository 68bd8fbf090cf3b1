"""Read Excel files (XLSX, XLSM): every sheet as a Table with cells named Sheet!B7, comments, text boxes and charts.

Cells have the results stored in the file; nothing is computed and no macro runs. A label that spans rows is repeated in
each of them; hidden sheets, rows, columns and cells are left out with a Note.
"""

from __future__ import annotations

import posixpath
from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.zip_package import Package, open_package
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.office.office_children import embedded_children
from thresher.service.readers.office.office_properties import ooxml_facts
from thresher.service.readers.office.ooxml_drawing import diagram_text
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.office.sheet_rows import SheetWriter
from thresher.service.readers.office.xlsx.xlsx_charts import write_charts
from thresher.service.readers.office.xlsx.xlsx_controls import control_marks, drawing_text, vml_boxes
from thresher.service.readers.office.xlsx.xlsx_parts import Book, Sheet, open_book
from thresher.service.readers.office.xlsx.xlsx_styles import CellStyle, seen, string_of

_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of a workbook.

    Raises InputProblem(unsupported_type) for the binary form (XLSB), or `corrupt`.
    """
    package = open_package(source, options.limits)
    main = next((v.target for v in package.links("").values() if v.type == "officeDocument"), "xl/workbook.xml")
    if main.endswith(".bin"):
        raise InputProblem("unsupported_type", f"{source.name or source.path} is a binary workbook (XLSB)")
    workbook = package.xml(main)
    if workbook is None:
        raise InputProblem("corrupt", f"no workbook in {source.name or source.path}")
    builder = DocumentBuilder(source, kind="sheet")
    builder.document.facts.update(ooxml_facts(package))
    links = package.links(main)
    book = open_book(package, workbook, {v.type: v.target for v in links.values()}, show_hidden=options.hidden_text)
    sheets = [_sheet(element, links) for element in workbook.iter("{*}sheet")]
    for sheet in sheets:
        _write(builder, book, sheet, options)
    write_charts(builder, package, [sheet for sheet in sheets if options.hidden_text or not sheet.hidden])
    children = embedded_children(source, package, _parts_with_media(package, sheets), spool)
    document = builder.build()
    document.notes += [*book.hidden.notes(document), *package.notes]
    return Reading(document, list(children.values()))


def _sheet(element: Any, links: dict[str, Any]) -> Sheet:
    link = links.get(element.get(_REL, ""))
    hidden = element.get("state", "visible") != "visible"
    return Sheet(element.get("name", "Sheet"), "" if link is None else link.target, hidden)


def _write(builder: DocumentBuilder, book: Book, sheet: Sheet, options: ReadOptions) -> None:
    if "chartsheets/" in sheet.part:
        return
    if sheet.hidden and not options.hidden_text:
        if any(row.cells for row in book.rows(sheet)):
            book.hidden.add(builder.length, "hidden sheet", f"sheet {sheet.name}")
        return
    writer, uncomputed = SheetWriter(builder, sheet.name, options.limits), 0
    for row in book.rows(sheet):
        writer.row(row.number, row.cells)
        uncomputed += row.uncomputed
        sheet.hidden_rows += row.hidden and bool(row.cells)
    writer.close()
    builder.block(sheet.header, BlockKind.HEADER)
    builder.block(sheet.footer, BlockKind.FOOTER)
    _write_asides(builder, book.package, sheet)
    builder.part("")
    _flag(builder, sheet, uncomputed, shows=options.hidden_text)


def _write_asides(builder: DocumentBuilder, package: Package, sheet: Sheet) -> None:
    links = package.links(sheet.part).values()
    boxes = control_marks(package, sheet.part, sheet.marks.controls)
    for link in links:
        root = package.xml(link.target) if link.type in {"comments", "drawing"} else None
        if root is not None and link.type == "comments":
            _write_comments(builder, root, sheet.name)
        elif root is not None:
            builder.block(drawing_text(root, boxes))
            diagrams = [v.target for v in package.links(link.target).values() if v.type == "diagramData"]
            for data in map(package.xml, diagrams):
                builder.block("" if data is None else diagram_text(data))
    for link in (v for v in links if v.type == "vmlDrawing" and (boxes or not sheet.marks.controls)):
        builder.block("\n".join(vml_boxes(package.read(link.target), boxes)))


def _write_comments(builder: DocumentBuilder, root: Any, name: str) -> None:
    authors = [a.text or "" for a in root.iter("{*}author")]
    for comment in root.iter("{*}comment"):
        text = seen(string_of(comment.find("{*}text")), CellStyle(ground=None))[0].strip()
        which = comment.get("authorId", "")
        author = authors[int(which)] if which.isdecimal() and int(which) < len(authors) else ""
        builder.part(f"{name}!{comment.get('ref', '')}")
        named = not author or text.startswith(author)
        builder.block(text if named else f"{author}: {text}", BlockKind.COMMENT)
    builder.part(name)


def _flag(builder: DocumentBuilder, sheet: Sheet, uncomputed: int, *, shows: bool) -> None:
    """Add Notes on hidden content that was read, and on formulas without a result."""
    notes = builder.document.notes
    if sheet.hidden:
        notes.append(note("hidden_kept", f"sheet {sheet.name}"))
    if shows and (sheet.hidden_rows or sheet.hidden_columns):
        notes.append(
            note(
                "hidden_kept", f"{sheet.hidden_rows} rows and {len(sheet.hidden_columns)} column ranges of {sheet.name}"
            )
        )
    if uncomputed:
        notes.append(note("formula_uncomputed", f"{uncomputed} cells of {sheet.name}"))


def _parts_with_media(package: Package, sheets: list[Sheet]) -> list[str]:
    """Return the parts that may have images and objects: each sheet, then its drawings."""
    parts = []
    for sheet in sheets:
        drawings = [v.target for v in package.links(sheet.part).values() if v.type == "drawing"]
        parts += [sheet.part, *(posixpath.normpath(d) for d in drawings)]
    return parts


reader = PackageReader(
    name="xlsx",
    reading=read,
    types=("application/vnd.openxmlformats-officedocument.spreadsheetml.", "application/vnd.ms-excel.sheet."),
    members=("xl/workbook",),
)
