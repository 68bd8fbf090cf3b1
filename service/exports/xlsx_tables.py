"""Write tables as one XLSX workbook, a row at a time, within Excel's limits.

A table longer than a sheet goes on in a further sheet, a text longer than a cell in the sheet `long texts`. All texts are
written as texts: none is a formula or a link.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from thresher.schemas.result import VERSION
from thresher.service.exports.columns import Column, Table
from thresher.service.exports.files import PartFiles
from thresher.service.exports.rows import Row
from thresher.service.exports.xlsx_cells import CELL_MAX_UNITS, Cell, cell_of, pieces, utf16_units

SHEET_MAX_ROWS = 1_048_576
SHEET_MAX_COLUMNS = 16_384
NAME_MAX_UNITS = 31
SHORTENED_CHARS = 1_000  # of a text that is too long for a cell, what the cell shows
_COLOURS = {"doubtful": "#FFF2CC", "missing": "#F8D7DA", "corrected": "#D9EAF7", "gap": "#F3D9C9", "head": "#E7E6E6"}
_MEANINGS = (
    ("doubtful", "yellow: the value is there and may be wrong; see the reasons"),
    ("missing", "red: the value should be there and is not"),
    ("corrected", "blue: a person set or confirmed the value"),
    ("gap", "brown: a row for something that is missing: dropped, not claimed, not read"),
)
LONG_TEXTS = Table(
    name="long texts",
    columns=(
        Column(name="sheet"), Column(name="cell"), Column(name="column"), Column(name="piece", kind="integer"),
        Column(name="text"), Column(name="notes"),
    ),
)  # fmt: skip


class XlsxTables:
    """One workbook with a sheet for each table, or more where it is long."""

    def __init__(self, file: Path, tables: tuple[Table, ...], *, max_rows: int = SHEET_MAX_ROWS) -> None:
        """Begin the workbook. Raises OSError. `max_rows`: of one sheet, its heading with them."""
        self._files, self._max_rows = PartFiles(), max_rows
        self._part = self._files.part(file)
        self._book = Workbook(str(self._part), {"constant_memory": True, "strings_to_urls": False})
        self._book.set_properties({"comments": f"Thresher {VERSION}", "created": datetime(2000, 1, 1)})  # noqa: DTZ001 - the same bytes each time
        self._names: set[str] = set()
        self._formats: dict[tuple[str, str], Format] = {}
        self._long: list[tuple[str, str, str, str]] = []
        self._sheets = {table: _Sheets(self, table) for table in tables}

    def write(self, table: Table, row: Row) -> None:
        """Add a row."""
        self._sheets[table].write(row)

    def close(self) -> list[Path]:
        """Finish the workbook under its name; return its path."""
        if self._long:
            self._write_long_texts()
        for sheets in self._sheets.values():
            sheets.end()
        self._about()
        self._book.close()
        return self._files.finish()

    def discard(self) -> None:
        """Delete what was begun."""
        self._book.fileclosed = True  # else it warns when it is collected
        self._files.discard()

    def sheet(self, name: str) -> Worksheet:
        """Add a sheet under a name that Excel takes."""
        return self._book.add_worksheet(sheet_name(name, self._names))

    def format(self, form: str, colour: str) -> Format:
        """Return the format of a cell with this display and colour."""
        made = self._formats.get((form, colour))
        if made is None:
            choices: dict[str, Any] = {"valign": "top"} | ({"num_format": form} if form else {})
            choices |= {"bg_color": _COLOURS[colour]} if colour else {}
            choices |= {"bold": True, "bottom": 1} if colour == "head" else {}
            made = self._formats[form, colour] = self._book.add_format(choices)
        return made

    def keep_long(self, sheet: str, cell: str, column: str, text: str) -> str:
        """Keep a text for the sheet of long texts; return what its cell shows."""
        self._long.append((sheet, cell, column, text))
        return f"{text[:SHORTENED_CHARS]} … (the whole text: sheet {LONG_TEXTS.name})"

    def _write_long_texts(self) -> None:
        sheets = self._sheets[LONG_TEXTS] = _Sheets(self, LONG_TEXTS)
        for sheet, cell, column, text in self._long:
            for number, piece in enumerate(pieces(text), 1):
                sheets.write(Row([sheet, cell, column, number, piece, None]))

    def _about(self) -> None:
        sheet = self.sheet("about")
        sheet.set_column(0, 0, 90)
        sheet.write_string(0, 0, f"Written by Thresher {VERSION}", self.format("", "head"))
        row = 1
        for table, sheets in self._sheets.items():
            sheet.write_string(row, 0, f"{', '.join(sheets.names)}: {sheets.count} rows of {table.name}")
            row += 1
        for colour, meaning in _MEANINGS:
            sheet.write_string(row, 0, meaning, self.format("", colour))
            row += 1


class _Sheets:
    """The sheets of one table."""

    def __init__(self, book: XlsxTables, table: Table) -> None:
        self._book, self._table = book, table
        self.names: list[str] = []
        self.count = 0  # rows in all sheets
        self._begin()

    def _begin(self) -> None:
        number = len(self.names) + 1
        self._sheet = sheet = self._book.sheet(self._table.name if number == 1 else f"{self._table.name} ({number})")
        self.names.append(sheet.get_name())
        head = self._book.format("", "head")
        for i, column in enumerate(self._table.columns):
            sheet.set_column(i, i, _width(column))
            sheet.write_string(0, i, column.name[: CELL_MAX_UNITS // 2], head)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)  # as wide as one page of paper
        self._row = 1

    def end(self) -> None:
        """Add the filter of the heading, where there are rows."""
        if self._row > 1:
            self._sheet.autofilter(0, 0, self._row - 1, len(self._table.columns) - 1)

    def write(self, row: Row) -> None:
        if self._row >= self._book._max_rows:  # noqa: SLF001 - of the same module
            self.end()
            self._begin()
        notes = list(row.notes)
        for i, (column, value) in enumerate(zip(self._table.columns[:-1], row.cells, strict=False)):
            cell = cell_of(column, value)
            if cell.note:
                notes.append(f"{column.name}: {cell.note}")
            self._put(i, cell, row.marks.get(i) or ("gap" if row.gap else ""))
        last = len(self._table.columns) - 1
        self._put(last, Cell("; ".join(notes), "text") if notes else Cell(None, "blank"), "gap" if row.gap else "")
        self._row, self.count = self._row + 1, self.count + 1

    def _put(self, i: int, cell: Cell, colour: str) -> None:
        form = self._book.format(cell.form, colour)
        if cell.how == "blank":
            if colour:
                self._sheet.write_blank(self._row, i, None, form)
        elif cell.how == "number":
            self._sheet.write_number(self._row, i, cell.value, form)
        elif cell.how == "boolean":
            self._sheet.write_boolean(self._row, i, cell.value, form)
        elif cell.how == "moment":
            self._sheet.write_datetime(self._row, i, cell.value, form)
        else:
            self._text(i, cell.value.encode("utf-8", "replace").decode(), form)

    def _text(self, i: int, text: str, form: Format) -> None:
        if len(text) > CELL_MAX_UNITS // 2 and utf16_units(text) > CELL_MAX_UNITS:
            place = f"{_letters(i)}{self._row + 1}"
            text = self._book.keep_long(self.names[-1], place, self._table.columns[i].name, text)
        self._sheet.write_string(self._row, i, text, form)


def _letters(column: int) -> str:
    """Return the letters of a column, counted from 0.

    >>> _letters(0), _letters(26)
    ('A', 'AA')
    """
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _width(column: Column) -> float:
    """Return the width of a column in characters: room for its type and name."""
    by_name = {
        "source": 34,
        "document": 28,
        "reasons": 50,
        "why": 50,
        "message": 60,
        "notes": 40,
        "doubtful": 28,
        "text": 80,
    }
    by_kind = {"date": 12, "datetime": 20, "time": 10, "boolean": 8, "integer": 9, "number": 12, "decimal": 12}
    wanted = by_name.get(column.name) if column.path is None else by_kind.get(column.kind, 20)
    return max(wanted or 12, min(len(column.name) + 3, 30))


def sheet_name(name: str, taken: set[str]) -> str:
    r"""Return a name for a sheet that Excel takes and that no other has, and take it: 31 UTF-16 units, no []:*?/\ in it.

    >>> taken = set()
    >>> [sheet_name(n, taken) for n in ("a/b", "A/B", "History", "'x'", "")]
    ['a_b', 'A_B (2)', 'History_', 'x', 'sheet']
    """
    clean = re.sub(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]", "_", name).strip("'") or "sheet"
    clean = f"{clean}_" if clean.casefold() == "history" else clean
    made, number = _cut(clean, NAME_MAX_UNITS), 2
    while made.casefold() in taken:
        ending = f" ({number})"
        made, number = _cut(clean, NAME_MAX_UNITS - len(ending)) + ending, number + 1
    taken.add(made.casefold())
    return made


def _cut(text: str, units: int) -> str:
    return pieces(text, units)[0].rstrip("'") or "sheet"
