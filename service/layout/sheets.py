"""Separate several papers on one photo before layout, so that no row runs from one to the next.

Two groups of lines with a gutter between them are two sheets in two cases: they lie at different angles, or the gutter
shows something that is not paper (the table under two receipts). Columns of one page have the same paper between them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from thresher.service.layout.frame import frame_of
from thresher.service.ocr.base import PrintedLine

MIN_LINES_A_SHEET = 4
MIN_ANGLE_BETWEEN_SHEETS = 0.025  # radians
MIN_CONTRAST_OF_GROUND = 40  # of 255: difference between the paper and the ground between two sheets
MAX_CUT_DEPTH = 3

Grey = npt.NDArray[np.uint8]


def sheets_of(lines: list[PrintedLine], grey: Grey, depth: int = MAX_CUT_DEPTH) -> list[list[PrintedLine]]:
    """Return lines in groups, one a sheet, from left to right.

    `grey` is the picture that they were found in.
    """
    gutter = _gutter(lines) if depth and len(lines) >= 2 * MIN_LINES_A_SHEET else None
    if gutter is None:
        return [lines]
    middle = (gutter[0] + gutter[1]) / 2
    left = [line for line in lines if line.box[0] < middle]
    right = [line for line in lines if line.box[0] >= middle]
    if min(len(left), len(right)) < MIN_LINES_A_SHEET or not _apart(left, right, gutter, grey):
        return [lines]
    return [*sheets_of(left, grey, depth - 1), *sheets_of(right, grey, depth - 1)]


def _gutter(lines: list[PrintedLine]) -> tuple[float, float] | None:
    """Return the widest range of x that no line reaches into; None where all lines overlap."""
    best, reach = None, -np.inf
    for x0, x1 in sorted((line.box[0], line.box[2]) for line in lines):
        if reach > -np.inf and x0 > reach and (best is None or x0 - reach > best[1] - best[0]):
            best = (float(reach), x0)
        reach = max(reach, x1)
    return best


def _apart(left: list[PrintedLine], right: list[PrintedLine], gutter: tuple[float, float], grey: Grey) -> bool:
    """Whether two groups side by side are two papers."""
    if abs(frame_of(left).skew - frame_of(right).skew) > MIN_ANGLE_BETWEEN_SHEETS:
        return True
    rows = slice(int(min(x.box[1] for x in left + right)), int(max(x.box[3] for x in left + right)) + 1)
    width = gutter[1] - gutter[0]
    between = grey[rows, int(gutter[0] + width / 4) : int(gutter[1] - width / 4) + 1]
    return bool(between.size) and _darkest_part(between, _paper(left + right, grey)) > MIN_CONTRAST_OF_GROUND


def _paper(lines: list[PrintedLine], grey: Grey) -> float:
    """Return the brightness (0..255) of the paper around lines.

    It is the median over lines of the 75th percentile in the line's box.
    """
    parts = [grey[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] for x0, y0, x1, y1 in (one.box for one in lines)]
    return float(np.median([np.percentile(part, 75) for part in parts if part.size]))


def _darkest_part(between: Grey, paper: float) -> float:
    """Return by how much a strip down the gutter differs from the paper, at 80% of its height or more."""
    off = np.abs(between.astype(np.float64) - paper).max(axis=1)
    return float(np.percentile(off, 20))
