"""What is done to a table once its columns are known: merged cells parted, header rows found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from service.readers.header_row import names_columns
from service.readers.pdf.layout import Grid
from service.readers.pdf.rows import Strip
from service.readers.pdf.segments import Segments
from service.readers.pdf.words import PageWords

_FEWEST = 3  # cells of a row in which merged ones are looked for, and of a header row
_MOST = 4  # words of cells that were merged
_ALIGNED = 1.5  # points
_OTHERS = 2  # cells that must keep to one edge; the one in question is none of them, or it would not span the gap
_TITLES = 3  # rows that may stand above a header row and have as many cells
_BELOW = 20  # rows that say what the columns hold


def cuts_of(grid: Grid, segments: Segments, words: PageWords) -> Iterator[int]:
    """Words that begin a cell although they stand close to the cell on their left.

    Such a cell spans a gap that parts the rows around it, and both of its parts keep to the edges of other cells.
    """
    edges = _Edges(grid)
    for row in grid.rows:
        strips = [strip for _, cell in row for strip in cell]
        for strip in strips if len(strips) >= _FEWEST else []:
            chosen = range(int(segments.first[strip.index]), int(segments.last[strip.index]) + 1)
            if strip.count == 1 and 1 < len(chosen) <= _MOST:
                yield from edges.cuts(strip, words.flat[chosen.start : chosen.stop].tolist(), chosen.start)


class _Edges:
    """Where the cells of a table begin and end, and the gaps between its columns."""

    def __init__(self, grid: Grid) -> None:
        every = [strip for row in grid.rows for _, cell in row for strip in cell]
        strips = [s for s in every if not any(s.x0 < a and b < s.x1 for a, b in grid.gaps)]
        self.gaps = grid.gaps
        self.left, self.right = np.array([s.x0 for s in strips]), np.array([s.x1 for s in strips])

    def cuts(self, strip: Strip, boxes: list[list[float]], first: int) -> Iterator[int]:
        """The words of a strip, counted from `first`, that begin a cell: one a gap, the widest space of those there."""
        for a, b in self.gaps:
            if strip.x0 < a and b < strip.x1:
                fit = [i for i in range(1, len(boxes)) if boxes[i - 1][2] < b and boxes[i][0] > a]
                fit = [i for i in fit if self._kept(boxes[:i]) and self._kept(boxes[i:])]
                if fit:
                    yield first + max(fit, key=lambda i: boxes[i][0] - boxes[i - 1][2])

    def _kept(self, boxes: list[list[float]]) -> bool:
        """Whether words begin or end where other cells do, or have their middle there."""
        begin, end = boxes[0][0], boxes[-1][2]
        off = self.left - begin, self.right - end, (self.left + self.right - begin - end) / 2
        return max(int((np.abs(one) < _ALIGNED).sum()) for one in off) >= _OTHERS


def parted(grid: Grid, text: Callable[[Strip], str]) -> list[Grid]:
    """The tables that a grid is: a wider header row within it begins another one."""
    cells = [[(column, " ".join(map(text, strips))) for column, strips in row] for row in grid.rows]
    width = max((column for row in cells for column, _ in row), default=0) + 1
    dense = [_dense(row, width) for row in cells]
    found, begin = [], 0
    for i, row in enumerate(grid.rows):
        above = max((len(other) for other in grid.rows[begin:i]), default=0)
        wider = len(row) >= _FEWEST and (above < len(row) or (above == len(row) and i - begin <= _TITLES))
        if i > begin and wider and is_header(dense[i], dense[i + 1 :]):
            found.append(_part(grid, begin, i, dense))
            begin = i
    return [*found, _part(grid, begin, len(grid.rows), dense)]


def _dense(row: list[tuple[int, str]], width: int) -> list[str]:
    texts = dict(row)
    return [texts.get(column, "") for column in range(width)]


def _part(grid: Grid, first: int, last: int, texts: list[list[str]]) -> Grid:
    used = [any(row[column] for row in texts[first:last]) for column in range(len(texts[0]))]
    kept = [[cell for cell, is_used in zip(row, used, strict=True) if is_used] for row in texts[first:last]]
    headers = int(is_header(kept[0], kept[1:]))
    number = {column: sum(used[:column]) for column in range(len(used))}
    rows = [[(number[column], strips) for column, strips in row] for row in grid.rows[first:last]]
    return Grid(rows, grid.gaps, headers)


def is_header(row: list[str], below: list[list[str]]) -> bool:
    """Whether a row names the columns of those below it."""
    return names_columns(row, below[:_BELOW], strict=True)
