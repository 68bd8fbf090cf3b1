"""Read old Excel files (XLS) by xlrd: every sheet, cells as shown, comments, with hidden sheets reported."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

import xlrd
from xlrd.compdoc import CompDocError

from thresher.schemas.document import BlockKind, DocumentBuilder, column_letters
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.hidden_text import HiddenPassages, is_tiny, same_colour
from thresher.service.readers.office.legacy.ole_children import ole_children
from thresher.service.readers.office.legacy.ole_properties import ole_facts
from thresher.service.readers.office.legacy.xls_boxes import sheet_boxes
from thresher.service.readers.office.number_format import format_value, hiding_reason, is_elapsed
from thresher.service.readers.office.office_decryption import read_legacy
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.office.sheet_rows import Cell, SheetWriter
from thresher.service.readers.office.xlsx.xlsx_ranges import SheetRanges
from thresher.service.readers.text_marks import Mark, join_runs

_SHIFTS = {1: 1, 2: -1}  # escapement of a font: raised, lowered
_VALUES = frozenset({xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE, xlrd.XL_CELL_BOOLEAN})


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of an old workbook. Raises InputProblem(corrupt, password_protected)."""
    return read_legacy(source, options, spool, _read)


def _read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    book = _open(source)
    builder = DocumentBuilder(source, kind="sheet")
    builder.document.facts.update(ole_facts(source.blob))
    hidden, boxes = HiddenPassages(), sheet_boxes(source.blob)
    for index in range(book.nsheets):
        sheet = book.sheet_by_index(index)
        if sheet.visibility and not options.hidden_text:
            if sheet.nrows:
                hidden.add(0, "hidden sheet", f"sheet {sheet.name}")
        else:
            _write(builder, _SheetLook(book, sheet, hidden, options.hidden_text, _merged_ranges(sheet)), options)
            _write_boxes(builder, sheet.name, boxes[index] if len(boxes) == book.nsheets else [])
        book.unload_sheet(index)
    for texts in boxes if len(boxes) != book.nsheets else []:
        _write_boxes(builder, "", texts)
    children, notes = ole_children(source, spool)
    document = builder.build()
    document.notes += [*hidden.notes(document), *notes]
    return Reading(document, children)


def _open(source: Source) -> Any:
    """Open the workbook, without formatting where that is damaged."""
    warnings_out = io.StringIO()  # xlrd prints its warnings
    last: Exception | None = None
    for formatted in (True, False):  # formatting is what most often fails in damaged files
        try:
            return xlrd.open_workbook(source.blob, formatting_info=formatted, on_demand=True, logfile=warnings_out)
        except (xlrd.XLRDError, CompDocError) as error:
            last = error
            if "encrypt" in str(error).lower():
                raise InputProblem("password_protected", source.name or source.path) from error
        except Exception as error:  # noqa: BLE001 - xlrd raises any exception on damage
            last = error
    raise InputProblem("corrupt", source.name or source.path) from last


def _write(builder: DocumentBuilder, looks: _SheetLook, options: ReadOptions) -> None:
    sheet = looks.sheet
    writer, merged = SheetWriter(builder, sheet.name, options.limits), looks.merged
    for r in range(sheet.nrows):
        writer.row(r + 1, merged.with_labels(r + 1, looks.row(r)))
    writer.close()
    for (r, c), comment in sorted(sheet.cell_note_map.items()):
        builder.part(f"{sheet.name}!{column_letters(c)}{r + 1}")
        text = comment.text.strip()
        named = not comment.author or text.startswith(comment.author)
        builder.block(text if named else f"{comment.author}: {text}", BlockKind.COMMENT)
    builder.part("")
    if sheet.visibility:
        builder.document.notes.append(note("hidden_kept", f"sheet {sheet.name}"))


def _write_boxes(builder: DocumentBuilder, name: str, texts: list[str]) -> None:
    for text in texts:
        builder.part(f"text box of {name}" if name else "text box")
        builder.block(text)
    builder.part("")


def _merged_ranges(sheet: Any) -> SheetRanges:
    marks = SheetRanges()
    for first, end, left, right in sheet.merged_cells:
        marks.merged.setdefault(first + 1, []).append((left, first + 1, right - 1, end))
    return marks


@dataclass(frozen=True, slots=True)
class _SheetLook:
    """Decides which cells of a sheet are visible, and how their text is marked."""

    book: Any
    sheet: Any
    hidden: HiddenPassages
    show_hidden: bool
    merged: SheetRanges

    def row(self, r: int) -> list[Cell]:
        """Return the visible cells of a row (0-based)."""
        cells = [(c, cell, text) for c, cell in enumerate(self.sheet.row(r)) if (text := _shown(self.book, cell))]
        info = self.sheet.rowinfo_map.get(r)
        if cells and not self.show_hidden and info is not None and info.hidden:
            self.hidden.add(0, "hidden row", f"row {r + 1} of {self.sheet.name}")
            return []
        return [
            Cell(c, self._marked(r, c, cell, text), cell.ctype in _VALUES)
            for c, cell, text in cells
            if self._is_seen(r, c, cell, text)
        ]

    def _marked(self, r: int, c: int, cell: Any, text: str) -> str:
        """Return a cell's text with marks where it is struck through, raised or lowered."""
        if cell.xf_index is None or cell.xf_index >= len(self.book.xf_list):
            return text
        changes = [(0, self.book.xf_list[cell.xf_index].font_index)]
        if cell.ctype == xlrd.XL_CELL_TEXT:
            changes += self.sheet.rich_text_runlist_map.get((r, c), [])
        ends = [at for at, _ in changes[1:]] + [len(text)]
        return join_runs([(text[a:b], self._mark(f)) for (a, f), b in zip(changes, ends, strict=True)])

    def _mark(self, index: int) -> Mark:
        fonts = self.book.font_list
        font = fonts[index] if index < len(fonts) else None
        return Mark(bool(font.struck_out), _SHIFTS.get(font.escapement, 0)) if font is not None else Mark()

    def _is_seen(self, r: int, c: int, cell: Any, text: str) -> bool:
        """Whether a cell is visible; if not, record why, unless it repeats the merged cell above it."""
        self.merged.note_text(r + 1, c, text)
        reason = "" if self.show_hidden else self._hidden_reason(c, cell)
        if not self.show_hidden and self.merged.covers(r + 1, c):
            if self.merged.repeats(r + 1, c, text):
                return False
            reason = "covered by a merged cell"
        if reason and not (cell.ctype == xlrd.XL_CELL_NUMBER and cell.value == 0):
            column = f"column {column_letters(c)} of {self.sheet.name}"
            place = column if reason == "hidden column" else f"{self.sheet.name}!{column_letters(c)}{r + 1}"
            self.hidden.add(0, reason, place)
        return not reason

    def _hidden_reason(self, c: int, cell: Any) -> str:
        """Return why a cell is not visible; empty where it is."""
        info = self.sheet.colinfo_map.get(c)
        if info is not None and info.hidden:
            return "hidden column"
        if cell.xf_index is None or cell.xf_index >= len(self.book.xf_list):
            return ""
        if cell.ctype in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_TEXT} and (
            why := hiding_reason(cell.value, _form(self.book, cell))
        ):
            return why
        form = self.book.xf_list[cell.xf_index]
        font = self.book.font_list[form.font_index]
        ground = "FFFFFF" if form.background.fill_pattern == 0 else None
        if form.background.fill_pattern == 1:
            ground = self._colour(form.background.pattern_colour_index)
        if is_tiny(font.height / 20):
            return "text too small to read"
        return "text in the colour of its background" if same_colour(self._colour(font.colour_index), ground) else ""

    def _colour(self, index: int) -> str | None:
        found = self.book.colour_map.get(index)
        return None if found is None else "".join(f"{part:02x}" for part in found)


def _shown(book: Any, cell: Any) -> str:
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}:
        return ""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERR"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return format_value(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _moment(book, cell)
    if cell.ctype != xlrd.XL_CELL_NUMBER:
        return str(cell.value)
    form = _form(book, cell)
    return _moment(book, cell) if is_elapsed(form) else format_value(cell.value, form)


def _moment(book: Any, cell: Any) -> str:
    if is_elapsed(form := _form(book, cell)):
        return format_value(dt.timedelta(days=cell.value), form)
    try:
        parts = xlrd.xldate_as_tuple(cell.value, book.datemode)
    except (xlrd.XLDateError, ValueError, OverflowError):
        return format_value(cell.value)
    if not any(parts[:3]):
        return dt.time(*parts[3:]).isoformat()
    return format_value(dt.datetime(*parts), _form(book, cell))  # noqa: DTZ001 - a sheet's dates have no zone


def _form(book: Any, cell: Any) -> str:
    if cell.xf_index is None or cell.xf_index >= len(book.xf_list):
        return "General"
    form = book.format_map.get(book.xf_list[cell.xf_index].format_key)
    return "General" if form is None else str(form.format_str)


reader = PackageReader(name="xls", reading=read, types=("application/vnd.ms-excel",), streams=("Workbook", "Book"))
