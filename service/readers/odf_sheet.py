"""Sheets of OpenDocument files: cells as shown, dates as ISO 8601, repeated rows and columns written out where filled."""

from __future__ import annotations

from typing import Any

from schemas.document import BlockKind, DocumentBuilder, column_letters
from schemas.errors import note
from schemas.policy import Limits
from service.readers.odf_text import OFFICE, STYLE, TABLE, local, text_of
from service.readers.sheet_rows import Cell, SheetWriter

_DC = "{http://purl.org/dc/elements/1.1/}"
_ROWS, _COLUMNS = 1_048_576, 16_384  # of the largest sheet that spreadsheet programs keep
_VALUES = frozenset(["float", "percentage", "currency", "date", "time", "boolean"])


def write_sheet(builder: DocumentBuilder, table: Any, body: Any, limits: Limits) -> None:
    """Write one sheet, then its annotations; a hidden sheet is flagged."""
    name = table.get(TABLE + "name", "Sheet")
    writer, number, comments = SheetWriter(builder, name, limits), 0, []
    for row in table.iter(TABLE + "table-row"):
        repeat = _count(row, "number-rows-repeated", _ROWS)
        cells = _cells(row)
        comments += [(f"{name}!{column}{number + 1}", a) for column, a in _annotations(row)]
        for i in range(repeat if cells else 0):
            writer.row(number + i + 1, cells)
        number += repeat
    writer.close()
    for part, annotation in comments:
        builder.part(part)
        who = annotation.findtext(_DC + "creator")
        builder.block(f"{who}: {text_of(annotation)}" if who else text_of(annotation), BlockKind.COMMENT)
    builder.part("")
    if _is_hidden(table, body):
        builder.document.notes.append(note("hidden_kept", f"sheet {name}"))


def _cells(row: Any) -> list[Cell]:
    cells, column = [], 0
    for cell in row:
        if local(cell) not in {"table-cell", "covered-table-cell"}:
            continue
        repeat = _count(cell, "number-columns-repeated", _COLUMNS)
        kind = cell.get(OFFICE + "value-type", "")
        text = _shown(cell, kind)
        if text:
            cells += [Cell(column + i, text, kind in _VALUES) for i in range(repeat)]
        column += repeat
    return cells


def _shown(cell: Any, kind: str) -> str:
    if kind == "date" and (date := cell.get(OFFICE + "date-value")):
        return str(date).removesuffix("T00:00:00").replace("T", " ")
    return "\n".join(text_of(p) for p in cell if local(p) in {"p", "h", "list"})


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


def _is_hidden(table: Any, body: Any) -> bool:
    style = table.get(TABLE + "style-name", "")
    for candidate in body.getroottree().iter(STYLE + "style"):
        if candidate.get(STYLE + "name") == style:
            return any(p.get(TABLE + "display") == "false" for p in candidate)
    return False
