"""The flow of a page: its segments in reading order, what separates them, and the ranges that Blocks and lines are."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.document import BlockKind
from service.readers.pdf.layout import Grid
from service.readers.pdf.paragraphs import Paragraph
from service.readers.pdf.rows import Row
from service.readers.pdf.segments import Segments
from service.readers.pdf.words import PageWords

_TAB_GAP = 2.5  # in font sizes: a wider gap inside a line of text becomes a tab
_GLUED = 0.08  # in font sizes: a narrower gap is none


@dataclass(slots=True)
class Span:
    """A range of items that is one Block."""

    first: int
    last: int  # exclusive
    kind: BlockKind
    size: float = 0.0
    bold: bool = False
    margin: str = ""  # "top", "bottom": may be a header, a footer


@dataclass(slots=True)
class Flow:
    """Items are segments; all ranges are half-open ranges of items."""

    segments: Segments
    items: list[int] = field(default_factory=list)
    separators: list[str] = field(default_factory=list)  # what stands before each item
    lines: list[tuple[int, int]] = field(default_factory=list)
    blocks: list[Span] = field(default_factory=list)
    tables: list[list[list[tuple[int, int, int]]]] = field(default_factory=list)  # rows of (column, first, last)
    boxes: list[tuple[float, float, float, float]] = field(init=False)

    def __post_init__(self) -> None:
        """Take the boxes out of numpy once."""
        self.boxes = self.segments.box.tolist()

    def add(self, paragraph: Paragraph, kind: BlockKind | None = None) -> Span:
        """Append a paragraph as a Block."""
        first = len(self.items)
        for row in paragraph.rows:
            self._line(row)
        span = Span(first, len(self.items), paragraph.kind if kind is None else kind, paragraph.size, paragraph.bold)
        self.blocks.append(span)
        return span

    def add_margin(self, row: Row, *, top: bool) -> None:
        """Append a row that may be a header or footer."""
        span = self.add(Paragraph([row], size=row.size))
        span.margin = "top" if top else "bottom"

    def _line(self, row: Row) -> None:
        first = len(self.items)
        before = None
        for index in row.segments:
            self.separators.append("\n" if before is None else self._between(before, index))
            self.items.append(index)
            before = index
        self.lines.append((first, len(self.items)))

    def add_grid(self, grid: Grid) -> None:
        """Append a table as a Block."""
        first, rows = len(self.items), []
        for row in grid.rows:
            start, cells = len(self.items), []
            for column, strips in row:
                a = len(self.items)
                self._cell([s.index for s in strips], first=a == start)
                cells.append((column, a, len(self.items)))
            rows.append(cells)
        self.tables.append(rows)
        self.blocks.append(Span(first, len(self.items), BlockKind.TABLE))

    def _cell(self, indices: list[int], *, first: bool) -> None:
        a = len(self.items)
        for n, index in enumerate(indices):
            self.separators.append(" " if n else "\n" if first else "\t")
            self.items.append(index)
        self.lines.append((a, len(self.items)))

    def _between(self, left: int, right: int) -> str:
        a, b = self.boxes[left], self.boxes[right]
        gap, size = b[0] - a[2], max(a[3] - a[1], b[3] - b[1])
        touching = gap < _GLUED * size and right != left + 1
        return "" if touching else "\t" if gap > _TAB_GAP * size else " "

    def text(self, span: Span, words: PageWords) -> str:
        """The words of a Span with single spaces between its items."""
        chosen = self.items[span.first : span.last]
        first, last = self.segments.first, self.segments.last
        return " ".join(words.text[words.start[first[i]] : words.end[last[i]]] for i in chosen)
