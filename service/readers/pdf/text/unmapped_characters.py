"""Words with characters that no font tells, though the page shows them: each is read from the page's picture in its place.

A font may map its codes to nothing, or to the private use area. Where few words are so, the others are better than OCR.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.pictures.recognised_words import Recognised
from thresher.service.readers.pdf.pictures.textless_regions import Region
from thresher.service.readers.pdf.text.characters import BECOMES
from thresher.service.readers.pdf.text.text_extraction import Sheet

Mask = NDArray[np.bool_]
_MANY = 0.25  # of a page's words: with more, the page is read from its picture as a whole
_AROUND = 0.4  # of a word's height: how much of the page around it is drawn
_NEXT = 1.0  # of their height: words nearer than this are drawn together


def untold_words(sheet: Sheet) -> Mask | None:
    """Which words have such characters, None for none; a sign by itself is a bullet or the like."""
    units = BECOMES[sheet.units]
    untold = (units == 0xFFFD) | ((units >= 0xE000) & (units <= 0xF8FF))
    if not untold.any():
        return None
    before = np.concatenate(([0], np.cumsum(untold)))
    found: Mask = (before[sheet.end] > before[sheet.start]) & (sheet.end - sheet.start > 1)
    if sheet.hidden is not None:
        found &= ~sheet.hidden
    return found if found.any() else None


def is_many(untold: Mask) -> bool:
    """Whether so many words of a page are so that nothing but its picture tells it."""
    return bool(untold.mean() > _MANY)


def regions_of_words(boxes: Floats) -> list[Region]:
    """Where such words stand, those that follow each other on a line together. `boxes` in points, as displayed."""
    found: list[list[float]] = []
    for x0, y0, x1, y1 in boxes.tolist():
        last = found[-1] if found else None
        if last and abs(last[1] - y0) < (y1 - y0) / 2 and 0 <= x0 - last[2] < _NEXT * (y1 - y0):
            last[2], last[3] = x1, max(last[3], y1)
        else:
            found.append([x0, y0, x1, y1])
    return [_region(*box) for box in found]


def _region(x0: float, y0: float, x1: float, y1: float) -> Region:
    around = _AROUND * (y1 - y0)
    return Region((max(x0 - around, 0.0), max(y0 - around, 0.0), x1 + around, y1 + around), (), drawn=True, words=True)


def replaced(untold: Mask, boxes: Floats, found: Recognised) -> Mask:
    """Which of the words were recognised: the middle of a word that was read lies in each. `boxes`: of all words."""
    if not len(found):
        return np.zeros(len(untold), np.bool_)
    read = np.array(found.box, np.float32)
    middle = (read[:, :2] + read[:, 2:]) / 2
    within = np.logical_and.reduce((middle > boxes[:, None, :2]) & (middle < boxes[:, None, 2:]), axis=2)
    mask: Mask = untold & np.logical_or.reduce(within, axis=1)
    return mask
