"""Find superscripts and subscripts by size and baseline.

For example 1,250 with a footnote mark, 10 to the 6, H2O, 3 1/2. Each becomes its own Unicode character, so that 1,250¹
is neither read as 12501 nor loses its mark.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.characters import MARK, character_table

_DESCENT_SHARE = np.float32(0.22)  # of a box's height: where the baseline is
_RAISED_MIN_SHARE = 0.15  # of the larger type's height: rise of a raised character's baseline
_LOWERED_MIN_SHARE = 0.07  # the same for a lowered character
_SMALLER_MAX_SHARE = 0.9  # of the height: larger type counts as the same size
_SAME_SIZE_MIN_RISE = 0.3  # of the height: rise of raised type that is not smaller
_LEVEL_MAX_SPREAD = 0.06  # of the height: spread of the baselines of characters on one level
_MARK_MAX_GAP = 0.6  # in font sizes: from a separate mark to its word
_MARK_MAX_CHARS = 4  # of a separate mark
_MARK_MIN_OVERLAP = 0.3  # of a separate mark's height: beside its word; the figures of a fraction overlap less
_PLAIN, _UP, _DOWN = range(3)
_ABOVE = str.maketrans(
    "0123456789+-=()\u2212\u2013abcdefghijklmnoprstuvwxyz",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾⁻⁻ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ",
)
_BELOW = str.maketrans("0123456789+-=()\u2212\u2013", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎₋₋")
_WRITTEN = character_table("".join(map(chr, {*_ABOVE.values(), *_BELOW.values()})))
_DIGIT = character_table("0123456789")
_LETTER = character_table("abcdefghijklmnopqrstuvwxyz")
_MARKS = character_table("0123456789,()*")
_MARK_HEADS = character_table("0123456789,()*+-\u2212\u2013")
_SLASHES = character_table("/\u2044\u2215")

Units = NDArray[np.uint16]
Boxes = Callable[[Ints], Floats]  # of characters, in user space
Mask = NDArray[np.bool_]


def replace_superscripts(units: Units, words: tuple[Ints, Ints], ends: tuple[Floats, Floats], boxes: Boxes) -> None:
    """Replace raised and lowered figures in place.

    `ends` are the boxes of the first and the last character of each word.
    """
    start, end = words
    if not len(start):
        return
    first, last = ends
    for i in _suspects(units, (start, end), first, boxes).tolist():
        chosen = np.arange(start[i], end[i])
        box = boxes(chosen)
        levels = _levels(box)
        _fractions(levels, box[:, 1] - box[:, 3], units[chosen])
        _replace(units, chosen, levels)
    alone = _separate_marks(units, (start, end), first, last)
    for i in np.flatnonzero(alone).tolist():
        chosen = np.arange(start[i], end[i])
        _replace(units, chosen, np.full(len(chosen), alone[i]))


def level_marks(box: Floats, head: Units, tail: Units, page: Ints) -> None:
    """Give marks that are words of their own the height of the text beside them, in place, so that they stay in its row.

    `box` is the words' level boxes, `head` and `tail` their first and last characters.
    """
    marks = _WRITTEN[head] & _WRITTEN[tail]
    for i in np.flatnonzero(marks).tolist():
        near = [k for k in (i - 1, i + 1) if 0 <= k < len(box) and page[k] == page[i] and not marks[k]]
        if any(_is_over(box[i], box[k]) for k in near):
            continue
        for k in near:
            if _is_beside(box[i], box[k]):
                box[i, 1], box[i, 3] = box[k, 1], box[k, 3]
                break


def _is_over(mark: Floats, text: Floats) -> bool:
    """Whether a mark is right above or below a text, as in a fraction."""
    return bool(text[0] < (mark[0] + mark[2]) / 2 < text[2])


def _is_beside(mark: Floats, text: Floats) -> bool:
    """Whether a mark is right before or behind a text, at its height."""
    gap = max(float(mark[0] - text[2]), float(text[0] - mark[2]))
    level = min(float(mark[3]), float(text[3])) - max(float(mark[1]), float(text[1]))
    size = float(text[3] - text[1])
    return abs(gap) < _MARK_MAX_GAP * size and level > _MARK_MIN_OVERLAP * float(mark[3] - mark[1])


def _suspects(units: Units, words: tuple[Ints, Ints], first: Floats, boxes: Boxes) -> Ints:
    """Return words that have a figure of another size or level than the first character.

    Only figures at an end of the word, or between its letters, are examined.
    """
    start, end = words
    final = end - 1
    for _ in range(2):  # 1,250¹). ends in marks
        final = np.where(MARK[units[final]] & (final > start), final - 1, final)
    follows = final > start
    before = units[np.maximum(final - 1, start)]
    tail = follows & (_DIGIT[units[final]] | (_LETTER[units[final]] & _DIGIT[before]))
    head = (
        follows & _DIGIT[units[start]] & ~_DIGIT[units[start + 1 - (end - start == 1)]] & ~MARK[units[start + follows]]
    )
    some = np.flatnonzero(tail)
    found = [some[_differs(first[some], boxes(final[some]))]]
    some = np.flatnonzero(head & ~tail)
    found.append(some[_differs(first[some], boxes(start[some] + 1))])
    some, digit = _inner(units, (start, end))
    found.append(some[_differs(first[some], boxes(digit))])
    return np.unique(np.concatenate(found))


def _inner(units: Units, words: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return words with figures between letters, and the first figure of each."""
    start, end = words
    digits = np.append(np.flatnonzero(_DIGIT[units]), len(units))
    first = digits[np.searchsorted(digits, start)]
    some = np.flatnonzero((first > start) & (first < end - 1) & ~_DIGIT[units[end - 1]])
    return some, first[some]


def _differs(first: Floats, other: Floats) -> Mask:
    """Return for each word whether a character differs in size or level from the first one."""
    height, other_height = first[:, 1] - first[:, 3], other[:, 1] - other[:, 3]
    larger = np.maximum(height, other_height)
    rise = np.abs(_baseline(first) - _baseline(other))
    smaller = np.minimum(height, other_height) < _SMALLER_MAX_SHARE * larger
    differs: Mask = (
        (other[:, 0] > first[:, 0])
        & (rise < larger)
        & (rise > np.where(smaller, _LOWERED_MIN_SHARE, _SAME_SIZE_MIN_RISE) * larger)
    )
    return differs


def _baseline(box: Floats) -> Floats:
    """Return the y of the baseline of each box."""
    found: Floats = box[:, 3] + _DESCENT_SHARE * (box[:, 1] - box[:, 3])
    return found


def _levels(box: Floats) -> NDArray[np.int64]:
    """Return for each character of a word _PLAIN, _UP or _DOWN, relative to the largest characters."""
    height, base = box[:, 1] - box[:, 3], _baseline(box)
    largest = float(height.max())
    plain = height > _SMALLER_MAX_SHARE * largest
    level = float(base[plain].min()) if plain.any() else 0.0
    rise = base - level
    up = np.where(plain, rise > _SAME_SIZE_MIN_RISE * largest, rise > _RAISED_MIN_SHARE * largest)
    down = ~plain & (rise < -_LOWERED_MIN_SHARE * largest)
    if (up & plain).any() and max(np.ptp(rise[up & plain]), np.ptp(rise[~up & plain])) > _LEVEL_MAX_SPREAD * largest:
        up &= ~plain  # slanting text: no two characters are on one level
    return np.where(up, _UP, np.where(down, _DOWN, _PLAIN))


def _replace(units: Units, chosen: Ints, levels: NDArray[np.int64]) -> None:
    """Replace the raised and lowered characters of a word by Unicode superscripts and subscripts."""
    text = "".join(map(chr, units[chosen].tolist()))
    for level, table in ((_UP, _ABOVE), (_DOWN, _BELOW)):
        at = np.flatnonzero(levels == level)
        part = "".join(text[i] for i in at.tolist())
        if not any(c.isdigit() for c in part) and not (len(part) == 1 and part.isalpha()):
            continue  # the letters of 1st, of a trade mark
        if part.isalpha() and (len(at) == len(text) or not text[at[0] - 1].isdigit()):
            continue
        units[chosen[at]] = [ord(c) if ord(c) < 0x10000 else 0xFFFD for c in part.translate(table)]


def _fractions(levels: NDArray[np.int64], height: Floats, units: Units) -> None:
    """Mark figures before and behind a slash as raised and lowered where they are smaller than the rest."""
    small = (height < _SMALLER_MAX_SHARE * height.max()) & _DIGIT[units]
    for slash in np.flatnonzero(_SLASHES[units]).tolist():
        above, below = slash - 1, slash + 1
        if above < 0 or below >= len(units) or not (small[above] and small[below]):
            continue
        while above >= 0 and small[above]:
            levels[above] = _UP
            above -= 1
        while below < len(units) and small[below]:
            levels[below] = _DOWN
            below += 1


def _separate_marks(units: Units, words: tuple[Ints, Ints], first: Floats, last: Floats) -> NDArray[np.int64]:
    """Return for each word _UP or _DOWN where it is a raised or lowered mark, else _PLAIN.

    Such a mark is a short figure by itself beside a larger word.
    """
    start, end = words
    levels = np.zeros(len(start), np.int64)
    short = (end - start <= _MARK_MAX_CHARS) & _MARK_HEADS[units[start]] & _MARKS[units[end - 1]]
    at = np.flatnonzero(short)
    for step in (-1, 1):
        some = at[(at + step >= 0) & (at + step < len(start))]
        other = some + step
        own, size = first[some, 1] - first[some, 3], first[other, 1] - first[other, 3]
        gap = first[some, 0] - last[other, 2] if step < 0 else first[other, 0] - last[some, 2]
        rise = _baseline(first[some]) - _baseline(first[other])
        near = (own < _SMALLER_MAX_SHARE * size) & (np.abs(gap) < _MARK_MAX_GAP * size)
        up, down = (
            near & (rise > _RAISED_MIN_SHARE * size) & (rise < size),
            near & (rise < -_LOWERED_MIN_SHARE * size) & (rise > -size),
        )
        levels[some[up]], levels[some[down & (step < 0)]] = _UP, _DOWN
    return levels
