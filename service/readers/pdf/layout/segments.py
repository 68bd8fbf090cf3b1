"""Group words into segments: words side by side on one baseline with no wide gap between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.characters import character_table
from thresher.service.readers.pdf.text.words import PageWords

WIDE_GAP = 1.0  # in font sizes: a wider gap begins another segment
_SAME_LINE_MAX_STEP = 0.45  # in font sizes: centres nearer than this are on one line
_WORDS_MAX_OVERLAP = 0.5  # in font sizes: how far a word may start before the end of the one before it
_CURRENCIES = character_table("$€£¥")
_AMOUNT = frozenset("0123456789(-–—.")
_CURRENCY_MIN_GAP = 0.5  # in font sizes: a currency sign this far from the word before it begins another cell
_CURRENCY_MAX_GAP = 12.0  # in font sizes: from a currency sign to its amount
_FIGURE = character_table("0123456789%()+-\u2212$€£¥")
_DECIMAL = re.compile(r"[-+(\u2212]?[$€£¥]?[0-9][0-9.,']*[.,][0-9]+\)?[%€£]?")
_LABEL = re.compile(
    r"\(?[0-9A-Za-z]{1,5}\)|[0-9]{1,2}(?:\.[0-9]{1,2})+\.?|[0-9]{1,2}\.|[A-Za-z]\.|[•●○◦▪■□‣⁃∙·➢✓–—*-]|§+"
)
_LABEL_MAX_GAP = 6.0  # in font sizes: from a label to its text
_LABEL_MAX_CHARS = 8  # exclusive
_OPENERS = frozenset("\"“‘'([")


@dataclass(slots=True)
class Segments:
    """Segments of a page in the order of the content stream."""

    first: Ints  # index of each segment's first word
    last: Ints  # of its last word, inclusive
    box: Floats  # (n, 4), level, as in `PageWords.flat`
    upright: NDArray[np.bool_]  # False: runs up or down the page
    page: Ints  # index of each segment's page
    label: NDArray[np.bool_]  # a lone "(a)", "2.1" or bullet, whose text is the next segment
    rule: Floats | None = None  # x of the line down the page that each begins a cell behind; NaN for none

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.first)

    def base(self, page: int) -> int:
        """Return the first segment of a page."""
        return int(np.searchsorted(self.page, page))


class SegmentTexts:
    """The texts of segments, from lists, which are faster to index than arrays."""

    def __init__(self, segments: Segments, words: PageWords) -> None:
        """Collect where the segments' texts begin and end."""
        self._text = words.text
        self._start, self._end = words.start[segments.first].tolist(), words.end[segments.last].tolist()
        self._words = list(zip(segments.first.tolist(), (segments.last + 1).tolist(), strict=True))

    def of(self, first: int, last: int) -> str:
        """Return the text from one segment to another, both inclusive."""
        return self._text[self._start[first] : self._end[last]]

    def words(self, segment: int) -> range:
        """Return the words of a segment."""
        return range(*self._words[segment])


def segments_of(words: PageWords, cuts: Sequence[int] = ()) -> Segments:
    """Group words into segments; each word of `cuts` begins one."""
    if not len(words):
        nothing = np.zeros(0, np.int64)
        return Segments(
            nothing, nothing, np.zeros((0, 4), np.float32), np.zeros(0, np.bool_), nothing, np.zeros(0, np.bool_)
        )
    standing = words.standing
    joined, level = _joined(words.flat, standing)
    same = words.page[1:] == words.page[:-1]
    _attach_currencies(words, joined)
    _separate_figures(words, joined)
    joined &= same & ~words.apart[1:]
    joined[np.asarray(cuts, np.int64) - 1] = False
    if words.rule is not None:
        joined &= np.isnan(words.rule[1:])
    if words.glued is not None:
        joined |= same & words.glued[1:]
    labels = _labels(words, joined, level & same)
    first = np.flatnonzero(np.concatenate(([True], ~joined)))
    last = np.append(first[1:], len(words)) - 1
    low = np.minimum.reduceat(words.flat[:, :2], first, axis=0)
    high = np.maximum.reduceat(words.flat[:, 2:], first, axis=0)
    rule = None if words.rule is None else words.rule[first]
    return Segments(
        first, last, np.concatenate((low, high), axis=1), ~standing[first], words.page[first], labels[first], rule
    )


def _joined(box: Floats, standing: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for each word but the first whether it continues the one before it.

    Also returns for each whether it is right of that one, on the same line.
    """
    height = box[:, 3] - box[:, 1]
    size = np.maximum(height[1:], height[:-1])
    middle = (box[:, 1] + box[:, 3]) * np.float32(0.5)
    level = np.abs(middle[1:] - middle[:-1]) < _SAME_LINE_MAX_STEP * size
    gap = box[1:, 0] - box[:-1, 2]
    joined: NDArray[np.bool_] = level & (gap < WIDE_GAP * size) & (gap > -_WORDS_MAX_OVERLAP * size)
    if standing.any():
        joined &= ~(standing[1:] | standing[:-1])
        joined |= _stacked(box, standing)
    return joined, level & (gap > 0)


def _attach_currencies(words: PageWords, joined: NDArray[np.bool_]) -> None:
    """Join a lone currency sign to the amount on its right, not to the word on its left.

    A sign right behind an amount, and farther from the next one, belongs to the amount on its left.
    """
    box, text = words.flat, words.text
    for i in np.flatnonzero((words.end - words.start == 1) & _CURRENCIES[words.head]).tolist():
        size = box[i, 3] - box[i, 1]
        if i and box[i, 0] - box[i - 1, 2] > _CURRENCY_MIN_GAP * size:
            joined[i - 1] = False
        if i + 1 < len(words):
            level = abs(box[i, 1] + box[i, 3] - box[i + 1, 1] - box[i + 1, 3]) < size
            amount = text[words.start[i + 1]] in _AMOUNT
            gap = box[i + 1, 0] - box[i, 2]
            if i and joined[i - 1] and _CURRENCY_MIN_GAP * size < gap and text[words.end[i - 1] - 1].isdigit():
                continue
            joined[i] |= bool(level and amount and 0 <= gap < _CURRENCY_MAX_GAP * size)


def _separate_figures(words: PageWords, joined: NDArray[np.bool_]) -> None:
    """Separate two adjacent figures with decimals: no number has two decimal points and a gap."""
    figure = (_FIGURE[words.head] & _FIGURE[words.tail]) & (words.end - words.start > 2)
    for i in np.flatnonzero(figure[1:] & figure[:-1] & joined).tolist():
        if all(_DECIMAL.fullmatch(words.text, words.start[k], words.end[k]) for k in (i, i + 1)):
            joined[i] = False


def _labels(words: PageWords, joined: NDArray[np.bool_], right: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which words label the text to their right, where the line has nothing else."""
    box = words.flat
    starts = np.concatenate(([True], ~right))  # a line's first word
    line = np.cumsum(starts) - 1
    gaps = np.bincount(line[1:][right & ~joined], minlength=int(line[-1]) + 1)  # wide gaps in each line
    short = words.end - words.start < _LABEL_MAX_CHARS
    labels: NDArray[np.bool_] = starts & short & (gaps[line] == 1) & np.append(right & ~joined, [False])
    for i in np.flatnonzero(labels).tolist():
        near = box[i + 1, 0] - box[i, 2] < _LABEL_MAX_GAP * (box[i, 3] - box[i, 1])
        following = words.text[words.start[i + 1]]
        worded = following.isalpha() or following in _OPENERS
        labels[i] = near and worded and _LABEL.fullmatch(words.text, words.start[i], words.end[i]) is not None
    return labels


def _stacked(box: Floats, standing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the same as `_joined` for text that runs up or down."""
    width = np.maximum(box[1:, 2] - box[1:, 0], box[:-1, 2] - box[:-1, 0])
    level = np.abs(box[1:, 0] + box[1:, 2] - box[:-1, 0] - box[:-1, 2]) < width
    gap = np.maximum(box[1:, 1] - box[:-1, 3], box[:-1, 1] - box[1:, 3])
    stacked: NDArray[np.bool_] = standing[1:] & standing[:-1] & level & (gap < WIDE_GAP * width)
    return stacked
