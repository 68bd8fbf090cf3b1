"""Read workbooks in the XML of Excel 2003 (SpreadsheetML): cells as shown, comments; hidden content is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from thresher.schemas.document import BlockKind, DocumentBuilder, column_letters
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.detection.flat_xml_types import SHEET_XML
from thresher.service.readers.hidden_text import HiddenPassages, is_tiny, same_colour
from thresher.service.readers.office.number_format import format_value, hiding_reason, is_elapsed
from thresher.service.readers.office.sheet_rows import Cell, SheetWriter
from thresher.service.readers.office.xlsx.xlsx_parts import format_stored
from thresher.service.readers.text_marks import UNMARKED, Mark, is_label, join_runs

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_HTML = "{http://www.w3.org/TR/REC-html40}"
_NAMED = {  # formats by name
    "Fixed": "0.00", "Standard": "#,##0.00", "Percent": "0.00%", "Currency": "#,##0.00", "Short Date": "yyyy-mm-dd",
    "General Date": "yyyy-mm-dd hh:mm", "Long Date": "yyyy-mm-dd", "Medium Date": "yyyy-mm-dd",
}  # fmt: skip
_DAY_ZERO = dt.datetime(1899, 12, 31)  # noqa: DTZ001 - sheets have no time zones
_COLUMNS, _ROWS = 16_384, 1_048_576


@dataclass(frozen=True, slots=True)
class Style:
    """One cell style."""

    form: str = "General"
    mark: Mark = UNMARKED
    reason: str = ""  # why its text is not visible


@dataclass(slots=True)
class _Sheet:
    """One worksheet while it is read."""

    name: str
    styles: dict[str, Style]
    hidden: HiddenPassages
    show_hidden: bool
    columns: set[int] = field(default_factory=set)  # hidden ones, 0-based
    down: dict[int, tuple[int, str]] = field(default_factory=dict)  # column: last row of a merged range, its label
    comments: list[tuple[str, str]] = field(default_factory=list)

    def row(self, element: Any, number: int) -> list[Cell]:
        """Return the visible cells of a row, with the labels of ranges that span it."""
        cells: list[Cell] = []
        column = 0
        for cell in element.iterfind(_SS + "Cell"):
            column = _index(cell, column + 1) - 1
            value = self._value(cell, number, column)
            if value is not None:
                cells.append(value)
                last = number + _count(cell, "MergeDown")
                if last > number and is_label(value.text, column):
                    self.down[column] = last, value.text
            column += 1 + _count(cell, "MergeAcross")
        if cells and not self.show_hidden and element.get(_SS + "Hidden") == "1":
            self.hidden.add(0, "hidden row", f"row {number} of {self.name}")
            return []
        filled = {cell.column for cell in cells}
        labels = [Cell(c, text) for c, (last, text) in self.down.items() if last >= number and c not in filled]
        return sorted(cells + labels, key=lambda cell: cell.column)

    def _value(self, cell: Any, row: int, column: int) -> Cell | None:
        place = f"{self.name}!{column_letters(column)}{row}"
        comment = cell.find(_SS + "Comment")
        if comment is not None:
            text = " ".join("".join(comment.itertext()).split())
            who = comment.get(_SS + "Author", "")
            self.comments.append((place, f"{who}: {text}" if who else text))
        data = cell.find(_SS + "Data")
        if data is None:
            return None
        style = self.styles.get(cell.get(_SS + "StyleID", "Default"), Style())
        text, is_value, reason = _shown(data, style)
        reason = "hidden column" if column in self.columns else reason or style.reason
        if reason and text.strip() and not self.show_hidden:
            self.hidden.add(0, reason, place)
            return None
        return Cell(column, text, is_value) if text else None


class SheetXmlReader:
    """Read one workbook in the XML of Excel 2003."""

    name = "sheet xml"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.95 for SpreadsheetML, else 0."""
        return 0.95 if source.media_type == SHEET_XML else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it has no children
        """Return the Document. Raises InputProblem(corrupt) for invalid XML."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.parse(source.blob, parser).getroot()
        except etree.XMLSyntaxError as error:
            raise InputProblem("corrupt", f"{source.name or source.path} is not valid XML") from error
        builder, hidden = DocumentBuilder(source, kind="sheet"), HiddenPassages()
        styles = _styles(root)
        for sheet in root.iter(_SS + "Worksheet"):
            name = sheet.get(_SS + "Name", "Sheet")
            _write(builder, sheet, _Sheet(name, styles, hidden, options.hidden_text), options)
        document = builder.build()
        document.notes += hidden.notes(document)
        return Reading(document)


def _write(builder: DocumentBuilder, element: Any, sheet: _Sheet, options: ReadOptions) -> None:
    visible = next((e.text for e in element.iter("{*}Visible")), "")
    if visible and not sheet.show_hidden:
        sheet.hidden.add(0, "hidden sheet", f"sheet {sheet.name}")
        return
    writer = SheetWriter(builder, sheet.name, options.limits)
    for table in element.iterfind(_SS + "Table"):
        sheet.columns = set(_hidden_columns(table))
        for row, number in _rows(table):
            writer.row(number, sheet.row(row, number))
    writer.close()
    for place, text in sheet.comments:
        builder.part(place)
        builder.block(text, BlockKind.COMMENT)
    builder.part("")
    if visible:
        builder.document.notes.append(note("hidden_kept", f"sheet {sheet.name}"))


def _rows(table: Any) -> Iterator[tuple[Any, int]]:
    number = 0
    for row in table.iterfind(_SS + "Row"):
        number = min(_index(row, number + 1), _ROWS)
        yield row, number
        number += _count(row, "Span")


def _hidden_columns(table: Any) -> Iterator[int]:
    at = 0
    for column in table.iterfind(_SS + "Column"):
        at = _index(column, at + 1)
        span = _count(column, "Span")
        if column.get(_SS + "Hidden") == "1" or column.get(_SS + "Width") == "0":
            yield from range(at - 1, min(at + span, _COLUMNS))
        at += span


def _index(element: Any, following: int) -> int:
    stated = element.get(_SS + "Index", "")
    return min(int(stated), _ROWS) if stated.isdecimal() and int(stated) else following


def _count(element: Any, name: str) -> int:
    stated = element.get(_SS + name, "0")
    return min(int(stated), _ROWS) if stated.isdecimal() else 0


def _styles(root: Any) -> dict[str, Style]:
    elements = {s.get(_SS + "ID", ""): s for s in root.iterfind(f"{_SS}Styles/{_SS}Style")}
    return {name: _style(element, elements) for name, element in elements.items()}


def _style(element: Any, elements: dict[str, Any]) -> Style:
    parent = elements.get(element.get(_SS + "Parent", ""))
    layers = [e for e in (elements.get("Default"), parent, element) if e is not None]
    form = "General"
    font: dict[str, str] = {}
    fill: dict[str, str] = {}
    for layer in layers:
        for found in layer:
            name = found.tag.rpartition("}")[2] if isinstance(found.tag, str) else ""
            stated = {k.rpartition("}")[2]: v for k, v in found.attrib.items()}
            form = stated.get("Format", form) if name == "NumberFormat" else form
            font |= stated if name == "Font" else {}
            fill = stated if name == "Interior" and stated else fill
    ground = fill.get("Color", "#FFFFFF" if not fill.get("Pattern") or fill["Pattern"] == "None" else "")
    size = font.get("Size", "")
    tiny = is_tiny(float(size)) if size.replace(".", "", 1).isdecimal() else False
    same = same_colour(font.get("Color", "").lstrip("#"), ground.lstrip("#"))
    shift = {"Superscript": 1, "Subscript": -1}.get(font.get("VerticalAlign", ""), 0)
    reason = "text too small to read" if tiny else "text in the colour of its background" if same else ""
    return Style(_NAMED.get(form, form), Mark(font.get("StrikeThrough") == "1", shift), reason)


def _shown(data: Any, style: Style) -> tuple[str, bool, str]:
    """Return a cell's text, whether it is a value, and why its format hides it."""
    kind, stored = data.get(_SS + "Type", "String"), "".join(data.itertext())
    if kind == "Number":
        try:
            value = float(stored)
        except ValueError:
            return stored, True, ""
        number = format_stored(stored, style.form)
        return join_runs([(number, style.mark)]), True, hiding_reason(value, style.form) if value else ""
    if kind == "DateTime":
        return _moment(stored, style.form), True, ""
    if kind == "Boolean":
        return ("TRUE" if stored == "1" else "FALSE"), True, ""
    return _rich(data, style.mark), False, hiding_reason(stored, style.form)


def _moment(stored: str, form: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(stored)
        return format_value(moment - _DAY_ZERO if is_elapsed(form) else moment, form)
    except ValueError:
        return stored


def _rich(data: Any, mark: Mark) -> str:
    """Return a text whose runs are marked up as in HTML."""
    runs: list[tuple[str, Mark]] = []

    def take(element: Any, inner: Mark) -> None:
        name = element.tag.rpartition("}")[2] if str(element.tag).startswith(_HTML) else ""
        inner = inner._replace(struck=True) if name in {"S", "Del"} else inner
        inner = inner._replace(shift={"Sup": 1, "Sub": -1}[name]) if name in {"Sup", "Sub"} else inner
        runs.append((element.text or "", inner))
        for child in element:
            take(child, inner)
            runs.append((child.tail or "", inner))

    take(data, mark)
    return join_runs(runs)


reader = SheetXmlReader()
