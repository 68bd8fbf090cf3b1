"""Collect the segments of pages in reading order, line by line, and return the lines as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from thresher.schemas.document import BlockKind
from thresher.service.readers.pdf.layout.baseline_rows import PageRows, Row
from thresher.service.readers.pdf.layout.regions import TableRegion
from thresher.service.readers.pdf.layout.segments import ALIKE_MAX_RATIO, WIDE_GAP, Segments
from thresher.service.readers.pdf.library import Floats, Ints

NEWLINE, SPACE, TAB, NOTHING = range(4)  # separators before a segment
_MAX_TABS = 60  # before one cell; no table has more columns
SEPARATORS = (
    *("\n", " ", "\t", ""),
    *("\t" * n for n in range(2, _MAX_TABS)),  # a tab for each cell that is empty before this one
    *("\n" + "\t" * n for n in range(1, _MAX_TABS)),
)
# `_SKIPPED_CELLS + n` is the code of n + 1 tabs, `_SKIPPED_FIRST_CELLS + n` that of a line break and n tabs
_SKIPPED_CELLS, _SKIPPED_FIRST_CELLS = NOTHING, NOTHING + _MAX_TABS - 2
_SPARSE_MIN_COLUMNS = 3  # of a table whose empty cells are written
_TAB_MIN_GAP = 2.5  # in font sizes: a wider gap inside a line of text becomes a tab
_TYPE_MIN_HEIGHT = np.float32(0.01)  # points; no type is lower
_SPACE_MIN_GAP = 0.08  # in font sizes: a narrower gap is no space


@dataclass(frozen=True, slots=True)
class FlowPart:
    """FlowLines that were added to the flow together."""

    page: int  # index in the batch of pages
    kind: BlockKind | None = None  # TABLE, HIDDEN; None for text, whose lines become paragraphs, headings, items
    margin: str = ""  # "top" or "bottom" for a possible header or footer
    spaced: bool = False  # every gap between segments is a tab, as on a page with tables
    rows: tuple[tuple[tuple[int, int], ...], ...] = ()  # of a table: (column, line) of each cell
    header_rows: int = 0
    sparse: bool = False  # a table whose empty cells are written


@dataclass(slots=True)
class FlowLines:
    """FlowLines of a flow; `items[first[i] : first[i + 1]]` are the segments of line i."""

    items: Ints
    separators: NDArray[np.uint8]  # before each item: NEWLINE, SPACE, TAB, NOTHING, or another index into SEPARATORS
    first: Ints  # one more than there are lines
    box: Floats  # level, as in `PageWords.flat`
    part: Ints  # index of each line's FlowPart
    page: Ints


@dataclass(slots=True)
class PageFlow:
    """The lines of pages, added part by part, page by page."""

    segments: Segments
    parts: list[FlowPart] = field(default_factory=list)
    _items: list[Ints] = field(default_factory=list)
    _counts: list[Ints] = field(default_factory=list)
    _boxes: list[Floats] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)  # lines of each part
    _tabbed: list[tuple[int, int]] = field(default_factory=list)  # lines that are cells, and the separator before each
    _length: int = 0  # lines so far

    def add_plain(self, part: FlowPart, rows: PageRows, a: int, b: int) -> None:
        """Append rows `[a, b)` of a page that is one column."""
        if a < b:
            counts = rows.end[a:b] - rows.first[a:b]
            self._add(part, _ranges(rows.first[a:b], counts), counts, rows.box[a:b])

    def add_text(self, part: FlowPart, rows: list[Row], moved: int = 0) -> None:
        """Append rows of running text; `moved` is added to their segments' indices."""
        if rows:
            items = np.array([i for row in rows for i in row.segments], np.int64) + moved
            counts = np.array([len(row.segments) for row in rows], np.int64)
            self._add(part, items, counts, np.array([(r.x0, r.y0, r.x1, r.y1) for r in rows], np.float32))

    def add_grid(self, page: int, grid: TableRegion, moved: int = 0) -> None:
        """Append a table, each cell a line; `moved` is added to its segments' indices."""
        rows: list[tuple[tuple[int, int], ...]] = []
        cells: list[list[int]] = []
        sparse = len({column for row in grid.rows for column, _ in row}) >= _SPARSE_MIN_COLUMNS
        for row in grid.rows:
            line = self._length + len(cells)
            rows.append(tuple((column, line + n) for n, (column, _) in enumerate(row)))
            self._tabbed += zip(range(line, line + len(row)), _tabs([c for c, _ in row], sparse=sparse), strict=True)
            cells += [[i for strip in strips for i in strip.indices] for _, strips in row]
        items = np.array([i for cell in cells for i in cell], np.int64) + moved
        counts = np.array([len(cell) for cell in cells], np.int64)
        first = np.cumsum(counts) - counts
        box = self.segments.box[items]
        low, high = np.minimum.reduceat(box[:, :2], first, axis=0), np.maximum.reduceat(box[:, 2:], first, axis=0)
        part = FlowPart(page, BlockKind.TABLE, rows=tuple(rows), header_rows=grid.header_rows, sparse=sparse)
        self._add(part, items, counts, np.concatenate((low, high), axis=1))

    def _add(self, part: FlowPart, items: Ints, counts: Ints, box: Floats) -> None:
        """Append a part: its segments, the number of them in each line, and the lines' boxes."""
        self.parts.append(part)
        self._items.append(items)
        self._counts.append(counts)
        self._boxes.append(box)
        self._sizes.append(len(counts))
        self._length += len(counts)

    def lines(self) -> FlowLines:
        """Return everything that was added, as arrays."""
        if not self.parts:
            nothing = np.zeros(0, np.int64)
            box = np.zeros((0, 4), np.float32)
            return FlowLines(nothing, np.zeros(0, np.uint8), np.zeros(1, np.int64), box, nothing, nothing)
        items = np.concatenate(self._items)
        first = np.concatenate(([0], np.cumsum(np.concatenate(self._counts))))
        part = np.repeat(np.arange(len(self.parts)), self._sizes)
        page = np.array([one.page for one in self.parts], np.int64)[part]
        tables = np.array([one.kind is BlockKind.TABLE for one in self.parts], np.bool_)[part]
        line = np.repeat(np.arange(len(part)), np.diff(first))
        spaced = np.array([one.spaced for one in self.parts], np.bool_)[part] | _parted(self.segments.box[items], line)
        spaced = spaced[line]
        spaced[1:] &= ~self.segments.label[items[:-1]]
        separators = _between(self.segments.box[items], items, spaced)
        if self.segments.rule is not None:
            separators[~np.isnan(self.segments.rule[items])] = TAB
        separators[np.repeat(tables, np.diff(first))] = SPACE
        separators[first[:-1]] = NEWLINE
        if self._tabbed:
            cells, codes = np.array(self._tabbed, np.int64).T
            separators[first[cells]] = codes
        return FlowLines(items, separators, first, np.concatenate(self._boxes), part, page)


def _tabs(columns: list[int], *, sparse: bool) -> list[int]:
    r"""Return the separator before each cell of a row.

    In a `sparse` table it has a tab for each empty cell, too.

    >>> [SEPARATORS[code] for code in _tabs([1, 2, 5], sparse=True)]
    ['\n\t', '\t', '\t\t\t']
    """
    if not sparse:
        return [NEWLINE, *[TAB] * (len(columns) - 1)]
    first = min(columns[0], _MAX_TABS - 1)
    steps = [min(b - a, _MAX_TABS - 1) for a, b in pairwise(columns)]
    return [
        _SKIPPED_FIRST_CELLS + first if first else NEWLINE,
        *(_SKIPPED_CELLS + n - 1 if n > 1 else TAB for n in steps),
    ]


def _ranges(first: Ints, counts: Ints) -> Ints:
    """Return the numbers `first[i] .. first[i] + counts[i] - 1` of each i in turn.

    >>> _ranges(np.array([7, 2]), np.array([2, 3])).tolist()
    [7, 8, 2, 3, 4]
    """
    return np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))


def _parted(box: Floats, line: Ints) -> NDArray[np.bool_]:
    """Return for each line whether it has several gaps, one of them wide.

    Then it is a row, and narrower gaps separate cells, too.
    """
    same = line[1:] == line[:-1]
    wide = same & (_gaps(box) > _TAB_MIN_GAP)
    lines = int(line[-1]) + 1
    return (np.bincount(line[1:][same], minlength=lines) > 1) & (np.bincount(line[1:][wide], minlength=lines) > 0)


def _gaps(box: Floats) -> Floats:
    """Return the gap before each item but the first, in font sizes."""
    height = box[:, 3] - box[:, 1]
    gaps: Floats = (box[1:, 0] - box[:-1, 2]) / np.maximum(np.maximum(height[1:], height[:-1]), _TYPE_MIN_HEIGHT)
    return gaps


def _between(box: Floats, items: Ints, spaced: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the separator before each item that is not the first of its line. `spaced` is as in FlowPart."""
    gap = _gaps(box)
    separators = np.full(len(items), SPACE, np.uint8)
    inner = separators[1:]
    inner[gap > np.where(spaced[1:], WIDE_GAP, _TAB_MIN_GAP)] = TAB
    height = box[:, 3] - box[:, 1]
    alike = np.maximum(height[1:], height[:-1]) <= ALIKE_MAX_RATIO * np.minimum(height[1:], height[:-1])
    inner[alike & (gap < _SPACE_MIN_GAP) & (items[1:] != items[:-1] + 1)] = NOTHING
    return separators
