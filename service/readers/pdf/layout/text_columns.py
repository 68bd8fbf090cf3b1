"""Find columns of running text in rows: where to cut them, and what is prose."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress, pairwise

import numpy as np

from thresher.service.readers.pdf.layout.baseline_rows import (
    SegmentBox,
    clustered_rows,
    segments_by_row,
    sorted_by_height,
)
from thresher.service.readers.pdf.layout.regions import Cells, Gap
from thresher.service.readers.pdf.tables.table_regions import column_gaps

MAX_DEPTH = 3  # of columns inside columns
COLUMN_MIN_LINES = 4
_TABLE_ROW_MIN_GAP = 0.5  # in font sizes: between two rows of a table whose cells have several lines
_MAX_LINES_A_TABLE_ROW = 6  # on average
_COLUMN_MIN_WIDTH = 8  # in font sizes: of a column of running text
CELLS_MIN_STRIPS = 2  # in the median line: so many strips are cells


def split_at(rows: Cells, cut: float) -> tuple[list[SegmentBox], list[SegmentBox]]:
    """Return the strips left and right of a cut."""
    strips = [s for row in rows for s in row]
    return [s for s in strips if s.x0 + s.x1 < 2 * cut], [s for s in strips if s.x0 + s.x1 >= 2 * cut]


def column_cut(rows: Cells, gutters: list[Gap], words: dict[int, int]) -> float | None:
    """Return the x at which to cut a band into columns of text; None where it is a table or plain text."""
    is_text: Callable[[Cells, dict[int, int]], int] | None = None
    for a, b in sorted(gutters, key=lambda g: g[0] - g[1]):
        cut = (a + b) / 2
        left, right = (clustered_rows(side) for side in split_at(rows, cut))
        if min(len(left), len(right)) < 3:
            continue
        if _are_unrelated(rows, cut, min(len(left), len(right))):
            columns = (_is_wordy(left, words) and _is_wordy(right, words)) or any(
                _column_count(side, words) for side in (left, right)
            )
        else:
            if is_text is None:  # in rows, each side must be a single column
                is_text = _is_prose if is_in_rows(rows) else _column_count
            columns = all(is_text(side, words) for side in (left, right))
        if columns:
            return cut
    return None


def _column_count(rows: Cells, words: dict[int, int], *, depth: int = 0) -> int:
    """Return the number of columns of running text in rows; 0 where they are no running text."""
    if _is_prose(rows, words):
        return 1
    cut = text_gap(rows, words, depth=depth)
    if cut is None:
        return 0
    return sum(_column_count(clustered_rows(side), words, depth=depth + 1) for side in split_at(rows, cut))


def text_gap(rows: Cells, words: dict[int, int], *, depth: int = 0) -> float | None:
    """Return the x of a gap between columns of running text; None where there is none.

    The gap may be narrow in single lines. One column is on its left, and one or more on its right.
    """
    if len(rows) < COLUMN_MIN_LINES or depth >= MAX_DEPTH or 2 * sum(len(row) > 1 for row in rows) < len(rows):
        return None
    strips = sorted_by_height([s for row in rows for s in row])
    x0, x1, size = np.array([(s.x0, s.x1, s.size) for s in strips]).T
    for a, b in column_gaps(rows):
        cut = (a + b) / 2
        within = x0 + x1 < 2 * cut
        if not (within.any() and x1[within].max() - x0[within].min() > _COLUMN_MIN_WIDTH * size[within].min()):
            continue  # too narrow for a column of running text
        left = list(compress(strips, within.tolist()))
        if median(segments_by_row(left)) >= CELLS_MIN_STRIPS or not _is_prose(clustered_rows(left), words):
            continue
        right = list(compress(strips, (~within).tolist()))
        if _column_count(clustered_rows(right), words, depth=depth + 1):
            return cut
    return None


def is_in_rows(rows: Cells) -> bool:
    """Whether gaps across all columns separate rows repeatedly, as in a table of long texts."""
    apart = [min(s.y0 for s in b) - max(s.y1 for s in a) for a, b in pairwise(rows)]
    size = median([s.size for row in rows for s in row])
    return sum(gap > _TABLE_ROW_MIN_GAP * size for gap in apart) * _MAX_LINES_A_TABLE_ROW > len(rows)


def _is_prose(rows: Cells, words: dict[int, int]) -> bool:
    """Whether rows look like running text: long lines that fill the column."""
    if len(rows) < COLUMN_MIN_LINES:
        return False
    if (
        median([len(r) for r in rows]) >= CELLS_MIN_STRIPS
        or median([sum([words[s.index] for s in r]) for r in rows]) < 4
    ):
        return False
    x0, x1 = min([r[0].x0 for r in rows]), max([r[-1].x1 for r in rows])
    fill = median([(r[-1].x1 - r[0].x0) / max(x1 - x0, 1.0) for r in rows])
    return fill > 0.6 and x1 - x0 > _COLUMN_MIN_WIDTH * median([r[0].size for r in rows])


def median(values: list[float] | list[int]) -> float:
    """Return the middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _is_wordy(rows: Cells, words: dict[int, int]) -> bool:
    """Whether most rows have two words or more: a block of text, not a column of figures."""
    return median([sum([words[s.index] for s in row]) for row in rows]) >= 2


def _are_unrelated(rows: Cells, cut: float, fewest: int) -> bool:
    """Whether few rows cross the cut: blocks side by side, not a table."""
    both = sum(1 for r in rows if r[0].x0 < cut < r[-1].x1)
    return both < 0.35 * fewest
