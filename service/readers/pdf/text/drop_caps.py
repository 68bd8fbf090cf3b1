"""Find initials that are several lines high, and join each to the word that it begins, beside its upper end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.text.words import PageWords, set_text

_MIN_RATIO = 1.8  # height of an initial / of the page's type
_MAX_CHARS = 2  # a quotation mark may come before the letter
_MAX_INITIALS = 50  # in a batch of pages: more are no initials
_MAX_GAP = 1.0  # in font sizes of the type beside it
_MAX_OVERLAP = 0.3
_LINE_MAX_STEP = 2.0  # in font sizes: from one line beside it to the next
_WORDS = frozenset("AIO")  # letters that are also words, so that a space stays behind them


def with_initials(words: PageWords) -> PageWords:
    """Return the words with initials right before the words that they begin, at the height of their lines.

    The second word of each is joined with no gap, but for letters that are also words.
    """
    found = dict(_initials(words))
    if not found:
        return words
    behind = {word: initial for initial, word in found.items()}
    order = [k for i in range(len(words)) if i not in found for k in ((behind[i], i) if i in behind else (i,))]
    pieces = words.pieces()
    for initial, word in found.items():
        is_word = pieces[initial][0][-1] in _WORDS
        pieces[initial] = (pieces[initial][0], " " if is_word else "")
        for box in (words.box, words.flat):
            box[initial, 1], box[initial, 3] = box[word, 1], box[word, 3]
    made = words.keep(np.array(order, np.int64))
    joined = np.array([i in behind and not pieces[behind[i]][1] for i in order], np.bool_)
    made.glued = joined if made.glued is None else made.glued | joined
    return set_text(made, [(pieces[i][0], pieces[i][1] or " " * (i not in found)) for i in order])


def _initials(words: PageWords) -> Iterator[tuple[int, int]]:
    """Yield initials, each with the word that it begins."""
    height = words.flat[:, 3] - words.flat[:, 1]
    short = (words.end - words.start <= _MAX_CHARS) & ~words.standing
    some: list[int] = np.flatnonzero(short & (height > _MIN_RATIO * np.median(height))).tolist() if short.any() else []
    some = [i for i in some if words.text[words.end[i] - 1].isupper()]
    taken: set[int] = set()
    for i in some if len(some) <= _MAX_INITIALS else []:
        first, last = np.searchsorted(words.page, (words.page[i], words.page[i] + 1)).tolist()
        word = _word_beside(words.flat[first:last], i - first)
        if word is not None and words.text[words.start[first + word]].isalpha() and first + word not in taken:
            taken.add(first + word)
            yield i, first + word


def _word_beside(box: Floats, initial: int) -> int | None:
    """Return the word right behind an initial at its upper end, with another line right below it; None for none."""
    _, top, right, foot = box[initial].tolist()
    size = box[:, 3] - box[:, 1]
    gap = box[:, 0] - right
    beside = (_MIN_RATIO * size < foot - top) & (gap > -_MAX_OVERLAP * size) & (gap < _MAX_GAP * size)
    beside &= (box[:, 1] > top - size) & ((box[:, 1] + box[:, 3]) / 2 < foot)
    lines = np.flatnonzero(beside)
    if len(lines) < 2:
        return None
    upper, lower = lines[np.argsort(box[lines, 1])][:2].tolist()
    step = float(box[lower, 1] - box[upper, 1]) / float(size[upper])
    return upper if 0.5 < step < _LINE_MAX_STEP and box[upper, 3] < foot else None
