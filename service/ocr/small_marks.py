"""Find small marks that the line finder passed over, such as a lone "1" in a quantity column.

PP-OCR's detector loses single narrow characters. Ink that is as tall as the page's text, level with a found line, and
in no box yet is given to the recogniser, too.
"""

from __future__ import annotations

from statistics import median

import numpy as np
import numpy.typing as npt

from thresher.service.ocr.quads import Pixels, Quad, size

MAX_MARKS_A_PAGE = 60  # more is noise, and then none is read
MARK_MIN_CONFIDENCE = 0.85  # least confidence of a mark's text
MARK_PADDING = 0.25  # margin around a mark, in its height

Ints = npt.NDArray[np.int32]


def small_marks(pixels: Pixels, found: list[Quad]) -> list[Quad]:
    """Return the boxes of marks beside `found`, the quads of an upright page; empty for turned pages."""
    upright = [quad for quad in found if quad[1][0] > quad[0][0] and size(quad)[0] > size(quad)[1]]
    if len(upright) < 3:
        return []
    height = median(size(quad)[1] for quad in upright)
    boxes = _components(_ink(pixels, found, height), height)
    level = [box for box in boxes if _is_level(box, upright)]
    return [_quad(box) for box in level] if len(level) <= MAX_MARKS_A_PAGE else []


def _ink(pixels: Pixels, found: list[Quad], height: float) -> Pixels:
    """Return 255 where something dark is outside all boxes, near parts joined sideways."""
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    block = 2 * max(round(height), 3) + 1
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 25)
    for quad in found:
        cv2.fillPoly(ink, [quad.astype(np.int32)], 0)
    kernel = np.ones((1, max(round(0.5 * height), 1)), dtype=np.uint8)
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel), dtype=np.uint8)


def _components(ink: Pixels, height: float) -> list[Ints]:
    """Return boxes (x0, y0, x1, y1) of connected ink as tall as text and not wider than a short word."""
    import cv2  # noqa: PLC0415 - comes with the OCR extra

    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    found = []
    for x, y, width, tall, area in stats[1:]:
        fits = 0.3 * height < tall < 1.1 * height and width < 3 * height and tall > 0.3 * width
        if fits and area > 0.15 * width * tall:
            found.append(np.array([x, y, x + width, y + tall], dtype=np.int32))
    return found


def _is_level(box: Ints, found: list[Quad]) -> bool:
    """Whether a line, continued along its own slope, passes through the middle of the box."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(abs(_height_at(quad, x) - y) < 0.3 * size(quad)[1] for quad in found)


def _height_at(quad: Quad, x: float) -> float:
    """Return the y of a line's middle at x."""
    (x0, y0), (x1, y1) = (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
    return float(y0 + (y1 - y0) * (x - x0) / max(x1 - x0, 1.0))


def _quad(box: Ints) -> Quad:
    """Return a box with its padding as a quad."""
    pad = MARK_PADDING * float(box[3] - box[1])
    x0, y0, x1, y1 = box[0] - 1.5 * pad, box[1] - pad, box[2] + 1.5 * pad, box[3] + pad
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)
