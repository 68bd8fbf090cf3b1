"""Find the Blocks of plain text: headings, list items, tables and paragraphs by the look of lines.

The text is unchanged, so a line of the Document is the same line of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from thresher.schemas.document import BlockKind, DocumentBuilder, Table
from thresher.service.readers.header_row import names_columns
from thresher.service.readers.text.plain_columns import Row, aligned_rows, piped_rows

_LINE = re.compile(r"[^\n]+")
_UNDERLINE = re.compile(r"[ \t]*(={3,}|-{3,}|~{3,})[ \t]*")
_ITEM = re.compile(
    r"([ \t]*)(?:[-*+\u2022\u2023\u2043\u00b7\u25cf\u25e6]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)])[ \t]+\S"
)
_NUMBERED_HEADING = re.compile(
    r"[ \t]*(?:(?:ARTICLE|SECTION|CHAPTER|PART|SCHEDULE|EXHIBIT|ANNEX)\b.*|(?:\d+\.)*\d+\.?[ \t]+[A-Z].*)"
)
_HEADING_MAX_CHARS = 100
_WRAPPED_MAX_CHARS = 160  # of a line that was broken by hand
_RUN_MAX_LINES = 100_000  # a longer run without an empty line is cut here


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the text: its range without the newline, and its characters."""

    start: int
    end: int
    text: str


def write_prose(builder: DocumentBuilder, text: str) -> None:
    """Write the whole text and add its Blocks; a form feed begins a page."""
    offset = builder.length
    for page in _pages(builder, text):
        builder.write(page)
        for run in _runs(page, offset):
            _mark(builder, run)
        offset = builder.length


def _pages(builder: DocumentBuilder, text: str) -> Iterator[str]:
    """Yield the text between form feeds. A feed inside a line becomes a blank, so that line numbers stay."""
    pieces = text.split("\f")
    if len(pieces) > 1 and not pieces[-1].strip():
        pieces[-2:] = [pieces[-2] + pieces[-1]]
    for i, piece in enumerate(pieces):
        if len(pieces) > 1:
            builder.document.pages.add(builder.length, 0.0, 0.0)  # the format states no size
        inside = i + 1 < len(pieces) and not piece.endswith("\n")
        yield piece + " " if inside else piece


def _runs(text: str, offset: int) -> Iterator[list[Line]]:
    """Yield the runs of lines between empty lines."""
    run: list[Line] = []
    for found in _LINE.finditer(text):
        line = Line(offset + found.start(), offset + found.end(), found[0])
        ends = line.text.isspace() or len(run) >= _RUN_MAX_LINES or (run and line.start > run[-1].end + 1)
        if ends and run:
            yield run
            run = []
        if not line.text.isspace():
            run.append(line)
    if run:
        yield run


def _mark(builder: DocumentBuilder, run: list[Line]) -> None:
    """Add the Blocks of one run of lines."""
    texts = [line.text for line in run]
    done = 0
    for first, last, rows in list(piped_rows(texts)) or aligned_rows(texts):
        _mark_text(builder, run[done:first])
        _mark_table(builder, run[first:last], rows)
        done = last
    _mark_text(builder, run[done:])


def _mark_table(builder: DocumentBuilder, lines: list[Line], rows: list[Row]) -> None:
    table = Table(header_rows=int(bool(rows) and (rows[0].header or _is_headed(lines, rows))))
    for row in rows:
        base = lines[row.line].start
        table.add_row([(base + a, base + b, column) for a, b, column in row.cells])
    builder.document.tables.append(table)
    builder.document.blocks.add(lines[0].start, lines[-1].end, BlockKind.TABLE)


def _is_headed(lines: list[Line], rows: list[Row]) -> bool:
    """Whether the first row names the columns, where no rule follows it."""
    width = 1 + max((column for row in rows[:50] for _, _, column in row.cells), default=0)
    cells = [[""] * width for _ in rows[:50]]
    for row, into in zip(rows, cells, strict=False):
        for start, end, column in row.cells:
            into[column] = lines[row.line].text[start:end]
    return names_columns(cells[0], cells[1:], strict=True)


def _mark_text(builder: DocumentBuilder, lines: list[Line]) -> None:
    """Add headings, items and paragraphs of adjacent lines."""
    # a line longer than any that was broken by hand: each line is a paragraph, wrapped by the viewer
    flowing = any(len(line.text) > _WRAPPED_MAX_CHARS for line in lines)
    i = 0
    while i < len(lines):
        size, kind, level = _block_at(lines, i, flowing=flowing)
        builder.document.blocks.add(_indent(lines[i]), lines[i + size - 1].end, kind, level)
        i += size


def _block_at(lines: list[Line], i: int, *, flowing: bool) -> tuple[int, BlockKind, int]:
    """Return the number of lines, the kind and the level of the Block that begins at line i."""
    if _is_overlined(lines, i):
        return 2 + (len(lines) > i + 2 and bool(_UNDERLINE.fullmatch(lines[i + 2].text))), BlockKind.HEADING, 1
    if _is_underlined(lines, i):
        return 2, BlockKind.HEADING, 1 if "=" in lines[i + 1].text else 2
    item = _ITEM.match(lines[i].text)
    if item and not (len(lines) == 1 and is_heading(lines[i].text)):
        return 1 if flowing else _line_count(lines, i), BlockKind.LIST_ITEM, 1 + len(item[1].expandtabs(4)) // 4
    if _is_separate_heading(lines, i):
        return 1, BlockKind.HEADING, 1 if lines[i].text.strip().isupper() else 2
    return 1 if flowing else _line_count(lines, i), BlockKind.PARAGRAPH, 0


def _is_underlined(lines: list[Line], i: int) -> bool:
    if i + 1 >= len(lines) or len(lines[i].text) > _HEADING_MAX_CHARS or not _UNDERLINE.fullmatch(lines[i + 1].text):
        return False
    return any(c.isalpha() for c in lines[i].text)


def _is_overlined(lines: list[Line], i: int) -> bool:
    """Whether a title follows a rule: "=====" and then a short line."""
    if i + 1 >= len(lines) or not _UNDERLINE.fullmatch(lines[i].text):
        return False
    return len(lines[i + 1].text) <= _HEADING_MAX_CHARS and is_heading(lines[i + 1].text)


def _is_separate_heading(lines: list[Line], i: int) -> bool:
    """Whether a line is a heading: the first of its run, or in capitals after a line that ends."""
    if not is_heading(lines[i].text):
        return False
    if i == 0:
        return True
    before = lines[i - 1].text.rstrip()
    closed = before.endswith((".", ":", ";")) or is_heading(before)
    return closed and lines[i].text.strip().isupper()


def _line_count(lines: list[Line], i: int) -> int:
    """Return the number of lines up to the start of another Block."""
    for j in range(i + 1, len(lines)):
        if _ITEM.match(lines[j].text) or _is_underlined(lines, j) or _is_separate_heading(lines, j):
            return j - i
    return len(lines) - i


def _indent(line: Line) -> int:
    """Return the offset of the first character that is not blank."""
    return line.start + len(line.text) - len(line.text.lstrip())


def is_heading(line: str) -> bool:
    """Whether a single line looks like a heading: short capitals, or a number and a title without a full stop.

    >>> [is_heading(s) for s in ("TERMS OF SALE", "3.1 Notice", "We agree.", "1. He left the house at six.", "42 000")]
    [True, True, False, False, False]
    """
    text = line.strip()
    if not 3 <= len(text) <= _HEADING_MAX_CHARS or text.endswith((".", ",", ";")):
        return False
    letters = sum(c.isalpha() for c in text)
    if letters < 3 or letters < 0.5 * len(text.replace(" ", "")):
        return False
    return text.isupper() or (bool(_NUMBERED_HEADING.fullmatch(text)) and len(text) <= 70)
