"""Write the stories of a Word file (body, header, note, text box) as Blocks, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.service.readers.archives.zip_package import Link, Package
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.docx.docx_inline import (
    Aside,
    Inline,
    W,
    attribute,
    local,
    paragraphs,
    read_paragraph,
    switched_on,
)
from thresher.service.readers.office.docx.docx_styles import StylesAndNumbering
from thresher.service.readers.office.ooxml_drawing import chart_rows, crop_of, diagram_text
from thresher.service.readers.placed_pictures import CellPicture, PlacedPictures, ShownPicture
from thresher.service.readers.text_marks import is_label

_WRAPPERS = frozenset(["sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "del", "moveFrom"])


@dataclass(slots=True)
class Story:
    """Writes one part into the builder. Asides are written after the Block that they belong to."""

    builder: DocumentBuilder
    package: Package
    links: dict[str, Link]  # of the part being read
    look: StylesAndNumbering
    pictures: PlacedPictures
    asides: dict[tuple[str, str], Any] = field(default_factory=dict)  # element by kind and id, such as (footnote, 3)
    show_hidden: bool = False
    hidden: HiddenPassages = field(default_factory=HiddenPassages)
    quoted: set[tuple[str, str]] = field(default_factory=set)  # asides written already

    def write(self, parent: Any) -> None:
        """Write every Block beneath an element that contains paragraphs and tables."""
        for element in blocks(parent):
            if local(element) == "p":
                self.paragraph(element)
            else:
                self.table(element)

    def paragraph(self, element: Any) -> None:
        """Write one paragraph, then its Asides; pictures before its text come first."""
        inline = read_paragraph(element, self.look)
        properties = element.find(W + "pPr")
        place = self.look.numbering(properties) if inline.text else None
        label = self.look.label(*place) if place else ""
        text = f"{label} {inline.text}" if label else inline.text
        self.write_asides([aside for aside in inline.asides if aside.leads])
        if level := self.look.heading(properties):
            self.builder.block(text, BlockKind.HEADING, level)
        elif place:
            self.builder.block(text, BlockKind.LIST_ITEM, place[1] + 1)
        else:
            self.builder.block(text)
        self.write_asides([aside for aside in inline.asides if not aside.leads])

    def table(self, element: Any) -> None:
        """Write one table; the content of a table with a single cell is written as if there were no table."""
        rows = [row for row in rows_of(element) if not self._leave_out(row)]
        cells = [cells_of(row) for row in rows]
        if len(rows) == 1 and len(cells[0]) == 1:
            self.write(cells[0][0])
            return
        asides: list[Aside] = []
        grid: list[list[str]] = []
        pictures: list[CellPicture] = []
        for row, row_cells in zip(rows, cells, strict=True):
            found: list[Aside] = []
            grid.append(self.row(row, row_cells, found, grid[-1] if grid else []))
            for aside in (a for a in found if a.kind == "picture"):
                pictures += self.pictures.fill_cell(self.builder.document, grid, aside.column, self._shown(aside))
            asides += [a for a in found if a.kind != "picture"]
        self.builder.table(grid, header_rows=_header_rows(rows))
        self.pictures.mark_cells(self.builder.document, grid, pictures)
        self.write_asides(asides)

    def _leave_out(self, row: Any) -> bool:
        """Whether a row is deleted or hidden; if so, record it."""
        properties = row.find(W + "trPr")
        reason = "" if properties is None else _row_reason(properties)
        if reason and not self.show_hidden:
            self.hidden.add(self.builder.length, reason)
        return bool(reason) and not self.show_hidden

    def row(self, row: Any, cells: list[Any], asides: list[Aside], above: list[str]) -> list[str]:
        """Return the texts of a row by column.

        A label that spans rows is repeated in each of them; a cell that spans columns has its text in the first one.
        """
        texts = [""] * _span(row.find(W + "trPr"), "gridBefore", 0)
        for cell in cells:
            properties = cell.find(W + "tcPr")
            merged = None if properties is None else properties.find(W + "vMerge")
            found: list[Aside] = []
            text = self.cell_text(cell, found)
            if text and properties is not None and properties.find(W + "cellDel") is not None and not self.show_hidden:
                text, found = "", [Aside("hidden", "deleted cell", text)]
            asides += [replace(aside, column=len(texts)) for aside in found]
            if merged is not None and attribute(merged, default="continue") == "continue" and not text:
                label = above[len(texts)] if len(texts) < len(above) else ""
                text = label if is_label(label, len(texts)) else ""
            texts += [text] + [""] * (_span(properties, "gridSpan", 1) - 1)
        return texts

    def cell_text(self, parent: Any, asides: list[Aside]) -> str:
        """Return the text of a cell or header, one paragraph a line; Asides and nested tables are added to `asides`."""
        lines = []
        for element in blocks(parent):
            if local(element) == "tbl":
                asides.append(Aside("table", element=element))
                continue
            inline = read_paragraph(element, self.look)
            place = self.look.numbering(element.find(W + "pPr")) if inline.text else None
            label = self.look.label(*place) if place else ""
            lines.append(f"{label} {inline.text}".strip())
            asides += inline.asides
        return "\n".join(line for line in lines if line)

    def write_asides(self, asides: list[Aside]) -> None:
        """Write notes, comments, text boxes, nested tables, pictures and charts, or record what is hidden."""
        for aside in asides:
            match aside.kind:
                case "box":
                    self._write_part("text box", aside.element)
                case "table":
                    self.table(aside.element)
                case "hidden":
                    self._hide(aside)
                case "picture":
                    self.pictures.write(self.builder, self._shown(aside))
                case "chart" | "diagram":
                    self._write_drawing(aside)
                case _:
                    self.quote(aside.kind, aside.key)

    def quote(self, kind: str, key: str) -> None:
        """Write a note or comment, once."""
        element = self.asides.get((kind, key))
        if element is None or (kind, key) in self.quoted:
            return
        self.quoted.add((kind, key))
        inlines = [read_paragraph(p, self.look) for p in paragraphs(element)]
        text = "\n".join(i.text for i in inlines if i.text)
        self.builder.part(f"{kind} {key}")
        if kind == "comment":
            self.builder.block(with_author(element, text), BlockKind.COMMENT)
        else:
            self.builder.block(f"[{key}] {text}")
        self._write_hidden_only(inlines)
        self.builder.part("")

    def _write_hidden_only(self, inlines: list[Inline]) -> None:
        for aside in (a for inline in inlines for a in inline.asides if a.kind == "hidden"):
            self._hide(aside)

    def _hide(self, aside: Aside) -> None:
        """Record hidden text, or write it where requested."""
        if not aside.text.strip():
            return
        if not self.show_hidden:
            self.hidden.add(self.builder.length, "deleted" if aside.key.startswith(("deleted", "moved")) else aside.key)
            return
        self.builder.part(aside.key)
        self.builder.block(aside.text.strip(), BlockKind.HIDDEN)
        self.builder.part("")

    def _write_part(self, label: str, element: Any) -> None:
        self.builder.part(label)
        self.write(element)
        self.builder.part("")

    def _shown(self, picture: Aside) -> ShownPicture:
        """Return the picture that is shown; one of an empty name for a picture outside the file."""
        link = self.links.get(picture.key)
        crop = crop_of(next(picture.element.itersiblings("{*}srcRect"), None))
        return ShownPicture("" if link is None or link.external else link.target, crop)

    def _write_drawing(self, aside: Aside) -> None:
        link = self.links.get(aside.key)
        root = None if link is None or link.external else self.package.xml(link.target)
        if root is None:
            return
        self.builder.part(aside.kind)
        if aside.kind == "chart":
            title, rows = chart_rows(root)
            self.builder.block(title)
            self.builder.table(rows, header_rows=1)
        else:
            self.builder.block(diagram_text(root))
        self.builder.part("")


def blocks(parent: Any) -> Iterator[Any]:
    """Yield the `w:p` and `w:tbl` beneath an element, through content controls and tracked changes, in order."""
    for element in parent:
        name = local(element)
        if name in {"p", "tbl"}:
            yield element
        elif name in _WRAPPERS:
            yield from blocks(element)


def with_author(comment: Any, text: str) -> str:
    """Return a comment with its author and date, as Word shows it."""
    who = " ".join(filter(None, (attribute(comment, "author"), attribute(comment, "date"))))
    return f"{who}: {text}" if who else text


def _row_reason(properties: Any) -> str:
    """Return why a row with these `w:trPr` is not shown; empty where it is."""
    if properties.find(W + "del") is not None:
        return "deleted row"
    if switched_on(properties, "hidden"):
        return "hidden row"
    height = properties.find(W + "trHeight")
    low = attribute(height, "hRule") == "exact" and attribute(height).isdecimal() and int(attribute(height)) <= 40
    return "line too low to show it" if low else ""


def _children(parent: Any, wanted: str) -> Iterator[Any]:
    for element in parent:
        name = local(element)
        if name == wanted:
            yield element
        elif name in _WRAPPERS:
            yield from _children(element, wanted)


def rows_of(table: Any) -> list[Any]:
    """Return the rows of a table, without those of nested tables."""
    return list(_children(table, "tr"))


def cells_of(row: Any) -> list[Any]:
    """Return the cells of a row."""
    return list(_children(row, "tc"))


def _span(properties: Any | None, name: str, default: int) -> int:
    text = attribute(None if properties is None else properties.find(W + name))
    return min(int(text), 200) if text.isdecimal() else default


def _header_rows(rows: list[Any]) -> int:
    """Count rows marked as repeated headers; where none is, 1 if the first row differs from the others."""
    marked = 0
    for row in rows:
        if row.find(f"{W}trPr/{W}tblHeader") is None:
            break
        marked += 1
    return marked or int(len(rows) > 1 and _first_row_differs(rows))


def _first_row_differs(rows: list[Any]) -> bool:
    """Whether the first row reads as column names: every cell has text, and none has a digit."""
    texts = [
        ["".join(t.text or "" for t in cell.iter(W + "t")).strip() for cell in _children(row, "tc")] for row in rows[:4]
    ]
    head, rest = texts[0], texts[1:]
    if len(head) < 2 or not all(head) or any(_has_digit(text) for text in head):
        return False
    return len(head) > 2 or any(_has_digit(text) for row in rest for text in row)


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)
