"""Find words that are struck through by a line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats, Ints

_HIGH, _LOW = 0.34, 0.70  # of a word's height: between them a line strikes the word, below it underlines it
_COVERED_MIN_SHARE = 0.7  # of a word's width
_OVERHANG_MAX = 0.8  # in font sizes: how far the line may reach beyond the struck words
_MAX_LINES = 3000  # of a page: more are a drawing


def struck_words(box: Floats, lines: Floats) -> list[Ints]:
    """Return runs of words, by index, that one line strikes.

    `box` is the box of each word, `lines` are the lines across the page.
    """
    if not len(box) or not 0 < len(lines) <= _MAX_LINES:
        return []
    lines = lines[_near_words(box, lines)]
    found = []
    height = box[:, 3] - box[:, 1]
    for line in lines:
        y = (line[1] + line[3]) / 2
        across = (y > box[:, 1] + _HIGH * height) & (y < box[:, 1] + _LOW * height)
        wide = np.minimum(box[:, 2], line[2]) - np.maximum(box[:, 0], line[0])
        hit = np.flatnonzero(across & (wide > _COVERED_MIN_SHARE * (box[:, 2] - box[:, 0])))
        if len(hit) and _fits(line, box[hit], height[hit]):
            found.append(hit)
    return found


def _near_words(box: Floats, lines: Floats) -> NDArray[np.bool_]:
    """Return which lines are at a height at which any word could be struck; rules of tables seldom are."""
    height = box[:, 3] - box[:, 1]
    top, foot = box[:, 1] + _HIGH * height, box[:, 1] + _LOW * height
    order = np.argsort(top)
    reach = np.maximum.accumulate(foot[order])  # the lowest foot of the words that begin above
    y = (lines[:, 1] + lines[:, 3]) / 2
    before = np.searchsorted(top[order], y)
    near: NDArray[np.bool_] = (before > 0) & (reach[np.maximum(before - 1, 0)] > y)
    return near


def _fits(line: Floats, box: Floats, height: Floats) -> bool:
    """Whether a line begins and ends where the words do; a rule of the page goes on."""
    most = _OVERHANG_MAX * float(height.max())
    thin = float(line[3] - line[1]) < 0.2 * float(height.max())
    return thin and bool(line[0] > box[:, 0].min() - most and line[2] < box[:, 2].max() + most)
