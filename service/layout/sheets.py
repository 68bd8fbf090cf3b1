"""Sheets: several papers on one photo, told apart before any is laid out, so that no row runs from one to the next.

Two groups of lines with a gutter between them are two sheets where they lie at different angles, or where what shows in the
gutter is not paper: the table under two receipts. Columns of one page have the same paper between them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from thresher.service.layout.frame import frame_of
from thresher.service.ocr.base import PrintedLine

LEAST_LINES = 4  # of a sheet
TURNED = 0.025  # radians by which the lines of two sheets differ
OTHER = 40  # of 255: how much darker or lighter than the paper the ground between two sheets is
DEPTH = 3  # cuts within cuts

Grey = npt.NDArray[np.uint8]


def sheets_of(lines: list[PrintedLine], grey: Grey, depth: int = DEPTH) -> list[list[PrintedLine]]:
    """Lines in groups, a sheet each, from left to right; `grey` is the picture that they were found in."""
    gutter = _gutter(lines) if depth and len(lines) >= 2 * LEAST_LINES else None
    if gutter is None:
        return [lines]
    middle = (gutter[0] + gutter[1]) / 2
    left = [line for line in lines if line.box[0] < middle]
    right = [line for line in lines if line.box[0] >= middle]
    if min(len(left), len(right)) < LEAST_LINES or not _apart(left, right, gutter, grey):
        return [lines]
    return [*sheets_of(left, grey, depth - 1), *sheets_of(right, grey, depth - 1)]


def _gutter(lines: list[PrintedLine]) -> tuple[float, float] | None:
    """The widest range of x that no line reaches into; None where they all touch."""
    best, reach = None, -np.inf
    for x0, x1 in sorted((line.box[0], line.box[2]) for line in lines):
        if reach > -np.inf and x0 > reach and (best is None or x0 - reach > best[1] - best[0]):
            best = (float(reach), x0)
        reach = max(reach, x1)
    return best


def _apart(left: list[PrintedLine], right: list[PrintedLine], gutter: tuple[float, float], grey: Grey) -> bool:
    """Whether two groups beside each other are two papers."""
    if abs(frame_of(left).skew - frame_of(right).skew) > TURNED:
        return True
    rows = slice(int(min(x.box[1] for x in left + right)), int(max(x.box[3] for x in left + right)) + 1)
    width = gutter[1] - gutter[0]
    between = grey[rows, int(gutter[0] + width / 4) : int(gutter[1] - width / 4) + 1]
    return bool(between.size) and _darkest_part(between, _paper(left + right, grey)) > OTHER


def _paper(lines: list[PrintedLine], grey: Grey) -> float:
    """The brightness of what is printed on: most of what is in the boxes of lines."""
    parts = [grey[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] for x0, y0, x1, y1 in (one.box for one in lines)]
    return float(np.median([np.percentile(part, 75) for part in parts if part.size]))


def _darkest_part(between: Grey, paper: float) -> float:
    """How far a strip that runs down the gutter is from the paper, over most of its height."""
    off = np.abs(between.astype(np.float64) - paper).max(axis=1)
    return float(np.percentile(off, 20))
