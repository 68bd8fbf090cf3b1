"""Convert PDF user space to the page as displayed.

That is rotated, cropped to CropBox, with the origin top-left and y down.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.service.readers.pdf.library import Floats, Ints


@dataclass(frozen=True, slots=True)
class PageFrame:
    """Size of the page as displayed, in points, and the conversion from PDF user space."""

    width: float
    height: float
    left: float = 0.0  # the visible box in user space
    bottom: float = 0.0
    right: float = 0.0
    top: float = 0.0
    turns: int = 0  # quarter turns clockwise

    def show(self, boxes: Floats) -> Floats:
        """Convert boxes (n, 4) in user space to x0, y0, x1, y1 as displayed.

        The boxes are left, bottom or top, right, top or bottom. A quarter turn clockwise brings the lower left corner to the upper left:

        >>> turned = PageFrame(width=200, height=100, right=100, top=200, turns=1)
        >>> turned.show(np.array([[0, 0, 10, 20]], np.float32)).tolist()
        [[0.0, 0.0, 20.0, 10.0]]
        """
        if not len(boxes):
            return boxes
        x0, y0, x1, y1 = boxes.T
        if self.turns == 0:
            corners = x0 - self.left, self.top - y0, x1 - self.left, self.top - y1
        elif self.turns == 1:
            corners = y0 - self.bottom, x0 - self.left, y1 - self.bottom, x1 - self.left
        elif self.turns == 2:
            corners = self.right - x0, y0 - self.bottom, self.right - x1, y1 - self.bottom
        else:
            corners = self.top - y0, self.right - x0, self.top - y1, self.right - x1
        return _ordered(*corners)


def show_all(frames: list[PageFrame], boxes: list[Floats], page: Ints) -> Floats:
    """Convert boxes of several pages as `PageFrame.show` does; `page` is the index of each box's frame."""
    if any(frame.turns for frame in frames):
        return np.concatenate([frame.show(box) for frame, box in zip(frames, boxes, strict=True)])
    corner = np.array([(frame.left, frame.top) for frame in frames], np.float32)[page]
    every = np.concatenate(boxes)
    x, y = every[:, ::2] - corner[:, :1], corner[:, 1:] - every[:, 1::2]
    a, c, b, d = x[:, 0], x[:, 1], y[:, 0], y[:, 1]
    return _ordered(a, b, c, d)


def _ordered(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    """Return boxes (n, 4) with the lower of both x, the lower of both y, the higher x and the higher y."""
    found = np.empty((len(a), 4), a.dtype)
    np.minimum(a, c, out=found[:, 0])
    np.minimum(b, d, out=found[:, 1])
    np.maximum(a, c, out=found[:, 2])
    np.maximum(b, d, out=found[:, 3])
    return found


def frame_of(page: Any) -> PageFrame:
    """Return the frame of a loaded page."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    return PageFrame(
        width=pdfium.FPDF_GetPageWidthF(page),
        height=pdfium.FPDF_GetPageHeightF(page),
        left=box.left,
        bottom=min(box.bottom, box.top),
        right=box.right,
        top=max(box.bottom, box.top),
        turns=pdfium.FPDFPage_GetRotation(page) % 4,
    )
