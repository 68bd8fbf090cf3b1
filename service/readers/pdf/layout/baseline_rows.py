"""Group segments into rows: segments that share a baseline, left to right."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.segments import Segments
from thresher.service.readers.pdf.library import Floats, Ints

_SAME_ROW_MAX_STEP = 0.45  # in font sizes: distance of the middles of two segments on one row
_NEARER_MAX_RATIO = 0.7  # of its distance from its own row: the distance of a segment that belongs to the row below
_COLUMNS_MAX_GAP = 4.0  # in font sizes: rows farther apart have no columns in common
_ROWS_MAX_OVERLAP = 0.5  # of the lower of two rows: the part of it that another may cover
_MIDDLE, LEFT = attrgetter("middle"), attrgetter("x0")


@dataclass(slots=True)
class Row:
    """Segments on one baseline. The box is level, as in `PageWords.flat`."""

    segments: list[int]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def size(self) -> float:
        """Return the height, which is near the font size."""
        return self.y1 - self.y0


@dataclass(slots=True)
class SegmentBox:
    """One segment as the layout sees it, or a label with its text."""

    index: int
    x0: float
    y0: float
    x1: float
    y1: float
    count: int = 1  # segments from `index` on
    apart: bool = False  # begins a cell, even close to the strip on its left
    rule: float | None = None  # x of a line down the page right before it
    middle: float = field(init=False)
    size: float = field(init=False)  # its height, near the font size

    def __post_init__(self) -> None:
        """Compute the middle and the size, which the layout needs often."""
        self.middle, self.size = (self.y0 + self.y1) / 2, self.y1 - self.y0

    @property
    def indices(self) -> range:
        """Return the indices of its segments."""
        return range(self.index, self.index + self.count)


@dataclass(slots=True)
class PageRows:
    """Rows of pages, one page after the other, top to bottom.

    Row i has the segments `first[i] .. end[i] - 1`.
    """

    first: Ints
    end: Ints
    box: Floats
    bound: list[int]  # page p has rows `bound[p] .. bound[p + 1] - 1`
    plain: list[bool]  # of each page: whether it is one column without tables

    def rough(self) -> list[int]:
        """Return the pages that have rows and are not plain."""
        ranges = zip(self.plain, self.bound[:-1], self.bound[1:], strict=True)
        return [page for page, (plain, a, b) in enumerate(ranges) if a < b and not plain]


def rows_of(segments: Segments, pages: int) -> PageRows:
    """Return rows in the order of the content streams, top to bottom.

    A page is plain where these rows suffice as its layout.
    """
    box, page = segments.box, segments.page
    if not len(box):
        nothing = np.zeros(0, np.int64)
        return PageRows(nothing, nothing, box, [0] * (pages + 1), [False] * pages)
    middle, height = (box[:, 1] + box[:, 3]) / 2, box[:, 3] - box[:, 1]
    level = np.abs(middle[1:] - middle[:-1]) < _SAME_ROW_MAX_STEP * np.maximum(height[1:], height[:-1])
    level &= (box[1:, 0] >= box[:-1, 2]) & (page[1:] == page[:-1])
    first = np.flatnonzero(np.concatenate(([True], ~level)))
    row = np.concatenate(
        (np.minimum.reduceat(box[:, :2], first, axis=0), np.maximum.reduceat(box[:, 2:], first, axis=0)), axis=1
    )
    end = np.append(first[1:], len(box))
    order = np.lexsort((row[:, 1], page[first]))
    bound = np.searchsorted(page[first], np.arange(pages + 1))
    first, end, row = first[order], end[order], row[order]
    rough = np.bincount(page[~segments.upright], minlength=pages) > 0
    segment_counts = end - first - segments.label[first]
    rough |= np.bincount(page[first][1:][_not_plain(row, segment_counts, page[first])], minlength=pages) > 0
    return PageRows(first, end, row, bound.tolist(), (~rough).tolist())


def _not_plain(row: Floats, segment_counts: Ints, page: Ints) -> NDArray[np.bool_]:
    """Return for each row but the first whether it overlaps the one above it, or both have gaps."""
    top, bottom = row[:, 1], row[:, 3]
    height = bottom - top
    apart = top[1:] - bottom[:-1]
    gapped = segment_counts > 1
    both = gapped[1:] & gapped[:-1] & (apart < _COLUMNS_MAX_GAP * np.maximum(height[1:], height[:-1]))
    beside = -apart >= _ROWS_MAX_OVERLAP * np.minimum(height[1:], height[:-1])
    found: NDArray[np.bool_] = (beside | both) & (page[1:] == page[:-1])
    return found


def segment_boxes_of(segments: Segments, page: int) -> list[SegmentBox]:
    """Return all upright segments of a page; a label and its text are one strip."""
    of_page = segments.upright & (segments.page == page)
    of_page[1:] &= ~segments.label[:-1]
    chosen = np.flatnonzero(of_page).tolist()
    label = segments.label[chosen].tolist()
    box = segments.box[chosen].tolist()
    text = iter(segments.box[[i + 1 for i, is_label in zip(chosen, label, strict=True) if is_label]].tolist())
    strips = [
        _joined(i, first, next(text)) if is_label else SegmentBox(i, *first)
        for i, first, is_label in zip(chosen, box, label, strict=True)
    ]
    for strip, x in zip(strips, [] if segments.rule is None else segments.rule[chosen].tolist(), strict=False):
        strip.rule = None if x != x else x  # noqa: PLR0124 - NaN
    return strips


def _joined(index: int, a: list[float], b: list[float]) -> SegmentBox:
    """Return a label and its text as one strip."""
    return SegmentBox(index, a[0], min(a[1], b[1]), b[2], max(a[3], b[3]), 2)


def sorted_by_height(strips: list[SegmentBox]) -> list[SegmentBox]:
    """Return strips from top to bottom, by their middles."""
    return sorted(strips, key=_MIDDLE)


def segments_by_row(strips: list[SegmentBox]) -> list[int]:
    """Return the number of strips in each row; `strips` are ordered from top to bottom."""
    counts: list[int] = []
    middle = size = 0.0
    for strip in strips:
        here, height = strip.middle, strip.size
        if counts and (here - middle < _SAME_ROW_MAX_STEP * size or here - middle < _SAME_ROW_MAX_STEP * height):
            counts[-1] += 1
        else:
            counts.append(1)
            middle, size = here, height
    return counts


def clustered_rows(strips: list[SegmentBox]) -> list[list[SegmentBox]]:
    """Group strips into rows, top to bottom, each row left to right."""
    rows: list[list[SegmentBox]] = []
    row: list[SegmentBox] = []
    middle = size = 0.0
    for strip in sorted_by_height(strips):
        here, height = strip.middle, strip.size
        if row and (here - middle < _SAME_ROW_MAX_STEP * size or here - middle < _SAME_ROW_MAX_STEP * height):
            row.append(strip)
        else:
            row = _nearer(row, middle, here) if row and row[-1].middle > middle else []
            row.append(strip)
            rows.append(row)
            middle, size = here, height
    for row in rows:
        if len(row) > 1:
            row.sort(key=LEFT)
    return rows


def _nearer(row: list[SegmentBox], middle: float, below: float) -> list[SegmentBox]:
    """Take the last strips out of a row, and return them, that are much nearer to the middle of the row `below` it.

    `middle` is that of the row's first strip. A label printed between two lines belongs to the nearer one.
    """
    kept = len(row)
    while kept > 1 and below - row[kept - 1].middle < _NEARER_MAX_RATIO * (row[kept - 1].middle - middle):
        kept -= 1
    taken = row[kept:]
    del row[kept:]
    return taken


def row_of(strips: list[SegmentBox]) -> Row:
    """Return one row from its strips."""
    if len(strips) == 1:
        only = strips[0]
        return Row(list(only.indices), only.x0, only.y0, only.x1, only.y1)
    return Row(
        [i for s in strips for i in s.indices],
        min(s.x0 for s in strips),
        min(s.y0 for s in strips),
        max(s.x1 for s in strips),
        max(s.y1 for s in strips),
    )
