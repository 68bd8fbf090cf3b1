"""Words that are in the text layer and not to be seen: covered, invisible, off the page, tiny, in the paper's colour.

Cheap suspicion first (one pass over the page's objects); only a page with suspects is rendered, and a suspect whose
place on the picture is of one colour is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from schemas.errors import InputProblem
from service.readers.pdf.frame import Frame
from service.readers.pdf.library import (
    PALE,
    Floats,
    address,
    char_object,
    colours_of,
    object_type,
    pale_ones,
    render_mode,
)
from service.readers.pdf.objects import Layers, clipped_boxes, inside, is_filled, is_wide
from service.readers.pdf.raster import render
from service.readers.pdf.words import PageWords

Mask = NDArray[np.bool_]
_UNPAINTED = frozenset({3, 7})  # text render modes: neither filled nor stroked; only added to the clipping path
_TINY = 1.0  # points
_THIN = 2.5  # points: a cover this thin is a rule
_OPAQUE = 200  # of 255: a fainter cover is a tint
_CONTRAST = 24  # of 255: less is one colour
_SCAN = 0.5  # of the page: an image this large makes invisible text an OCR layer
_DPI = 108
_MARGIN = 2.0  # points around the suspects on their picture


@dataclass(slots=True)
class Scene:
    """What lies on a page, painted in this order."""

    objects: list[int]
    modes: NDArray[np.int64]  # text render mode, -1 for what is no text
    pale: Mask  # text in the colour of paper, or transparent
    covers: list[int]  # indices of what may cover text
    boxes: Floats  # of the covers, as displayed


def unprinted(words: PageWords, frames: list[Frame]) -> Mask:
    """Which words of pages lie off their page, or are too small to be seen."""
    size = np.array([(frame.width, frame.height) for frame in frames], np.float32)[words.page]
    box = words.box
    outside = (box[:, 2] <= 0) | (box[:, 3] <= 0) | (box[:, 0] >= size[:, 0]) | (box[:, 1] >= size[:, 1])
    hidden: Mask = outside | (box[:, 3] - box[:, 1] < _TINY)
    return hidden


def covered(scene: Scene, handles: tuple[Any, Any], words: PageWords, frame: Frame, most: int) -> Mask:
    """Which words of one page can not be seen. `handles`: the page and its text; `most` is the pixel limit."""
    page, text_page = handles
    middle = (words.box[:, :2] + words.box[:, 2:]) * np.float32(0.5)
    under = _under(scene.boxes, words.box, middle)
    hidden = np.zeros(len(words), np.bool_)
    if under.any() or scene.pale.any() or _unpainted(scene.modes).any():
        suspects, invisible = _suspects(scene, text_page, words, under)
        if suspects.any():
            hidden = _judged(page, words, frame, most, (suspects, invisible))
    return hidden


def scene_of(layers: Layers, words: tuple[Any, list[int]], frame: Frame) -> Scene | None:
    """What may hide text on a page; None where nothing can. `words`: the text page, and each word's first character."""
    objects, others = layers.objects, layers.others
    first_text = next((i for i, mode in enumerate(layers.modes) if mode >= 0), -1)
    covers = _thick(objects, _covers(objects, others, first_text)) if others else []
    if not covers and not _UNPAINTED.intersection(layers.modes) and not _any_pale(*words):
        return None
    modes = np.array(layers.modes, np.int64)
    texts = np.flatnonzero(modes >= 0)
    pale = np.zeros(len(objects), np.bool_)
    pale[texts] = pale_ones([objects[i] for i in texts.tolist()])
    boxes = frame.show(clipped_boxes([objects[i] for i in covers])) if covers else np.zeros((0, 4), np.float32)
    return Scene(objects, modes, pale, covers, boxes)


def _any_pale(text_page: Any, words: list[int]) -> bool:
    """Whether any word begins in the colour of paper. Words are far fewer than objects where each letter is one."""
    inks = set(map(char_object, repeat(address(text_page)), words))
    return bool(pale_ones([ink for ink in inks if ink]).any())


def _thick(objects: list[int], covers: list[int]) -> list[int]:
    """The covers that are no mere rules or tints."""
    wide = [i for i in covers if is_wide(objects[i], _THIN)]
    solid = colours_of([objects[i] for i in wide])[:, 3] >= _OPAQUE
    return [i for i, is_solid in zip(wide, solid.tolist(), strict=True) if is_solid]


def _unpainted(modes: NDArray[np.int64]) -> Mask:
    unpainted: Mask = np.isin(modes, list(_UNPAINTED))
    return unpainted


def _covers(objects: list[int], others: list[int], first_text: int) -> list[int]:
    """Indices of filled paths, images and forms; those painted before all text only where they are images or forms."""
    found = []
    for i in others:
        kind = object_type(objects[i])
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            if i > first_text >= 0 and is_filled(objects[i]):
                found.append(i)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            if _is_busy(objects[i], above=i > first_text >= 0):
                found.append(i)
        else:
            found.append(i)
    return found


def _is_busy(form: int, *, above: bool) -> bool:
    """Whether a form may hide text: that beneath it where there is any `above` which it is painted, or its own."""
    texts = False
    for one in inside(form):
        kind = object_type(one)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            texts = True
            if render_mode(one) in _UNPAINTED or int(colours_of([one])[0, :3].min()) >= PALE:
                return True
        elif (above or texts) and (kind != pdfium.FPDF_PAGEOBJ_PATH or is_filled(one)):
            return True
    return False


def _under(covers: Floats, words: Floats, middle: Floats) -> Mask:
    """(words, covers): which word lies under which cover; one that is less than half covered can still be read."""
    y, box = middle[:, 1:], covers.T
    quarter = (words[:, 2:3] - words[:, :1]) / 4
    left, right = words[:, :1] + quarter, words[:, 2:3] - quarter
    under: Mask = (left >= box[0]) & (right <= box[2]) & (y >= box[1]) & (y <= box[3])
    return under


def _suspects(scene: Scene, text_page: Any, words: PageWords, under: Mask) -> tuple[Mask, Mask]:
    """Words to look at, and those among them that no ink was meant for."""
    place = {one: i for i, one in enumerate(scene.objects)}
    handles = map(char_object, repeat(address(text_page)), words.unit.tolist())
    order = np.fromiter((place.get(h, -1) for h in handles), np.int64, len(words))
    nested = order < 0
    invisible: Mask = ~nested & _unpainted(scene.modes[order])
    suspects: Mask = invisible | (~nested & scene.pale[order])
    later = (order[:, None] < np.array(scene.covers, np.int64)) | nested[:, None]
    suspects |= (under & later).any(axis=1)
    solid = np.array([object_type(scene.objects[c]) == pdfium.FPDF_PAGEOBJ_PATH for c in scene.covers], np.bool_)
    scanned = (under & ~solid).any(axis=1)
    return suspects & ~(invisible & scanned), invisible & ~scanned


def _judged(page: Any, words: PageWords, frame: Frame, most: int, masks: tuple[Mask, Mask]) -> Mask:
    """The suspects that are not to be seen on the picture of the page."""
    suspects, invisible = masks
    hidden = suspects & invisible
    looked = np.flatnonzero(suspects & ~invisible)
    if not len(looked):
        return hidden
    boxes = words.box[looked]
    x0, y0 = (float(v) for v in boxes[:, :2].min(axis=0) - _MARGIN)
    x1, y1 = (float(v) for v in boxes[:, 2:].max(axis=0) + _MARGIN)
    try:
        pixels, scale = render(page, frame, _DPI, most, (x0, y0, x1, y1))
    except InputProblem:
        return hidden
    corner = np.array([max(int(x0 * scale), 0), max(int(y0 * scale), 0)] * 2)
    for i, box in zip(looked.tolist(), boxes * scale - corner, strict=True):
        hidden[i] = _is_blank(pixels, box)
    return hidden


def _is_blank(pixels: NDArray[np.uint8], box: Floats) -> bool:
    """Whether a place on the picture is of one colour."""
    x0, y0, x1, y1 = (round(v) for v in box.tolist())
    inset = max((y1 - y0) // 8, 1)
    part = pixels[max(y0 + inset, 0) : max(y1 - inset, y0 + inset + 1), max(x0, 0) : max(x1, x0 + 1)]
    if not part.size:
        return True
    low, high = part.min(axis=(0, 1)).astype(np.int16), part.max(axis=(0, 1))
    return bool((high - low).max() < _CONTRAST)
