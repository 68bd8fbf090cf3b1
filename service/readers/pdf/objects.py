"""Page objects, those inside form XObjects too."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from service.readers.pdf.library import (
    Floats,
    address,
    bounds_of,
    form_object,
    object_bounds,
    object_type,
    page_object,
    path_mode,
    path_segments,
    render_mode,
)

_DEEPEST = 4  # forms inside forms


def top_objects(page: Any) -> list[int]:
    """Addresses of a page's own objects, in the order they are painted."""
    return list(map(page_object, repeat(address(page)), range(max(pdfium.FPDFPage_CountObjects(page), 0))))


@dataclass(frozen=True, slots=True)
class Layers:
    """A page's own objects in the order they are painted."""

    objects: list[int]
    modes: NDArray[np.int8]  # text render modes, -1 for what is no text
    others: list[int]  # indices of what is no text

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything but text and paths."""
        return any(object_type(self.objects[i]) != pdfium.FPDF_PAGEOBJ_PATH for i in self.others)


def layers_of(page: Any) -> Layers:
    """What a page is painted with."""
    objects = top_objects(page)
    modes = np.fromiter(map(render_mode, objects), np.int8, len(objects))
    return Layers(objects, modes, np.flatnonzero(modes < 0).tolist())


def inside(form: int, depth: int = 0) -> Iterator[int]:
    """Objects of a form XObject and of the forms in it."""
    for i in range(max(pdfium.FPDFFormObj_CountObjects(_handle(form)), 0)):
        one = form_object(form, i)
        yield one
        if depth < _DEEPEST and object_type(one) == pdfium.FPDF_PAGEOBJ_FORM:
            yield from inside(one, depth + 1)


def everything(objects: list[int]) -> Iterator[int]:
    """Objects, each form replaced by what is inside it."""
    for one, kind in zip(objects, map(object_type, objects), strict=True):
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            yield from inside(one)
        else:
            yield one


def images(objects: list[int]) -> list[int]:
    """The images among objects and inside the forms among them."""
    holders = {pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM}
    held = [one for one, kind in zip(objects, map(object_type, objects), strict=True) if kind in holders]
    return [one for one in everything(held) if object_type(one) == pdfium.FPDF_PAGEOBJ_IMAGE]


def strokes(objects: list[int]) -> int:
    """How many paths and shadings there are, inside forms too."""
    drawn = {pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING}
    return sum(object_type(one) in drawn for one in everything(objects))


def segments_of_path(path: int) -> int:
    """How many lines and curves a path is made of."""
    return int(path_segments(path))


def pixel_sizes(image: int) -> tuple[int, int]:
    """Columns and rows of pixels that an image declares."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(_handle(image), ctypes.byref(width), ctypes.byref(height)):
        return 0, 0
    return width.value, height.value


def pixels(image: int) -> int:
    """How many pixels an image declares."""
    width, height = pixel_sizes(image)
    return width * height


def largest_image(objects: list[int]) -> int:
    """Pixels of the largest image, declared or to be decoded."""
    return max(map(pixels, images(objects)), default=0)


_ROOM = np.zeros(4, np.float32)
_SIDES = [_ROOM.ctypes.data + 4 * i for i in range(4)]
_MODE = np.zeros(2, np.int32)
_FILL, _STROKE = _MODE.ctypes.data, _MODE.ctypes.data + 4


def is_filled(path: int) -> bool:
    """Whether a path is painted inside."""
    _MODE[0] = 0
    path_mode(path, _FILL, _STROKE)
    return bool(_MODE[0])


def is_wide(one: int, least: float) -> bool:
    """Whether an object is more than some points wide and high."""
    _ROOM[:] = 0
    object_bounds(one, *_SIDES)
    left, bottom, right, top = _ROOM.tolist()
    return right - left > least and top - bottom > least


def user_boxes(objects: list[int]) -> Floats:
    """(n, 4) left, top, right, bottom in user space, as `Frame.show` takes them."""
    return bounds_of(objects)[:, (0, 3, 2, 1)]


def clipped_boxes(objects: list[int]) -> Floats:
    """The same, cut down to the bounds of each object's clipping paths."""
    boxes = user_boxes(objects)
    for box, one in zip(boxes, objects, strict=True):
        clip = pdfium.FPDFPageObj_GetClipPath(_handle(one))
        for i in range(max(pdfium.FPDFClipPath_CountPaths(clip), 0) if clip else 0):
            points = list(_points(clip, i))
            if points:
                x, y = zip(*points, strict=True)
                box[:] = max(box[0], min(x)), min(box[1], max(y)), min(box[2], max(x)), max(box[3], min(y))
    return boxes


def _points(clip: Any, path: int) -> Iterator[tuple[float, float]]:
    x, y = ctypes.c_float(), ctypes.c_float()
    for i in range(max(pdfium.FPDFClipPath_CountPathSegments(clip, path), 0)):
        segment = pdfium.FPDFClipPath_GetPathSegment(clip, path, i)
        if segment and pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y)):
            yield x.value, y.value


def _handle(one: int) -> Any:
    return ctypes.cast(one, pdfium.FPDF_PAGEOBJECT)
