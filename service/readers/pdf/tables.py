"""What is done to a table once its columns are known: merged cells parted, header rows found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from service.readers.header_row import names_columns
from service.readers.pdf.layout import Grid
from service.readers.pdf.rows import Strip
from service.readers.pdf.segments import Segments
from service.readers.pdf.words import PageWords

_FEWEST = 3  # cells of a row in which merged ones are looked for, and of a header row
_MOST = 4  # words of cells that were merged
_FIGURES = 3  # cells of one word that look like the last one of a merged cell and begin where it does
_ALIGNED = 1.5  # points
_COMMON = 0.25  # of the most common number of cells a row: as many rows must have another one
_NUMBER = re.compile(r"\d[\d.,']*")
_LETTERS = re.compile(r"[^\W\d_]+")
_OTHERS = 2  # cells that must keep to one edge; the one in question is none of them, or it would not span the gap
_TITLES = 3  # rows that may stand above a header row and have as many cells
_BELOW = 20  # rows that say what the columns hold


def cuts_of(grid: Grid, segments: Segments, words: PageWords) -> Iterator[int]:
    """Words that begin a cell although they stand close to the cell on their left, in rows with fewer cells than others.

    Such a cell spans a gap that parts the rows around it, and both of its parts keep to the edges of other cells; or it
    ends in a figure, where cells that are figures of its kind begin.
    """
    edges, figures = _Edges(grid), _Figures(grid, segments, words)
    usual = _usual([len(row) for row in grid.rows])
    for row in grid.rows:
        strips = [strip for _, cell in row for strip in cell if strip.count == 1] if len(row) < usual else []
        for strip in strips:
            chosen = range(int(segments.first[strip.index]), int(segments.last[strip.index]) + 1)
            if len(chosen) > 1 and figures.has(chosen.stop - 1):
                yield chosen.stop - 1
            elif len(row) >= _FEWEST and 1 < len(chosen) <= _MOST:
                yield from edges.cuts(strip, words.flat[chosen.start : chosen.stop].tolist(), chosen.start)


def _usual(sizes: list[int]) -> int:
    """How many cells rows have where they are whole: the most that is not rare."""
    seen = Counter(size for size in sizes if size > 1)
    return max((size for size, n in seen.items() if n >= _COMMON * max(seen.values())), default=0)


class _Figures:
    """Where cells of one word with a figure in it begin, by their kinds."""

    def __init__(self, grid: Grid, segments: Segments, words: PageWords) -> None:
        self._words = words
        strips = [strip for row in grid.rows for _, cell in row for strip in cell]
        alone = [int(segments.first[s.index]) for s in strips if segments.first[s.index] == segments.last[s.index]]
        self._seen = Counter(kind for kind in map(self._kind, alone) if kind)

    def has(self, word: int) -> bool:
        """Whether enough such cells begin where a word does and look like it."""
        kind = self._kind(word)
        return kind is not None and self._seen[kind] >= _FIGURES

    def _kind(self, word: int) -> tuple[str, int] | None:
        """A word's writing, its numbers as 0 and its letters as A, and where it begins, in points."""
        text = self._words.text[self._words.start[word] : self._words.end[word]]
        if not any(c.isdigit() for c in text):
            return None
        look = _LETTERS.sub("A", _NUMBER.sub("0", text))
        return look, round(float(self._words.flat[word, 0]))


class _Edges:
    """Where the cells of a table begin and end, and the gaps between its columns."""

    def __init__(self, grid: Grid) -> None:
        every = [strip for row in grid.rows for _, cell in row for strip in cell]
        strips = [s for s in every if not any(s.x0 < a and b < s.x1 for a, b in grid.gaps)]
        self.gaps = grid.gaps
        self.left, self.right = np.array([s.x0 for s in strips]), np.array([s.x1 for s in strips])

    def cuts(self, strip: Strip, boxes: list[list[float]], first: int) -> Iterator[int]:
        """The words of a strip, counted from `first`, that begin a cell: one a gap, the widest space of those there."""
        for a, b in self.gaps:
            if strip.x0 < a and b < strip.x1:
                fit = [i for i in range(1, len(boxes)) if boxes[i - 1][2] < b and boxes[i][0] > a]
                fit = [i for i in fit if self._kept(boxes[:i]) and self._kept(boxes[i:])]
                if fit:
                    yield first + max(fit, key=lambda i: boxes[i][0] - boxes[i - 1][2])

    def _kept(self, boxes: list[list[float]]) -> bool:
        """Whether words begin or end where other cells do, or have their middle there."""
        begin, end = boxes[0][0], boxes[-1][2]
        off = self.left - begin, self.right - end, (self.left + self.right - begin - end) / 2
        return max(int((np.abs(one) < _ALIGNED).sum()) for one in off) >= _OTHERS


def parted(grid: Grid, text: Callable[[Strip], str]) -> list[Grid]:
    """The tables that a grid is: a wider header row within it begins another one."""
    cells = [[(column, " ".join(map(text, strips))) for column, strips in row] for row in grid.rows]
    width = max((column for row in cells for column, _ in row), default=0) + 1
    dense = [_dense(row, width) for row in cells]
    found, begin, headers = [], 0, int(is_header(dense[0], dense[1:]))
    for i in range(1, len(dense)):
        if not (_is_wider(grid, begin, i) and is_header(dense[i], dense[i + 1 :])):
            continue
        if i - begin <= _TITLES and not any(_is_figure(cell) for row in dense[begin:i] for cell in row):
            headers = i + 1 - begin  # a header of several lines
        else:
            headers = headers or int(is_header(dense[begin], dense[begin + 1 : i]))
            found.append(_part(grid, begin, i, headers))
            begin, headers = i, 1
    return [*found, _part(grid, begin, len(grid.rows), headers)]


def _is_wider(grid: Grid, begin: int, row: int) -> bool:
    """Whether a row has more cells than those above it, or as many as its few titles."""
    here, above = len(grid.rows[row]), max(len(other) for other in grid.rows[begin:row])
    return here >= _FEWEST and (above < here or (above == here and row - begin <= _TITLES))


def _dense(row: list[tuple[int, str]], width: int) -> list[str]:
    texts = dict(row)
    return [texts.get(column, "") for column in range(width)]


def _part(grid: Grid, first: int, last: int, headers: int) -> Grid:
    """Some rows as a table, without the columns that they do not use."""
    rows = grid.rows[first:last]
    used = sorted({column for row in rows for column, _ in row})
    number = {column: i for i, column in enumerate(used)}
    return Grid([[(number[column], strips) for column, strips in row] for row in rows], grid.gaps, headers)


def is_header(row: list[str], below: list[list[str]]) -> bool:
    """Whether a row names the columns of those below it; columns that all of them leave empty are none."""
    used = [any(other[i] for other in (row, *below[:_BELOW])) for i in range(len(row))]
    names, *values = [[c for c, keep in zip(r, used, strict=True) if keep] for r in (row, *below[:_BELOW])]
    return not any(map(_is_figure, names)) and names_columns(names, values, strict=True)


def _is_figure(cell: str) -> bool:
    return any(c.isdigit() for c in cell) and not any(c.isalpha() for c in cell)
