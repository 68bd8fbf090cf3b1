"""The text of OpenDocument content: paragraphs, headings, lists, tables, notes, annotations, frames, changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.document import BlockKind, DocumentBuilder

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE, DRAW, STYLE = (f"{_NS}{n}:1.0}}" for n in ("office", "text", "table", "drawing", "style"))
_PRESENTATION = f"{_NS}presentation:1.0}}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_SKIPPED = frozenset(
    [
        "tracked-changes",
        "annotation",
        "note",
        "note-citation",
        "annotation-end",
        "forms",
        "sequence-decls",
        "table-column",
        "table-columns",
        "variable-decls",
        "user-field-decls",
        "soft-page-break",
        "ruby-text",
        "desc",
        "title",
        "event-listeners",
        "settings",
        "date-time-decl",
        "footer-decl",
        "header-decl",
    ]
)
_REPEATS = 1_000  # blanks or list levels that one element may stand for


def local(element: Any) -> str:
    """An element's name without its namespace; empty for comments and instructions."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def text_of(element: Any) -> str:
    """All shown text beneath an element, a line a paragraph."""
    paragraphs = list(element.iter(TEXT + "p", TEXT + "h"))
    if not paragraphs:
        return inline(element).strip()
    return "\n".join(filter(None, (inline(p).strip() for p in paragraphs)))


def inline(element: Any) -> str:
    """The shown text of a paragraph, without its notes and annotations."""
    pieces = [element.text or ""]
    for child in element:
        name = local(child)
        if name == "s":
            count = child.get(TEXT + "c", "1")
            pieces.append(" " * min(int(count) if count.isdecimal() else 1, _REPEATS))
        elif name in {"tab", "line-break"}:
            pieces.append("\t" if name == "tab" else "\n")
        elif name == "note":
            pieces.append(f"[{_citation(child)}]")
        elif name and name not in _SKIPPED and name not in {"frame", "custom-shape", "hidden-text"}:
            pieces.append(inline(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _citation(note: Any) -> str:
    return (note.findtext(TEXT + "note-citation") or "").strip()


@dataclass(slots=True)
class OdfStory:
    """A body's way into the builder."""

    builder: DocumentBuilder
    show_hidden: bool = False
    hidden: int = 0  # passages left out
    counts: dict[str, int] = field(default_factory=dict)

    def write(self, parent: Any, level: int = 0) -> None:
        """Write every Block beneath an element; `level` is the nesting of the list in hand."""
        for element in parent:
            name = local(element)
            if name in {"p", "h"}:
                self._paragraph(element, name, level)
            elif name == "table":
                self._table(element)
            elif name == "list":
                self.write(element, level + 1)
            elif name == "notes" and element.tag.startswith(_PRESENTATION):
                self._aside("notes", text_of(element), BlockKind.COMMENT)
            elif name == "annotation":
                self._annotation(element)
            elif name == "tracked-changes":
                self._changes(element)
            elif name and name not in _SKIPPED:
                self.write(element, level)

    def _paragraph(self, element: Any, name: str, level: int) -> None:
        text, outline = inline(element).strip(), element.get(TEXT + "outline-level", "1")
        if name == "h":
            self.builder.block(text, BlockKind.HEADING, int(outline) if outline.isdecimal() else 1)
        elif level:
            self.builder.block(text, BlockKind.LIST_ITEM, level)
        elif _is_title(element):
            self.builder.block(text, BlockKind.HEADING, 1)
        else:
            self.builder.block(text)
        self._asides(element)

    def _asides(self, element: Any) -> None:
        """Write what hangs on a paragraph: notes, annotations, frames, hidden text."""
        for child in element:
            name = local(child)
            if name == "note":
                body = child.find(TEXT + "note-body")
                kind = child.get(TEXT + "note-class", "footnote")
                text = "" if body is None else text_of(body)
                self._aside(f"{kind} {_citation(child)}", f"[{_citation(child)}] {text}", BlockKind.PARAGRAPH)
            elif name == "annotation":
                self._annotation(child)
            elif name in {"frame", "custom-shape"}:
                self.builder.part("text box")
                self.write(child)
                self.builder.part("")
            elif name == "hidden-text":
                self._hide("hidden text", child.get(TEXT + "string-value") or inline(child))
            else:
                self._asides(child)

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
        if self.show_hidden:
            self._aside(part, text.strip(), BlockKind.HIDDEN)
        else:
            self.hidden += 1

    def _table(self, element: Any) -> None:
        rows, nested, header = [], [], 0
        for row in _rows(element):
            cells: list[str] = []
            for cell in (c for c in row if local(c) in {"table-cell", "covered-table-cell"}):
                inner = list(cell.iter(TABLE + "table"))
                nested += inner
                repeat = cell.get(TABLE + "number-columns-repeated", "1")
                text = "" if local(cell).startswith("covered") or inner else text_of(cell)
                cells += [text] * min(int(repeat) if repeat.isdecimal() else 1, _REPEATS)
            rows.append(cells)
            header += local(row.getparent()) == "table-header-rows"
        self.builder.table(rows, header_rows=header, name=element.get(TABLE + "name"))
        for cell in element.iter(TABLE + "table-cell"):
            for paragraph in cell.iter(TEXT + "p"):
                self._asides(paragraph)
        for table in nested:
            self._table(table)


def _rows(table: Any) -> list[Any]:
    """The rows of a table, those of its groups too, not those of tables within."""
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
