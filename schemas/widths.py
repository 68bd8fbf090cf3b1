"""Estimate where in a word some of its characters are printed, when only the word's own sides are known."""

from __future__ import annotations

MIN_CHAR_WIDTH_RATIO = 0.15  # least width of a character, in heights of its line, on a line that is not set upright
CUT_INSET_RATIO = 0.08  # of a line's height, by which a cut in a word keeps away from the next character
_WIDTHS = {  # of characters in ems, between those of sans-serif faces and of typewriters
    **dict.fromkeys("ijl'|‘’", 0.33),
    **dict.fromkeys("!,./:;ftI[]\\ \u00a0", 0.38),
    **dict.fromkeys('()-r`"*“”∗', 0.42),
    **dict.fromkeys("ckszxvyJ^", 0.52),
    **dict.fromkeys("ABEFKPSTVXYZL&", 0.62),
    **dict.fromkeys("CDGHNOQRUw", 0.67),
    **dict.fromkeys("mM%", 0.78),
    **dict.fromkeys("W@", 0.83),
}


def part_of_word(word: str, sides: tuple[float, float], part: tuple[int, int], height: float) -> tuple[float, float]:
    """Estimate left and right of the characters `[start, end)` of a word, by the usual widths of characters.

    `sides` are the word's own, in points; `height` is its line's. A side within the word keeps a little away from the
    next character. Words that do not simply run from left to right on a level line are given whole.

    >>> [round(x) for x in part_of_word("Boston.", (0.0, 35.0), (0, 6), 10.0)]
    [0, 30]
    """
    x0, x1 = sides
    start, end = part
    if x1 - x0 < MIN_CHAR_WIDTH_RATIO * height * len(word) or _is_complex(word):
        return x0, x1
    before, inside, after = (sum(map(_width, text)) for text in (word[:start], word[start:end], word[end:]))
    scale, inset = (x1 - x0) / (before + inside + after), CUT_INSET_RATIO * height
    left = x0 + scale * before + inset if start else x0
    right = x0 + scale * (before + inside) - inset if after else x1
    return left, max(left, right)


class _Usual(dict[str, float]):
    """Widths of characters, an average one for unknown characters."""

    def __missing__(self, character: str) -> float:
        return 0.56


_width = _Usual(_WIDTHS).__getitem__


def _is_complex(text: str) -> bool:
    """Whether it may hold marks, or letters that join or run from right to left: Hebrew and the scripts after it."""
    return not text.isascii() and any(0x300 <= ord(c) < 0x370 or 0x590 <= ord(c) < 0x1E00 for c in text)
