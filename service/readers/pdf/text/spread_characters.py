"""Join characters of one Chinese, Japanese or Korean word that are set far apart, and of figures on such lines.

They are on one line in even steps, and their neighbours on both sides are farther away, or no single characters.
Figures are joined with the unit behind them.
Columns of a table whose cells are single characters in one row only, such as a header of weekdays, stay separate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.text.characters import KIND, SINGLE, character_table
from thresher.service.readers.pdf.text.words import PageWords

_STEP_MAX = 5.5  # in font sizes
_STEP_MAX_DIFFERENCE = 0.2  # of a step: between two even steps
_RUNNING_TEXT_MAX_STEP = 1.25  # in font sizes
_LEVEL_MAX_STEP = 0.3  # in font sizes
_UNIT_MAX_STEP = 2.6  # in font sizes: from the last figure to its unit
_MIN_FIGURES = 3  # in even steps, on a line with spread characters
_UNITS = character_table("円元圆圓원年月日号番名個")
_DIGIT = character_table("0123456789,.０１２３４５６７８９")


def spread_characters(words: PageWords) -> NDArray[np.bool_]:
    """Return which words continue, with no gap, the word before them in the file."""
    glued = np.zeros(len(words), np.bool_)
    single = (words.end - words.start == 1) & ~words.standing
    han = single & (KIND[words.head] == SINGLE)
    if int(han.sum()) < 2:
        return glued
    box = words.flat
    size = np.maximum(box[1:, 3] - box[1:, 1], box[:-1, 3] - box[:-1, 1])
    level = (np.abs(box[1:, 1] - box[:-1, 1]) < _LEVEL_MAX_STEP * size) & (words.page[1:] == words.page[:-1])
    step = np.where(level, box[1:, 0] - box[:-1, 0], np.inf) / np.maximum(size, 0.01)
    apart = (step > _RUNNING_TEXT_MAX_STEP) & (step < _STEP_MAX)
    pairs = apart & han[1:] & han[:-1]
    figures = apart & single[1:] & single[:-1] & _DIGIT[words.head[1:]] & _DIGIT[words.head[:-1]]
    for a, b in _runs(pairs, step):
        if not _is_columns(words, a, b):
            glued[a + 1 : b + 1] = True
    lines = {(int(words.page[i]), round(float(box[i, 1]))) for i in np.flatnonzero(glued).tolist()}
    for a, b in _runs(figures, step):
        if b - a + 1 >= _MIN_FIGURES and (int(words.page[a]), round(float(box[a, 1]))) in lines:
            glued[a + 1 : b + 1] = True
            unit = b + 1 < len(words) and bool(level[b] and _UNITS[words.head[b + 1]] and step[b] < _UNIT_MAX_STEP)
            glued[b + 1 : b + 2] |= unit
    return glued


def _runs(pairs: NDArray[np.bool_], step: Floats) -> list[tuple[int, int]]:
    """Return first and last word of runs in even steps."""
    found: list[tuple[int, int]] = []
    for i in np.flatnonzero(pairs).tolist():
        last = found[-1] if found else (-1, -1)
        if last[1] == i and abs(step[i] - step[i - 1]) <= _STEP_MAX_DIFFERENCE * step[i - 1]:
            found[-1] = (last[0], i + 1)
        elif last[1] == i and step[i] < step[i - 1]:  # a character belongs with its nearer neighbour
            found[-1] = (last[0], i - 1)
            found.append((i, i + 1))
        elif last[1] != i:
            found.append((i, i + 1))
    return [(a, b) for a, b in found if b > a]


def _is_columns(words: PageWords, a: int, b: int) -> bool:
    """Whether other rows have longer words at the places of two or more of these characters."""
    box = words.flat
    here = box[a : b + 1]
    others = np.flatnonzero((words.page == words.page[a]) & (np.abs(box[:, 1] - here[0, 1]) > here[0, 3] - here[0, 1]))
    plain = others[(words.end - words.start > 1)[others]]
    hit = [((box[plain, 0] < one[2]) & (box[plain, 2] > one[0])).any() for one in here]
    between = ((box[plain, 0] < here[0, 2]) & (box[plain, 2] > here[-1, 0])).any()  # one word across all of them
    return sum(map(bool, hit)) > 1 and not between
