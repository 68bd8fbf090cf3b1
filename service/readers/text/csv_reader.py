"""Read CSV, TSV and similar formats as one sheet; cells are named as in a spreadsheet."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import PurePosixPath

from thresher.schemas.document import BlockKind, DocumentBuilder, Table
from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import decode
from thresher.service.readers.header_row import names_columns
from thresher.service.readers.text.plain_reader import load_text

_DELIMITERS = ",\t;|"
_SAMPLE_CHARS = 1 << 16  # used to detect the form
_HEADER_SAMPLE_ROWS = 200  # used to detect the header
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DECIMAL = re.compile(r"\d,\d+\s*(?:[;|\t]|$)")
_STATED_DELIMITER = re.compile(r"\ufeff?\"?sep=(.)\"?\1*[ ]*(?:\r?\n|\Z)", re.IGNORECASE)  # as Excel reads and hides it
_STATED = {"text/csv", "text/tab-separated-values"}
_MIN_ROWS = 4  # of a table in a file whose name does not say that it is one
_CELL_MAX_LINES = 1000  # a cell with more lines begins with a quote that is never closed


@dataclass(frozen=True, slots=True)
class DelimitedForm:
    """The form of a delimited text: its delimiter, its quoting, and how regular its rows are."""

    delimiter: str
    quoting: bool = True
    quote: str = '"'
    escaped: bool = False  # a backslash escapes the next character (MySQL, PostgreSQL)
    columns: int = 1  # of most rows
    even: float = 0.0  # share of rows with that many columns
    rows: int = 0
    sure: int = 0  # 0 to 2: how surely the delimiter separates cells
    stated: int = 0  # characters of a first line that names the delimiter and is no row


def detect_form(sample: str, preferred: str = "") -> DelimitedForm:
    r"""Return the form of a text: that of the delimiter with the most regular rows.

    >>> detect_form("a;b\n1,5;2\n3;4,5\n").delimiter
    ';'
    """
    if stated := _STATED_DELIMITER.match(sample):
        return replace(_best_form(sample[stated.end() :], stated[1]), stated=stated.end())
    forms = [_best_form(sample, d) for d in _DELIMITERS if d in sample or d == ","]
    return max(
        forms, key=lambda f: (f.columns > 1, round(f.even, 1), f.sure, f.delimiter == preferred, f.even, f.columns)
    )


def _best_form(sample: str, delimiter: str) -> DelimitedForm:
    """Return the form of a delimiter, with single quotes or with backslashes where this makes the rows more regular."""
    plain = _form(sample, delimiter)
    if re.search(rf"(?:^|{re.escape(delimiter)})'[^'\n]*{re.escape(delimiter)}", sample, re.MULTILINE):
        single = _form(sample, delimiter, quote="'")
        plain = single if single.even > plain.even else plain
    if "\\" not in sample:
        return plain
    escaped = _form(sample, delimiter, escaped=True)
    quoted = re.search(rf'[^\\]\\"[^\n"{re.escape(delimiter)}]', sample) is not None
    return escaped if escaped.even > plain.even or (quoted and escaped.even == plain.even) else plain


def _form(sample: str, delimiter: str, *, escaped: bool = False, quote: str = '"') -> DelimitedForm:
    """Parse a sample with a delimiter, and return the form with its counts."""
    form = DelimitedForm(delimiter, quote=quote, escaped=escaped)
    try:
        cells = [row for row in _parse(sample, form) if row]
    except csv.Error:
        return form
    if not cells:
        return form
    columns, count = Counter(map(len, cells)).most_common(1)[0]
    return replace(form, columns=columns, even=count / len(cells), rows=len(cells), sure=_is_sure(cells, delimiter))


def _is_sure(rows: list[list[str]], delimiter: str) -> int:
    """Return 0 where another delimiter separates cells, 1 for punctuation followed by blanks, else 2.

    A tab is never part of a cell, and a comma between digits is a decimal comma.
    """
    if any("\t" in cell for row in rows for cell in row):
        return 0
    pairs = [(a, b) for row in rows for a, b in pairwise(row)]
    if delimiter == "," and sum(bool(_DECIMAL.search(f"{a},{b}")) for a, b in pairs) > len(pairs) // 2:
        return 0  # 1,5;2,3
    spaced = delimiter in ",;" and sum(b.startswith(" ") for _, b in pairs) > len(pairs) // 2
    return 1 if spaced else 2


def _parse(text: str, form: DelimitedForm) -> Iterator[list[str]]:
    """Yield the rows of a text in a form."""
    if form.escaped:
        return csv.reader(_lines(_ESCAPE.sub(_unescaped, text)), delimiter=form.delimiter, escapechar="\\")
    if form.quoting:
        return csv.reader(_lines(text), delimiter=form.delimiter, quotechar=form.quote)
    return csv.reader(_lines(text), delimiter=form.delimiter, quoting=csv.QUOTE_NONE)


def _unescaped(match: re.Match[str]) -> str:
    r"""Replace escapes of white space by a blank and `\N` by nothing; the parser decodes the others."""
    return " " if match[1] in "nrt" else "" if match[1] == "N" else match[0]


def _lines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop + 1
        yield text[start:stop]
        start = stop


class DelimitedReader:
    """Read rows of cells between delimiters."""

    name = "delimited"

    def confidence(self, head: bytes, source: Source) -> float:
        """Return 0.9 for the media type; for plain text 0.85 where the rows are too regular for prose, else 0."""
        if source.media_type in _STATED:
            return 0.9
        if source.media_type != "text/plain":
            return 0.0
        sample = decode(head).text
        form = detect_form(sample[: sample.rfind("\n") + 1])
        least = 3 if form.delimiter in ",;" else 2
        short = len(sample) < 40 * form.columns * max(sample.count("\n"), 1)
        sure = bool(form.stated) or (form.even >= 0.95 and form.rows >= _MIN_ROWS and form.columns >= least and short)
        spaced = "\f" in sample or (form.delimiter in ",;" and "  " in sample[:2000])  # prose, not data
        return 0.85 if sure and not spaced else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it has no children
        """Return one sheet, named like the file; rows keep their lengths."""
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        decoded = load_text(source, options)
        builder = DocumentBuilder(source, kind="sheet")
        builder.document.facts.update(decoded.facts())
        builder.document.notes.extend(decoded.notes)
        tab = "\t" if source.media_type == "text/tab-separated-values" else ","
        _write(builder, decoded.text, detect_form(decoded.text[:_SAMPLE_CHARS], tab), _sheet_name(source))
        return Reading(builder.build())


def _sheet_name(source: Source) -> str:
    return PurePosixPath(source.name or source.path).stem or "Sheet"


def _write(builder: DocumentBuilder, text: str, form: DelimitedForm, name: str) -> None:
    text = text[form.stated :]
    if any("\n" in cell and cell.count("\n") > _CELL_MAX_LINES for row in _parse(text, form) for cell in row):
        builder.document.notes.append(note("corrupt_partial", "a quote is never closed; quotes were read as text"))
        form = replace(form, quoting=False)
    table = Table(name=name, is_sheet=True, header_rows=_header_rows(islice(_parse(text, form), _HEADER_SAMPLE_ROWS)))
    builder.document.facts["delimiter"] = {"\t": "tab"}.get(form.delimiter, form.delimiter)
    start = builder.length
    for number, row in enumerate(_parse(text, form), 1):
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells):
            _write_row(builder, table, cells, number)
    if len(table):
        builder.document.tables.append(table)
        builder.document.blocks.add(start, builder.length, BlockKind.TABLE)


def _write_row(builder: DocumentBuilder, table: Table, cells: list[str], number: int) -> None:
    if len(table):
        builder.write("\n")
    at, ranges = builder.length, []
    for column, cell in enumerate(cells):
        ranges.append((at, at + len(cell), column))
        at += len(cell) + 1
    builder.write("\t".join(cells))
    table.add_row(ranges, number)


def _header_rows(probe: Iterable[list[str]]) -> int:
    """Return the number of rows up to the one that names the columns, including titles above it; 0 for none."""
    rows = [row for row in probe if any(cell.strip() for cell in row)]
    width = max(map(len, rows), default=0)
    for i, row in enumerate(rows[:6]):
        if len(row) == width:
            return i + 1 if names_columns(row, rows[i + 1 :]) else 0
    return 0


reader = DelimitedReader()
