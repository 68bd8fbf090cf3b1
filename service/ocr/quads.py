"""Quadrilaterals of text lines: cutting them out upright, and placing words along them.

A quad is a float array of shape (4, 2): the corners of a line in pixels, clockwise from where its first letter's top
is, so that reading runs from corner 0 to corner 1 whatever the turn of the page.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.document import Box

Quad = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


def size(quad: Quad) -> tuple[float, float]:
    """Length along the reading direction, and thickness, in pixels."""
    length = np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])
    thick = np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])
    return float(length / 2), float(thick / 2)


def turned(quad: Quad, quarters: int) -> Quad:
    """The same corners for text that reads `quarters` quarter turns clockwise of the image's own direction.

    >>> turned(np.array([[0, 0], [9, 0], [9, 2], [0, 2]], dtype=np.float32), 2).tolist()[0]
    [9.0, 2.0]
    """
    return np.roll(quad, -quarters, axis=0)


def cut(pixels: Pixels, quad: Quad) -> Pixels:
    """The line inside a quad as an upright image, at least 1 pixel each way."""
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    length, thick = (max(round(v), 1) for v in size(quad))
    flat = np.array([[0, 0], [length, 0], [length, thick], [0, thick]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(quad), flat)
    found: Any = cv2.warpPerspective(
        pixels, matrix, (length, thick), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC
    )
    return np.asarray(found, dtype=np.uint8)


def hull(quad: Quad, start: float = 0.0, end: float = 1.0) -> Box:
    """Axis-aligned box of the part of a quad between two fractions of its length."""
    top, foot = quad[1] - quad[0], quad[2] - quad[3]
    corners = np.array([quad[0] + top * start, quad[0] + top * end, quad[3] + foot * start, quad[3] + foot * end])
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
