"""Call PDFium through raw ctypes: handles that are closed at the end, and calls in bulk.

A Python-level loop over ctypes calls costs more than PDFium itself. So `run_all` and `map` run one function over many
indices, and PDFium writes the results into a numpy array. PDFium is not thread-safe: one thread a process.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2  # noqa: F401 - initialises the library
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_POINTER = ctypes.c_void_p
_INT = ctypes.c_int
_ADDRESS = ctypes.c_size_t  # 0 for a null pointer


def _plain(function: Any, *arguments: type, result: type | None = _INT) -> Callable[..., Any]:
    """Return a C function with cheap argument types: addresses as integers, the GIL kept.

    Last arguments that are indices need no type: an integer without one is converted in half of the time.
    """
    address = ctypes.cast(function, _POINTER).value
    assert address is not None  # noqa: S101 - a bound function has an address
    return ctypes.PYFUNCTYPE(result, *arguments)(address)


loose_box = _plain(pdfium.FPDFText_GetLooseCharBox, _POINTER, _INT, _POINTER)
char_unicode = _plain(pdfium.FPDFText_GetUnicode, _POINTER, _INT)
char_weight = _plain(pdfium.FPDFText_GetFontWeight, _POINTER, _INT)
char_object = _plain(pdfium.FPDFText_GetTextObject, _POINTER, _INT, result=_ADDRESS)
page_object = _plain(pdfium.FPDFPage_GetObject, _POINTER, result=_POINTER)
form_object = _plain(pdfium.FPDFFormObj_GetObject, _POINTER, result=_POINTER)
object_type = _plain(pdfium.FPDFPageObj_GetType, _POINTER)
object_bounds = _plain(pdfium.FPDFPageObj_GetBounds, _POINTER, *[_POINTER] * 4)
object_colour = _plain(pdfium.FPDFPageObj_GetFillColor, _POINTER, *[_POINTER] * 4)
stroke_colour = _plain(pdfium.FPDFPageObj_GetStrokeColor, _POINTER, *[_POINTER] * 4)
render_mode = _plain(pdfium.FPDFTextObj_GetTextRenderMode, _POINTER)
text_font = _plain(pdfium.FPDFTextObj_GetFont, _POINTER, result=_ADDRESS)
is_embedded = _plain(pdfium.FPDFFont_GetIsEmbedded, _POINTER)
path_mode = _plain(pdfium.FPDFPath_GetDrawMode, _POINTER, _POINTER, _POINTER)
path_length = _plain(pdfium.FPDFPath_CountSegments, _POINTER)
path_segment = _plain(pdfium.FPDFPath_GetPathSegment, _POINTER, result=_ADDRESS)
segment_point = _plain(pdfium.FPDFPathSegment_GetPoint, _POINTER, _POINTER, _POINTER)
segment_kind = _plain(pdfium.FPDFPathSegment_GetType, _POINTER)
segment_closes = _plain(pdfium.FPDFPathSegment_GetClose, _POINTER)
clip_path = _plain(pdfium.FPDFPageObj_GetClipPath, _POINTER, result=_POINTER)
clip_count = _plain(pdfium.FPDFClipPath_CountPaths, _POINTER)
clip_length = _plain(pdfium.FPDFClipPath_CountPathSegments, _POINTER)
clip_segment = _plain(pdfium.FPDFClipPath_GetPathSegment, _POINTER, result=_ADDRESS)
mark_count = _plain(pdfium.FPDFPageObj_CountMarks, _POINTER)
mark_text = _plain(pdfium.FPDFPageObjMark_GetParamStringValue, _POINTER, _POINTER, _POINTER, ctypes.c_ulong, _POINTER)
object_mark = _plain(pdfium.FPDFPageObj_GetMark, _POINTER, result=_POINTER)
font_info = _plain(
    pdfium.FPDFText_GetFontInfo, _POINTER, _INT, _POINTER, ctypes.c_ulong, _POINTER, result=ctypes.c_ulong
)
_tight_box = _plain(pdfium.FPDFText_GetCharBox, _POINTER, _INT, *[_POINTER] * 4)


def address(handle: Any) -> int:
    """Return the address behind a ctypes handle; 0 for a null one."""
    return ctypes.cast(handle, _POINTER).value or 0


def pointer(handle: Any) -> ctypes.c_void_p:
    """Return a handle as a pointer that needs no conversion: for the same argument of many calls."""
    return ctypes.cast(handle, _POINTER)


def run_all(calls: Iterable[Any]) -> None:
    """Run a lazy series of calls for its effects."""
    deque(calls, maxlen=0)


def loose_boxes(pages: Iterable[tuple[int, list[int]]], count: int) -> Floats:
    """Return (n, 4) boxes left, top, right, bottom in user space: advance width by font height.

    They are level along a line. `pages` are text pages with character indices, `count` characters in all.
    """
    boxes = np.zeros((count, 4), np.float32)
    base = boxes.ctypes.data
    for text_page, indices in pages:
        run_all(map(loose_box, repeat(text_page), indices, range(base, base + 16 * len(indices), 16)))
        base += 16 * len(indices)
    return boxes


def tight_boxes(text_page: int, indices: list[int]) -> Floats:
    """Return (n, 4) boxes left, top, right, bottom in user space: the ink alone, correct at any angle."""
    ink = np.zeros((len(indices), 4), np.float64)  # left, right, bottom, top
    base, size = ink.ctypes.data, 32 * len(indices)
    columns = [range(base + 8 * k, base + 8 * k + size, 32) for k in range(4)]
    run_all(map(_tight_box, repeat(text_page), indices, *columns))
    return ink[:, (0, 3, 1, 2)].astype(np.float32)


def owners_of(text_page: int, indices: list[int]) -> Ints:
    """Return the address of each character's text object; 0 where PDFium generated the character."""
    return np.fromiter(map(char_object, repeat(text_page), indices), np.int64, len(indices))


def bounds_of(objects: list[int]) -> Floats:
    """Return (n, 4) bounds left, bottom, right, top of page objects."""
    found = np.zeros((len(objects), 4), np.float32)
    if not objects:
        return found
    base, size = found.ctypes.data, 16 * len(objects)
    run_all(map(object_bounds, objects, *[range(base + 4 * k, base + 4 * k + size, 16) for k in range(4)]))
    return found


def colours_of(objects: list[int], getter: Callable[..., Any] = object_colour) -> NDArray[np.uint32]:
    """Return (n, 4) colours red, green, blue, alpha of fills, or of strokes; black where there is none."""
    found = np.zeros((len(objects), 4), np.uint32)
    found[:, 3] = 255
    if not objects:
        return found
    base, size = found.ctypes.data, 16 * len(objects)
    run_all(map(getter, objects, *[range(base + 4 * k, base + 4 * k + size, 16) for k in range(4)]))
    return found


def paints_of(paths: list[int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which paths are filled, and which are stroked."""
    modes = np.zeros((len(paths), 2), np.int32)
    base, size = modes.ctypes.data, 8 * len(paths)
    run_all(map(path_mode, paths, range(base, base + size, 8), range(base + 4, base + 4 + size, 8)))
    return modes[:, 0] != 0, modes[:, 1] != 0


def points_of(segments: list[int]) -> Floats:
    """Return (n, 2) the end points of segments of a path or a clipping path."""
    found = np.zeros((len(segments), 2), np.float32)
    base, size = found.ctypes.data, 8 * len(segments)
    run_all(map(segment_point, segments, range(base, base + size, 8), range(base + 4, base + 4 + size, 8)))
    return found


PAPER_MIN_CHANNEL = 236  # of 255 in each channel: from here on it may be the paper's colour
TRANSPARENT_MAX_ALPHA = 16  # of 255: a lower alpha is transparent


@contextmanager
def open_handle(function: Callable[..., Any], close: Callable[[Any], Any], *arguments: Any) -> Iterator[Any]:
    """Open a handle, and close it at the end. Raises ValueError for a null handle."""
    handle = function(*arguments)
    if not handle:
        raise ValueError(f"{function.__name__} gave nothing")
    try:
        yield handle
    finally:
        close(handle)


def wide_string(function: Any, *arguments: Any) -> str:
    """Return the UTF-16 string of a PDFium getter that takes a buffer and its length in bytes."""
    size = function(*arguments, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(*arguments, ctypes.cast(buffer, function.argtypes[-2]), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace").rstrip("\0")
