"""Document: the readable text of one Source; every character maps back to a position in the source.

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

from thresher.schemas.columns import (
    NO_CONFIDENCE,
    Anchor,
    BlockKind,
    Blocks,
    Box,
    Lines,
    PageBoxes,
    Pages,
    Table,
    Words,
    column_letters,
)
from thresher.schemas.errors import Note
from thresher.schemas.line_boxes import line_boxes
from thresher.schemas.source import Source

__all__ = [
    "NO_CONFIDENCE",
    "STRUCK",
    "Anchor",
    "BlockKind",
    "Blocks",
    "Box",
    "Document",
    "DocumentBuilder",
    "Lines",
    "PageBoxes",
    "Pages",
    "Table",
    "Words",
    "column_letters",
]


Made = TypeVar("Made")

STRUCK = "~~"  # stands around text that is struck through, as in Markdown


@dataclass(slots=True, kw_only=True)
class Document:
    """The readable text of one Source. Build it with `DocumentBuilder`; treat it as frozen afterwards."""

    source: Source
    text: str
    ordinal: int = 0  # number of the Document in its Unit; 0: the Unit's own. Set when the Unit is processed
    blocks: Blocks = field(default_factory=Blocks)
    lines: Lines = field(default_factory=Lines)
    words: Words = field(default_factory=Words)
    tables: list[Table] = field(default_factory=list)  # in text order
    pages: Pages = field(default_factory=Pages)
    part_starts: array[int] = field(default_factory=lambda: array("Q"))
    part_labels: list[str] = field(default_factory=list)
    kind: str = "text"  # pdf image mail office sheet html text container: what the chunkers choose by
    by_line: bool = False  # evidence names a line number ("line 12") where nothing better is known
    pictures: dict[int, bytes] = field(default_factory=dict, repr=False)  # JPEG by 1-based page, for a model that sees
    facts: dict[str, str] = field(default_factory=dict)  # title, author, from, to, subject, sent … as stated
    notes: list[Note] = field(default_factory=list)
    mended: list[tuple[int, int]] = field(default_factory=list)  # words whose letters the font states wrongly, in order
    _breaks: array[int] | None = field(default=None, repr=False, compare=False)  # newline offsets, made on demand
    _tables: array[int] | None = field(default=None, repr=False, compare=False)  # where tables begin, made on demand
    _made: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False)  # see `once`

    @property
    def length(self) -> int:
        """Return the code points of text."""
        return len(self.text)

    def once(self, make: Callable[[Document], Made]) -> Made:
        """Return what a function of a module makes of the Document, computed at the first call and kept with the Document."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("Made", self._made[make])

    @property
    def evidence_source(self) -> str | None:
        """Return what Evidence from this Document names as its source: None for the Unit's own Document."""
        return self.source.path if self.ordinal else None

    def anchor(self, start: int, end: int) -> Anchor:
        """Return where `[start, end)` is: page, a box a line, part."""
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
        """Return the 1-based page of a character, None where the format has no pages."""
        pages = self.pages
        return max(bisect_right(pages.start, offset), 1) + pages.first - 1 if len(pages) else None

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """Return one box for each printed line that `[start, end)` touches, narrowed to its words where they are known."""
        return tuple(box for _, box in self._line_boxes(start, end))

    def page_boxes(self, start: int, end: int) -> list[PageBoxes]:
        """Return the boxes of `[start, end)`, page by page."""
        pairs = list(self._line_boxes(start, end))
        if len(pairs) == 1:
            return [PageBoxes(pairs[0][0], (pairs[0][1],))]
        found: dict[int, list[Box]] = {}
        for page, box in pairs:
            found.setdefault(page, []).append(box)
        return [PageBoxes(page, tuple(boxes)) for page, boxes in found.items()]

    def _line_boxes(self, start: int, end: int) -> Iterator[tuple[int, Box]]:
        return line_boxes(self.text, self.lines, self.words, (start, end))

    def confidence(self, start: int, end: int) -> float | None:
        """Return the lowest OCR confidence (0..1) of the words of `[start, end)`; None where no OCR was used."""
        first, last = bisect_right(self.words.end, start), bisect_left(self.words.start, end)
        known = [c for c in self.words.confidence[first:last] if c != NO_CONFIDENCE]
        return min(known) / 100 if known else None

    def is_struck(self, start: int, end: int) -> bool:
        """Whether `[start, end)` is struck through: it begins between two `~~` on its line, or with the first of them.

        >>> text = "Price: ~~990.00~~ 790.00"
        >>> found = Document(source=Source(path="a", blob="a", sha256="", size=0), text=text)
        >>> found.is_struck(9, 15), found.is_struck(7, 17), found.is_struck(18, 24)
        (True, True, False)
        """
        marks = self.once(_marks)
        if not marks:
            return False
        n = self.line_number(start)
        line = self._line_breaks()[n - 2] + 1 if n > 1 else 0
        within = (bisect_right(marks, start - len(STRUCK)) - bisect_left(marks, line)) % 2 == 1
        return within != self.text.startswith(STRUCK, start, end)

    def is_mended(self, start: int, end: int) -> bool:
        """Whether `[start, end)` touches a word whose letters were corrected: the file states others.

        >>> found = Document(source=Source(path="a", blob="a", sha256="", size=0), text="נגרייה 5512")
        >>> found.mended.append((0, 6))
        >>> found.is_mended(0, 3), found.is_mended(3, 11), found.is_mended(7, 11)
        (True, True, False)
        """
        i = bisect_right(self.mended, (start, start))
        near = self.mended[max(i - 1, 0) : i + 1]
        return any(a < end and b > start for a, b in near)

    def part_at(self, offset: int) -> str | None:
        """Return the sheet cell, mail part or line that holds a character, in this order of preference."""
        cell = self._cell_at(offset)
        if cell:
            return cell
        i = bisect_right(self.part_starts, offset) - 1
        if i >= 0 and self.part_labels[i]:
            return self.part_labels[i]
        return f"line {self.line_number(offset)}" if self.by_line else None

    def line_number(self, offset: int) -> int:
        """Return the 1-based number of the text line that holds a character."""
        return bisect_left(self._line_breaks(), offset) + 1

    def _line_breaks(self) -> array[int]:
        if self._breaks is None:
            self._breaks = array("Q", (m.start() for m in re.finditer("\n", self.text)))
        return self._breaks

    def table_at(self, offset: int) -> Table | None:
        """Return the table that holds a character, if any."""
        if self._tables is None or len(self._tables) != len(self.tables):
            self._tables = array("Q", (t.span()[0] for t in self.tables))
        i = bisect_right(self._tables, offset) - 1
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


def _marks(document: Document) -> array[int]:
    """Return where the marks of struck text begin, in order."""
    return array("Q", (m.start() for m in re.finditer(STRUCK, document.text)))


class DocumentBuilder:
    r"""Build a Document Block by Block; readers use nothing else.

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
        """Append raw text without a newline; return its range. For readers that set Blocks themselves."""
        start = self.length
        self._pieces.append(text)
        self.length += len(text)
        return start, self.length

    def newline(self) -> None:
        """End the current line; nothing happens at the start of the text."""
        if self.length:
            self.write("\n")

    def block(self, text: str, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0) -> tuple[int, int]:
        """Append a Block on lines of its own; return its range. Empty text adds nothing."""
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
        """Begin a part; what follows belongs to it. An empty label ends the current part."""
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
        """Append a table of cell texts (tabs and newlines in cells become spaces); return its range."""
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
        """Return the finished Document."""
        self.document.text = "".join(self._pieces)
        return self.document
