"""Find the objects of a page that may hide text: what covers it, is in its colour, or may be off."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import (
    PAPER_MIN_CHANNEL,
    TRANSPARENT_MAX_ALPHA,
    Floats,
    Ints,
    bounds_of,
    colours_of,
    object_type,
    paints_of,
    render_mode,
)
from thresher.service.readers.pdf.objects import PageObjects, is_filled, is_transparent, on_layers, user_boxes

Mask = NDArray[np.bool_]
INVISIBLE = 3  # text render modes: neither filled nor stroked
CLIP = 7  # only added to the clipping path
_COVER_MIN_POINTS = 2.5  # a thinner cover is a rule
_COVER_MIN_ALPHA = 200  # of 255: a fainter cover is a tint
MIN_CONTRAST = 24  # of 255: colours that differ less look the same
_COLOUR_WEIGHTS = np.array([1 << 24, 1 << 16, 1 << 8, 1], np.uint32)  # turn a colour into one number


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


def hiding_objects_of(
    layers: PageObjects, owners: Ints, frame: PageFrame, *, optional: bool = False
) -> HidingObjects | None:
    """Return the objects that may hide text on a page; None where nothing can.

    `owners` is the text object in which each word begins; `optional` is whether the file may have layers that can be
    off.
    """
    objects, others = layers.objects, layers.others
    first_text = int((layers.modes >= 0).argmax()) if len(others) < len(objects) else -1
    tones = _tones(owners)
    covers = _solid(objects, _covers(layers, first_text)) if others else []
    covers = sorted({*covers, *_same_colour(layers, tones, known=set(covers))})
    layered = frozenset(on_layers(objects)) if optional else frozenset[int]()
    dim = bool(_unpainted(layers.modes).any() or is_pale(tones).any() or layered or optional)
    if not covers and not dim:
        return None
    chosen = [objects[i] for i in covers]
    return HidingObjects(layers, dim, covers, frame.show(user_boxes(chosen)), colours_of(chosen), layered, optional)


def _tones(owners: Ints) -> NDArray[np.uint32]:
    """Return the colours of the text objects in which words begin."""
    found = colours_of([ink for ink in set(owners.tolist()) if ink])
    packed = found @ _COLOUR_WEIGHTS
    if len(packed) and (packed == packed[0]).all():
        return found[:1]
    _, first = np.unique(packed, return_index=True)
    return found[first]


def is_pale(colours: NDArray[np.uint32]) -> Mask:
    """Return which colours are that of paper, or transparent."""
    pale: Mask = (colours[:, :3].min(axis=1) >= PAPER_MIN_CHANNEL) | (colours[:, 3] < TRANSPARENT_MAX_ALPHA)
    return pale


def _same_colour(layers: PageObjects, tones: NDArray[np.uint32], known: set[int]) -> list[int]:
    """Return filled paths in a colour of the text, other than paper's: text on them cannot be seen."""
    tones = tones[~is_pale(tones)]
    paths = [i for i in layers.of_kind(pdfium.FPDF_PAGEOBJ_PATH) if i not in known]
    if not paths or not len(tones):
        return []
    colours = colours_of([layers.objects[i] for i in paths])
    near = np.flatnonzero(look_alike(colours, tones).any(axis=1)).tolist()
    return _solid(layers.objects, _filled(layers.objects, [paths[i] for i in near]))


def look_alike(some: NDArray[np.uint32], others: NDArray[np.uint32]) -> Mask:
    """Return (some, others): which colours look the same."""
    differ = np.abs(some[:, None, :3].astype(np.int64) - others[None, :, :3])
    near: Mask = differ.max(axis=2) < MIN_CONTRAST
    return near


def _unpainted(modes: NDArray[np.int8]) -> Mask:
    """Return which render modes paint nothing."""
    unpainted: Mask = (modes == INVISIBLE) | (modes == CLIP)
    return unpainted


def _solid(objects: list[int], covers: list[int]) -> list[int]:
    """Return the covers that are more than rules or tints; faint forms, too, as they may hold the text."""
    if not covers:
        return []
    box = bounds_of([objects[i] for i in covers])
    wide = np.flatnonzero(np.minimum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) > _COVER_MIN_POINTS).tolist()
    some = [covers[i] for i in wide]
    solid = colours_of([objects[i] for i in some])[:, 3] >= _COVER_MIN_ALPHA
    solid |= np.array([object_type(objects[i]) == pdfium.FPDF_PAGEOBJ_FORM for i in some], np.bool_)
    return [i for i, is_solid in zip(some, solid.tolist(), strict=True) if is_solid]


def _covers(layers: PageObjects, first_text: int) -> list[int]:
    """Return the indices of images, of filled paths above text, and of forms that may hide text."""
    found, paths = [], []
    for i, kind in zip(layers.others, layers.kinds, strict=True):
        above = i > first_text >= 0
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            if above:
                paths.append(i)
        elif kind != pdfium.FPDF_PAGEOBJ_FORM or _may_hide(layers, layers.objects[i], above=above):
            found.append(i)
    return sorted([*found, *_filled(layers.objects, paths)])


def _filled(objects: list[int], paths: list[int]) -> list[int]:
    """Return the filled ones of paths."""
    return list(compress(paths, paints_of([objects[i] for i in paths])[0].tolist()))


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
    forms = [form, *(one for one, kind in zip(held, kinds, strict=True) if kind == pdfium.FPDF_PAGEOBJ_FORM)]
    if texts and any(map(is_transparent, forms)):
        return True  # its text may be drawn with an opacity of nothing
    pale = colours_of(texts)[:, :3].min(axis=1) >= PAPER_MIN_CHANNEL
    return bool(pale.any()) or any(render_mode(one) in {INVISIBLE, CLIP} for one in texts)
