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
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import (
    PAPER_MIN_CHANNEL,
    TRANSPARENT_MAX_ALPHA,
    Floats,
    Ints,
    bounds_of,
    colours_of,
    object_type,
    render_mode,
)
from thresher.service.readers.pdf.objects import (
    PageObjects,
    clipped_boxes,
    deactivated,
    is_filled,
    is_wide,
    on_layers,
    user_boxes,
)
from thresher.service.readers.pdf.pictures.raster import render

Mask = NDArray[np.bool_]
_INVISIBLE = 3  # text render modes: neither filled nor stroked
_CLIP = 7  # only added to the clipping path
_SEEN_MIN_POINTS = 1.0  # lower type cannot be seen
_READABLE_MIN_POINTS = 2.4  # lower type is hidden where the page's other type is much larger
_MINUTE_MAX_SHARE = 0.3  # of the page's median height: such type is much smaller than the rest
_COVER_MIN_POINTS = 2.5  # a thinner cover is a rule
_COVER_MIN_ALPHA = 200  # of 255: a fainter cover is a tint
_OBJECTS_A_WORD = 1.5  # with more, it is cheaper to read the colours of each word's object only
_MIN_CONTRAST = 24  # of 255: colours that differ less look the same
_OCR_LAYER_MIN_SHARE = 0.9  # of all words of a page: so many behind drawings are the drawings' OCR layer
_COPY_MAX_POINTS = 3.0  # shift of a second printing
_COLOUR_WEIGHTS = np.array([1 << 24, 1 << 16, 1 << 8, 1], np.uint32)  # turn a colour into one number
_DPI = 108
_MARGIN_POINTS = 2.0  # around the suspects in their rendering


@dataclass(frozen=True, slots=True)
class HidingObjects:
    """The objects of a page that may hide text."""

    layers: PageObjects
    dim: bool  # whether words may be in the paper's colour, unpainted, or on a layer that may be off
    covers: list[int]  # indices of objects that may cover text, or be in its colour under it
    boxes: Floats  # of the covers, as displayed
    colours: NDArray[np.uint32]  # of the covers: red, green, blue, alpha
    layered: frozenset[int]  # text objects on a layer, which may be off
    layers_in_forms: bool  # whether objects inside forms may be on layers, too


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


def hiding_objects_of(
    layers: PageObjects, owners: Ints, frame: PageFrame, *, optional: bool = False
) -> HidingObjects | None:
    """Return the objects that may hide text on a page; None where nothing can.

    `owners` is the text object in which each word begins; `optional` is whether the file may have layers that can be
    off.
    """
    objects, others = layers.objects, layers.others
    first_text = int((layers.modes >= 0).argmax()) if len(others) < len(objects) else -1
    tones = _tones(layers, owners)
    covers = _solid(objects, _covers(layers, first_text)) if others else []
    covers = sorted({*covers, *_same_colour(layers, tones, known=set(covers))})
    layered = frozenset(on_layers(objects)) if optional else frozenset[int]()
    dim = bool(_unpainted(layers.modes).any() or _is_pale(tones).any() or layered or optional)
    if not covers and not dim:
        return None
    chosen = [objects[i] for i in covers]
    return HidingObjects(layers, dim, covers, frame.show(user_boxes(chosen)), colours_of(chosen), layered, optional)


def _tones(layers: PageObjects, owners: Ints) -> NDArray[np.uint32]:
    """Return the colours of text; only those of words, where these are fewer than objects."""
    if len(layers.objects) > _OBJECTS_A_WORD * len(owners):
        inks = [ink for ink in set(owners.tolist()) if ink]
    else:
        others = set(layers.others)
        inks = [one for i, one in enumerate(layers.objects) if i not in others] if others else layers.objects
    found = colours_of(inks)
    packed = found @ _COLOUR_WEIGHTS
    if len(packed) and (packed == packed[0]).all():
        return found[:1]
    _, first = np.unique(packed, return_index=True)
    return found[first]


def _is_pale(colours: NDArray[np.uint32]) -> Mask:
    """Return which colours are that of paper, or transparent."""
    pale: Mask = (colours[:, :3].min(axis=1) >= PAPER_MIN_CHANNEL) | (colours[:, 3] < TRANSPARENT_MAX_ALPHA)
    return pale


def _same_colour(layers: PageObjects, tones: NDArray[np.uint32], known: set[int]) -> list[int]:
    """Return filled paths in a colour of the text, other than paper's: text on them cannot be seen."""
    tones = tones[~_is_pale(tones)]
    paths = [i for i in layers.of_kind(pdfium.FPDF_PAGEOBJ_PATH) if i not in known]
    if not paths or not len(tones):
        return []
    colours = colours_of([layers.objects[i] for i in paths])
    near = np.flatnonzero(_near(colours, tones).any(axis=1)).tolist()
    some = [paths[i] for i in near if is_filled(layers.objects[paths[i]])]
    return _solid(layers.objects, some)


def _near(some: NDArray[np.uint32], others: NDArray[np.uint32]) -> Mask:
    """Return (some, others): which colours look the same."""
    differ = np.abs(some[:, None, :3].astype(np.int64) - others[None, :, :3])
    near: Mask = differ.max(axis=2) < _MIN_CONTRAST
    return near


def _unpainted(modes: NDArray[np.int8]) -> Mask:
    """Return which render modes paint nothing."""
    unpainted: Mask = (modes == _INVISIBLE) | (modes == _CLIP)
    return unpainted


def _solid(objects: list[int], covers: list[int]) -> list[int]:
    """Return the covers that are more than rules or tints."""
    wide = [i for i in covers if is_wide(objects[i], _COVER_MIN_POINTS)]
    solid = colours_of([objects[i] for i in wide])[:, 3] >= _COVER_MIN_ALPHA
    return [i for i, is_solid in zip(wide, solid.tolist(), strict=True) if is_solid]


def _covers(layers: PageObjects, first_text: int) -> list[int]:
    """Return the indices of images, of filled paths above text, and of forms that may hide text."""
    found = []
    for i, kind in zip(layers.others, layers.kinds, strict=True):
        above = i > first_text >= 0
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            if above and is_filled(layers.objects[i]):
                found.append(i)
        elif kind != pdfium.FPDF_PAGEOBJ_FORM or _may_hide(layers, layers.objects[i], above=above):
            found.append(i)
    return found


def _may_hide(layers: PageObjects, form: int, *, above: bool) -> bool:
    """Whether a form may hide text: its own, or text beneath it where it is painted `above` any."""
    held = layers.forms.inside(form)
    kinds = list(map(object_type, held))
    letters = [i for i, kind in enumerate(kinds) if kind == pdfium.FPDF_PAGEOBJ_TEXT]
    begin = 0 if above else letters[0] if letters else len(held)
    for one, kind in zip(held[begin:], kinds[begin:], strict=True):
        if kind not in {pdfium.FPDF_PAGEOBJ_TEXT, pdfium.FPDF_PAGEOBJ_PATH}:
            return True
        if kind == pdfium.FPDF_PAGEOBJ_PATH and is_filled(one):
            return True
    texts = [held[i] for i in letters]
    pale = colours_of(texts)[:, :3].min(axis=1) >= PAPER_MIN_CHANNEL
    return bool(pale.any()) or any(render_mode(one) in {_INVISIBLE, _CLIP} for one in texts)


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
    invisible: Mask = ~nested & ((modes == _INVISIBLE) | faint)
    later = (order[:, None] < np.array(scene.covers, np.int64)) | nested[:, None]
    solid = np.array([object_type(objects[c]) == pdfium.FPDF_PAGEOBJ_PATH for c in scene.covers], np.bool_)
    under = _clipped(scene, words, places, later)
    clip: Mask = ~nested & (modes == _CLIP)
    invisible |= clip & ~(under & later).any(axis=1)  # nothing is drawn through the letters
    scanned = _on_images(scene, words, places[1], ~solid) if invisible.any() else np.zeros(len(words), np.bool_)
    layered = np.fromiter((ink in scene.layered for ink in inks), np.bool_, len(inks))
    layered |= nested & scene.layers_in_forms
    alike = solid & _near(colours, scene.colours) if len(scene.covers) else under
    deep: Mask = ((under & solid & (later | alike)).any(axis=1) & ~clip) | layered
    suspects: Mask = (invisible & ~scanned) | (~nested & _is_pale(colours)) | deep | clip | (under & later).any(axis=1)
    texts = [one for one, mode in zip(objects, scene.layers.modes.tolist(), strict=True) if mode >= 0]
    return _Suspects(suspects & ~(invisible & scanned), invisible & ~scanned, deep & ~invisible, inks, texts)


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
    return bool(here.size and np.abs(here - there).max() >= _MIN_CONTRAST)


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
    return bool((high - low).max() < _MIN_CONTRAST)
