"""Find the columns of a table from the gaps between its strips, and put each strip into its cell."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.baseline_rows import LEFT, SegmentBox
from thresher.service.readers.pdf.layout.regions import Cells, Gap, TableRegion

_ALIGNED_MAX_POINTS = 1.5
_EDGE_MIN_STRIPS = 3  # strips that begin or end at a column's edge
_TABLE_GAP_MIN_POINTS = 1.0  # between columns of a table
_LAST_CELL_MAX_DROP = 0.4  # in font sizes: how far below its row the last cell may begin
_SAME_CELL_MAX_GAP = 0.8  # in font sizes: between strips of one column


def table_region_of(rows: Cells) -> TableRegion:
    """Return rows as a table, with columns from the gaps that most rows share.

    Every strip is a cell, but for strips that are close together in one column, such as a lone currency sign.
    """
    gaps = column_gaps(rows)
    edges = [(a + b) / 2 for a, b in gaps]
    grid = TableRegion([], gaps)
    for row in rows:
        cells: list[tuple[int, list[SegmentBox]]] = []
        before = -1
        for strip in row:
            column = _column(strip, edges)
            same, before = column == before and strip.rule is None, column
            if same and not strip.apart and strip.x0 - cells[-1][1][-1].x1 < _SAME_CELL_MAX_GAP * (strip.y1 - strip.y0):
                cells[-1][1].append(strip)
            else:
                cells.append((max(column, cells[-1][0] + 1) if cells else column, [strip]))
        if grid.rows and _goes_on(grid.rows[-1], cells):
            grid.rows[-1] += cells
        else:
            grid.rows.append(cells)
    return grid


def _goes_on(above: list[tuple[int, list[SegmentBox]]], cells: list[tuple[int, list[SegmentBox]]]) -> bool:
    """Whether a lone cell right of a row, and hardly below it, is the last cell of that row."""
    if len(cells) > 1 or len(above) < 3 or cells[0][0] <= above[-1][0]:
        return False
    strip, last = cells[0][1][0], above[-1][1][-1]
    return strip.x0 > last.x1 and strip.y0 - last.y1 < _LAST_CELL_MAX_DROP * (strip.y1 - strip.y0)


def _column(strip: SegmentBox, edges: list[float]) -> int:
    """Return the column of a strip: by its middle where it crosses at most one edge, else by its left end."""
    crossed = bisect_left(edges, strip.x1) - bisect_right(edges, strip.x0)
    at = (strip.x0 + strip.x1) / 2 if crossed <= 1 else strip.x0
    return bisect_left(edges, at)


def column_gaps(rows: Cells) -> list[Gap]:
    """Return the vertical gaps that no strip crosses; strips that span the gaps of many rows do not count."""
    strips = _not_crossing(_with_joined_cells(rows))
    found, reach = [], strips[0].x1
    for strip in strips[1:]:
        if strip.x0 > reach + _TABLE_GAP_MIN_POINTS:
            found.append((reach, strip.x0))
        reach = max(reach, strip.x1)
    return found


def _with_joined_cells(rows: Cells) -> Cells:
    """Join each cell that begins inside another cell's run, and is aligned with no column, to that one."""
    if not any(strip.apart for row in rows for strip in row):
        return rows
    every = [strip for row in rows for strip in row]
    left, right = np.array([s.x0 for s in every]), np.array([s.x1 for s in every])
    found: Cells = []
    for row in rows:
        found.append([])
        for strip in row:
            if strip.apart and found[-1] and _aligned(strip, left, right) < _EDGE_MIN_STRIPS:
                last = found[-1].pop()
                found[-1].append(SegmentBox(last.index, last.x0, last.y0, strip.x1, last.y1))
            else:
                found[-1].append(strip)
    return found


def _aligned(strip: SegmentBox, left: NDArray[np.float64], right: NDArray[np.float64]) -> int:
    """Return the number of strips (`left`, `right`: their ends) that begin or end where `strip` does."""
    return int((np.minimum(np.abs(left - strip.x0), np.abs(right - strip.x1)) < _ALIGNED_MAX_POINTS).sum())


def _not_crossing(rows: Cells) -> list[SegmentBox]:
    """Return strips by left end, without those that cross a gap of one row in four, such as totals."""
    strips = sorted([s for row in rows for s in row], key=LEFT)
    gaps = [(a.x1, b.x0) for row in rows for a, b in pairwise(row)]
    left, right = np.array([s.x0 for s in strips]), np.array([s.x1 for s in strips])
    a, b = np.array([gap[0] for gap in gaps]), np.array([gap[1] for gap in gaps])
    crossed = np.count_nonzero((left[:, None] < a) & (right[:, None] > b), axis=1)
    most = max(sum(1 for row in rows if len(row) > 1) / 4, 1)
    return [s for s, n in zip(strips, crossed.tolist(), strict=True) if n < most] or strips
