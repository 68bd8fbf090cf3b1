"""Find the reading order of a page: bands, columns, tables, text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, zip_longest

import numpy as np

from thresher.service.readers.pdf.layout.baseline_rows import (
    SegmentBox,
    clustered_rows,
    row_of,
)
from thresher.service.readers.pdf.layout.regions import Cells, Gap, Region, TextRegion
from thresher.service.readers.pdf.layout.text_columns import (
    CELLS_MIN_STRIPS,
    COLUMN_MIN_LINES,
    MAX_DEPTH,
    column_cut,
    is_in_rows,
    median,
    split_at,
    text_gap,
)
from thresher.service.readers.pdf.tables.table_regions import table_region_of

_GUTTER_MIN_WIDTH = 0.8  # in font sizes: of the gap between two columns
_BAND_MAX_GAP = 4.0  # in font sizes: rows farther apart are not of one band
_LINES_MAX_GAP = 1.0  # the same for lines of one column
_TABLE_MAX_GAP = 10.0  # the same for rows that have columns in common
_TWO_PAGES_MIN_RATIO = 1.15  # width / height of what may be two pages side by side
_TWO_PAGES_MIN_GAP = 2.5  # in font sizes
_TWO_PAGES_MIN_LINES = 8  # of each page
_HEADING_MIN_RATIO = 1.2  # size of a heading between two tables / that of the row below it
_LARGER_MIN_RATIO = 1.05  # the same for the row above it, which may be in another size
_INFINITY = 1e6
_ALIGNED_MAX_POINTS = 1.5
_EDGE_MIN_STRIPS = 3  # strips that begin at a column's edge
_SAME_RULE_MAX_POINTS = 2.0  # between the lines right of one column in two rows


@dataclass(slots=True)
class Band:
    """Consecutive rows, and the gaps that run through all of them."""

    rows: Cells
    gutters: list[Gap]


def regions_in_reading_order(strips: list[SegmentBox], words: dict[int, int], *, depth: int = 0) -> list[Region]:
    """Return regions in reading order. `words` maps a strip's index to its number of words."""
    regions: list[Region] = []
    cut = _two_pages_cut(strips, words) if not depth else None
    if cut is not None:
        left, right = ([s for s in strips if (s.x0 + s.x1 < 2 * cut) is side] for side in (True, False))
        return [*regions_in_reading_order(left, words, depth=1), *regions_in_reading_order(right, words, depth=1)]
    bands = _rejoined(_bands(clustered_rows(strips)), words)
    cuts = [column_cut(band.rows, band.gutters, words) if depth < MAX_DEPTH else None for band in bands]
    for above, band, cut in zip(bands, bands[1:], cuts[1:], strict=False):
        if cut is not None:
            _take_first_lines(above, band, cut)
    for band, cut in zip(bands, cuts, strict=True):
        if cut is not None:
            head = _rows_of_cells(band, cut)
            regions += _table_or_text(Band(band.rows[:head], band.gutters)) if head else []
            for side in split_at(band.rows[head:], cut):
                regions += regions_in_reading_order(side, words, depth=depth + 1)
        else:
            regions += _table_or_text(band)
    return _merged(regions)


def _two_pages_cut(strips: list[SegmentBox], words: dict[int, int]) -> float | None:
    """Return the x where two pages side by side on one sheet meet; None where there are none."""
    if not strips:
        return None
    x0, x1 = min(s.x0 for s in strips), max(s.x1 for s in strips)
    tall = max(s.y1 for s in strips) - min(s.y0 for s in strips)
    cut = (x0 + x1) / 2
    sides = [[s for s in strips if s.x1 <= cut], [s for s in strips if s.x0 >= cut]]
    if (
        x1 - x0 < _TWO_PAGES_MIN_RATIO * tall
        or len(sides[0]) + len(sides[1]) < len(strips)
        or min(map(len, sides)) < _TWO_PAGES_MIN_LINES
    ):
        return None
    size = median([s.size for s in strips])
    gap = min(s.x0 for s in sides[1]) - max(s.x1 for s in sides[0])
    lines = all(
        len(clustered_rows(side)) >= _TWO_PAGES_MIN_LINES and median([words[s.index] for s in side]) >= 4
        for side in sides
    )
    return cut if gap >= _TWO_PAGES_MIN_GAP * size and lines else None


def _merged(regions: list[Region]) -> list[Region]:
    """Merge consecutive regions of text."""
    merged: list[Region] = []
    for region in regions:
        if merged and isinstance(region, TextRegion) and isinstance(merged[-1], TextRegion):
            merged[-1].rows += region.rows
        else:
            merged.append(region)
    return merged


def _bands(rows: Cells) -> list[Band]:
    """Group rows into bands of consecutive rows that share gutters, or have none."""
    bands: list[Band] = []
    for row, below in zip_longest(rows, rows[1:]):
        gaps = _gaps(row)
        kept = _shared(bands[-1], row) if bands else []
        far = _TABLE_MAX_GAP if len(kept) > 1 and len(row) > 2 else _BAND_MAX_GAP
        alike = bool(bands) and (kept or not (bands[-1].gutters or gaps)) and not _is_heading(row, bands[-1], below)
        if alike and _is_near(bands[-1].rows[-1], row, far):
            bands[-1].rows.append(row)
            bands[-1].gutters = kept
        else:
            bands.append(Band([row], gaps))
    return bands


def _is_heading(row: list[SegmentBox], above: Band, below: list[SegmentBox] | None) -> bool:
    """Whether a row is a heading between two tables: one run of text in larger type than the rows around it."""
    if not above.gutters or len(row) > 1 or below is None:
        return False
    larger = row[0].size > _HEADING_MIN_RATIO * max(s.size for s in below)
    return larger and row[0].size > _LARGER_MIN_RATIO * max(s.size for s in above.rows[-1])


def _is_near(above: list[SegmentBox], below: list[SegmentBox], far: float) -> bool:
    """Whether a row follows another within `far` font sizes."""
    size = max(s.y1 - s.y0 for s in above + below)
    return min(s.y0 for s in below) - max(s.y1 for s in above) < far * size


def _gaps(row: list[SegmentBox]) -> list[Gap]:
    """Return the gaps in a row that are wide enough for a gutter, or have a line in them.

    A narrow one with a line has no width.
    """
    least = _GUTTER_MIN_WIDTH * max(s.y1 - s.y0 for s in row)
    found = [_gap(a, b, least) for a, b in pairwise(row)]
    return [(a, b) for a, b in found if a == b or b - a >= least]


def _gap(left: SegmentBox, right: SegmentBox, least: float) -> Gap:
    """Return the gap between two strips; the line in it where it is narrower than `least`."""
    if right.rule is not None and right.x0 - left.x1 < least:
        return right.rule, right.rule
    return left.x1, right.x0


def _shared(band: Band, row: list[SegmentBox]) -> list[Gap]:
    """Return what is left of the band's gutters when the row is added."""
    least = _GUTTER_MIN_WIDTH * min(s.y1 - s.y0 for s in row)
    free = [(-_INFINITY, row[0].x0), *[_gap(a, b, least) for a, b in pairwise(row)], (row[-1].x1, _INFINITY)]
    near = _SAME_RULE_MAX_POINTS
    both = [
        (max(a, c), min(b, d)) if b - a > 0 < d - c else ((a, b) if a == b else (c, d))
        for a, b in band.gutters
        for c, d in free
        if c - near * (c == d) <= b and d + near * (c == d) >= a
    ]
    return [(a, b) for a, b in both if a == b or b - a >= least]


def _rows_of_cells(band: Band, cut: float) -> int:
    """Return how many rows above columns of text are of cells, several on both sides: the last ones of a table."""
    cells = [min(map(len, split_at([row], cut))) >= CELLS_MIN_STRIPS for row in band.rows]
    head = cells.index(False) if False in cells else 0
    return head if not any(cells[head:]) else 0


def _take_first_lines(above: Band, band: Band, cut: float) -> None:
    """Move lines of the column right of a cut, that begins higher than the one on its left, to their band."""
    left = np.array([s.x0 for s in split_at(band.rows, cut)[1]])
    while above.rows and _is_near(above.rows[-1], band.rows[0], _LINES_MAX_GAP):
        first = above.rows[-1][0]
        if first.x0 < cut or int((np.abs(left - first.x0) < _ALIGNED_MAX_POINTS).sum()) < _EDGE_MIN_STRIPS:
            return
        band.rows.insert(0, above.rows.pop())


def _rejoined(bands: list[Band], words: dict[int, int]) -> list[Band]:
    """Merge bands of columns of text that were separated by one line that reaches into the gap."""
    found: list[Band] = []
    for band in bands:
        rows = [*found[-1].rows, *band.rows] if found else []
        short = bool(found) and min(len(found[-1].rows), len(band.rows)) and len(rows) > COLUMN_MIN_LINES
        near = short and _is_near(found[-1].rows[-1], band.rows[0], _BAND_MAX_GAP)
        cut = _open_gap(found[-1], band, words) if near else None
        if cut is not None:
            found[-1] = Band(rows, [(cut, cut)])
        else:
            found.append(band)
    return found


def _open_gap(above: Band, below: Band, words: dict[int, int]) -> float | None:
    """Return the x at which to cut two bands of the same columns of text; None where they are none."""
    if not all(any(len(row) > 1 for row in band.rows) for band in (above, below)):
        return None
    rows = [*above.rows, *below.rows]
    return None if is_in_rows(rows) else text_gap(rows, words)


def _table_or_text(band: Band) -> list[Region]:
    """Return a band as text, or as a table with the text above and below it."""
    rows = band.rows
    wide = [i for i, row in enumerate(rows) if len(row) > 1]
    if not band.gutters or len(wide) < 2:
        return [TextRegion([row_of(r) for r in rows])]
    first, last = wide[0], wide[-1] + 1
    if last < len(rows) and len(rows[last]) == 1 and rows[last][0].x0 > rows[last - 1][-1].x1:
        last += 1
    found: list[Region] = [table_region_of(rows[first:last])]
    if first:
        found.insert(0, TextRegion([row_of(r) for r in rows[:first]]))
    if last < len(rows):
        found.append(TextRegion([row_of(r) for r in rows[last:]]))
    return found
