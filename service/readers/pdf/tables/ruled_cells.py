"""Find words that begin a table cell because a line down the page separates them from what is left of them.

Cells with narrow margins, as browsers draw them, have no gap that tells them from words of one sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import Floats, Ints, loose_boxes, owners_of
from thresher.service.readers.pdf.text.clipped_words import with_words_split
from thresher.service.readers.pdf.text.text_extraction import PageText
from thresher.service.readers.pdf.text.words import PageWords

_MAX_MARGIN = 1.0  # in font sizes: between a line and the text right of it
_MAX_OVERLAP = 0.3  # in font sizes: how far a word may reach over a line, as type leans and clips do
_MIN_SHARE = 0.9  # of a word's height that a line has beside it
_CELLS_MIN_GAP = 0.08  # in font sizes: between the text of two cells
_SAME_LINE_MAX_STEP = 0.45  # in font sizes
_HALF_RULE_POINTS = 0.6  # between a line and words that reach it
_WORDS_A_BATCH = 512  # compared with all lines at once


def left_rules(words: PageWords, lines: dict[int, Floats]) -> NDArray[np.float32] | None:
    """Return for each word the x of the line that it begins a cell behind, NaN for none; None where no word does.

    The edge of a clip is such a line, too. `lines` are the boxes of lines down the page, by page. Side effect: words that reach over such a line end there.
    """
    if not len(words) or not (any(map(len, lines.values())) or words.apart.any()):
        return None
    at = np.full(len(words), np.nan, np.float32)
    for page, rules in lines.items():
        own = np.flatnonzero(words.page == page)
        if len(own) and len(rules):
            at[own] = _left_of(words.flat[own], rules)
    edge = words.flat[words.apart, 0] - _HALF_RULE_POINTS  # what is left of these words ends at a clip's edge
    at[words.apart] = np.where(np.isnan(at[words.apart]), edge, at[words.apart])
    at[words.standing] = np.nan
    _release(words, at)
    return None if np.isnan(at).all() else at


def split_at_lines(
    words: tuple[PageText, Ints], handle: int, places: tuple[Floats, Floats], frame: PageFrame
) -> tuple[PageText, Ints]:
    """Split words of a page where a line down the page stands between two of their text objects.

    `words` is all words, and the text object in which each begins; both are returned, as words may be split. `places`
    is the boxes of words and of lines, as displayed.
    """
    box, lines = places
    if not len(lines) or not len(box):
        return words
    crossed = list(_crossed(box, (lines[:, 0] + lines[:, 2]) * np.float32(0.5), lines))
    return with_words_split(words, handle, _objects_behind(crossed, words[0], handle, frame) if crossed else [])


def _crossed(box: Floats, x: Floats, lines: Floats) -> Iterator[tuple[int, float]]:
    """Yield words, each with the x of the first line that runs through it."""
    for a in range(0, len(box), _WORDS_A_BATCH):
        some = box[a : a + _WORDS_A_BATCH]
        middle = (some[:, 1:2] + some[:, 3:]) / 2
        through = (some[:, :1] < x) & (x < some[:, 2:3]) & (lines[:, 1] < middle) & (middle < lines[:, 3])
        for i in np.flatnonzero(through.any(axis=1)).tolist():
            yield a + i, float(x[through[i]].min())


def _objects_behind(
    crossed: list[tuple[int, float]], sheet: PageText, handle: int, frame: PageFrame
) -> list[tuple[int, int]]:
    """Return crossed words in which another text object begins behind the line, each with its first character."""
    words, x = np.array([i for i, _ in crossed], np.int64), np.array([x for _, x in crossed])
    counts = sheet.end[words] - sheet.start[words]
    owner = np.repeat(np.arange(len(words)), counts)
    units = np.repeat(sheet.start[words] - np.cumsum(counts) + counts, counts) + np.arange(len(owner))
    inks = owners_of(handle, units.tolist())
    at = np.flatnonzero((inks[1:] != inks[:-1]) & (owner[1:] == owner[:-1])) + 1
    left, right = (frame.show(loose_boxes([(handle, some.tolist())], len(at))) for some in (units[at] - 1, units[at]))
    low, high = ((x + side * _HALF_RULE_POINTS).astype(np.float32)[owner[at]] for side in (-1, 1))
    apart = right[:, 0] - left[:, 2] > np.float32(_CELLS_MIN_GAP) * (right[:, 3] - right[:, 1])
    behind = at[apart & (left[:, 2] < high) & (right[:, 0] > low)]
    first = {int(words[owner[i]]): int(units[i]) for i in reversed(behind.tolist())}
    return sorted(first.items())


def _left_of(box: Floats, rules: Floats) -> NDArray[np.float32]:
    """Return for each word the x of the nearest line right before it."""
    x, found = (rules[:, 0] + rules[:, 2]) / 2, np.full(len(box), np.nan, np.float32)
    for a in range(0, len(box), _WORDS_A_BATCH):
        some = box[a : a + _WORDS_A_BATCH]
        size = (some[:, 3] - some[:, 1])[:, None]
        off = some[:, :1] - x
        beside = np.minimum(some[:, 3:], rules[:, 3]) - np.maximum(some[:, 1:2], rules[:, 1])
        near = (off < _MAX_MARGIN * size) & (off > -_MAX_OVERLAP * size) & (beside >= _MIN_SHARE * size)
        near &= x < (some[:, :1] + some[:, 2:3]) / 2
        nearest = np.where(near, x, -np.inf).max(axis=1, initial=-np.inf)
        found[a : a + len(some)] = np.where(np.isfinite(nearest), nearest, np.nan)
    return found


def _release(words: PageWords, at: NDArray[np.float32]) -> None:
    """Unset lines that do not separate a word from the one before it; end that one at the line where it does."""
    box, page = words.flat, words.page
    size, middle = box[1:, 3] - box[1:, 1], (box[:, 1] + box[:, 3]) / 2
    level = (page[1:] == page[:-1]) & (np.abs(middle[1:] - middle[:-1]) < _SAME_LINE_MAX_STEP * size)
    x = at[1:]  # a comparison with NaN is false
    before = (box[:-1, 0] < x - _HALF_RULE_POINTS) & (box[:-1, 2] < x + _MAX_OVERLAP * size)
    x[level & ~before] = np.nan
    at[_comb(words, ~np.isnan(at))] = np.nan
    reach = np.flatnonzero(level & (box[:-1, 2] > x - _HALF_RULE_POINTS))
    box[reach, 2] = np.maximum(x[reach] - _HALF_RULE_POINTS, box[reach, 0])


def _comb(words: PageWords, ruled: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which words are among three characters or more in fields of their own, which are one value."""
    single = words.end - words.start == 1
    follows = np.concatenate(([False], single[1:] & single[:-1] & ruled[1:]))
    comb: NDArray[np.bool_] = follows & (np.append(follows[1:], False) | np.concatenate(([False], follows[:-1])))
    return comb
