"""Render a page as pixels, within limits."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.schemas.document import Box
from thresher.schemas.errors import InputProblem
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.objects import images, pixels, top_objects, user_boxes

if TYPE_CHECKING:
    from PIL.Image import Image

_MAX_PIXELS = 20_000_000  # of a rendered page: A3 at 300 dpi is 17 million


def render(
    page: Any, frame: PageFrame, dpi: float, most: int, part: Box | None = None, known: list[int] | None = None
) -> tuple[NDArray[np.uint8], float]:
    """Return (height, width, 3) pixels blue, green, red, and pixels a point.

    They show the whole page, or a `part` of it in points. `known` is the page's images, also those inside forms, where
    the caller has them: finding them takes as long as rendering a page with an object a letter.
    Raises InputProblem(too_large) where an image there declares more than `most` pixels.
    """
    held = images(top_objects(page)) if known is None else known
    largest = max(map(pixels, held), default=0)
    if largest > most and part is not None:
        largest = _largest_within(held, frame, part)
    if largest > most:
        raise InputProblem("too_large", f"an image of {largest:,} pixels")
    width, height, scale = _size(frame, dpi, min(most, _MAX_PIXELS))
    x0, y0, x1, y1 = _window(part, width, height, scale)
    bitmap = pdfium.FPDFBitmap_Create(x1 - x0, y1 - y0, 0)
    if not bitmap:
        raise InputProblem("too_large", f"a page of {width} x {height} pixels")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, x1 - x0, y1 - y0, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, -x0, -y0, width, height, 0, pdfium.FPDF_ANNOT)
        return _pixels(bitmap, x1 - x0, y1 - y0), scale
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _largest_within(found: list[int], frame: PageFrame, part: Box) -> int:
    """Return the pixels of the largest of the images that touch a part of the page."""
    boxes = frame.show(user_boxes(found))
    within = (boxes[:, :2] < part[2:]).all(axis=1) & (boxes[:, 2:] > part[:2]).all(axis=1)
    return max((pixels(found[i]) for i in np.flatnonzero(within).tolist()), default=0)


def _window(part: Box | None, width: int, height: int, scale: float) -> tuple[int, int, int, int]:
    """Return the pixel range x0, y0, x1, y1 of a part of the page, at least one pixel."""
    if part is None:
        return 0, 0, width, height
    x0, y0 = (min(max(int(v * scale), 0), most - 1) for v, most in zip(part[:2], (width, height), strict=True))
    x1, y1 = (int(v * scale) + 1 for v in part[2:])
    return x0, y0, min(max(x1, x0 + 1), width), min(max(y1, y0 + 1), height)


def _size(frame: PageFrame, dpi: float, most: int) -> tuple[int, int, float]:
    """Return width and height in pixels, and pixels a point, for at most `most` pixels."""
    scale = min(dpi / 72, (most / max(frame.width * frame.height, 1.0)) ** 0.5)
    return max(int(frame.width * scale), 1), max(int(frame.height * scale), 1), scale


def _pixels(bitmap: Any, width: int, height: int) -> NDArray[np.uint8]:
    """Return a copy of a bitmap's pixels, without the fourth channel."""
    stride = pdfium.FPDFBitmap_GetStride(bitmap)
    start = ctypes.cast(pdfium.FPDFBitmap_GetBuffer(bitmap), ctypes.c_void_p).value
    raw = np.ctypeslib.as_array((ctypes.c_uint8 * (stride * height)).from_address(start or 0))
    return raw.copy().reshape(height, stride // 4, 4)[:, :width, :3]


def picture(pixels: NDArray[np.uint8]) -> Image:
    """Return the same pixels as a PIL image."""
    from PIL import Image  # noqa: PLC0415 - only pages that are read by OCR need it

    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))
