"""Read the text of OpenDocument content: paragraphs, headings, lists, tables, notes, annotations, frames, changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.service.readers.office.odf.odf_styles import Looks
from thresher.service.readers.text_marks import UNMARKED, Mark, is_label, join_runs

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
_MAX_REPEATS = 1_000  # blanks or cells that one element may stand for


def local(element: Any) -> str:
    """Return an element's name without its namespace; empty for comments and instructions."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def text_of(element: Any, looks: Looks | None = None) -> str:
    """Return all shown text beneath an element, one paragraph a line."""
    paragraphs = list(element.iter(TEXT + "p", TEXT + "h"))
    if not paragraphs:
        return inline(element, looks).strip()
    return "\n".join(filter(None, (inline(p, looks).strip() for p in paragraphs)))


def inline(element: Any, looks: Looks | None = None) -> str:
    """Return the shown text of a paragraph with its marks, without its notes and annotations."""
    walk = _Inline(looks or Looks(), [])
    names = [element.get(TEXT + "style-name", "")]
    ground = walk.looks.ground(element) if any(names) or len(element) else None
    walk.over(element, names, ground)
    return join_runs(walk.runs)


@dataclass(slots=True)
class _Inline:
    """The runs of one paragraph."""

    looks: Looks
    runs: list[tuple[str, Mark]]
    last: str = ""  # reason of the text hidden last: adjacent runs with one reason are one passage

    def over(self, element: Any, names: list[str], ground: str | None) -> None:
        """Add the shown text of an element; `names` are the styles that apply, outermost first."""
        self._put(element.text or "", names, ground)
        for child in element:
            name = local(child)
            if name == "s":
                count = child.get(TEXT + "c", "1")
                self._put(" " * min(int(count) if count.isdecimal() else 1, _MAX_REPEATS), names, ground)
            elif name in {"tab", "line-break"}:
                self._put("\t" if name == "tab" else "\n", names, ground)
            elif name == "note":
                self._put(f"[{_citation(child)}]", names, ground)
            elif name and name not in _SKIPPED and name not in {"frame", "custom-shape", "hidden-text"}:
                style = child.get(TEXT + "style-name", "") if name in {"span", "a"} else ""
                self.over(child, [*names, style] if style else names, ground)
            self._put(child.tail or "", names, ground)

    def _put(self, text: str, names: list[str], ground: str | None) -> None:
        if not text:
            return
        reason, mark = self.looks.run(names, ground) if any(names) else ("", UNMARKED)
        if not reason or self.looks.show_hidden:
            self.runs.append((text, mark))
        elif text.strip() and self.last != reason:
            self.looks.hide(reason)
        self.last = reason if text.strip() else self.last


def _citation(note: Any) -> str:
    return (note.findtext(TEXT + "note-citation") or "").strip()


@dataclass(slots=True)
class SpanningLabels:
    """Labels of cells that span rows below them."""

    open_labels: dict[int, tuple[int, str]] = field(default_factory=dict)  # by column: rows still spanned, and label

    def open(self, column: int, rows: str, text: str) -> None:
        """Begin a cell that may span rows."""
        if rows.isdecimal() and int(rows) > 1:
            self.open_labels[column] = int(rows), text if is_label(text, column) else ""
        else:
            self.open_labels.pop(column, None)

    def label(self, column: int) -> str:
        """Return the label that a covered cell of the current row repeats; empty for none."""
        return self.open_labels.get(column, (0, ""))[1]

    def next_row(self) -> None:
        """End a row."""
        self.open_labels = {c: (left - 1, text) for c, (left, text) in self.open_labels.items() if left > 1}


@dataclass(slots=True)
class OdfStory:
    """Writes a body into the builder."""

    builder: DocumentBuilder
    looks: Looks = field(default_factory=Looks)
    counts: dict[str, int] = field(default_factory=dict)

    def write(self, parent: Any, level: int = 0) -> None:
        """Write every Block beneath an element; `level` is the nesting of the current list."""
        for element in parent:
            name = local(element)
            if name in {"p", "h"}:
                self._paragraph(element, name, level)
            elif name == "table":
                self._table(element)
            elif name == "list":
                self.write(element, level + 1)
            elif name == "notes" and element.tag.startswith(_PRESENTATION):
                self._aside("notes", text_of(element, self.looks), BlockKind.COMMENT)
            elif name == "annotation":
                self._annotation(element)
            elif name == "tracked-changes":
                self._changes(element)
            elif name and name not in _SKIPPED:
                self.write(element, level)

    def _paragraph(self, element: Any, name: str, level: int) -> None:
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
        self._asides(element)

    def _asides(self, element: Any) -> None:
        """Write the notes, annotations, frames and hidden text of a paragraph."""
        for child in element:
            name = local(child)
            if name == "note":
                body = child.find(TEXT + "note-body")
                kind = child.get(TEXT + "note-class", "footnote")
                text = "" if body is None else text_of(body, self.looks)
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
        if self.looks.show_hidden:
            self._aside(part, text.strip(), BlockKind.HIDDEN)
        else:
            self.looks.hidden.add(self.builder.length, "deleted" if part.startswith("deleted") else part)

    def _table(self, element: Any) -> None:
        rows: list[list[str]] = []
        nested, header, spans = [], 0, SpanningLabels()
        self.looks.at = self.builder.length
        for row in _rows(element):
            cells: list[str] = []
            for cell in (c for c in row if local(c) in {"table-cell", "covered-table-cell"}):
                inner = list(cell.iter(TABLE + "table"))
                nested += inner
                repeat = cell.get(TABLE + "number-columns-repeated", "1")
                covered = local(cell).startswith("covered")
                text = "" if covered or inner else text_of(cell, self.looks)
                for _ in range(min(int(repeat) if repeat.isdecimal() else 1, _MAX_REPEATS)):
                    cells.append(spans.label(len(cells)) if covered else text)
                if not covered:
                    spans.open(len(cells) - 1, cell.get(TABLE + "number-rows-spanned", "1"), text)
            spans.next_row()
            rows.append(cells)
            header += local(row.getparent()) == "table-header-rows"
        self.builder.table(rows, header_rows=header, name=element.get(TABLE + "name"))
        for cell in element.iter(TABLE + "table-cell"):
            for paragraph in cell.iter(TEXT + "p"):
                self._asides(paragraph)
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
