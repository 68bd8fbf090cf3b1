"""Old Excel files (XLS) through xlrd: every sheet, cells as shown, comments, hidden sheets flagged."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import xlrd
from xlrd.compdoc import CompDocError

from schemas.document import BlockKind, DocumentBuilder, column_letters
from schemas.errors import InputProblem, note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Reading, Spool
from service.readers.number_format import shown
from service.readers.office_crypt import read_legacy
from service.readers.ole_children import ole_children
from service.readers.ole_facts import ole_facts
from service.readers.sheet_rows import Cell, SheetWriter
from service.readers.signed import SignedReader

_VALUES = frozenset({xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE, xlrd.XL_CELL_BOOLEAN})


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Document of an old workbook. Raises InputProblem `corrupt` or `password_protected`."""
    return read_legacy(source, options, spool, _read)


def _read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    book = _open(source)
    builder = DocumentBuilder(source, kind="sheet")
    builder.document.facts.update(ole_facts(source.blob))
    for index in range(book.nsheets):
        sheet = book.sheet_by_index(index)
        _write(builder, book, sheet, options)
        book.unload_sheet(index)
    children, notes = ole_children(source, spool)
    builder.document.notes.extend(notes)
    return Reading(builder.build(), children)


def _open(source: Source) -> Any:
    quiet = io.StringIO()  # xlrd prints its warnings
    last: Exception | None = None
    for formatted in (True, False):  # formatting is the part that damaged files break first
        try:
            return xlrd.open_workbook(source.blob, formatting_info=formatted, on_demand=True, logfile=quiet)
        except (xlrd.XLRDError, CompDocError) as error:
            last = error
            if "encrypt" in str(error).lower():
                raise InputProblem("password_protected", source.name or source.path) from error
        except Exception as error:  # noqa: BLE001 - xlrd raises whatever its unpacking hits on damage
            last = error
    raise InputProblem("corrupt", source.name or source.path) from last


def _write(builder: DocumentBuilder, book: Any, sheet: Any, options: ReadOptions) -> None:
    writer = SheetWriter(builder, sheet.name, options.limits)
    for r in range(sheet.nrows):
        cells = [Cell(c, _shown(book, cell), cell.ctype in _VALUES) for c, cell in enumerate(sheet.row(r))]
        writer.row(r + 1, cells)
    writer.close()
    for (r, c), comment in sorted(sheet.cell_note_map.items()):
        builder.part(f"{sheet.name}!{column_letters(c)}{r + 1}")
        text = comment.text.strip()
        named = not comment.author or text.startswith(comment.author)
        builder.block(text if named else f"{comment.author}: {text}", BlockKind.COMMENT)
    builder.part("")
    if sheet.visibility:
        builder.document.notes.append(note("hidden_kept", f"sheet {sheet.name}"))


def _shown(book: Any, cell: Any) -> str:
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}:
        return ""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERR"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return shown(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _moment(book, cell)
    return shown(cell.value, _form(book, cell)) if cell.ctype == xlrd.XL_CELL_NUMBER else str(cell.value)


def _moment(book: Any, cell: Any) -> str:
    try:
        parts = xlrd.xldate_as_tuple(cell.value, book.datemode)
    except (xlrd.XLDateError, ValueError, OverflowError):
        return shown(cell.value)
    if not any(parts[:3]):
        return dt.time(*parts[3:]).isoformat()
    return shown(dt.datetime(*parts), _form(book, cell))  # noqa: DTZ001 - a sheet's dates have no zone


def _form(book: Any, cell: Any) -> str:
    if cell.xf_index is None or cell.xf_index >= len(book.xf_list):
        return "General"
    form = book.format_map.get(book.xf_list[cell.xf_index].format_key)
    return "General" if form is None else str(form.format_str)


reader = SignedReader(name="xls", reading=read, types=("application/vnd.ms-excel",), streams=("Workbook", "Book"))
