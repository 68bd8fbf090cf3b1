"""Split merged cells and find header rows of tables whose columns are known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from thresher.service.readers.header_row import names_columns
from thresher.service.readers.pdf.layout.baseline_rows import SegmentBox
from thresher.service.readers.pdf.layout.regions import TableRegion
from thresher.service.readers.pdf.layout.segments import Segments, SegmentTexts
from thresher.service.readers.pdf.tables.aligned_gaps import aligned_cell_starts
from thresher.service.readers.pdf.tables.merged_cells import MergedCells, cells_of, complete_row_size
from thresher.service.readers.pdf.text.words import PageWords

_ROW_MIN_CELLS = 3  # of a row in which merged ones are searched, and of a header row
_MERGED_MAX_WORDS = 12  # of merged cells; a third of it for titles, which a usual space may separate
_FIGURES_MAX_SHARE = 0.8  # of the cells that begin at a place: where more have figures, words without one are no cell
_DIGIT = re.compile(r"\d")
_ALIGNED_MAX_POINTS = 1.5
_EDGE_MIN_CELLS = 2  # other cells aligned with an edge
_LARGER_TABLE_MIN_RATIO = 5  # a table with so many times the rows of another shows more of its columns
_MEASURED_MIN_CHARS = 3  # of a word whose width is measured
_MONOSPACED_MAX_SPREAD = 0.03  # of the median character's width
_MONOSPACED_SPACE, _NARROW_SPACE = 0.6, 0.28  # in font sizes: in monospaced and in other type
_WIDE_SPACE_MIN_RATIO = 1.5  # in usual spaces between words
_MAX_TITLE_ROWS = 3  # above a header row and with as many cells
_ROWS_BELOW = 20  # rows that show the contents of the columns


def cell_starts_of(
    grids: Sequence[TableRegion], merged: MergedCells, segments: Segments, words: PageWords, texts: SegmentTexts
) -> Iterator[int]:
    """Yield words of a page's tables that begin a cell although they are close to the cell on their left.

    Such a cell spans a gap that separates the rows around it, and both of its parts are aligned with other cells; or
    other rows show that two cells were printed as one.
    """
    largest = max(grids, key=lambda grid: len(grid.rows), default=None)
    for grid in grids:
        # a row or two show no columns: they take those of the page's largest table if they are aligned with them
        known = largest if largest and _LARGER_TABLE_MIN_RATIO * len(grid.rows) <= len(largest.rows) else None
        edges = _Edges(known or grid, segments, words, texts)
        whole = complete_row_size(Counter(len(row) for row in (known or grid).rows))
        even = set(aligned_cell_starts(grid, edges.space, segments, words))
        for row, cells in zip(grid.rows, cells_of([grid], texts), strict=True):
            found = [word for cell in cells for word in cell if word in even] or list(merged.cuts(cells))
            yield from found
            yield from edges.of_row(row, found, full=len(row) >= whole)


def _has_figure(strip: SegmentBox, texts: SegmentTexts) -> bool:
    """Whether the text of a strip has a digit."""
    return _DIGIT.search(texts.of(strip.index, strip.index)) is not None


class _Edges:
    """The edges of a table's cells, and the gaps between its columns."""

    def __init__(self, grid: TableRegion, segments: Segments, words: PageWords, texts: SegmentTexts) -> None:
        """Collect the edges of the cells that span no gap."""
        every = [strip for row in grid.rows for _, cell in row for strip in cell]
        left, right = np.array([s.x0 for s in every]), np.array([s.x1 for s in every])
        a, b = np.array(grid.gaps, np.float64).reshape(-1, 2).T
        kept = ~((left[:, None] < a) & (right[:, None] > b)).any(axis=1)
        self.gaps, self._words, self._texts = grid.gaps, words, texts
        self.left, self.right = left[kept], right[kept]
        figures = [_has_figure(s, texts) for s in every]
        self._figure_by_strip = {s.index: held for s, held in zip(every, figures, strict=True)}
        self._figures = np.array(figures, np.bool_)[kept]
        self.space = _space(every, words, segments)

    def of_row(self, row: list[tuple[int, list[SegmentBox]]], known: list[int], *, full: bool) -> Iterator[int]:
        """Yield the words of a row that begin a cell, in strips without a word in `known`.

        `full` is whether the row lacks no cell; then only a wide space separates cells.
        """
        strips = [strip for _, cell in row for strip in cell if strip.count == 1]
        figures = any(self._has_figure(s) for s in strips)
        for strip in strips if len(row) >= _ROW_MIN_CELLS else []:
            chosen = self._texts.words(strip.index)
            if 1 < len(chosen) <= (_MERGED_MAX_WORDS if figures else _MERGED_MAX_WORDS // 3) and not any(
                word in chosen for word in known
            ):
                yield from self._cuts(strip, chosen, figures=figures, full=full)

    def _has_figure(self, strip: SegmentBox) -> bool:
        """Whether a strip has a digit."""
        known = self._figure_by_strip.get(strip.index)
        return _has_figure(strip, self._texts) if known is None else known

    def _cuts(self, strip: SegmentBox, chosen: range, *, figures: bool, full: bool) -> Iterator[int]:
        """Yield the words of a strip that begin a cell: at most one a gap, at the widest space there.

        `figures` is whether the row has some. Only titles of columns are separated by a usual space.
        """
        boxes = self._words.flat[chosen.start : chosen.stop].tolist()
        wide = _WIDE_SPACE_MIN_RATIO * self.space * (strip.y1 - strip.y0)
        for a, b in self.gaps:
            if strip.x0 < a and b < strip.x1:
                fit = [i for i in range(1, len(boxes)) if boxes[i - 1][2] < b and boxes[i][0] > a]
                fit = [i for i in fit if not (figures or full) or boxes[i][0] - boxes[i - 1][2] > wide]
                fit = [i for i in fit if self._is_aligned(boxes[:i]) and self._is_aligned(boxes[i:])]
                fit = [i for i in fit if not figures or self._is_alike(chosen[i:], boxes[i][0])]
                if fit:
                    yield chosen.start + max(fit, key=lambda i: boxes[i][0] - boxes[i - 1][2])

    def _is_aligned(self, boxes: list[list[float]]) -> bool:
        """Whether words begin, end or have their middle where other cells do."""
        begin, end = boxes[0][0], boxes[-1][2]
        off = self.left - begin, self.right - end, (self.left + self.right - begin - end) / 2
        return max(int((np.abs(one) < _ALIGNED_MAX_POINTS).sum()) for one in off) >= _EDGE_MIN_CELLS

    def _is_alike(self, chosen: range, begin: float) -> bool:
        """Whether words have a digit, or enough of the cells that begin at the same place have none."""
        start, end = self._words.start[chosen[0]], self._words.end[chosen[-1]]
        there = self._figures[np.abs(self.left - begin) < _ALIGNED_MAX_POINTS]
        return _DIGIT.search(self._words.text, start, end) is not None or there.sum() <= _FIGURES_MAX_SHARE * len(there)


def _space(strips: list[SegmentBox], words: PageWords, segments: Segments) -> float:
    """Return the usual space between words, in font sizes.

    It is the character's width in monospaced type, else a narrow one. The boxes of words do not always show the space between them, so the widths of strips' last words are measured.
    """
    last = segments.last[[strip.index for strip in strips]]
    length = words.end[last] - words.start[last]
    last, length = last[length >= _MEASURED_MIN_CHARS], length[length >= _MEASURED_MIN_CHARS]
    if len(last) < _EDGE_MIN_CELLS:
        return _MONOSPACED_SPACE
    box = words.flat[last]
    width = (box[:, 2] - box[:, 0]) / length / np.maximum(box[:, 3] - box[:, 1], 1.0)
    ordered = sorted(width.tolist())
    low, middle, high = (_quantile(ordered, share) for share in (0.1, 0.5, 0.9))
    return middle if high - low < _MONOSPACED_MAX_SPREAD * middle else _NARROW_SPACE


def _quantile(ordered: list[float], share: float) -> float:
    """Return a quantile of values in order, as numpy does for arrays, which takes ten times as long for a few values.

    >>> _quantile([1.0, 2.0, 4.0], 0.5), _quantile([1.0, 2.0, 4.0], 0.75)
    (2.0, 3.0)
    """
    at = share * (len(ordered) - 1)
    first = int(at)
    low, high, part = ordered[first], ordered[min(first + 1, len(ordered) - 1)], at - first
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)


def split_tables(grid: TableRegion, text: Callable[[SegmentBox], str]) -> list[TableRegion]:
    """Split a grid into its tables: a wider header row inside it begins another one."""
    cells = [[(column, " ".join(map(text, strips))) for column, strips in row] for row in grid.rows]
    width = max((column for row in cells for column, _ in row), default=0) + 1
    dense = [_filled(row, width) for row in cells]
    found, begin, headers = [], 0, int(is_header(dense[0], dense[1:]))
    for i in range(1, len(dense)):
        if not (_is_wider(grid, begin, i) and is_header(dense[i], dense[i + 1 :])):
            continue
        if i - begin <= _MAX_TITLE_ROWS and not any(_is_figure(cell) for row in dense[begin:i] for cell in row):
            headers = i + 1 - begin  # a header of several lines
        else:
            headers = headers or int(is_header(dense[begin], dense[begin + 1 : i]))
            found.append(_part(grid, begin, i, headers))
            begin, headers = i, 1
    return [*found, _part(grid, begin, len(grid.rows), headers)]


def _is_wider(grid: TableRegion, begin: int, row: int) -> bool:
    """Whether a row has more cells than those above it, or as many as its few titles."""
    here, above = len(grid.rows[row]), max(len(other) for other in grid.rows[begin:row])
    return here >= _ROW_MIN_CELLS and (above < here or (above == here and row - begin <= _MAX_TITLE_ROWS))


def _filled(row: list[tuple[int, str]], width: int) -> list[str]:
    """Return the texts of a row with "" for empty columns."""
    texts = dict(row)
    return [texts.get(column, "") for column in range(width)]


def _part(grid: TableRegion, first: int, last: int, headers: int) -> TableRegion:
    """Return rows `[first, last)` as a table, without the columns that they do not use."""
    rows = grid.rows[first:last]
    used = sorted({column for row in rows for column, _ in row})
    number = {column: i for i, column in enumerate(used)}
    return TableRegion([[(number[column], strips) for column, strips in row] for row in rows], grid.gaps, headers)


def is_header(row: list[str], below: list[list[str]]) -> bool:
    """Whether a row names the columns of the rows below it.

    Columns that all of these leave empty do not count.
    """
    used = [any(other[i] for other in (row, *below[:_ROWS_BELOW])) for i in range(len(row))]
    names, *values = [[c for c, keep in zip(r, used, strict=True) if keep] for r in (row, *below[:_ROWS_BELOW])]
    return not any(map(_is_figure, names)) and names_columns(names, values, strict=True)


def _is_figure(cell: str) -> bool:
    """Whether a cell has digits and no letters."""
    return any(c.isdigit() for c in cell) and not any(c.isalpha() for c in cell)
