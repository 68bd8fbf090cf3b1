"""Read the parts of an XLSX file: shared strings, number formats, rows, comments, print headers.

Sheets are streamed here, as openpyxl's fast mode trusts a sheet's stated dimensions, reads no comments and does not
distinguish an empty cell from a formula that was never computed. Its tables of formats and date systems are used.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import etree
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from thresher.schemas.document import column_letters
from thresher.service.readers.archives.zip_package import Package
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.number_format import format_value, hiding_reason, is_elapsed, text_as_shown
from thresher.service.readers.office.sheet_rows import Cell
from thresher.service.readers.office.xlsx.xlsx_ranges import SheetRanges, column_of, scan
from thresher.service.readers.office.xlsx.xlsx_styles import (
    CellStyle,
    RichText,
    cell_styles,
    seen,
    string_of,
    unescaped,
)
from thresher.service.readers.text_marks import UNMARKED, join_runs

_CODES = re.compile(r'&"[^"]*"|&\d+|&K[0-9A-Fa-f]{6}|&([LCR])|&[A-Z]', re.IGNORECASE)

_DAMAGE = (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, EOFError)


@dataclass(slots=True)
class Row:
    """One row of a sheet as stored."""

    number: int  # 1-based
    cells: list[Cell]
    hidden: bool = False
    uncomputed: int = 0  # formulas without a stored result: their text is shown


class CellValue(NamedTuple):
    """The full text of a cell, its visible text, and why the two differ (empty where they do not)."""

    whole: str
    seen: str
    is_value: bool = False
    reason: str = ""


@dataclass(slots=True)
class Sheet:
    """One sheet of a workbook. The last fields are filled when its rows have been read."""

    name: str
    part: str
    hidden: bool = False
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)  # first and last, 0-based
    hidden_rows: int = 0
    marks: SheetRanges = field(default_factory=SheetRanges)
    header: str = ""  # printed above each page
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """The data shared by all sheets of a file."""

    package: Package
    strings: list[str | RichText]
    styles: list[CellStyle]
    mac_dates: bool = False
    show_hidden: bool = False
    hidden: HiddenPassages = field(default_factory=HiddenPassages)

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """Yield the rows of a sheet, in order. Damage ends it, with a Note."""
        stored = self.package.names.get(sheet.part.lower())
        if stored is None:
            self.package.flag("corrupt_partial", f"sheet {sheet.name} is missing")
            return
        number = 0
        sheet.marks = scan(self.package, sheet.part)
        try:
            with self.package.archive.open(stored) as file:
                for element in _elements(file, "row", "col", "headerFooter"):
                    if element.tag.endswith("}row"):
                        number = _row_number(element, number)
                        yield self._row(sheet, element, number)
                    else:
                        _take_other(sheet, element)
        except _DAMAGE:
            self.package.flag("corrupt_partial", f"sheet {sheet.name} after row {number}")

    def _row(self, sheet: Sheet, element: Any, number: int) -> Row:
        row = Row(number, [], hidden=element.get("hidden") in {"1", "true"} or _is_low(element.get("ht"), 1.4))
        column = -1
        for c in element:
            column = column_of(c.get("r"), column + 1)
            style = self._style(c.get("s"))
            parts = {child.tag.rpartition("}")[2]: child for child in c}
            value = self._value(c.get("t", "n"), parts, style)
            if value is None and "f" in parts:
                row.uncomputed += 1
                formula = f"={parts['f'].text}" if parts["f"].text else "=(not computed)"
                value = CellValue(formula, formula)
            if value is not None and value.whole:
                self._put(row, sheet, column, value, value.reason or self._hidden_reason(sheet, style, number, column))
                sheet.marks.note_text(number, column, value.whole)
        if row.hidden and row.cells and not self.show_hidden:
            self.hidden.add(0, "hidden row", f"row {number} of {sheet.name}")
            return Row(number, [], hidden=True)
        row.cells = sheet.marks.with_labels(number, row.cells)
        return row

    def _put(self, row: Row, sheet: Sheet, column: int, value: CellValue, reason: str) -> None:
        """Add a cell to its row, without text that is not visible."""
        text = value.whole
        if reason and not self.show_hidden:
            if sheet.marks.repeats(row.number, column, text):
                return
            letters = column_letters(column)
            whole_column = f"column {letters} of {sheet.name}"
            place = whole_column if reason == "hidden column" else f"{sheet.name}!{letters}{row.number}"
            self.hidden.add(0, reason, place)
            text = value.seen if reason == value.reason else ""
        if text:
            row.cells.append(Cell(column, text, value.is_value))

    def _style(self, style: str | None) -> CellStyle:
        index = int(style) if style and style.isdecimal() else 0
        return self.styles[index] if index < len(self.styles) else CellStyle()

    def _hidden_reason(self, sheet: Sheet, style: CellStyle, row: int, column: int) -> str:
        """Return why a cell is not visible; empty where it is."""
        if sheet.hidden_columns and any(first <= column <= last for first, last in sheet.hidden_columns):
            return "hidden column"
        if sheet.marks.covers(row, column):
            return "covered by a merged cell"
        return style.unseen if style.unseen and not sheet.marks.coloured(row, column) else ""

    def _value(self, kind: str, parts: dict[str, Any], style: CellStyle) -> CellValue | None:
        """Return the value of a cell; None where nothing is stored."""
        text = self._stored_text(kind, parts)
        if text is not None:
            shown_text, reason = seen(text, style)
            whole = "".join(part for part, _ in text.runs) if reason and isinstance(text, RichText) else shown_text
            unfit = hiding_reason(whole, style.form)
            if not unfit and ";" in style.form:
                whole, shown_text = text_as_shown(whole, style.form), text_as_shown(shown_text, style.form)
            return CellValue(_struck(whole, style), "" if unfit else _struck(shown_text, style), reason=unfit or reason)
        stored = parts["v"].text or "" if "v" in parts else None
        if not stored:
            return None
        if kind == "b":
            return CellValue(truth := "TRUE" if stored == "1" else "FALSE", truth, is_value=True)
        number = _float(stored) if ";" in style.form or "[" in style.form else None
        reason = "" if number is None else hiding_reason(number, style.form)
        if reason and number == 0:
            return None  # a zero that a format leaves out is not hidden text
        return CellValue(
            _struck(format_stored(stored, style.form, mac_dates=self.mac_dates), style),
            "",
            is_value=True,
            reason=reason,
        )

    def _stored_text(self, kind: str, parts: dict[str, Any]) -> str | RichText | None:
        """Return the text of a cell that contains text; None for every other cell."""
        if kind == "inlineStr":
            return string_of(parts.get("is"))
        stored = parts["v"].text or "" if "v" in parts else None
        if stored is None or (stored == "" and kind != "str"):
            return None
        if kind == "s":
            return self.strings[int(stored)] if stored.isdecimal() and int(stored) < len(self.strings) else ""
        return unescaped(stored) if kind in {"str", "e"} else None


def format_stored(stored: str, form: str, *, mac_dates: bool = False) -> str:
    """Return a stored number as its format shows it; dates and times are numbers of days."""
    try:
        value = float(stored)
    except ValueError:
        return stored  # an ISO date (t="d")
    if not _is_date(form):
        return format_value(int(value) if value.is_integer() and abs(value) < 1e15 else value, form)
    epoch = CALENDAR_MAC_1904 if mac_dates else CALENDAR_WINDOWS_1900
    try:
        return format_value(from_excel(value, epoch, timedelta=is_elapsed(form)), form)
    except (OverflowError, ValueError, TypeError):
        return format_value(value)


def open_book(package: Package, workbook: Any, links: dict[str, str], *, show_hidden: bool = False) -> Book:
    """Return the Book of a workbook; `links` has its shared strings and styles by type."""
    properties = workbook.find("{*}workbookPr")
    mac = properties is not None and properties.get("date1904") in {"1", "true"}
    styles = cell_styles(package.xml(links.get("styles", "")))
    return Book(package, _strings(package, links.get("sharedStrings", "")), styles, mac, show_hidden)


def _strings(package: Package, part: str) -> list[str | RichText]:
    stored = package.names.get(part.lower())
    found: list[str | RichText] = []
    if stored is None:
        return found
    try:
        with package.archive.open(stored) as file:
            found.extend(string_of(element) for element in _elements(file, "si"))
    except _DAMAGE:
        package.flag("corrupt_partial", part)
    return found


def _struck(text: str, style: CellStyle) -> str:
    return join_runs([(text, style.font.mark)]) if style.font.mark != UNMARKED else text


def _float(stored: str) -> float | None:
    try:
        return float(stored)
    except ValueError:
        return None


def _is_low(stated: str | None, least: float) -> bool:
    """Whether a stated height (in points) or width (in characters) is too small to show anything."""
    size = _float(stated) if stated else None
    return size is not None and size < least


def _take_other(sheet: Sheet, element: Any) -> None:
    """Take print headers, and columns that are hidden."""
    if element.tag.endswith("}headerFooter"):
        sheet.header, sheet.footer = _print_text(element, "Header"), _print_text(element, "Footer")
    elif element.get("hidden") in {"1", "true"} or _is_low(element.get("width"), 0.3):
        first, last = element.get("min", ""), element.get("max", "")
        if first.isdecimal() and last.isdecimal():
            sheet.hidden_columns.append((int(first) - 1, int(last) - 1))


def _elements(file: Any, *names: str) -> Iterator[Any]:
    """Yield each element of some names, and remove it from memory after use."""
    for _, element in etree.iterparse(
        file,
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    ):
        yield element
        parent = element.getparent()
        element.clear()
        while parent is not None and parent[0] is not element:
            del parent[0]


def _print_text(element: Any, name: str) -> str:
    """Return the text printed above (`Header`) or below (`Footer`) each page of a sheet, without its codes."""
    found = []
    for part in element.iter(*(f"{{*}}{kind}{name}" for kind in ("first", "odd", "even"))):
        text = _CODES.sub(lambda m: "\t" if m[1] else "", part.text or "").replace("&&", "&").strip()
        found.append(text)
    return "\n".join(filter(None, dict.fromkeys(found)))


def _row_number(element: Any, before: int) -> int:
    stated = element.get("r") or ""
    return int(stated) if stated.isdecimal() and 0 < int(stated) <= 2**31 else before + 1


@lru_cache(maxsize=512)
def _is_date(form: str) -> bool:
    return bool(is_date_format(form))
