"""What is done to a table once its columns are known: merged cells parted, header rows found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from thresher.service.readers.header_row import names_columns
from thresher.service.readers.pdf.layout.baseline_rows import Strip
from thresher.service.readers.pdf.layout.reading_order import Grid
from thresher.service.readers.pdf.layout.segments import Segments
from thresher.service.readers.pdf.tables.aligned_gaps import even_cuts
from thresher.service.readers.pdf.tables.merged_cells import Merged, cells_of, usual
from thresher.service.readers.pdf.text.words import PageWords

_FEWEST = 3  # cells of a row in which merged ones are looked for, and of a header row
_MOST = 12  # words of cells that were merged; of titles, which a usual space may part, a third
_FIGURES = 0.8  # of the cells that begin somewhere: where more hold figures, words without one are no cell there
_DIGIT = re.compile(r"\d")
_ALIGNED = 1.5  # points
_OTHERS = 2  # cells that must keep to one edge; the one in question is none of them, or it would not span the gap
_LARGER = 5  # times as many rows as a table has: then another one tells more of its columns
_TELLING = 3  # characters of a word whose width tells something
_EVEN = 0.03  # of a character's width: what the widths of characters differ by where all are of one
_MONOSPACED, _NARROW = 0.6, 0.28  # in font sizes: spaces of type of one width, and of other type
_WIDE = 1.5  # times as wide as the usual space between words: a wide one
_TITLES = 3  # rows that may stand above a header row and have as many cells
_BELOW = 20  # rows that say what the columns hold


def cuts_of(grids: Sequence[Grid], merged: Merged, segments: Segments, words: PageWords) -> Iterator[int]:
    """Words of a page's tables that begin a cell although they stand close to the cell on their left.

    Such a cell spans a gap that parts the rows around it, and both of its parts keep to the edges of other cells; or other
    rows tell that two were printed as one.
    """
    largest = max(grids, key=lambda grid: len(grid.rows), default=None)
    for grid in grids:
        # a row or two show no columns: those of the page's largest table are theirs if they keep to them
        known = largest if largest and _LARGER * len(grid.rows) <= len(largest.rows) else None
        edges = _Edges(known or grid, segments, words)
        whole = usual(Counter(len(row) for row in (known or grid).rows))
        even = set(even_cuts(grid, edges.space, segments, words))
        for row, cells in zip(grid.rows, cells_of([grid], segments), strict=True):
            found = [word for cell in cells for word in cell if word in even] or list(merged.cuts(cells))
            yield from found
            yield from edges.of_row(row, found, full=len(row) >= whole)


def _has_figure(strip: Strip, segments: Segments, words: PageWords) -> bool:
    start, end = words.start[segments.first[strip.index]], words.end[segments.last[strip.index]]
    return _DIGIT.search(words.text, start, end) is not None


class _Edges:
    """Where the cells of a table begin and end, and the gaps between its columns."""

    def __init__(self, grid: Grid, segments: Segments, words: PageWords) -> None:
        every = [strip for row in grid.rows for _, cell in row for strip in cell]
        left, right = np.array([s.x0 for s in every]), np.array([s.x1 for s in every])
        a, b = np.array(grid.gaps, np.float64).reshape(-1, 2).T
        kept = ~((left[:, None] < a) & (right[:, None] > b)).any(axis=1)
        self.gaps, self._words, self._segments = grid.gaps, words, segments
        self.left, self.right = left[kept], right[kept]
        figures = [_has_figure(s, segments, words) for s in every]
        self._held = {s.index: held for s, held in zip(every, figures, strict=True)}
        self._figures = np.array(figures, np.bool_)[kept]
        self.space = _space(every, words, segments)

    def of_row(self, row: list[tuple[int, list[Strip]]], known: list[int], *, full: bool) -> Iterator[int]:
        """The words of a row that begin a cell, in strips without one of those that are known to.

        `full`: it lacks no cell, so that only a wide space parts one.
        """
        strips = [strip for _, cell in row for strip in cell if strip.count == 1]
        figures = any(self._has_figure(s) for s in strips)
        for strip in strips if len(row) >= _FEWEST else []:
            chosen = range(int(self._segments.first[strip.index]), int(self._segments.last[strip.index]) + 1)
            if 1 < len(chosen) <= (_MOST if figures else _MOST // 3) and not any(word in chosen for word in known):
                yield from self._cuts(strip, chosen, figures=figures, full=full)

    def _has_figure(self, strip: Strip) -> bool:
        known = self._held.get(strip.index)
        return _has_figure(strip, self._segments, self._words) if known is None else known

    def _cuts(self, strip: Strip, chosen: range, *, figures: bool, full: bool) -> Iterator[int]:
        """The words of a strip that begin a cell: one a gap, the widest space of those there.

        `figures`: its row has some. Only titles of columns are parted by a usual space.
        """
        boxes = self._words.flat[chosen.start : chosen.stop].tolist()
        wide = _WIDE * self.space * (strip.y1 - strip.y0)
        for a, b in self.gaps:
            if strip.x0 < a and b < strip.x1:
                fit = [i for i in range(1, len(boxes)) if boxes[i - 1][2] < b and boxes[i][0] > a]
                fit = [i for i in fit if not (figures or full) or boxes[i][0] - boxes[i - 1][2] > wide]
                fit = [i for i in fit if self._kept(boxes[:i]) and self._kept(boxes[i:])]
                fit = [i for i in fit if not figures or self._is_alike(chosen[i:], boxes[i][0])]
                if fit:
                    yield chosen.start + max(fit, key=lambda i: boxes[i][0] - boxes[i - 1][2])

    def _kept(self, boxes: list[list[float]]) -> bool:
        """Whether words begin or end where other cells do, or have their middle there."""
        begin, end = boxes[0][0], boxes[-1][2]
        off = self.left - begin, self.right - end, (self.left + self.right - begin - end) / 2
        return max(int((np.abs(one) < _ALIGNED).sum()) for one in off) >= _OTHERS

    def _is_alike(self, chosen: range, begin: float) -> bool:
        """Whether words hold a figure, or cells that begin where they do often hold none."""
        start, end = self._words.start[chosen[0]], self._words.end[chosen[-1]]
        there = self._figures[np.abs(self.left - begin) < _ALIGNED]
        return _DIGIT.search(self._words.text, start, end) is not None or there.sum() <= _FIGURES * len(there)


def _space(strips: list[Strip], words: PageWords, segments: Segments) -> float:
    """The usual space between words, in font sizes: a character's width where all are of one, else a narrow one.

    What stands between two words is not always measured; the last word of a strip is.
    """
    last = segments.last[[strip.index for strip in strips]]
    length = words.end[last] - words.start[last]
    last, length = last[length >= _TELLING], length[length >= _TELLING]
    if len(last) < _OTHERS:
        return _MONOSPACED
    box = words.flat[last]
    width = (box[:, 2] - box[:, 0]) / length / np.maximum(box[:, 3] - box[:, 1], 1.0)
    low, middle, high = np.quantile(width, (0.1, 0.5, 0.9)).tolist()
    return float(middle) if high - low < _EVEN * middle else _NARROW


def parted(grid: Grid, text: Callable[[Strip], str]) -> list[Grid]:
    """The tables that a grid is: a wider header row within it begins another one."""
    cells = [[(column, " ".join(map(text, strips))) for column, strips in row] for row in grid.rows]
    width = max((column for row in cells for column, _ in row), default=0) + 1
    dense = [_dense(row, width) for row in cells]
    found, begin, headers = [], 0, int(is_header(dense[0], dense[1:]))
    for i in range(1, len(dense)):
        if not (_is_wider(grid, begin, i) and is_header(dense[i], dense[i + 1 :])):
            continue
        if i - begin <= _TITLES and not any(_is_figure(cell) for row in dense[begin:i] for cell in row):
            headers = i + 1 - begin  # a header of several lines
        else:
            headers = headers or int(is_header(dense[begin], dense[begin + 1 : i]))
            found.append(_part(grid, begin, i, headers))
            begin, headers = i, 1
    return [*found, _part(grid, begin, len(grid.rows), headers)]


def _is_wider(grid: Grid, begin: int, row: int) -> bool:
    """Whether a row has more cells than those above it, or as many as its few titles."""
    here, above = len(grid.rows[row]), max(len(other) for other in grid.rows[begin:row])
    return here >= _FEWEST and (above < here or (above == here and row - begin <= _TITLES))


def _dense(row: list[tuple[int, str]], width: int) -> list[str]:
    texts = dict(row)
    return [texts.get(column, "") for column in range(width)]


def _part(grid: Grid, first: int, last: int, headers: int) -> Grid:
    """Some rows as a table, without the columns that they do not use."""
    rows = grid.rows[first:last]
    used = sorted({column for row in rows for column, _ in row})
    number = {column: i for i, column in enumerate(used)}
    return Grid([[(number[column], strips) for column, strips in row] for row in rows], grid.gaps, headers)


def is_header(row: list[str], below: list[list[str]]) -> bool:
    """Whether a row names the columns of those below it; columns that all of them leave empty are none."""
    used = [any(other[i] for other in (row, *below[:_BELOW])) for i in range(len(row))]
    names, *values = [[c for c, keep in zip(r, used, strict=True) if keep] for r in (row, *below[:_BELOW])]
    return not any(map(_is_figure, names)) and names_columns(names, values, strict=True)


def _is_figure(cell: str) -> bool:
    return any(c.isdigit() for c in cell) and not any(c.isalpha() for c in cell)
