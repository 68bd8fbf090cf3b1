"""Find words of the text layer that cannot be seen.

They are covered, invisible, off the page, tiny, or in the paper's colour. A cheap search comes first (one pass over the
page's objects). Unpainted text is hidden at once. Other suspects are looked up in a rendering: hidden is a place of one
colour, or one that does not change when the text is removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.schemas.errors import InputProblem
from thresher.service.readers.pdf.clipping import clipped_boxes
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import (
    TRANSPARENT_MAX_ALPHA,
    Floats,
    Ints,
    bounds_of,
    colours_of,
    object_type,
)
from thresher.service.readers.pdf.objects import (
    PageObjects,
    deactivated,
)
from thresher.service.readers.pdf.pictures.raster import render
from thresher.service.readers.pdf.text.hiding_objects import (
    CLIP,
    INVISIBLE,
    MIN_CONTRAST,
    HidingObjects,
    is_pale,
    look_alike,
)

Mask = NDArray[np.bool_]
_SEEN_MIN_POINTS = 1.0  # lower type cannot be seen
_READABLE_MIN_POINTS = 2.4  # lower type is hidden where the page's other type is much larger
_MINUTE_MAX_SHARE = 0.3  # of the page's median height: such type is much smaller than the rest
_OCR_LAYER_MIN_SHARE = 0.9  # of all words of a page: so many behind drawings are the drawings' OCR layer
_COPY_MAX_POINTS = 3.0  # shift of a second printing
_DPI = 108
_MARGIN_POINTS = 2.0  # around the suspects in their rendering


@dataclass(frozen=True, slots=True)
class WordBoxes:
    """The words of one page: the text object in which each begins (0 for none), and boxes as displayed."""

    ink: Ints
    box: Floats

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.ink)


def off_page_or_tiny(box: Floats, size: Floats) -> Mask:
    """Return which words are off their page, or too small to be seen.

    `size` is (n, 2) width and height of each one's page.
    """
    outside = (box[:, 2] <= 0) | (box[:, 3] <= 0) | (box[:, 0] >= size[:, 0]) | (box[:, 1] >= size[:, 1])
    hidden: Mask = outside | (box[:, 3] - box[:, 1] < _SEEN_MIN_POINTS)
    return hidden


def too_small_to_read(box: Floats, page: Ints) -> Mask:
    """Return which words are far too small to be read beside the other type of their page."""
    height = box[:, 3] - box[:, 1]
    small: Mask = height < _READABLE_MIN_POINTS
    for number in np.unique(page[small]).tolist():
        own = page == number
        small[own] &= height[own] < _MINUTE_MAX_SHARE * np.median(height[own])
    return small


def unseen_words(scene: HidingObjects, page: Any, words: WordBoxes, frame: PageFrame, most: int) -> Mask:
    """Return which words of one page cannot be seen; `most` is the limit of rendered pixels."""
    hidden = np.zeros(len(words), np.bool_)
    under = _under(scene.boxes, words.box)
    checked = np.arange(len(words)) if scene.dim else np.flatnonzero(under.any(axis=1))
    if len(checked):
        some = WordBoxes(words.ink[checked], words.box[checked])
        found = _suspects(scene, some, (under[checked], frame))
        if found.words.any():
            hidden[checked] = _hidden_suspects((page, scene.layers), (some, len(words)), frame, most, found)
    return hidden


def _under(covers: Floats, words: Floats) -> Mask:
    """Return (words, covers): which word is under which cover.

    A word less than half covered can still be read.
    """
    quarter = (words[:, 2:3] - words[:, :1]) / 4
    left, right, y = words[:, :1] + quarter, words[:, 2:3] - quarter, (words[:, 1:2] + words[:, 3:]) / 2
    box = covers.T
    under: Mask = (left >= box[0]) & (right <= box[2]) & (y >= box[1]) & (y <= box[3])
    return under


@dataclass(frozen=True, slots=True)
class _Suspects:
    """The words that may be hidden, by the reason."""

    words: Mask  # all suspects
    invisible: Mask  # those that are not painted at all
    deep: Mask  # those that may be drawn over, or whose layer may be off
    inks: list[int]  # the object of each word
    texts: list[int]  # all text of the page


def _suspects(scene: HidingObjects, words: WordBoxes, places: tuple[Mask, PageFrame]) -> _Suspects:
    """Return the words that may be hidden."""
    objects = scene.layers.objects
    place = dict(zip(objects, range(len(objects)), strict=True))
    inks = words.ink.tolist()
    order = np.fromiter((place.get(ink, -1) for ink in inks), np.int64, len(words))
    nested = order < 0
    colours = colours_of([ink or objects[0] for ink in inks])
    modes = scene.layers.modes[order]
    faint = (modes == pdfium.FPDF_TEXTRENDERMODE_FILL) & (colours[:, 3] < TRANSPARENT_MAX_ALPHA)
    invisible: Mask = ~nested & ((modes == INVISIBLE) | faint)
    later = (order[:, None] < np.array(scene.covers, np.int64)) | nested[:, None]
    solid = np.array([object_type(objects[c]) == pdfium.FPDF_PAGEOBJ_PATH for c in scene.covers], np.bool_)
    under = _clipped(scene, words, places, later)
    clip: Mask = ~nested & (modes == CLIP)
    invisible |= clip & ~(under & later).any(axis=1)  # nothing is drawn through the letters
    scanned = _on_images(scene, words, places[1], ~solid) if invisible.any() else np.zeros(len(words), np.bool_)
    layered = np.fromiter((ink in scene.layered for ink in inks), np.bool_, len(inks))
    layered |= nested & scene.layers_in_forms
    alike = solid & look_alike(colours, scene.colours) if len(scene.covers) else under
    deep: Mask = ((under & solid & (later | alike)).any(axis=1) & ~clip) | layered
    stamped = (under & _stamps(scene) & later).any(axis=1) & ~nested & ~clip  # as a value over the one that it replaces
    deep |= stamped
    suspects: Mask = (invisible & ~scanned) | (~nested & is_pale(colours)) | deep | clip | (under & later).any(axis=1)
    texts = [one for one, mode in zip(objects, scene.layers.modes.tolist(), strict=True) if mode >= 0]
    return _Suspects(suspects & ~(invisible & scanned), invisible & ~scanned, deep & ~invisible, inks, texts)


def _stamps(scene: HidingObjects) -> Mask:
    """Return which covers are forms without pictures: what such a form is drawn over is no OCR layer of it."""
    forms = [scene.layers.objects[c] for c in scene.covers]
    return np.array(
        [
            object_type(one) == pdfium.FPDF_PAGEOBJ_FORM
            and all(object_type(held) != pdfium.FPDF_PAGEOBJ_IMAGE for held in scene.layers.forms.inside(one))
            for one in forms
        ],
        np.bool_,
    )


def _with_copies(found: _Suspects) -> set[int]:
    """Return text that may be drawn over, with all text in the same place.

    PDFium reports only one of two copies.
    """
    deep = {ink for ink, is_deep in zip(found.inks, found.deep.tolist(), strict=True) if is_deep and ink}
    places, every = bounds_of(list(deep)), bounds_of(found.texts)
    same = [np.abs(every - place).max(axis=1) < _COPY_MAX_POINTS for place in places] if len(every) else []
    return deep | {found.texts[i] for mask in same for i in np.flatnonzero(mask).tolist()}


def _is_changed(pixels: NDArray[np.uint8], other: NDArray[np.uint8], box: Floats) -> bool:
    """Whether a place differs between two renderings."""
    x0, y0, x1, y1 = (max(round(v), 0) for v in box.tolist())
    here, there = (part[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)].astype(np.int16) for part in (pixels, other))
    return bool(here.size and np.abs(here - there).max() >= MIN_CONTRAST)


def _clipped(scene: HidingObjects, words: WordBoxes, places: tuple[Mask, PageFrame], checked: Mask) -> Mask:
    """Return (words, covers) like `_under`, with the covers in `checked` cut to their clipping paths."""
    under, frame = places
    chosen = np.flatnonzero((under & checked).any(axis=0))
    if len(chosen):
        boxes = frame.show(clipped_boxes([scene.layers.objects[scene.covers[i]] for i in chosen.tolist()]))
        under = under.copy()
        under[:, chosen] = _under(boxes, words.box)
    return under


def _on_images(scene: HidingObjects, words: WordBoxes, frame: PageFrame, chosen: Mask) -> Mask:
    """Return which words are on the chosen covers.

    The two halves of a word may be on two tiles of one scan.
    """
    boxes = frame.show(clipped_boxes([scene.layers.objects[scene.covers[i]] for i in np.flatnonzero(chosen).tolist()]))
    x0, y0, x1, y1 = words.box.T
    quarter = (x1 - x0) / 4
    points = [np.stack((x, y0, x, y1), axis=1) for x in (x0 + quarter, x1 - quarter)]
    return np.logical_and.reduce([_under(boxes, point).any(axis=1) for point in points])  # type: ignore[no-any-return]


def _hidden_suspects(
    place: tuple[Any, PageObjects], looks: tuple[WordBoxes, int], frame: PageFrame, most: int, found: _Suspects
) -> Mask:
    """Return the suspects that cannot be seen in the rendering of the page.

    Suspects that may be drawn over are removed, and the page is rendered once more: those whose place did not change
    could not be seen. `place` is the page and its objects; `looks` is the words to check, and the number of words there.
    """
    (page, layers), (words, count) = place, looks
    hidden = found.words & found.invisible
    looked = np.flatnonzero(found.words & ~found.invisible)
    if not len(looked):
        return hidden
    boxes = words.box[looked]
    x0, y0 = (float(v) for v in boxes[:, :2].min(axis=0) - _MARGIN_POINTS)
    x1, y1 = (float(v) for v in boxes[:, 2:].max(axis=0) + _MARGIN_POINTS)
    try:
        known = [image for _, image in layers.images()]
        pixels, scale = render(page, frame, _DPI, most, (x0, y0, x1, y1), known)
        corner = np.array([max(int(x0 * scale), 0), max(int(y0 * scale), 0)] * 2)
        places = boxes * scale - corner
        blank = np.array([_is_blank(pixels, box) for box in places], np.bool_)
        if (found.deep[looked] & ~blank).any():
            with deactivated(_with_copies(found)):
                bare, _ = render(page, frame, _DPI, most, (x0, y0, x1, y1), known)
            changed = np.array([_is_changed(pixels, bare, box) for box in places], np.bool_)
            behind = ~changed & ~blank & found.deep[looked]
            # more words than that are the OCR layer of a page that is drawn over it, as of a note pad
            if behind.sum() <= _OCR_LAYER_MIN_SHARE * count:
                blank |= behind
    except InputProblem:
        return hidden
    hidden[looked] = blank
    return hidden


def _is_blank(pixels: NDArray[np.uint8], box: Floats) -> bool:
    """Whether a place in the rendering has one colour."""
    x0, y0, x1, y1 = (round(v) for v in box.tolist())
    inset = max((y1 - y0) // 8, 1)
    part = pixels[max(y0 + inset, 0) : max(y1 - inset, y0 + inset + 1), max(x0, 0) : max(x1, x0 + 1)]
    if not part.size:
        return True
    low, high = part.min(axis=(0, 1)).astype(np.int16), part.max(axis=(0, 1))
    return bool((high - low).max() < MIN_CONTRAST)
