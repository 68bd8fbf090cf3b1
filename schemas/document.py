"""Document: the readable text of one Source, every character of which maps back to a place.

The text is canonical: what the model sees are slices of it, and an Anchor is a half-open range `[start, end)` of its
code points. Everything else is columnar (parallel arrays, sorted by start), so that 10,000 pages fit in memory:

    text      Blocks in reading order, separated by newlines; a table row is its cells joined by tabs
    blocks    start, end, kind, level
    lines     start, end, page, box        what an Anchor's boxes are made of
    words     start, x0, x1, confidence    what narrows a line's box to the words of an Anchor
    tables    cells and rows of one table each
    parts     start, label                 "header:From", "body", "Sheet1", "line" (see `part_at`)

Boxes are in PDF points on the page as displayed (after rotation, CropBox applied), origin top-left, y down. For an
image the page is the image at 72 points an inch of its own resolution (1 pixel = 1 point where it states none).
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from schemas.errors import Note
from schemas.source import Source

Box = tuple[float, float, float, float]  # x0, y0, x1, y1
NO_CONFIDENCE = 255  # in Words.confidence: text that no OCR guessed


class BlockKind(IntEnum):
    """What a Block is. Stored as one byte."""

    PARAGRAPH = 0
    HEADING = 1  # level: 1 is the highest
    LIST_ITEM = 2  # level: nesting, 1-based
    TABLE = 3
    HEADER = 4  # repeated at the top of pages
    FOOTER = 5  # repeated at the foot of pages
    MAIL_HEADER = 6
    QUOTE = 7  # quoted reply; level: depth, 1-based
    SIGNATURE = 8
    COMMENT = 9  # a reviewer's note, a cell's comment
    HIDDEN = 10  # not visible on the page; kept out of `text` unless asked for
    FORM = 11  # a form field: "name: value"


@dataclass(frozen=True, slots=True)
class PageBoxes:
    """Boxes on one page."""

    page: int  # 1-based
    boxes: tuple[Box, ...]  # one a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A half-open range of a Document's code points, and where it is on the page."""

    start: int
    end: int
    page: int | None = None  # 1-based; None where the format has no pages
    boxes: tuple[Box, ...] = ()  # on that page, one a line
    part: str | None = None  # mail part, sheet cell, or "line 12"
    continued: tuple[PageBoxes, ...] = ()  # on the pages after it


@dataclass(slots=True)
class Blocks:
    """Blocks as parallel arrays, in text order, not overlapping."""

    start: array[int] = field(default_factory=lambda: array("Q"))
    end: array[int] = field(default_factory=lambda: array("Q"))
    kind: array[int] = field(default_factory=lambda: array("B"))
    level: array[int] = field(default_factory=lambda: array("B"))

    def add(self, start: int, end: int, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0) -> None:
        """Append one Block."""
        self.start.append(start)
        self.end.append(end)
        self.kind.append(kind)
        self.level.append(min(level, 255))

    def __len__(self) -> int:
        """How many Blocks."""
        return len(self.start)

    def __iter__(self) -> Iterator[tuple[int, int, BlockKind, int]]:
        """(start, end, kind, level) of each."""
        for s, e, k, v in zip(self.start, self.end, self.kind, self.level, strict=True):
            yield s, e, BlockKind(k), v


@dataclass(slots=True)
class Lines:
    """Printed lines as parallel arrays, sorted by start. `box` holds four floats a line."""

    start: array[int] = field(default_factory=lambda: array("Q"))
    end: array[int] = field(default_factory=lambda: array("Q"))
    page: array[int] = field(default_factory=lambda: array("I"))  # 1-based
    box: array[float] = field(default_factory=lambda: array("f"))

    def add(self, start: int, end: int, page: int, box: Box) -> None:
        """Append one line."""
        self.start.append(start)
        self.end.append(end)
        self.page.append(page)
        self.box.extend(box)

    def __len__(self) -> int:
        """How many lines."""
        return len(self.start)


@dataclass(slots=True)
class Words:
    """Words (or glyph runs) as parallel arrays, sorted by start: what narrows a line's box."""

    start: array[int] = field(default_factory=lambda: array("Q"))
    end: array[int] = field(default_factory=lambda: array("Q"))
    x0: array[float] = field(default_factory=lambda: array("f"))
    x1: array[float] = field(default_factory=lambda: array("f"))
    confidence: array[int] = field(default_factory=lambda: array("B"))  # 0..100, or NO_CONFIDENCE

    def add(self, start: int, end: int, x0: float, x1: float, confidence: int = NO_CONFIDENCE) -> None:
        """Append one word."""
        self.start.append(start)
        self.end.append(end)
        self.x0.append(x0)
        self.x1.append(x1)
        self.confidence.append(confidence)

    def __len__(self) -> int:
        """How many words."""
        return len(self.start)


@dataclass(slots=True)
class Table:
    """One table. Row r has the cells `first[r] .. first[r + 1]`; a cell is a range of the Document's text."""

    first: array[int] = field(default_factory=lambda: array("Q", [0]))  # index of each row's first cell, and the end
    start: array[int] = field(default_factory=lambda: array("Q"))  # of each cell
    end: array[int] = field(default_factory=lambda: array("Q"))
    column: array[int] = field(default_factory=lambda: array("I"))  # 0-based column of each cell
    row: array[int] = field(default_factory=lambda: array("Q"))  # number of each row in its source: 1-based; may skip
    header_rows: int = 0
    name: str | None = None  # sheet name, caption; cells are named name!B7 where `is_sheet`
    is_sheet: bool = False

    def add_row(self, cells: list[tuple[int, int, int]], number: int | None = None) -> None:
        """Append a row of (start, end, column) cells."""
        for start, end, column in cells:
            self.start.append(start)
            self.end.append(end)
            self.column.append(column)
        self.first.append(len(self.start))
        self.row.append(len(self.row) + 1 if number is None else number)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.row)

    def cells(self, r: int) -> list[tuple[int, int, int]]:
        """(start, end, column) of each cell of row r (0-based)."""
        span = range(self.first[r], self.first[r + 1])
        return [(self.start[i], self.end[i], self.column[i]) for i in span]

    def row_range(self, r: int) -> tuple[int, int]:
        """Text range of row r (0-based); empty rows give (0, 0)."""
        a, b = self.first[r], self.first[r + 1]
        return (self.start[a], self.end[b - 1]) if a < b else (0, 0)

    def span(self) -> tuple[int, int]:
        """Text range of the whole table."""
        return (self.start[0], self.end[-1]) if self.start else (0, 0)


@dataclass(slots=True)
class Pages:
    """Pages as parallel arrays; index 0 is page 1."""

    start: array[int] = field(default_factory=lambda: array("Q"))  # offset of the page's first character
    width: array[float] = field(default_factory=lambda: array("f"))  # points, as displayed
    height: array[float] = field(default_factory=lambda: array("f"))
    ocr: array[int] = field(default_factory=lambda: array("B"))  # 1 where the text is OCR's

    def add(self, start: int, width: float, height: float, *, ocr: bool = False) -> None:
        """Append one page."""
        self.start.append(start)
        self.width.append(width)
        self.height.append(height)
        self.ocr.append(ocr)

    def __len__(self) -> int:
        """How many pages."""
        return len(self.start)


@dataclass(slots=True, kw_only=True)
class Document:
    """The readable text of one Source. Build it with `DocumentBuilder`; treat it as frozen afterwards."""

    source: Source
    text: str
    blocks: Blocks = field(default_factory=Blocks)
    lines: Lines = field(default_factory=Lines)
    words: Words = field(default_factory=Words)
    tables: list[Table] = field(default_factory=list)  # in text order
    pages: Pages = field(default_factory=Pages)
    part_starts: array[int] = field(default_factory=lambda: array("Q"))
    part_labels: list[str] = field(default_factory=list)
    kind: str = "text"  # pdf image mail office sheet html text container: what the chunkers choose by
    by_line: bool = False  # evidence names a line number ("line 12") where nothing better is known
    facts: dict[str, str] = field(default_factory=dict)  # title, author, from, to, subject, sent … as stated
    notes: list[Note] = field(default_factory=list)
    _breaks: array[int] | None = field(default=None, repr=False, compare=False)  # newline offsets, made on demand

    def anchor(self, start: int, end: int) -> Anchor:
        """Where `[start, end)` is: page, a box a line, part."""
        first, *later = self.page_boxes(start, end) or [PageBoxes(self.page_at(start) or 0, ())]
        return Anchor(
            start=start,
            end=end,
            page=first.page or None,
            boxes=first.boxes,
            part=self.part_at(start),
            continued=tuple(later),
        )

    def page_at(self, offset: int) -> int | None:
        """1-based page of a character, None where the format has no pages."""
        return max(bisect_right(self.pages.start, offset), 1) if len(self.pages) else None

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """One box for each printed line that `[start, end)` touches, narrowed to its words where they are known."""
        return tuple(box for _, box in self._line_boxes(start, end))

    def page_boxes(self, start: int, end: int) -> list[PageBoxes]:
        """The boxes of `[start, end)`, page by page."""
        found: dict[int, list[Box]] = {}
        for page, box in self._line_boxes(start, end):
            found.setdefault(page, []).append(box)
        return [PageBoxes(page, tuple(boxes)) for page, boxes in found.items()]

    def _line_boxes(self, start: int, end: int) -> Iterator[tuple[int, Box]]:
        lines = self.lines
        i = max(bisect_right(lines.start, start) - 1, 0)
        while i < len(lines) and lines.start[i] < end:
            if lines.end[i] > start:
                yield lines.page[i], self._narrow(i, max(start, lines.start[i]), min(end, lines.end[i]))
            i += 1

    def _narrow(self, line: int, start: int, end: int) -> Box:
        x0, y0, x1, y1 = self.lines.box[4 * line : 4 * line + 4]
        words = self.words
        first = bisect_right(words.end, start)
        last = bisect_left(words.start, end, first)
        if first < last:
            x0, x1 = min(words.x0[first:last]), max(words.x1[first:last])
        return round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)

    def confidence(self, start: int, end: int) -> float | None:
        """Lowest OCR confidence (0..1) of the words of `[start, end)`; None where no OCR was used."""
        first, last = bisect_right(self.words.end, start), bisect_left(self.words.start, end)
        known = [c for c in self.words.confidence[first:last] if c != NO_CONFIDENCE]
        return min(known) / 100 if known else None

    def part_at(self, offset: int) -> str | None:
        """Sheet cell, mail part or line that holds a character, in this order of preference."""
        cell = self._cell_at(offset)
        if cell:
            return cell
        i = bisect_right(self.part_starts, offset) - 1
        if i >= 0:
            return self.part_labels[i] or None
        return f"line {self.line_number(offset)}" if self.by_line else None

    def line_number(self, offset: int) -> int:
        """1-based number of the text line that holds a character."""
        if self._breaks is None:
            self._breaks = array("Q", (m.start() for m in re.finditer("\n", self.text)))
        return bisect_left(self._breaks, offset) + 1

    def table_at(self, offset: int) -> Table | None:
        """The table that holds a character, if any."""
        i = bisect_right(self.tables, offset, key=lambda t: t.span()[0]) - 1
        if i < 0:
            return None
        start, end = self.tables[i].span()
        return self.tables[i] if start <= offset < max(end, start + 1) else None

    def _cell_at(self, offset: int) -> str | None:
        table = self.table_at(offset)
        if table is None or not table.is_sheet:
            return None
        i = bisect_right(table.start, offset) - 1
        r = bisect_right(table.first, i) - 1
        return f"{table.name or 'Sheet'}!{column_letters(table.column[i])}{table.row[r]}"


def column_letters(index: int) -> str:
    """Spreadsheet letters of a 0-based column.

    >>> [column_letters(i) for i in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class DocumentBuilder:
    r"""Grows a Document Block by Block; readers use nothing else.

    >>> b = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="text")
    >>> b.block("Invoice 7", BlockKind.HEADING, level=1)
    (0, 9)
    >>> b.table([["Item", "Price"], ["Pen", "2.00"]], header_rows=1)
    (10, 29)
    >>> b.build().text
    'Invoice 7\nItem\tPrice\nPen\t2.00'
    """

    def __init__(self, source: Source, *, kind: str) -> None:
        """Start an empty Document of a kind."""
        self.document = Document(source=source, text="", kind=kind)
        self._pieces: list[str] = []
        self.length = 0  # code points so far

    def write(self, text: str) -> tuple[int, int]:
        """Append raw text, no newline added; gives its range. For readers that set Blocks themselves."""
        start = self.length
        self._pieces.append(text)
        self.length += len(text)
        return start, self.length

    def newline(self) -> None:
        """End the line in hand; nothing at the start of the text."""
        if self.length:
            self.write("\n")

    def block(self, text: str, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0) -> tuple[int, int]:
        """Append a Block on lines of its own; gives its range. Empty text adds nothing."""
        if not text:
            return self.length, self.length
        self.newline()
        start, end = self.write(text)
        self.document.blocks.add(start, end, kind, level)
        return start, end

    def page(self, width: float, height: float, *, ocr: bool = False) -> None:
        """Begin a page; what follows is on it."""
        self.document.pages.add(self.length + bool(self.length), width, height, ocr=ocr)

    def part(self, label: str) -> None:
        """Begin a part; what follows belongs to it. An empty label ends the part in hand."""
        self.document.part_starts.append(self.length + bool(self.length))
        self.document.part_labels.append(label)

    def table(
        self,
        rows: list[list[str]],
        *,
        header_rows: int = 0,
        name: str | None = None,
        numbers: list[int] | None = None,
        is_sheet: bool = False,
    ) -> tuple[int, int]:
        """Append a table of cell texts (tabs and newlines in cells become spaces); gives its range."""
        rows_in = [(r, row) for r, row in enumerate(rows) if any(cell.strip() for cell in row)]
        if not rows_in:
            return self.length, self.length
        self.newline()
        table, start = Table(header_rows=header_rows, name=name, is_sheet=is_sheet), self.length
        for i, (r, row) in enumerate(rows_in):
            if i:
                self.write("\n")
            table.add_row(self._row(row), None if numbers is None else numbers[r])
        self.document.tables.append(table)
        self.document.blocks.add(start, self.length, BlockKind.TABLE)
        return start, self.length

    def _row(self, row: list[str]) -> list[tuple[int, int, int]]:
        cells = []
        for column, text in enumerate(row):
            if column:
                self.write("\t")
            start, end = self.write(" ".join(text.split()))
            cells.append((start, end, column))
        return cells

    def build(self) -> Document:
        """The Document, whole."""
        self.document.text = "".join(self._pieces)
        return self.document
