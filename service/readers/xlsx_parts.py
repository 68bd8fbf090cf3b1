"""The parts of an XLSX file: shared strings, number formats, rows, comments, print headers.

Sheets are streamed: openpyxl's fast mode trusts a sheet's stated dimensions, knows no comments and can not tell an empty
cell from a formula that was never computed. Its knowledge of formats and date systems is used.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from service.readers.number_format import shown
from service.readers.sheet_rows import Cell
from service.readers.zip_package import Package

_CODES = re.compile(r'&"[^"]*"|&\d+|&K[0-9A-Fa-f]{6}|&([LCR])|&[A-Z]', re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

_DAMAGE = (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, EOFError)


@dataclass(slots=True)
class Row:
    """One row of a sheet as stored."""

    number: int  # 1-based
    cells: list[Cell]
    hidden: bool = False
    uncomputed: int = 0  # formulas without a stored result: their text is shown


@dataclass(slots=True)
class Sheet:
    """One sheet of a workbook. The last four fields are known once its rows have been read."""

    name: str
    part: str
    hidden: bool = False
    hidden_columns: int = 0
    hidden_rows: int = 0
    header: str = ""  # printed above each page
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """What all sheets of a file share."""

    package: Package
    strings: list[str]
    formats: list[str]  # number format of each cell style
    mac_dates: bool = False

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """The rows of a sheet, in order. Damage ends it, with a Note."""
        stored = self.package.names.get(sheet.part.lower())
        if stored is None:
            self.package.flag("corrupt_partial", f"sheet {sheet.name} is missing")
            return
        number = 0
        try:
            with self.package.archive.open(stored) as file:
                for element in _elements(file, "row", "col", "headerFooter"):
                    if element.tag.endswith("}row"):
                        number = _row_number(element, number)
                        yield self._row(element, number)
                    else:
                        _take_aside(sheet, element)
        except _DAMAGE:
            self.package.flag("corrupt_partial", f"sheet {sheet.name} after row {number}")

    def _row(self, element: Any, number: int) -> Row:
        row = Row(number, [], hidden=element.get("hidden") in {"1", "true"})
        column = -1
        for c in element:
            column = _column(c.get("r"), column + 1)
            form = self._format(c.get("s"))
            parts = {child.tag.rpartition("}")[2]: child for child in c}
            value, is_value = self._value(c.get("t", "n"), parts, form)
            if value is None and "f" in parts:
                row.uncomputed += 1
                value = f"={parts['f'].text}" if parts["f"].text else "=(not computed)"
            if value:
                row.cells.append(Cell(column, value, is_value))
        return row

    def _format(self, style: str | None) -> str:
        index = int(style) if style and style.isdecimal() else 0
        return self.formats[index] if index < len(self.formats) else "General"

    def _value(self, kind: str, parts: dict[str, Any], form: str) -> tuple[str | None, bool]:
        """A cell's text, and whether it is a value; None where nothing is stored."""
        if kind == "inlineStr":
            return string_of(parts.get("is")), False
        stored = parts["v"].text or "" if "v" in parts else None
        if stored is None or (stored == "" and kind != "str"):
            return None, False
        if kind == "s":
            return (self.strings[int(stored)] if stored.isdecimal() and int(stored) < len(self.strings) else ""), False
        if kind in {"str", "e"}:
            return unescaped(stored), False
        if kind == "b":
            return ("TRUE" if stored == "1" else "FALSE"), True
        return self._number(stored, form), True

    def _number(self, stored: str, form: str) -> str:
        try:
            value = float(stored)
        except ValueError:
            return stored  # t="d": an ISO date already
        if not _is_date(form):
            return shown(int(value) if value.is_integer() and abs(value) < 1e15 else value, form)
        epoch = CALENDAR_MAC_1904 if self.mac_dates else CALENDAR_WINDOWS_1900
        try:
            return shown(from_excel(value, epoch, timedelta=is_timedelta_format(form)), form)
        except (OverflowError, ValueError, TypeError):
            return shown(value)


def open_book(package: Package, workbook: Any, links: dict[str, str]) -> Book:
    """The Book of a workbook; `links` names its shared strings and styles by type."""
    properties = workbook.find("{*}workbookPr")
    mac = properties is not None and properties.get("date1904") in {"1", "true"}
    return Book(package, _strings(package, links.get("sharedStrings", "")), _formats(package, links), mac)


def _strings(package: Package, part: str) -> list[str]:
    stored = package.names.get(part.lower())
    found: list[str] = []
    if stored is None:
        return found
    try:
        with package.archive.open(stored) as file:
            found.extend(string_of(element) for element in _elements(file, "si"))
    except _DAMAGE:
        package.flag("corrupt_partial", part)
    return found


def _formats(package: Package, links: dict[str, str]) -> list[str]:
    root = package.xml(links.get("styles", ""))
    if root is None:
        return []
    own = {f.get("numFmtId"): f.get("formatCode", "General") for f in root.iter("{*}numFmt")}
    styles = root.find("{*}cellXfs")
    ids = [] if styles is None else [x.get("numFmtId", "0") for x in styles.iter("{*}xf")]
    return [own.get(i) or BUILTIN_FORMATS.get(int(i) if i.isdecimal() else 0, "General") for i in ids]


def _take_aside(sheet: Sheet, element: Any) -> None:
    if element.tag.endswith("}headerFooter"):
        sheet.header, sheet.footer = _print_text(element, "Header"), _print_text(element, "Footer")
    elif element.get("hidden") in {"1", "true"}:
        sheet.hidden_columns += 1


def _elements(file: Any, *names: str) -> Iterator[Any]:
    """Each element of some names, dropped from memory after use."""
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


def string_of(element: Any | None) -> str:
    """The text of a shared or inline string: its runs, without phonetic hints."""
    if element is None:
        return ""
    runs = (t for t in element.iter("{*}t") if not t.getparent().tag.endswith("}rPh"))
    return unescaped("".join(t.text or "" for t in runs))


def unescaped(text: str) -> str:
    """Control characters as Excel writes them (`_x000D_`) back to themselves."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def _print_text(element: Any, name: str) -> str:
    """What is printed above (`Header`) or below (`Footer`) each page of a sheet, without its codes."""
    found = []
    for part in element.iter(*(f"{{*}}{kind}{name}" for kind in ("first", "odd", "even"))):
        text = _CODES.sub(lambda m: "\t" if m[1] else "", part.text or "").replace("&&", "&").strip()
        found.append(text)
    return "\n".join(filter(None, dict.fromkeys(found)))


def _row_number(element: Any, before: int) -> int:
    stated = element.get("r") or ""
    return int(stated) if stated.isdecimal() and 0 < int(stated) <= 2**31 else before + 1


def _column(reference: str | None, following: int) -> int:
    letters = (reference or "").replace("$", "").rstrip("0123456789")
    return _letters_index(letters) if letters else following


@lru_cache(maxsize=1024)
def _letters_index(letters: str) -> int:
    index = 0
    for letter in letters.upper():
        index = 26 * index + ord(letter) - 64
    return min(max(index - 1, 0), 16_383)  # the last column of a sheet is XFD


@lru_cache(maxsize=512)
def _is_date(form: str) -> bool:
    return bool(is_date_format(form))
