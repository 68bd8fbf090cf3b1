"""Find words with characters that a font does not map to Unicode.

OCR reads each in its place on the page. A font may map its codes to nothing, or to the private use area. Where few
words are affected, the text layer is better than OCR for the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.pictures.recognised_words import RecognisedWords
from thresher.service.readers.pdf.pictures.textless_regions import TextlessRegion
from thresher.service.readers.pdf.text.characters import REPLACEMENT_UNITS
from thresher.service.readers.pdf.text.text_extraction import PageText

Mask = NDArray[np.bool_]
_WHOLE_PAGE_MIN_SHARE = 0.25  # of a page's words: with more, the whole page is read from its picture
_MARGIN_SHARE = 0.4  # of a word's height: margin that is rendered around it
_SAME_REGION_MAX_GAP = 1.0  # of their height: nearer words are rendered together


def unmapped_words(sheet: PageText) -> Mask | None:
    """Return which words have such characters, None for none.

    Single signs do not count, as they are bullets.
    """
    units = REPLACEMENT_UNITS[sheet.units]
    unmapped = (units == 0xFFFD) | ((units >= 0xE000) & (units <= 0xF8FF))
    if not unmapped.any():
        return None
    before = np.concatenate(([0], np.cumsum(unmapped)))
    found: Mask = (before[sheet.end] > before[sheet.start]) & (sheet.end - sheet.start > 1)
    if sheet.hidden is not None:
        found &= ~sheet.hidden
    return found if found.any() else None


def are_many(unmapped: Mask) -> bool:
    """Whether so many words of a page are affected that it is read from its picture."""
    return bool(unmapped.mean() > _WHOLE_PAGE_MIN_SHARE)


def regions_of_words(boxes: Floats) -> list[TextlessRegion]:
    """Return the regions of such words, adjacent ones on a line together. `boxes` in points, as displayed."""
    found: list[list[float]] = []
    for x0, y0, x1, y1 in boxes.tolist():
        last = found[-1] if found else None
        if last and abs(last[1] - y0) < (y1 - y0) / 2 and 0 <= x0 - last[2] < _SAME_REGION_MAX_GAP * (y1 - y0):
            last[2], last[3] = x1, max(last[3], y1)
        else:
            found.append([x0, y0, x1, y1])
    return [_region(*box) for box in found]


def _region(x0: float, y0: float, x1: float, y1: float) -> TextlessRegion:
    """Return the region of a box, with a margin."""
    around = _MARGIN_SHARE * (y1 - y0)
    return TextlessRegion(
        (max(x0 - around, 0.0), max(y0 - around, 0.0), x1 + around, y1 + around), (), drawn=True, words=True
    )


def replaced(unmapped: Mask, boxes: Floats, found: RecognisedWords) -> Mask:
    """Return which unmapped words were recognised: each contains the middle of a read word.

    `boxes` are of all words.
    """
    if not len(found):
        return np.zeros(len(unmapped), np.bool_)
    read = np.array(found.box, np.float32)
    middle = (read[:, :2] + read[:, 2:]) / 2
    within = np.logical_and.reduce((middle > boxes[:, None, :2]) & (middle < boxes[:, None, 2:]), axis=2)
    mask: Mask = unmapped & np.logical_or.reduce(within, axis=1)
    return mask
