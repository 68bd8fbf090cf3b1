"""Work on quadrilaterals of text lines: cut them out upright, and find the boxes of words along them.

A quad is a float array of shape (4, 2): the corners of a line in pixels, clockwise from the top of its first letter.
Reading runs from corner 0 to corner 1, whatever the turn of the page.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from thresher.schemas.document import Box

Quad = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


def size(quad: Quad) -> tuple[float, float]:
    """Return the length along the reading direction, and the thickness, in pixels."""
    a, b, c, d = quad.tolist()
    return (math.dist(a, b) + math.dist(c, d)) / 2, (math.dist(a, d) + math.dist(b, c)) / 2


def aspect(quad: Quad) -> float:
    """Return the length along the reading direction, in thicknesses."""
    length, thick = size(quad)
    return length / max(thick, 1.0)


def rotated_quad(quad: Quad, quarters: int) -> Quad:
    """Return the same corners for text turned `quarters` quarter turns clockwise in the image.

    >>> rotated_quad(np.array([[0, 0], [9, 0], [9, 2], [0, 2]], dtype=np.float32), 2).tolist()[0]
    [9.0, 2.0]
    """
    return np.roll(quad, -quarters, axis=0)


def cut_out(pixels: Pixels, quad: Quad) -> Pixels:
    """Cut out the line inside a quad as an upright image, at least 1 pixel each way."""
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    length, thick = (max(round(v), 1) for v in size(quad))
    flat = np.array([[0, 0], [length, 0], [length, thick], [0, thick]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(quad), flat)
    found: Any = cv2.warpPerspective(
        pixels, matrix, (length, thick), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC
    )
    return np.asarray(found, dtype=np.uint8)


def hull(quad: Quad, start: float = 0.0, end: float = 1.0) -> Box:
    """Return the axis-aligned box of the part of a quad between two fractions of its length."""
    top, foot = quad[1] - quad[0], quad[2] - quad[3]
    corners = np.array([quad[0] + top * start, quad[0] + top * end, quad[3] + foot * start, quad[3] + foot * end])
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def fitted_to_ink(pixels: Pixels, quad: Quad, margin: float) -> Quad:
    """Return the quad with its top and foot moved to the ink of its middle line.

    `margin` is added above and below, in heights of the ink.
    """
    rows = _ink(pixels, quad).mean(axis=1)
    top, foot = _band(rows)
    if foot - top < 0.3 * len(rows):
        return quad
    pad = margin * (foot - top)
    start, end = max(top - pad, 0) / len(rows), min(foot + pad, len(rows)) / len(rows)
    left, right = quad[3] - quad[0], quad[2] - quad[1]
    corners = [quad[0] + left * start, quad[1] + right * start, quad[1] + right * end, quad[0] + left * end]
    return np.array(corners, dtype=np.float32)


def _ink(pixels: Pixels, quad: Quad) -> npt.NDArray[np.float64]:
    """Return 1 where a line has ink and 0 on paper, whichever of the two is darker."""
    import cv2  # noqa: PLC0415 - as above

    grey = cv2.cvtColor(cut_out(pixels, quad), cv2.COLOR_BGR2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    dark = np.asarray(ink, dtype=np.float64)
    return 1 - dark if dark.mean() > 0.5 else dark


def _band(rows: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Return the rows `[first, last)` of the ink around the middle, up to the nearest blank rows."""
    blank = rows < 0.08 * rows.max()
    middle = len(rows) // 2
    above, below = np.flatnonzero(blank[: middle - len(rows) // 6]), np.flatnonzero(blank[middle + len(rows) // 6 :])
    top = int(above[-1]) + 1 if len(above) else 0
    foot = int(below[0]) + middle + len(rows) // 6 if len(below) else len(rows)
    return top, foot
