"""Read sheets of OpenDocument files: cells as shown, dates as ISO 8601, repeated rows and columns written out."""

from __future__ import annotations

from typing import Any

from thresher.schemas.document import BlockKind, DocumentBuilder, column_letters
from thresher.schemas.errors import note
from thresher.schemas.policy import Limits
from thresher.service.readers.office.odf.odf_styles import Looks
from thresher.service.readers.office.odf.odf_text import DRAW, OFFICE, TABLE, SpanningLabels, local, text_of
from thresher.service.readers.office.odf.odf_values import shown_value
from thresher.service.readers.office.sheet_rows import Cell, SheetWriter
from thresher.service.readers.text_marks import UNMARKED, Mark, join_runs

_DC = "{http://purl.org/dc/elements/1.1/}"
_ROWS, _COLUMNS = 1_048_576, 16_384  # of the largest sheet of spreadsheet programs
_BOXES = tuple(
    DRAW + name for name in ("frame", "custom-shape", "rect", "ellipse", "caption", "line", "connector", "control")
)
_HIDDEN_STATES = frozenset(("collapse", "filter"))
_VALUES = frozenset(["float", "percentage", "currency", "date", "time", "boolean"])


def write_sheet(builder: DocumentBuilder, table: Any, looks: Looks, limits: Limits) -> None:
    """Write one sheet, then its annotations; hidden content is left out with a Note, or flagged where requested."""
    name = table.get(TABLE + "name", "Sheet")
    is_hidden = _is_hidden(table, looks)
    if is_hidden and not looks.show_hidden:
        if any(_cells(row, looks, {}, SpanningLabels()) for row in table.iter(TABLE + "table-row")):
            looks.hidden.add(builder.length, "hidden sheet", f"sheet {name}")
        return
    comments = _write_rows(SheetWriter(builder, name, limits), table, looks, name)
    _write_boxes(builder, table, looks)
    for part, annotation in comments:
        builder.part(part)
        who = annotation.findtext(_DC + "creator")
        builder.block(f"{who}: {text_of(annotation)}" if who else text_of(annotation), BlockKind.COMMENT)
    builder.part("")
    if is_hidden:
        builder.document.notes.append(note("hidden_kept", f"sheet {name}"))


def _write_boxes(builder: DocumentBuilder, table: Any, looks: Looks) -> None:
    """Write the text boxes that lie over a sheet, or are fixed to its cells."""
    for shape in table.iter(*_BOXES):
        text = looks.controls.get(shape.get(DRAW + "control", "")) or text_of(shape, looks)
        if text and next(shape.iterancestors(*_BOXES), None) is None:
            builder.part(f"text box of {table.get(TABLE + 'name', 'Sheet')}")
            builder.block(text)


def _write_rows(writer: SheetWriter, table: Any, looks: Looks, name: str) -> list[tuple[str, Any]]:
    """Write the rows, and return (cell, annotation) of those that were written."""
    number, comments, spans, columns = 0, [], SpanningLabels(), _hidden_columns(table)
    for row in table.iter(TABLE + "table-row"):
        repeat = _count(row, "number-rows-repeated", _ROWS)
        looks.place = f"row {number + 1} of {name}"
        cells = _cells(row, looks, columns, spans)
        if cells and row.get(TABLE + "visibility") in _HIDDEN_STATES and not looks.show_hidden:
            looks.hidden.add(0, "hidden row", looks.place)
            cells = []
        else:
            comments += [(f"{name}!{column}{number + 1}", a) for column, a in _annotations(row)]
            cells = _with_labels(row, cells, spans)
        for i in range(repeat if cells else 0):
            writer.row(number + i + 1, cells)
        number += repeat
    looks.place = ""
    writer.close()
    return comments


def _hidden_columns(table: Any) -> dict[int, str]:
    """Return the hidden columns (0-based) with their letters."""
    hidden: dict[int, str] = {}
    at = 0
    for column in table.iter(TABLE + "table-column"):
        count = _count(column, "number-columns-repeated", _COLUMNS)
        if column.get(TABLE + "visibility") in _HIDDEN_STATES:
            hidden |= {i: column_letters(i) for i in range(at, min(at + count, _COLUMNS))}
        at += count
    return hidden


def _with_labels(row: Any, cells: list[Cell], spans: SpanningLabels) -> list[Cell]:
    """Return a row's cells with the labels of cells above that span it."""
    filled, column, found = {cell.column: cell.text for cell in cells}, 0, list(cells)
    for cell in row:
        if local(cell) not in {"table-cell", "covered-table-cell"}:
            continue
        repeat = _count(cell, "number-columns-repeated", _COLUMNS)
        if local(cell).startswith("covered"):
            found += [Cell(c, spans.label(c)) for c in range(column, column + min(repeat, 100)) if c not in filled]
        elif cell.get(TABLE + "number-rows-spanned", "1") != "1":
            spans.open(column, cell.get(TABLE + "number-rows-spanned", "1"), filled.get(column, ""))
        column += repeat
    spans.next_row()
    return sorted((c for c in found if c.text), key=lambda c: c.column)


def _cells(row: Any, looks: Looks, hidden: dict[int, str], spans: SpanningLabels) -> list[Cell]:
    """Return the visible cells of a row; hidden ones are recorded."""
    cells: list[Cell] = []
    column, place = 0, looks.place
    for cell in row:
        if local(cell) not in {"table-cell", "covered-table-cell"}:
            continue
        repeat = _count(cell, "number-columns-repeated", _COLUMNS)
        kind = cell.get(OFFICE + "value-type", "")
        text = _shown(cell, kind, looks)
        if text and column in hidden and not looks.show_hidden:
            looks.hidden.add(0, "hidden column", f"column {hidden[column]} of {place.partition(' of ')[2]}")
        elif text and local(cell).startswith("covered") and not looks.show_hidden:
            if text not in {cells[-1].text if cells else "", spans.label(column)}:
                looks.hidden.add(0, "covered by a merged cell", f"{column_letters(column)} of {place}")
        elif text and (mark := _seen(cell, looks)) is not None:
            cells += [Cell(column + i, join_runs([(text, mark)]), kind in _VALUES) for i in range(repeat)]
        column += repeat
    return cells


def _seen(cell: Any, looks: Looks) -> Mark | None:
    """Return the Mark of a cell's text; None where its style hides it."""
    name = cell.get(TABLE + "style-name", "")
    if not name:
        return UNMARKED
    style = looks.style(name)
    reason, mark = looks.run([name], style.ground or looks.paper)
    if reason and not looks.show_hidden:
        looks.hide(reason)
        return None
    return mark


def _shown(cell: Any, kind: str, looks: Looks) -> str:
    if kind == "date" and (date := cell.get(OFFICE + "date-value")):
        return str(date).removesuffix("T00:00:00").replace("T", " ")
    text = "\n".join(text_of(p, looks) for p in cell if local(p) in {"p", "h", "list"})
    shown = shown_value(cell, text)
    if text and shown != text:
        looks.differing.append(f"{text[:40]} in the text of a cell, {shown[:40]} in its value")
    return shown


def _annotations(row: Any) -> list[tuple[str, Any]]:
    found, column = [], 0
    for cell in row:
        if local(cell) in {"table-cell", "covered-table-cell"}:
            found += [(column_letters(column), a) for a in cell.iter(OFFICE + "annotation")]
            column += _count(cell, "number-columns-repeated", _COLUMNS)
    return found


def _count(element: Any, name: str, most: int) -> int:
    stated = element.get(TABLE + name, "1")
    return min(int(stated), most) if stated.isdecimal() else 1


def _is_hidden(table: Any, looks: Looks) -> bool:
    style = looks.styles.get(table.get(TABLE + "style-name", ""))
    return style is not None and any(p.get(TABLE + "display") == "false" for p in style)
