"""Find where a page has ink before its lines are searched there: margins and other blank parts need no search."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from thresher.service.ocr.quads import Pixels

CELL_PIXELS = 32  # side of the squares that hold ink or not; the detector takes sides that are multiples of it
CLEAN_INK_CONTRAST, GRAINY_INK_CONTRAST = 4, 9  # of 255, against the surroundings; the latter after smoothing
CELL_MIN_INK = 6  # pixels of a cell; a letter has more, a grain of dust less
MARGIN_CELLS = 1  # around the ink of a region
MIN_BLANK_CELLS = 3  # blank rows or columns at which a region is cut in two
MAX_CUTS = 6  # of a region inside another
WINDOW = 31  # side of the surroundings of a pixel

Cells = npt.NDArray[np.bool_]
Rectangle = tuple[int, int, int, int]  # left, top, right, bottom


def inked_regions(grey: Pixels) -> list[Rectangle]:
    """Return rectangles in pixels that hold all ink, without the wide blank parts between.

    Their sides are multiples of a cell's, and so must the picture's be.
    """
    rows, columns = (side // CELL_PIXELS for side in grey.shape)
    counts = _ink(grey).reshape(rows, CELL_PIXELS, columns, CELL_PIXELS).sum(axis=(1, 3))
    return [_pixels(box, columns, rows) for box in _cut(counts >= CELL_MIN_INK, MAX_CUTS)]


def _ink(grey: Pixels) -> Cells:
    """Return where a pixel is darker than its surroundings; on grainy paper, where several together are."""
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    smooth, around = cv2.blur(grey, (3, 3)), cv2.blur(grey, (WINDOW, WINDOW))
    if np.median(cv2.absdiff(smooth, around)) < 1:  # most of a page is paper
        return np.asarray(cv2.subtract(around, grey) > CLEAN_INK_CONTRAST, np.bool_)
    return np.asarray(cv2.subtract(around, smooth) > GRAINY_INK_CONTRAST, np.bool_)


def _cut(cells: Cells, depth: int) -> list[Rectangle]:
    """Return rectangles of cells that hold all ink, cut at blank rows first, then at blank columns."""
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if not len(rows):
        return []
    for axis, filled in enumerate((rows, columns)):
        ends = np.flatnonzero(np.diff(filled) > MIN_BLANK_CELLS)
        if len(ends) and depth:
            starts = [0, *(filled[ends + 1]), cells.shape[axis]]
            parts = [np.arange(a, b) for a, b in pairwise(starts)]
            found = [(part[0], _cut(cells.take(part, axis), depth - 1)) for part in parts]
            return [_moved(box, int(by), axis) for by, boxes in found for box in boxes]
    return [(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)]


def _moved(box: Rectangle, by: int, axis: int) -> Rectangle:
    """Return a rectangle moved down (axis 0) or to the right (axis 1)."""
    x0, y0, x1, y1 = box
    return (x0, y0 + by, x1, y1 + by) if axis == 0 else (x0 + by, y0, x1 + by, y1)


def _pixels(box: Rectangle, columns: int, rows: int) -> Rectangle:
    """Return a rectangle of cells with its margin in pixels."""
    x0, y0 = (max(v - MARGIN_CELLS, 0) * CELL_PIXELS for v in box[:2])
    x1, y1 = (min(v + MARGIN_CELLS, n) * CELL_PIXELS for v, n in zip(box[2:], (columns, rows), strict=True))
    return x0, y0, x1, y1
