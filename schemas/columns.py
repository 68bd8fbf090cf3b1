"""The columns of a Document: Blocks, lines, words, tables and pages as parallel arrays, and the Anchor they give."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from operator import gt

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
        """Return the number of Blocks."""
        return len(self.start)

    def __iter__(self) -> Iterator[tuple[int, int, BlockKind, int]]:
        """Yield (start, end, kind, level) of each Block."""
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
        """Return the number of lines."""
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
        """Return the number of words."""
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
        """Return the number of rows."""
        return len(self.row)

    def cells(self, r: int) -> list[tuple[int, int, int]]:
        """Return (start, end, column) of each cell of row r (0-based)."""
        a, b = self.first[r], self.first[r + 1]
        return list(zip(self.start[a:b], self.end[a:b], self.column[a:b], strict=True))

    def filled(self, r: int) -> int:
        """Return how many cells of row r (0-based) are not empty."""
        a, b = self.first[r], self.first[r + 1]
        return sum(map(gt, self.end[a:b], self.start[a:b]))

    def row_range(self, r: int) -> tuple[int, int]:
        """Return the text range of row r (0-based); empty rows give (0, 0)."""
        a, b = self.first[r], self.first[r + 1]
        return (self.start[a], self.end[b - 1]) if a < b else (0, 0)

    def span(self) -> tuple[int, int]:
        """Return the text range of the whole table."""
        return (self.start[0], self.end[-1]) if self.start else (0, 0)


@dataclass(slots=True)
class Pages:
    """Pages as parallel arrays; index 0 is page `first`."""

    start: array[int] = field(default_factory=lambda: array("Q"))  # offset of the page's first character
    width: array[float] = field(default_factory=lambda: array("f"))  # points, as displayed
    height: array[float] = field(default_factory=lambda: array("f"))
    ocr: array[int] = field(default_factory=lambda: array("B"))  # 1 where the text is OCR's
    fonts: list[str] = field(
        default_factory=list
    )  # names joined by "|", "" where unknown; no entry where no format tells
    first: int = 1  # number of the first page: a part of a packet keeps the numbers of its file

    def add(self, start: int, width: float, height: float, *, ocr: bool = False) -> None:
        """Append one page."""
        self.start.append(start)
        self.width.append(width)
        self.height.append(height)
        self.ocr.append(ocr)

    @property
    def range(self) -> tuple[int, int]:
        """Return the numbers of the first and the last page."""
        return self.first, self.first + len(self) - 1

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self.start)


def column_letters(index: int) -> str:
    """Return the spreadsheet letters of a 0-based column.

    >>> [column_letters(i) for i in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
