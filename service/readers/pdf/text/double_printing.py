"""Words that are printed twice in one place: bold type and shadows made by a second printing a little aside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.text.words import PageWords

_NEAR = 0.25  # in font sizes: how far the second printing may be off
_STRIP = 8.0  # points
_LEVEL = 0.5  # of the lower one's height: so much of two words on one line is at the same height
_LONGER = 2  # times as long: a text with more signs is no second printing, whatever it holds
_NEXT = 4  # words of the same look and nearly the same place that are compared


def printed_again(words: PageWords) -> NDArray[np.bool_]:
    """Which words lie on an equal one that comes before them in the file."""
    again = np.zeros(len(words), np.bool_)
    for i, j in _pairs(words):
        again[max(i, j)] = True
    return again


def under_themselves(words: PageWords, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the hidden words say nothing but what words to be seen in the same place say: they were printed twice.

    A correction may add signs: of `$417.75`, painted over with `($417.75)`, nothing is hidden.
    """
    seen = np.zeros(len(words), np.bool_)
    for i in np.flatnonzero(hidden).tolist():
        over = _over(words, i, hidden)
        said = "".join(_telling(_text(words, j)) for j in over)
        own = _telling(_text(words, i))
        seen[i] = not own or (own in said and len(said) <= _LONGER * len(own))
    return seen


def _over(words: PageWords, word: int, hidden: NDArray[np.bool_]) -> list[int]:
    """The words to be seen that overlap a hidden one, in the order of the file."""
    first, last = np.searchsorted(words.page, (words.page[word], words.page[word] + 1)).tolist()
    box, own = words.box[first:last], words.box[word]
    across = np.minimum(box[:, 2], own[2]) - np.maximum(box[:, 0], own[0])
    down = np.minimum(box[:, 3], own[3]) - np.maximum(box[:, 1], own[1])
    level = down > _LEVEL * np.minimum(box[:, 3] - box[:, 1], own[3] - own[1])
    found: list[int] = (first + np.flatnonzero((across > 0) & level & ~hidden[first:last])).tolist()
    return found


def _telling(text: str) -> str:
    """A text without its punctuation."""
    return "".join(c for c in text if not unicodedata.category(c).startswith("P"))


def _pairs(words: PageWords) -> Iterator[tuple[int, int]]:
    """Equal words in one place."""
    if len(words) < 2:
        return
    look = _looks(words)
    _, alike, counts = np.unique(look, return_inverse=True, return_counts=True)
    chosen = np.flatnonzero(counts[alike] > 1)
    alike, box = alike[chosen], words.box[chosen]
    height = box[:, 3] - box[:, 1]
    for shift in (0.0, 0.5):  # in strips: a printing may be a little below the other
        order = np.lexsort((box[:, 0], np.rint(box[:, 1] / _STRIP + shift), alike))
        for step in range(1, _NEXT):
            a, b = order[:-step], order[step:]
            same = alike[a] == alike[b]
            a, b = a[same], b[same]
            near = np.abs(box[a] - box[b]).max(axis=1) < _NEAR * np.minimum(height[a], height[b])
            for i, j in zip(*(chosen[side[near]].tolist() for side in (a, b)), strict=True):
                if _text(words, i) == _text(words, j):
                    yield i, j


def _looks(words: PageWords) -> NDArray[np.int64]:
    """A number for page, length, first and last character of each word."""
    length = np.minimum(words.end - words.start, 255)
    ends = (words.head.astype(np.int64) << 16) | words.tail
    looks: NDArray[np.int64] = (words.page.astype(np.int64) << 40) | (length << 32) | ends
    return looks


def _text(words: PageWords, word: int) -> str:
    return words.text[words.start[word] : words.end[word]]
