"""Find small pictures and drawn letters that stand directly beside a figure of the text, where a person sees one number.

They are too small, or too few, to be read as a picture of text: 250 with a drawn 9 before it is 9250 to a person. Nothing
is rendered; the boxes of the page's objects and words decide.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.matrices import Matrix
from thresher.service.readers.pdf.objects import PageObjects, segments_of_path, user_boxes

_MAX_OBJECTS = 2_000  # of a page: with more of them it is a drawing
_MAX_PLACES = 20  # of a page that are returned
_RECTANGLE_SEGMENTS = 5  # a path with no more is a box or a rule
_HEIGHTS = (0.4, 1.5)  # of what is drawn, in heights of the word beside it
_WIDTH = 4.0  # at most, in heights of the word: a few figures
_GAPS = (-0.25, 0.25)  # between both, in heights of the word
_SHARED = 0.7  # of what is drawn, in height, lies beside the word
_FIGURES = np.array([48 <= c < 58 for c in range(2**16)], np.bool_)
Mask = NDArray[np.bool_]


def drawn_figures_of(
    layers: PageObjects, words: Floats, ends: tuple[NDArray[np.uint16], NDArray[np.uint16]], frame: PageFrame
) -> list[tuple[float, float, float, float]]:
    """Return the boxes of small pictures and paths that touch a figure, as displayed.

    `words` are the boxes of visible words, `ends` their first and last characters.
    """
    begins, stops = _FIGURES[ends[0]], _FIGURES[ends[1]]
    figured = begins | stops
    drawn = _drawn(layers)
    if not figured.any() or not drawn:
        return []
    boxes = _small(drawn, layers.forms.places, frame)
    if not len(boxes):
        return []
    beside = _beside(boxes, words[figured], begins[figured], stops[figured]) & ~_on_words(boxes, words)
    found: list[tuple[float, float, float, float]] = [tuple(box) for box in boxes[beside][:_MAX_PLACES].tolist()]
    return found


def _drawn(layers: PageObjects) -> list[int]:
    """Return the page's own images and paths; none where there are too many."""
    own = [layers.objects[i] for i in layers.of_kind(pdfium.FPDF_PAGEOBJ_PATH)]
    own = own if len(own) <= _MAX_OBJECTS else []
    images = [one for _, one in layers.images()]
    return own + (images if len(images) <= _MAX_OBJECTS else [])


def _small(drawn: list[int], places: Mapping[int, Matrix], frame: PageFrame) -> Floats:
    """Return the boxes of those that are as small as letters and no boxes or rules."""
    boxes = frame.show(user_boxes(drawn, places))
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    at = np.flatnonzero((height > 2) & (height < 40) & (width > 1) & (width < 80))
    kept = [
        i for i in at.tolist() if segments_of_path(drawn[i]) > _RECTANGLE_SEGMENTS or segments_of_path(drawn[i]) < 0
    ]
    return boxes[kept]


def _beside(boxes: Floats, words: Floats, begins: Mask, stops: Mask) -> Mask:
    """Return which boxes stand directly before a word that begins with a figure, or behind one that ends with one."""
    height = np.maximum(words[:, 3] - words[:, 1], 1e-3)
    own = (boxes[:, 3] - boxes[:, 1])[:, None]
    shared = np.minimum(boxes[:, None, 3], words[:, 3]) - np.maximum(boxes[:, None, 1], words[:, 1])
    fits = (own > _HEIGHTS[0] * height) & (own < _HEIGHTS[1] * height) & (shared > _SHARED * np.minimum(own, height))
    fits &= (boxes[:, 2] - boxes[:, 0])[:, None] < _WIDTH * height
    before, behind = words[:, 0] - boxes[:, None, 2], boxes[:, None, 0] - words[:, 2]
    near = begins & (before > _GAPS[0] * height) & (before < _GAPS[1] * height)
    near |= stops & (behind > _GAPS[0] * height) & (behind < _GAPS[1] * height)
    found: Mask = (fits & near).any(axis=1)
    return found


def _on_words(boxes: Floats, words: Floats) -> Mask:
    """Return which boxes have their middle in a word: a mark over it, or a highlight."""
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]
    within = np.logical_and.reduce((middle > words[:, :2]) & (middle < words[:, 2:]), axis=2)
    found: Mask = np.logical_or.reduce(within, axis=1)
    return found
