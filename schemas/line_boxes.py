"""Find the boxes of a range of text: one for each printed line that it touches, narrowed to its words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from thresher.schemas.columns import Box, Lines, Words
from thresher.schemas.widths import part_of_word


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
