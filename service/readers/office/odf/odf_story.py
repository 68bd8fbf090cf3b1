"""Write OpenDocument content: paragraphs, headings, lists, tables, notes, annotations, frames, changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.service.readers.office.odf.odf_frames import box_of, images_of, is_off
from thresher.service.readers.office.odf.odf_pictures import OdfPictures
from thresher.service.readers.office.odf.odf_styles import Looks
from thresher.service.readers.office.odf.odf_text import (
    DRAW,
    MAX_REPEATS,
    SKIPPED,
    TABLE,
    TEXT,
    SpanningLabels,
    citation,
    inline,
    local,
    text_of,
)

_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_SHAPES = frozenset(("frame", "custom-shape", "rect", "ellipse"))
_DC = "{http://purl.org/dc/elements/1.1/}"


@dataclass(slots=True)
class OdfStory:
    """Writes a body into the builder."""

    builder: DocumentBuilder
    pictures: OdfPictures
    looks: Looks = field(default_factory=Looks)
    embedded: bool = False  # within an object that is embedded in the file

    def write(self, parent: Any, level: int = 0) -> None:
        """Write every Block beneath an element; `level` is the nesting of the current list."""
        for element in parent:
            name = local(element)
            if reason := self._hidden_reason(element, name):
                self._hide(reason, text_of(element))
            elif name in {"p", "h"}:
                self._paragraph(element, name, level)
            elif name == "list":
                self.write(element, level + 1)
            else:
                self._write_other(element, name, level)

    def _write_other(self, element: Any, name: str, level: int) -> None:
        """Write an element that is no paragraph and no list."""
        match name:
            case "table":
                self._table(element)
            case "notes" if element.tag.startswith(_PRESENTATION):
                self._aside("notes", text_of(element, self.looks), BlockKind.COMMENT)
            case "annotation":
                self._annotation(element)
            case "frame":
                self._frame(element, level)
            case "control":
                self.builder.block(self.looks.controls.get(element.get(DRAW + "control", ""), ""))
            case "tracked-changes":
                self._changes(element)
            case _ if name and name not in SKIPPED:
                self.write(element, level)

    def _hidden_reason(self, element: Any, name: str) -> str:
        """Return why an element is not visible with all its content; empty where it may be."""
        if name == "section" and (element.get(TEXT + "display") == "none" or element.get(TEXT + "is-hidden") == "true"):
            return "hidden section"
        if name == "p" and any(e.get(TEXT + "is-hidden") == "true" for e in element.iter(TEXT + "hidden-paragraph")):
            return "hidden paragraph"
        if name in _SHAPES and self.pictures.on_slides:
            box, pages = box_of(element), self.builder.document.pages
            return "off the slide" if box and is_off(box, (pages.width[-1], pages.height[-1])) else ""
        return ""

    def _paragraph(self, element: Any, name: str, level: int) -> None:
        for frame in _leading_pictures(element):
            self.pictures.write(self.builder, frame)
        self.looks.at = self.builder.length
        text, outline = inline(element, self.looks).strip(), element.get(TEXT + "outline-level", "1")
        if name == "h":
            self.builder.block(text, BlockKind.HEADING, int(outline) if outline.isdecimal() else 1)
        elif level:
            self.builder.block(text, BlockKind.LIST_ITEM, level)
        elif _is_title(element):
            self.builder.block(text, BlockKind.HEADING, 1)
        else:
            self.builder.block(text)
        self._asides(element, set(_leading_pictures(element)))

    def _frame(self, element: Any, level: int) -> None:
        """Write the picture, the embedded object or the text box of a frame; formulas stand in their line."""
        if images_of(element):
            self.pictures.write(self.builder, element)
        elif (body := self.looks.objects.body(element)) is not None and not self.embedded:
            self.embedded = True
            self.builder.part(local(body))
            self._object(body)
            self.builder.part("")
            self.embedded = False
        elif self.pictures.on_slides:
            self.builder.block(self.looks.objects.formula(element))
            self.write(element, level)
        else:
            self.write(element, level)

    def _object(self, body: Any) -> None:
        """Write a chart as its title and its table, a sheet as its tables, a text as it is."""
        if local(body) not in {"chart", "spreadsheet"}:
            self.write(body)
            return
        for title in body.iter(_CHART + "title", _CHART + "subtitle"):
            self.builder.block(text_of(title))
        for table in body.iter(TABLE + "table"):
            self._table(table)

    def _asides(self, element: Any, written: set[Any] | None = None) -> None:
        """Write the notes, annotations, frames and hidden text of a paragraph, without frames that were written."""
        for child in (c for c in element if c not in (written or ())):
            name = local(child)
            if name == "note":
                body = child.find(TEXT + "note-body")
                kind = child.get(TEXT + "note-class", "footnote")
                text = "" if body is None else text_of(body, self.looks)
                self._aside(f"{kind} {citation(child)}", f"[{citation(child)}] {text}", BlockKind.PARAGRAPH)
            elif name == "annotation":
                self._annotation(child)
            elif name == "frame" and child.find(DRAW + "text-box") is None:
                self._frame(child, 0)
            elif name in {"frame", "custom-shape"}:
                self.builder.part("text box")
                self.write(child)
                self.builder.part("")
            elif name == "hidden-text":
                self._hide("hidden text", child.get(TEXT + "string-value") or inline(child))
            else:
                self._asides(child, written)

    def _aside(self, part: str, text: str, kind: BlockKind) -> None:
        self.builder.part(part)
        self.builder.block(text, kind)
        self.builder.part("")

    def _annotation(self, element: Any) -> None:
        who = " ".join(filter(None, (element.findtext(_DC + "creator"), element.findtext(_DC + "date"))))
        text = (
            text_of(element) if element.find(TEXT + "p") is not None or element.find(TEXT + "list") is not None else ""
        )
        self._aside("comment", f"{who}: {text}" if who else text, BlockKind.COMMENT)

    def _changes(self, element: Any) -> None:
        for deletion in element.iter(TEXT + "deletion"):
            who = " ".join(filter(None, (deletion.findtext(f".//{_DC}creator"), deletion.findtext(f".//{_DC}date"))))
            text = "\n".join(filter(None, (inline(p).strip() for p in deletion.iter(TEXT + "p", TEXT + "h"))))
            self._hide(f"deleted by {who}".strip(), text)

    def _hide(self, part: str, text: str) -> None:
        if not text.strip():
            return
        if self.looks.show_hidden:
            self._aside(part, text.strip(), BlockKind.HIDDEN)
        else:
            self.looks.hidden.add(self.builder.length, "deleted" if part.startswith("deleted") else part)

    def _table(self, element: Any) -> None:
        rows: list[list[str]] = []
        nested, header, spans, pictures = [], 0, SpanningLabels(), []
        self.looks.at = self.builder.length
        for row in _rows(element):
            cells: list[str] = []
            rows.append(cells)
            for cell in (c for c in row if local(c) in {"table-cell", "covered-table-cell"}):
                inner = list(cell.iter(TABLE + "table"))
                nested += inner
                repeat = cell.get(TABLE + "number-columns-repeated", "1")
                covered = local(cell).startswith("covered")
                text = "" if covered or inner else text_of(cell, self.looks)
                for _ in range(min(int(repeat) if repeat.isdecimal() else 1, MAX_REPEATS)):
                    cells.append(spans.label(len(cells)) if covered else text)
                if not covered:
                    pictures += self.pictures.fill_cells(self.builder, rows, len(cells) - 1, cell)
                    spans.open(len(cells) - 1, cell.get(TABLE + "number-rows-spanned", "1"), text)
            spans.next_row()
            header += local(row.getparent()) == "table-header-rows"
        self.builder.table(rows, header_rows=header, name=element.get(TABLE + "name"))
        self.pictures.placed.mark_cells(self.builder.document, rows, pictures)
        for cell in element.iter(TABLE + "table-cell"):
            for paragraph in cell.iter(TEXT + "p"):
                self._asides(paragraph, set(cell.iter(DRAW + "frame")))
        for table in nested:
            self._table(table)


def _rows(table: Any) -> list[Any]:
    """Return the rows of a table and of its row groups, without those of nested tables."""
    found = []
    for child in table:
        name = local(child)
        if name == "table-row":
            found.append(child)
        elif name in {"table-header-rows", "table-rows", "table-row-group"}:
            found += _rows(child)
    return found


def _is_title(element: Any) -> bool:
    if element.get(TEXT + "style-name") == "Title":
        return True
    frame = next(element.iterancestors(DRAW + "frame"), None)
    return frame is not None and frame.get(_PRESENTATION + "class") == "title"


def _leading_pictures(paragraph: Any) -> list[Any]:
    """Return the frames of pictures before the text of a paragraph."""
    found: list[Any] = []
    if (paragraph.text or "").strip():
        return found
    for child in paragraph:
        if local(child) == "frame" and images_of(child):
            found.append(child)
        elif inline(child).strip():
            break
        if (child.tail or "").strip():
            break
    return found
