"""Find words that are printed twice in one place.

Bold type and shadows are made by a second, slightly shifted printing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.text.words import PageWords

_SHIFT_MAX = 0.25  # in font sizes: of the second printing
_STRIP_HEIGHT = 8.0  # points; words are compared strip by strip
_LEVEL_MIN_OVERLAP = 0.5  # of the lower word's height: common height of two words on one line
_LONGER_MAX_RATIO = 2  # a text more than so many times as long is no second printing
_COMPARED = 4  # neighbours of the same shape are compared at distances below this


def repeated_words(words: PageWords) -> NDArray[np.bool_]:
    """Return which words lie on an equal one that comes before them in the file."""
    again = np.zeros(len(words), np.bool_)
    for i, j in _pairs(words):
        again[max(i, j)] = True
    return again


def repeated_by_visible_words(words: PageWords, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which hidden words repeat only what visible words say in the same place.

    A correction may add signs: `$417.75`, painted over with `($417.75)`, does not count as hidden.
    """
    seen = np.zeros(len(words), np.bool_)
    for i in np.flatnonzero(hidden).tolist():
        over = _visible_over(words, i, hidden)
        visible = "".join(_without_punctuation(_text(words, j)) for j in over)
        own = _without_punctuation(_text(words, i))
        seen[i] = not own or (own in visible and len(visible) <= _LONGER_MAX_RATIO * len(own))
    return seen


def _visible_over(words: PageWords, word: int, hidden: NDArray[np.bool_]) -> list[int]:
    """Return the visible words that overlap a hidden one, in the order of the file."""
    first, last = np.searchsorted(words.page, (words.page[word], words.page[word] + 1)).tolist()
    box, own = words.box[first:last], words.box[word]
    across = np.minimum(box[:, 2], own[2]) - np.maximum(box[:, 0], own[0])
    down = np.minimum(box[:, 3], own[3]) - np.maximum(box[:, 1], own[1])
    level = down > _LEVEL_MIN_OVERLAP * np.minimum(box[:, 3] - box[:, 1], own[3] - own[1])
    found: list[int] = (first + np.flatnonzero((across > 0) & level & ~hidden[first:last])).tolist()
    return found


def _without_punctuation(text: str) -> str:
    """Return a text without its punctuation."""
    return "".join(c for c in text if not unicodedata.category(c).startswith("P"))


def _pairs(words: PageWords) -> Iterator[tuple[int, int]]:
    """Yield pairs of equal words in one place."""
    if len(words) < 2:
        return
    shape = _shapes(words)
    _, alike, counts = np.unique(shape, return_inverse=True, return_counts=True)
    chosen = np.flatnonzero(counts[alike] > 1)
    alike, box = alike[chosen], words.box[chosen]
    height = box[:, 3] - box[:, 1]
    for shift in (0.0, 0.5):  # in strips: a printing may be a little below the other
        order = np.lexsort((box[:, 0], np.rint(box[:, 1] / _STRIP_HEIGHT + shift), alike))
        for step in range(1, _COMPARED):
            a, b = order[:-step], order[step:]
            same = alike[a] == alike[b]
            a, b = a[same], b[same]
            near = np.abs(box[a] - box[b]).max(axis=1) < _SHIFT_MAX * np.minimum(height[a], height[b])
            for i, j in zip(*(chosen[side[near]].tolist() for side in (a, b)), strict=True):
                if _text(words, i) == _text(words, j):
                    yield i, j


def _shapes(words: PageWords) -> NDArray[np.int64]:
    """Return a number for page, length, first and last character of each word."""
    length = np.minimum(words.end - words.start, 255)
    ends = (words.head.astype(np.int64) << 16) | words.tail
    shapes: NDArray[np.int64] = (words.page.astype(np.int64) << 40) | (length << 32) | ends
    return shapes


def _text(words: PageWords, word: int) -> str:
    """Return the text of a word."""
    return words.text[words.start[word] : words.end[word]]
