"""Find gaps between words that are aligned through the cells of a table.

They separate two columns that are close together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from unicodedata import category

from thresher.service.readers.pdf.layout.baseline_rows import SegmentBox
from thresher.service.readers.pdf.layout.regions import TableRegion
from thresher.service.readers.pdf.layout.segments import Segments
from thresher.service.readers.pdf.text.words import PageWords

_GAP_MIN_SPACES = 1.5  # in usual spaces between words
_GAP_MIN_WIDTH = 0.5  # in font sizes
_MIN_ROWS = 4  # with such a gap
_MIN_SHARE = 0.8  # of the cells at its place that have the gap
_ALIGNED_MAX_POINTS = 1.5


class _Gap(NamedTuple):
    """The left and the right edge of a gap, and the word behind it."""

    left: float
    right: float
    word: int


def aligned_cell_starts(grid: TableRegion, space: float, segments: Segments, words: PageWords) -> Iterator[int]:
    """Yield words behind aligned gaps. `space` is the usual space between words, in font sizes."""
    strips = [strip for row in grid.rows for _, cell in row for strip in cell if strip.count == 1]
    found: dict[int, list[_Gap]] = defaultdict(list)
    for strip in strips:
        least = max(_GAP_MIN_SPACES * space, _GAP_MIN_WIDTH) * (strip.y1 - strip.y0)
        for gap in _gaps(strip, least, segments, words):
            found[round(gap.right / _ALIGNED_MAX_POINTS)].append(gap)
    for gaps in found.values():
        if len(gaps) >= _MIN_ROWS and len(gaps) >= _MIN_SHARE * _across(strips, gaps):
            yield from (gap.word for gap in gaps)


def _across(strips: Iterable[SegmentBox], gaps: list[_Gap]) -> int:
    """Return how many strips reach across some gaps."""
    left, right = max(gap.left for gap in gaps), min(gap.right for gap in gaps)
    return sum(strip.x0 < left and strip.x1 > right for strip in strips)


def _gaps(strip: SegmentBox, least: float, segments: Segments, words: PageWords) -> Iterator[_Gap]:
    """Yield the spaces between words of a strip that are wider than `least` points.

    Spaces between a figure and its sign are left out.
    """
    first, last = int(segments.first[strip.index]), int(segments.last[strip.index])
    boxes = words.flat[first : last + 1].tolist() if last > first else []
    for i in range(1, len(boxes)):
        left, right = boxes[i - 1][2], boxes[i][0]
        if right - left > least and not any(_is_sign(_text(words, first + k)) for k in (i - 1, i)):
            yield _Gap(left, right, first + i)


def _text(words: PageWords, word: int) -> str:
    """Return the text of a word."""
    return words.text[words.start[word] : words.end[word]]


def _is_sign(word: str) -> bool:
    """Whether a word is a mere sign, which is no cell by itself.

    >>> [_is_sign(word) for word in ("$", "%", "(", "-", "US$", "7")]
    [True, True, True, False, False, False]
    """
    return all(c in "%‰()" or category(c) == "Sc" for c in word)
