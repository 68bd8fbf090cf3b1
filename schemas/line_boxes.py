"""Find the boxes of a range of text: one for each printed line that it touches, narrowed to its words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from thresher.schemas.columns import Box, Lines, Words

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


def line_boxes(text: str, lines: Lines, words: Words, span: tuple[int, int]) -> Iterator[tuple[int, Box]]:
    """Yield the page and the box of each printed line that `[start, end)` touches, narrowed to words where they are known."""
    start, end = span
    first = max(bisect_right(lines.start, start) - 1, 0)
    for i in range(first, bisect_left(lines.start, end, first)):
        a, b = lines.start[i], lines.end[i]
        if b > start:
            x0, y0, x1, y1 = lines.box[4 * i : 4 * i + 4]
            x0, x1 = _sides_of_words(text, words, (max(a, start), min(b, end)), (x0, x1), y1 - y0)
            yield lines.page[i], (round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2))


def _sides_of_words(
    text: str, words: Words, span: tuple[int, int], line: tuple[float, float], height: float
) -> tuple[float, float]:
    """Return left and right of the words of a range in one line; those of the line where it has no words."""
    start, end = span
    first = bisect_right(words.end, start)
    last = bisect_left(words.start, end, first)
    if first >= last:
        return line
    x0, x1 = _cut(text, words, first, span, height)
    if last > first + 1:
        left, right = _cut(text, words, last - 1, span, height)
        x0, x1 = min(x0, left, *words.x0[first + 1 : last - 1]), max(x1, right, *words.x1[first + 1 : last - 1])
    return x0, x1


def _cut(text: str, words: Words, word: int, span: tuple[int, int], height: float) -> tuple[float, float]:
    """Return left and right of the part of a word in `[start, end)`."""
    start, end = span
    first, last = words.start[word], words.end[word]
    sides = words.x0[word], words.x1[word]
    if start <= first and end >= last:
        return sides
    part = max(start - first, 0), min(end, last) - first
    return part_of_word(text[first:last], sides, part, height)


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
