"""Page objects, those inside form XObjects too."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import (
    Floats,
    address,
    bounds_of,
    clip_count,
    clip_path,
    clip_segment,
    form_object,
    is_embedded,
    mark_count,
    object_bounds,
    object_mark,
    object_type,
    page_object,
    path_length,
    path_mode,
    render_mode,
    text_font,
)

_FLAT = 0.01  # points
_EDGE = 1e6  # points: nothing is farther away
_DEEPEST = 4  # forms inside forms
_LEFT_AND_BOTTOM = np.array([True, False, False, True])


def top_objects(page: Any) -> list[int]:
    """Addresses of a page's own objects, in the order they are painted."""
    return list(map(page_object, repeat(address(page)), range(max(pdfium.FPDFPage_CountObjects(page), 0))))


class Forms:
    """What is inside form XObjects, each looked into once."""

    def __init__(self) -> None:
        """None was looked into."""
        self._known: dict[int, tuple[list[int], list[int]]] = {}
        self._every: dict[int, list[int]] = {}

    def children(self, form: int) -> tuple[list[int], list[int]]:
        """The objects of a form itself, and their types."""
        known = self._known.get(form)
        if known is None:
            count = max(pdfium.FPDFFormObj_CountObjects(_handle(form)), 0)
            held = list(map(form_object, repeat(form), range(count)))
            known = self._known[form] = held, list(map(object_type, held))
        return known

    def inside(self, form: int) -> list[int]:
        """Objects of a form and, each behind its form, those of the forms in it."""
        if form not in self._every:
            self._every[form] = list(self._inside(form, 0))
        return self._every[form]

    def _inside(self, form: int, depth: int) -> Iterator[int]:
        for one, kind in zip(*self.children(form), strict=True):
            yield one
            if depth < _DEEPEST and kind == pdfium.FPDF_PAGEOBJ_FORM:
                yield from self._inside(one, depth + 1)


@dataclass(frozen=True, slots=True)
class Painted:
    """A page's own objects in the order they are painted."""

    objects: list[int]
    modes: NDArray[np.int8]  # text render modes, -1 for what is no text
    others: list[int]  # indices of what is no text
    kinds: list[int]  # the types of the others
    forms: Forms

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything but text and paths."""
        return any(kind != pdfium.FPDF_PAGEOBJ_PATH for kind in self.kinds)

    def of_kind(self, wanted: int) -> list[int]:
        """Indices of the others of one type."""
        return [i for i, kind in zip(self.others, self.kinds, strict=True) if kind == wanted]

    def everything(self) -> list[int]:
        """The objects, each form replaced by what is inside it."""
        if pdfium.FPDF_PAGEOBJ_FORM not in self.kinds:
            return self.objects
        found: list[int] = []
        last = 0
        for i in self.of_kind(pdfium.FPDF_PAGEOBJ_FORM):
            found += self.objects[last:i]
            found += self.forms.inside(self.objects[i])
            last = i + 1
        return found + self.objects[last:]

    def images(self) -> list[tuple[int, int]]:
        """Its images, those inside forms too, each behind the index of the object that is or holds it."""
        found: list[tuple[int, int]] = []
        for i, kind in zip(self.others, self.kinds, strict=True):
            if kind == pdfium.FPDF_PAGEOBJ_FORM:
                held = self.forms.inside(self.objects[i])
                found += [(i, one) for one in held if object_type(one) == pdfium.FPDF_PAGEOBJ_IMAGE]
            elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                found.append((i, self.objects[i]))
        return found


@dataclass(frozen=True, slots=True)
class Layers(Painted):
    """The same, and where they are."""

    bounds: Floats  # (n, 4) left, bottom, right, top in user space


def painted(objects: list[int]) -> Painted:
    """What a page is painted with: its own objects."""
    modes = np.fromiter(map(render_mode, objects), np.int8, len(objects))
    others: list[int] = np.flatnonzero(modes < 0).tolist()
    return Painted(objects, modes, others, list(map(object_type, [objects[i] for i in others])), Forms())


def layers_of(page: Painted, bounds: Floats) -> Layers:
    """The objects of a page in their bounds."""
    return Layers(page.objects, page.modes, page.others, page.kinds, page.forms, bounds)


def everything(objects: list[int]) -> list[int]:
    """Objects, each form replaced by what is inside it."""
    kinds = list(map(object_type, objects))
    if pdfium.FPDF_PAGEOBJ_FORM not in kinds:
        return objects
    forms = Forms()
    found: list[int] = []
    for one, kind in zip(objects, kinds, strict=True):
        found += forms.inside(one) if kind == pdfium.FPDF_PAGEOBJ_FORM else [one]
    return found


def restore_flat_text(objects: list[int]) -> Floats:
    """Give text whose glyphs have no shape here a place on the page: PDFium leaves out what it takes to be flat.

    So are single characters of a font that is neither embedded nor on this machine; what is flat in an embedded one are
    blanks. As outlines they are as wide as a line.
    Returns (n, 4) bounds left, bottom, right, top of all objects.
    """
    box = bounds_of(objects)
    flat = _in_foreign_fonts(objects, np.flatnonzero(box[:, 2] - box[:, 0] < _FLAT).tolist())
    for one in (objects[i] for i in flat):
        if render_mode(one) == pdfium.FPDF_TEXTRENDERMODE_FILL:
            pdfium.FPDFTextObj_SetTextRenderMode(_handle(one), pdfium.FPDF_TEXTRENDERMODE_STROKE)
            pdfium.FPDFPageObj_Transform(_handle(one), 1, 0, 0, 1, 0, 0)  # its place is worked out anew
    box[flat] = bounds_of([objects[i] for i in flat])
    return box


def _in_foreign_fonts(objects: list[int], chosen: list[int]) -> list[int]:
    """Those of the chosen objects, by index, that are text in a font that is not embedded."""
    fonts = [text_font(objects[i]) for i in chosen]
    foreign = {font for font in set(fonts) if font and not is_embedded(font)}
    return [i for i, font in zip(chosen, fonts, strict=True) if font in foreign]


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
    return int(path_length(path))


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


@contextmanager
def without(objects: Iterable[int]) -> Iterator[None]:
    """Leave objects out of all pictures for a while."""
    handles = [_handle(one) for one in objects]
    for one in handles:
        pdfium.FPDFPageObj_SetIsActive(one, False)
    try:
        yield
    finally:
        for one in handles:
            pdfium.FPDFPageObj_SetIsActive(one, True)


def marks_of(objects: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Indices of objects and a mark of each, until all marks were named; what is marked as one content shares the mark."""
    counts = np.fromiter(map(mark_count, objects), np.int64, len(objects))
    for i in range(max(int(counts.max(initial=0)), 0)):
        at = np.flatnonzero(counts > i).tolist()
        yield at, list(map(object_mark, [objects[k] for k in at], repeat(i)))


def _name(mark: int) -> str:
    size, room = ctypes.c_ulong(), ctypes.create_string_buffer(64)
    handle = ctypes.cast(mark, pdfium.FPDF_PAGEOBJECTMARK)
    wide = ctypes.cast(room, pdfium.FPDFPageObjMark_GetName.argtypes[1])
    found = pdfium.FPDFPageObjMark_GetName(handle, wide, len(room), ctypes.byref(size))
    return room.raw[: max(min(size.value, len(room)) - 2, 0)].decode("utf-16-le", "replace") if found else ""


def on_layers(objects: list[int]) -> list[int]:
    """Objects that are on a layer."""
    found: list[int] = []
    for at, marks in marks_of(objects):
        named = {mark for mark in set(marks) if _name(mark) == "OC"}
        found += [objects[i] for i, mark in zip(at, marks, strict=True) if mark in named]
    return found


def clips_of(objects: list[int]) -> Floats:
    """(n, 4) left, top, right, bottom of what each object is clipped to, in user space; without end where it is not."""
    found = np.tile(np.array([-_EDGE, _EDGE, _EDGE, -_EDGE], np.float32), (len(objects), 1))
    clips = list(map(clip_path, objects))
    counts = np.fromiter(map(clip_count, clips), np.int64, len(clips))
    known: dict[int, tuple[float, float, float, float]] = {}
    for k in range(max(int(counts.max(initial=0)), 0)):
        at = np.flatnonzero(counts > k)
        some = clips if len(at) == len(clips) else [clips[i] for i in at.tolist()]
        firsts = np.fromiter(map(clip_segment, some, repeat(k), repeat(0)), np.int64, len(some))
        begin = np.flatnonzero(np.concatenate(([True], firsts[1:] != firsts[:-1])))
        for i, first in zip(begin.tolist(), firsts[begin].tolist(), strict=True):
            if first not in known:  # objects that share a path share its points
                known[first] = _bounds_of_clip(ctypes.cast(some[i], pdfium.FPDF_CLIPPATH), k)
        own = np.array([known[first] for first in firsts[begin].tolist()], np.float32)
        bounds = np.repeat(own, np.diff(np.append(begin, len(firsts))), axis=0)
        found[at] = np.where(_LEFT_AND_BOTTOM, np.maximum(found[at], bounds), np.minimum(found[at], bounds))
    return found


def _bounds_of_clip(clip: Any, path: int) -> tuple[float, float, float, float]:
    points = list(_points(clip, path))
    if not points:
        return -_EDGE, _EDGE, _EDGE, -_EDGE
    x, y = zip(*points, strict=True)
    return min(x), max(y), max(x), min(y)


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
