"""Find fractions set one figure above the other, and write them in their line: 3/4, (P × r)/365.

A fraction bar is known from an underlined heading by the text beside it, whose middle is at the height of the bar, and
from the rules of a table because no line touches it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.words import PageWords, set_text

_BAR_MAX_OVERHANG = 2.0  # in font sizes: how far the bar reaches beyond the figures, at both ends together
_BARS_A_BATCH = 256  # compared with all words at once
_AXIS_MAX_STEP = 0.25  # in font sizes: between the bar and the middle of the text beside it
_BESIDE_MAX_GAP = 0.8  # in font sizes
_BESIDE_MAX_OVERLAP = 0.3
_FIGURE_MAX_GAP = 0.4  # in font sizes: between the bar and a figure above or below it
_OVER_BAR_MAX = 0.2  # in font sizes: how far a figure reaches beyond the bar; brackets are beside it
_SMALLER_MAX_SHARE = 0.9  # of the height: larger type is not raised or lowered
_MAX_WORDS = 12  # of the numerator, and of the denominator


@dataclass(frozen=True, slots=True)
class _Fraction:
    """The words above and below a bar, and a word beside it."""

    above: list[int]
    below: list[int]
    beside: int


def with_fractions(words: PageWords, lines: Mapping[int, Floats]) -> PageWords:
    """Return the words with fractions written in their lines; `lines` are the short ones across the page, by page."""
    found: dict[int, _Fraction] = {}
    taken: set[int] = set()
    for page, bars in lines.items():
        first, last = np.searchsorted(words.page, (page, page + 1)).tolist()
        for one in _fractions(words.box[first:last], bars):
            here = {first + i for i in (*one.above, *one.below)}
            if not here & taken and not words.standing[list(here)].any():
                taken |= here
                above, below = ([first + i for i in some] for some in (one.above, one.below))
                found[above[0]] = _Fraction(above, below, first + one.beside)
    return _written(words, found, taken) if found else words


def _written(words: PageWords, found: dict[int, _Fraction], taken: set[int]) -> PageWords:
    """Return the words with each fraction in one place, the denominator right behind the numerator."""
    pieces = words.pieces()
    order: list[int] = []
    glued = np.zeros(len(words), np.bool_)
    for i in range(len(words)):
        if i in found:
            one = found[i]
            order += [*one.above, *one.below]
            _write(pieces, one.above, "/", "")
            _write(pieces, one.below, "", " ")
            glued[[*one.above[1:], *one.below]] = True
            for box in (words.box, words.flat):
                box[np.ix_([*one.above, *one.below], [1, 3])] = box[one.beside, [1, 3]]
        elif i not in taken:
            order.append(i)
    chosen = np.array(order, np.int64)
    made = words.keep(chosen)
    made.glued = glued[chosen] if made.glued is None else made.glued | glued[chosen]
    return set_text(made, [pieces[i] for i in order])


def _write(pieces: list[tuple[str, str]], words: list[int], sign: str, space: str) -> None:
    """Write a part of a fraction, in brackets where it has several words, with a sign and a space behind it."""
    texts = [unicodedata.normalize("NFKC", pieces[i][0]) for i in words]
    if len(words) > 1:
        texts[0], texts[-1] = f"({texts[0]}", f"{texts[-1]})"
    for i, text in zip(words, texts, strict=True):
        pieces[i] = (text, " ")
    pieces[words[-1]] = (texts[-1] + sign, space)


def _fractions(box: Floats, bars: Floats) -> Iterator[_Fraction]:
    """Yield the fractions of a page."""
    size, middle = box[:, 3] - box[:, 1], (box[:, 1] + box[:, 3]) / 2
    for a in range(0, len(bars), _BARS_A_BATCH):
        some = bars[a : a + _BARS_A_BATCH]
        y = (some[:, 1:2] + some[:, 3:]) / 2
        level = np.abs(y - middle) < _AXIS_MAX_STEP * size
        gap = np.maximum(some[:, :1] - box[:, 2], box[:, 0] - some[:, 2:3])
        beside = level & (gap < _BESIDE_MAX_GAP * size) & (gap > -_BESIDE_MAX_OVERLAP * size)
        for i in np.flatnonzero(beside.any(axis=1)).tolist():
            x0, x1, height = float(some[i, 0]), float(some[i, 2]), float(y[i, 0])
            above = _figures(box, (x0, x1), height - box[:, 3], middle < height)
            below = _figures(box, (x0, x1), box[:, 1] - height, middle > height)
            if len(above) and len(below) and _fits(box[[*above, *below]], x1 - x0):
                yield _Fraction(above.tolist(), below.tolist(), int(np.flatnonzero(beside[i])[0]))


def _fits(box: Floats, width: float) -> bool:
    """Whether a bar is as wide as the figures above and below it."""
    over = width - float(box[:, 2].max() - box[:, 0].min())
    return over < _BAR_MAX_OVERHANG * float((box[:, 3] - box[:, 1]).max())


def _figures(box: Floats, bar: tuple[float, float], gap: Floats, side: NDArray[np.bool_]) -> Ints:
    """Return the words on one side of a bar, left to right; none where they are too many.

    `gap` is each word's distance from it, and `side` whether the word is on that side.
    """
    size = box[:, 3] - box[:, 1]
    inside = (box[:, 0] > bar[0] - _OVER_BAR_MAX * size) & (box[:, 2] < bar[1] + _OVER_BAR_MAX * size)
    near = side & inside & (np.abs(gap) < _FIGURE_MAX_GAP * size)
    if near.any():  # raised and lowered figures may be farther away
        middle, small = (box[:, 1] + box[:, 3]) / 2, size < _SMALLER_MAX_SHARE * size[near].max()
        near |= side & inside & small & (middle > box[near, 1].min()) & (middle < box[near, 3].max())
    found = np.flatnonzero(near)
    found = found[np.argsort(box[found, 0], kind="stable")]
    return found if len(found) <= _MAX_WORDS else found[:0]
