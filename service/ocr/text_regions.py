"""Find where a page has ink, and how tall its letters are, before its lines are searched.

Searching costs by the pixel. Margins and other blank parts need no search, and large letters none at full size.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from thresher.service.ocr.quads import Pixels

CELL_PIXELS = 32  # side of the squares that hold ink or not; the detector takes sides that are multiples of it
INK_MIN_CONTRAST = 4  # of 255, against the surroundings; print of less is read by nobody
CELL_MIN_INK = 6  # pixels of a cell; a letter has more, a grain of dust less
MARGIN_CELLS = 1  # around the ink of a region
MIN_BLANK_CELLS = 3  # blank rows or columns at which a region is cut in two
MAX_CUTS = 6  # of a region inside another
LETTER_MIN_CONTRAST = 25
LETTER_HEIGHTS = (5, 100)  # pixels: least and most of a piece of ink that may be a letter
LETTER_SHARE = 0.1  # of the text's width is in letters that are lower than the height that counts
MIN_LETTERS = 20  # fewer say nothing of a page
WINDOW = 31  # side of the surroundings of a pixel

Cells = npt.NDArray[np.bool_]
Rectangle = tuple[int, int, int, int]  # left, top, right, bottom


def letter_height(grey: Pixels) -> float | None:
    """Return the height in pixels that nearly all letters of a picture reach; None where it has too few.

    Letters count by their width, so that the dots among them do not.
    """
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    ink = _ink(grey, LETTER_MIN_CONTRAST)
    ink = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))  # joins the dots of a dot matrix printer
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    tall = (height >= LETTER_HEIGHTS[0]) & (height <= LETTER_HEIGHTS[1])
    letters = tall & (width <= 6 * height) & (height <= 4 * width) & (area >= 0.1 * width * height)
    if letters.sum() < MIN_LETTERS:
        return None
    order = np.argsort(height[letters])
    widths = np.cumsum(width[letters][order])
    return float(height[letters][order][np.searchsorted(widths, LETTER_SHARE * widths[-1])])


def inked_regions(grey: Pixels) -> list[Rectangle]:
    """Return rectangles in pixels that hold all ink, without the wide blank parts between.

    Their sides are multiples of a cell's, and so must the picture's be.
    """
    import cv2  # noqa: PLC0415 - as above

    ink = _ink(cv2.blur(grey, (3, 3)), INK_MIN_CONTRAST) > 0
    rows, columns = (side // CELL_PIXELS for side in grey.shape)
    counts = ink.reshape(rows, CELL_PIXELS, columns, CELL_PIXELS).sum(axis=(1, 3))
    return [_pixels(box, columns, rows) for box in _cut(counts >= CELL_MIN_INK, MAX_CUTS)]


def _ink(grey: Pixels, contrast: int) -> Pixels:
    """Return 255 where a pixel is darker than its surroundings."""
    import cv2  # noqa: PLC0415 - as above

    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, WINDOW, contrast)
    return np.asarray(ink, dtype=np.uint8)


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
