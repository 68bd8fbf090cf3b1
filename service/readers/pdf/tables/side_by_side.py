"""Part tables that stand side by side, by their rules: those of each end where it ends, and none joins two.

Groups of columns in one table have such rules too, so each part must begin with a column of labels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.baseline_rows import SegmentBox
from thresher.service.readers.pdf.layout.regions import Gap, TableRegion
from thresher.service.readers.pdf.library import Floats

_MIN_RULES = 3  # of each table: above and below its head, and at its foot
_LABELS_MIN_SHARE = 0.7  # of a table's rows that begin with letters
_MIN_DISTANCE = 6.0  # points: between the rules of two tables


def tables_side_by_side(grid: TableRegion, rules: Floats, text: Callable[[SegmentBox], str]) -> list[TableRegion]:
    """Return the tables of a grid from left to right; `rules` are joined, as `joined_rules` does."""
    strips = [strip for row in grid.rows for _, cell in row for strip in cell]
    top, foot = min(s.y0 for s in strips), max(s.y1 for s in strips)
    size = max(s.size for s in strips)
    middle = (rules[:, 1] + rules[:, 3]) / 2
    near = rules[(middle > top - size) & (middle < foot + size)]
    for gap in grid.gaps:
        if _parts(near, gap):
            left, right = _sides(grid, (gap[0] + gap[1]) / 2)
            if all(_width(side) >= 2 and _has_labels(side, text) for side in (left, right)):
                return [left, *tables_side_by_side(right, rules, text)]
    return [grid]


def _parts(rules: Floats, gap: Gap) -> bool:
    """Whether rules end on both sides of a gap, and none crosses it."""
    at = (gap[0] + gap[1]) / 2
    left, right = rules[rules[:, 2] <= at], rules[rules[:, 0] >= at]
    if len(left) + len(right) < len(rules) or min(_heights(left), _heights(right)) < _MIN_RULES:
        return False
    return float(right[:, 0].min() - left[:, 2].max()) > _MIN_DISTANCE


def _has_labels(grid: TableRegion, text: Callable[[SegmentBox], str]) -> bool:
    """Whether most rows of a table have letters in its first column."""
    labels = [any(c.isalpha() for c in text(row[0][1][0])) for row in grid.rows if row[0][0] == 0]
    return sum(labels) >= _LABELS_MIN_SHARE * len(grid.rows)


def _heights(rules: Floats) -> int:
    """Return at how many heights there are rules."""
    heights: NDArray[np.float32] = np.unique(np.rint(rules[:, 1]))
    return len(heights)


def _sides(grid: TableRegion, at: float) -> tuple[TableRegion, TableRegion]:
    """Return the tables left and right of an x, each with columns of its own."""
    found = []
    for side in (True, False):
        rows = [
            [(c, strips) for c, strips in row if (strips[0].x0 + strips[-1].x1 < 2 * at) is side] for row in grid.rows
        ]
        number = {column: i for i, column in enumerate(sorted({c for row in rows for c, _ in row}))}
        gaps = [gap for gap in grid.gaps if gap[0] + gap[1] != 2 * at and (gap[0] + gap[1] < 2 * at) is side]
        kept = [[(number[c], strips) for c, strips in row] for row in rows if row]
        found.append(TableRegion(kept, gaps, min(grid.header_rows, len(kept))))
    return found[0], found[1]


def _width(grid: TableRegion) -> int:
    """Return the number of columns that a table uses."""
    return len({column for row in grid.rows for column, _ in row})
