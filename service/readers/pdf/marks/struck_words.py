"""Find words that are struck through by a line, or crossed out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats, Ints

_HIGH, _LOW = 0.34, 0.70  # of a word's height: between them a line strikes the word, below it underlines it
_COVERED_MIN_SHARE = 0.7  # of a word's width
_OVERHANG_MAX = 0.8  # in font sizes: how far the line may reach beyond the struck words
_MAX_LINES = 3000  # of a page: more are a drawing
_SLANTING_MAX_HEIGHT = 3.0  # of a word's height: of a stroke through one line of text
_CROSS_MIN_SHARE = 0.6  # of a cross's width and height: how much of it the words below it fill
_CROSS_MAX_DIFFERENCE = 4.0  # points: between the ends of its two strokes


def struck_words(box: Floats, lines: Floats, slanting: Floats) -> list[Ints]:
    """Return runs of words, by index, that one line strikes, or two that cross.

    `box` is the box of each word, `lines` are the lines across the page, `slanting` the ends of the slanting ones.
    """
    if not len(box):
        return []
    return _struck(box, lines) + _slashed(box, slanting) + _crossed(box, slanting)


def _slashed(box: Floats, strokes: Floats) -> list[Ints]:
    """Return runs of words of one line of text, each from the lower to the upper end of a slanting stroke."""
    found = []
    height, middle = box[:, 3] - box[:, 1], (box[:, 1] + box[:, 3]) / 2
    for x0, y0, x1, y1 in strokes.tolist():
        low, high = min(y0, y1), max(y0, y1)
        hit = (middle > low) & (middle < high) & (high - low < _SLANTING_MAX_HEIGHT * height)
        hit &= np.minimum(box[:, 2], x1) - np.maximum(box[:, 0], x0) > _COVERED_MIN_SHARE * (box[:, 2] - box[:, 0])
        run = np.flatnonzero(hit)
        if not len(run) or np.ptp(middle[run]) > height[run].max() / 2:
            continue
        left, right = box[run, 0].min(), box[run, 2].max()
        through = y0 + (y1 - y0) * ((left + right) / 2 - x0) / (x1 - x0)
        fits = _fits(np.array([x0, 0, x1, 0], np.float32), box[run], height[run])
        if fits and abs(through - middle[run].mean()) < height[run].max() / 2:
            found += _cells(box, run)
    return found


def _cells(box: Floats, words: Ints) -> list[Ints]:
    """Return words parted by line, and by the gaps between cells."""
    size, middle = box[words, 3] - box[words, 1], (box[words, 1] + box[words, 3]) / 2
    gap = box[words[1:], 0] - box[words[:-1], 2]
    follows = (np.abs(np.diff(middle)) < size[1:] / 2) & (np.abs(gap) < size[1:])
    return np.split(words, np.flatnonzero(~follows) + 1)


def _crossed(box: Floats, strokes: Floats) -> list[Ints]:
    """Return the words below each two strokes that run from corner to corner of one rectangle, and that fill it.

    The words of each line, and of each cell, are a run of their own.
    """
    found = []
    falling, rising = (strokes[(strokes[:, 1] < strokes[:, 3]) == down] for down in (True, False))
    middle = (box[:, :2] + box[:, 2:]) / 2
    for one in falling:
        same = np.abs(rising - one[[0, 3, 2, 1]]).max(axis=1, initial=0) < _CROSS_MAX_DIFFERENCE
        inside = np.flatnonzero(((middle > one[:2]) & (middle < one[2:])).all(axis=1))
        if not same.any() or not len(inside):
            continue
        filled = box[inside, 2:].max(axis=0) - box[inside, :2].min(axis=0)
        if (filled > _CROSS_MIN_SHARE * (one[2:] - one[:2])).all():
            found += _cells(box, inside)
    return found


def _struck(box: Floats, lines: Floats) -> list[Ints]:
    """Return runs of words, by index, that one line across the page strikes."""
    if not 0 < len(lines) <= _MAX_LINES:
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
