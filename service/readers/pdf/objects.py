"""Read, measure and switch off page objects, also those inside form XObjects."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress, repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import (
    Floats,
    bounds_of,
    form_object,
    is_embedded,
    mark_count,
    object_mark,
    object_type,
    page_object,
    path_length,
    path_mode,
    pointer,
    render_mode,
    text_font,
)
from thresher.service.readers.pdf.matrices import IDENTITY, Matrix, matrix_of, place_boxes, times

_FLAT_MAX_POINTS = 0.01
_MAX_DEPTH = 4  # of forms inside forms


def top_objects(page: Any) -> list[int]:
    """Return the addresses of a page's own objects, in the order they are painted."""
    return list(map(page_object, repeat(pointer(page)), range(max(pdfium.FPDFPage_CountObjects(page), 0))))


class FormContents:
    """The objects inside form XObjects, each form read once."""

    def __init__(self) -> None:
        """Begin with no form read."""
        self._known: dict[int, tuple[list[int], list[int]]] = {}
        self._every: dict[int, list[int]] = {}
        self.places: dict[int, Matrix] = {}  # of objects inside forms that move them: the way to the page's user space

    def children(self, form: int) -> tuple[list[int], list[int]]:
        """Return a form's own objects, and their types."""
        known = self._known.get(form)
        if known is None:
            count = max(pdfium.FPDFFormObj_CountObjects(_handle(form)), 0)
            held = list(map(form_object, repeat(pointer(form)), range(count)))
            known = self._known[form] = held, list(map(object_type, held))
        return known

    def inside(self, form: int) -> list[int]:
        """Return a form's objects and, after each form among them, those inside it."""
        if form not in self._every:
            self._every[form] = list(self._inside(form, matrix_of(form), 0))
        return self._every[form]

    def _inside(self, form: int, matrix: Matrix, depth: int) -> Iterator[int]:
        """Yield a form's objects and, down to a limit of depth, those of forms among them; `matrix` places them."""
        for one, kind in zip(*self.children(form), strict=True):
            if matrix != IDENTITY:
                self.places[one] = matrix
            yield one
            if depth < _MAX_DEPTH and kind == pdfium.FPDF_PAGEOBJ_FORM:
                yield from self._inside(one, times(matrix_of(one), matrix), depth + 1)


@dataclass(frozen=True, slots=True)
class PageObjects:
    """A page's own objects in the order they are painted."""

    objects: list[int]
    modes: NDArray[np.int8]  # text render modes, -1 for other objects
    others: list[int]  # indices of the objects that are not text
    kinds: list[int]  # the types of the others
    forms: FormContents

    def chosen(self, mask: NDArray[np.bool_]) -> list[int]:
        """Return the objects that a mask of them chooses."""
        return self.objects if mask.all() else list(compress(self.objects, mask.tolist()))

    @property
    def has_pictures(self) -> bool:
        """Whether there are images, shadings or form XObjects."""
        return any(kind != pdfium.FPDF_PAGEOBJ_PATH for kind in self.kinds)

    def of_kind(self, wanted: int) -> list[int]:
        """Return the indices of the others that have one type."""
        return [i for i, kind in zip(self.others, self.kinds, strict=True) if kind == wanted]

    def everything(self) -> list[int]:
        """Return the objects, each form replaced by what is inside it."""
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
        """Return its images, also those inside forms.

        Each comes with the index of the page's own object that it is or that contains it.
        """
        found: list[tuple[int, int]] = []
        for i, kind in zip(self.others, self.kinds, strict=True):
            if kind == pdfium.FPDF_PAGEOBJ_FORM:
                held = self.forms.inside(self.objects[i])
                found += [(i, one) for one in held if object_type(one) == pdfium.FPDF_PAGEOBJ_IMAGE]
            elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                found.append((i, self.objects[i]))
        return found


def page_objects_of(objects: list[int]) -> PageObjects:
    """Return a page's own objects, with their render modes and types."""
    modes = np.fromiter(map(render_mode, objects), np.int8, len(objects))
    others: list[int] = np.flatnonzero(modes < 0).tolist()
    return PageObjects(objects, modes, others, list(map(object_type, [objects[i] for i in others])), FormContents())


def everything(objects: list[int]) -> list[int]:
    """Return objects, each form replaced by what is inside it."""
    kinds = list(map(object_type, objects))
    if pdfium.FPDF_PAGEOBJ_FORM not in kinds:
        return objects
    forms = FormContents()
    found: list[int] = []
    for one, kind in zip(objects, kinds, strict=True):
        found += forms.inside(one) if kind == pdfium.FPDF_PAGEOBJ_FORM else [one]
    return found


def restore_flat_text(content: PageObjects) -> None:
    """Give bounds to text whose glyphs have no shape here.

    PDFium leaves out text that it takes to be flat. Single characters are flat in a font that is neither embedded nor on
    this machine; in an embedded font only blanks are. Stroked as outlines, they are as wide as a line.
    """
    is_filled_text = content.modes == pdfium.FPDF_TEXTRENDERMODE_FILL
    some = _in_foreign_fonts(content.chosen(is_filled_text))
    if not some:
        return
    box = bounds_of(some)
    for i in np.flatnonzero(box[:, 2] - box[:, 0] < _FLAT_MAX_POINTS).tolist():
        pdfium.FPDFTextObj_SetTextRenderMode(_handle(some[i]), pdfium.FPDF_TEXTRENDERMODE_STROKE)
        pdfium.FPDFPageObj_Transform(_handle(some[i]), 1, 0, 0, 1, 0, 0)  # PDFium computes its bounds again


def _in_foreign_fonts(texts: list[int]) -> list[int]:
    """Return those of some text objects whose font is not embedded."""
    fonts = list(map(text_font, texts))
    foreign = {font for font in set(fonts) if font and not is_embedded(font)}
    return [one for one, font in zip(texts, fonts, strict=True) if font in foreign] if foreign else []


def images(objects: list[int]) -> list[int]:
    """Return the images among objects and inside the forms among them."""
    return [one for _, one in page_objects_of(objects).images()]


def count_paths(objects: list[int]) -> int:
    """Return the number of paths and shadings, also inside forms."""
    drawn = {pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING}
    return sum(object_type(one) in drawn for one in everything(objects))


def segments_of_path(path: int) -> int:
    """Return the number of lines and curves of a path."""
    return int(path_length(path))


def pixel_sizes(image: int) -> tuple[int, int]:
    """Return the columns and rows of pixels that an image declares; 0, 0 where it declares none."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(_handle(image), ctypes.byref(width), ctypes.byref(height)):
        return 0, 0
    return width.value, height.value


def pixels(image: int) -> int:
    """Return how many pixels an image declares."""
    width, height = pixel_sizes(image)
    return width * height


_MODE = np.zeros(2, np.int32)
_FILL, _STROKE = _MODE.ctypes.data, _MODE.ctypes.data + 4


def is_filled(path: int) -> bool:
    """Whether a path is filled."""
    _MODE[0] = 0
    path_mode(path, _FILL, _STROKE)
    return bool(_MODE[0])


def is_transparent(one: int) -> bool:
    """Whether an object is painted through a group, a mask or with an opacity."""
    return bool(pdfium.FPDFPageObj_HasTransparency(_handle(one)))


def user_boxes(objects: list[int], places: Mapping[int, Matrix] | None = None) -> Floats:
    """Return (n, 4) left, top, right, bottom in user space, as `PageFrame.show` takes them.

    `places` are those of `FormContents`, where objects may be inside forms.
    """
    boxes = bounds_of(objects)[:, (0, 3, 2, 1)]
    place_boxes(boxes, objects, places or {})
    return boxes


@contextmanager
def deactivated(objects: Iterable[int]) -> Iterator[None]:
    """Leave objects out of renderings for a while."""
    handles = [_handle(one) for one in objects]
    for one in handles:
        pdfium.FPDFPageObj_SetIsActive(one, False)
    try:
        yield
    finally:
        for one in handles:
            pdfium.FPDFPageObj_SetIsActive(one, True)


def content_marks_of(objects: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield, for the first, second, ... mark, the indices of the objects that have one, and the marks.

    Objects of one marked content share the mark.
    """
    counts = np.fromiter(map(mark_count, objects), np.int64, len(objects))
    for i in range(max(int(counts.max(initial=0)), 0)):
        at = np.flatnonzero(counts > i).tolist()
        yield at, list(map(object_mark, [objects[k] for k in at], repeat(i)))


def _name(mark: int) -> str:
    """Return the name of a mark; empty where it has none."""
    size, room = ctypes.c_ulong(), ctypes.create_string_buffer(64)
    handle = ctypes.cast(mark, pdfium.FPDF_PAGEOBJECTMARK)
    wide = ctypes.cast(room, pdfium.FPDFPageObjMark_GetName.argtypes[1])
    found = pdfium.FPDFPageObjMark_GetName(handle, wide, len(room), ctypes.byref(size))
    return room.raw[: max(min(size.value, len(room)) - 2, 0)].decode("utf-16-le", "replace") if found else ""


def on_layers(objects: list[int]) -> list[int]:
    """Return the objects that are on a layer."""
    found: list[int] = []
    for at, marks in content_marks_of(objects):
        named = {mark for mark in set(marks) if _name(mark) == "OC"}
        found += [objects[i] for i, mark in zip(at, marks, strict=True) if mark in named]
    return found


def _handle(one: int) -> Any:
    """Return the ctypes handle of an object's address."""
    return ctypes.cast(one, pdfium.FPDF_PAGEOBJECT)
