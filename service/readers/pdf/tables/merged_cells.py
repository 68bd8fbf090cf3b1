"""Cells that a file prints as one run of text with the usual space between them: other rows tell where one ends.

No gap parts them, and the second one stands wherever the first ends. What is left is what tables say: in a row that lacks a
cell, the end of one reads as the next column's cells do, and as no cell of its own column ends.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from thresher.service.readers.pdf.layout.reading_order import Grid
from thresher.service.readers.pdf.layout.segments import Segments
from thresher.service.readers.pdf.text.words import PageWords

_ALIKE = (
    3  # cells that look like the end of a merged one, where it would be, and rows that have the cell that one lacks
)
_NEAR = 2  # words before a figure, which must not look like it: 3 May to 9 May is one cell
_LONG = 4  # characters that the end of a merged cell must have: "30," goes with its month
_DATE = (
    6  # characters of figures and marks that tell a column by themselves, where nearly all of its cells have them so
)
_RARE = 0.3  # times as many cells that end in a code as cells that are one of its kind
_MOST = 0.8  # of a column's cells are of one kind, where it has one
_COMMON = 0.15  # of the most common number of cells a row: as many rows must have another one
_WHOLE = 4  # cells of a row that lacks none
_ALIGNED = 1.5  # points
_REMEMBERED = 4096  # words and cells whose look is kept: forms repeat theirs
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d[\d.,']*")
_LETTERS = re.compile(r"[^\W\d_]+")

Cells = list[list[int]]  # the words of each cell of a row


def usual(sizes: Counter[int]) -> int:
    """How many cells rows have where they are whole: the most that is not rare."""
    seen = {size: n for size, n in sizes.items() if size > 1}
    return max((size for size, n in seen.items() if n >= _COMMON * max(seen.values())), default=0)


def cells_of(grids: Iterable[Grid], segments: Segments) -> Iterator[Cells]:
    """The rows of tables."""
    for row in (row for grid in grids for row in grid.rows):
        yield [[w for strip in cell for i in strip.indices for w in _words(segments, i)] for _, cell in row]


def _words(segments: Segments, index: int) -> range:
    return range(int(segments.first[index]), int(segments.last[index]) + 1)


class Merged:
    """Where merged cells end, by the tables of a few pages: what a page shows too seldom, others of its form show."""

    def __init__(self, rows: Iterable[Cells], words: PageWords) -> None:
        """`rows`: of all tables."""
        every = list(rows)
        spelt = _Spelt(words)
        self._figures = _Figures(every, words, spelt)
        self._columns = _Columns(every, words, spelt)

    def cuts(self, row: Cells) -> Iterator[int]:
        """Words within the cells of a row that begin a cell."""
        found = [c[-1] for c in row if len(c) > 1 and self._figures.ends(c, len(row))]
        lacking = None if found else self._columns.cut(row)
        yield from found if lacking is None else [lacking]


class _Spelt:
    """The text of words."""

    def __init__(self, words: PageWords) -> None:
        self._text, self._start, self._end = words.text, words.start.tolist(), words.end.tolist()

    def __call__(self, word: int) -> str:
        """That of one."""
        return self._text[self._start[word] : self._end[word]]

    def all(self, chosen: Iterable[int]) -> str:
        """That of some, with a space between two."""
        return " ".join([self(word) for word in chosen])


class _Figures:
    """Where cells of one word with a figure in it begin, by their kinds, and how many cells their rows have."""

    def __init__(self, rows: Iterable[Cells], words: PageWords, spelt: _Spelt) -> None:
        self._words, self._spelt = words, spelt
        self._seen: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
        self._codes: dict[str, Counter[int]] = defaultdict(Counter)  # by their masks, wherever they begin
        self._ends: Counter[str] = Counter()  # of cells of several words that end in such a code
        for row in rows:
            for cell in row:
                self._note(cell, len(row))

    def _note(self, cell: Sequence[int], cells: int) -> None:
        code = _code(self._spelt(cell[-1]))
        if len(cell) == 1:
            self._seen[_look(self._spelt(cell[0])), self._begin(cell[0])][cells] += 1
            if code:
                self._codes[code][cells] += 1
        elif code:
            self._ends[code] += 1

    def ends(self, chosen: Sequence[int], cells: int) -> bool:
        """Whether the last of some words is a figure unlike the others, and enough cells like it begin where it does.

        A code, of letters and figures, may begin anywhere, if few other cells end in one of its kind. `cells`: how many cells
        the row of these words has; the others must have more.
        """
        *others, last = chosen
        text = self._spelt(last)
        look, code = _look(text), _code(text)
        known = self._seen.get((look, self._begin(last)), Counter()) if cells > 1 else Counter()
        if code and self._ends[code] <= _RARE * self._codes[code].total():
            known = max(known, self._codes[code], key=Counter.total)
        if "0" not in look or len(text) < _LONG or known.total() < _ALIKE or cells >= usual(known):
            return False
        texts = [self._spelt(other) for other in others]
        return not any(_is_alike(other, text) for other in texts[-_NEAR:]) and any("A" in _look(one) for one in texts)

    def _begin(self, word: int) -> int:
        return round(float(self._words.flat[word, 0]))


@dataclass(slots=True)
class _Column:
    """What the cells of one column hold, in the rows with so many cells."""

    kinds: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)  # of their cells, with each figure as 0
    firsts: Counter[str] = field(default_factory=Counter)  # their first words
    ends: set[str] = field(default_factory=set)  # of each text, the last words
    left: set[int] = field(default_factory=set)  # points
    right: set[int] = field(default_factory=set)

    @property
    def kind(self) -> str:
        """Of most cells; "" where they differ."""
        kind, count = self.kinds.most_common(1)[0]
        return kind if count >= _MOST * self.kinds.total() else ""

    def fits(self, kind: str) -> bool:
        """Whether a cell of a kind may be one of the column."""
        return not self.kind or self.kind == kind


class _Columns:
    """Rows that have one cell more than others, column by column."""

    def __init__(self, rows: Iterable[Cells], words: PageWords, spelt: _Spelt) -> None:
        self._spelt = spelt
        self._left, self._right = (
            np.rint(words.flat[:, side] / np.float64(_ALIGNED)).astype(int).tolist() for side in (0, 2)
        )
        self._whole: dict[int, list[_Column]] = {}
        for row in rows:
            if len(row) >= _WHOLE:
                columns = self._whole.setdefault(len(row), [_Column() for _ in row])
                for column, cell in zip(columns, row, strict=True):
                    self._note(column, cell)

    def _note(self, column: _Column, cell: Sequence[int]) -> None:
        text = self._mask(cell)
        column.kinds[_kind(text)] += 1
        column.texts[text] += 1
        column.firsts[text.partition(" ")[0]] += 1
        column.ends |= {text.split(" ", n)[-1] for n in range(1, text.count(" ") + 1)}
        left, right = self._edges(cell)
        column.left.add(left)
        column.right.add(right)

    def cut(self, row: Cells) -> int | None:
        """The word at which the cell begins that a row lacks."""
        whole = self._whole.get(len(row) + 1)
        if whole is None or whole[0].kinds.total() < _ALIKE:
            return None
        found = [word for k in range(len(row)) if (word := self._within(row, k, whole)) is not None]
        return found[0] if len(found) == 1 else None

    def _within(self, row: Cells, k: int, whole: Sequence[_Column]) -> int | None:
        """The word of the cell `k` at which the next column's begins, if all other cells are as in whole rows."""
        if len(row[k]) == 1 or not self._is_row(row, k, whole):
            return None
        for n in range(1, len(row[k])):
            before, end = self._mask(row[k][:n]), self._mask(row[k][n:])
            if whole[k].fits(_kind(before)) and (_is_cell(end, k + 1, whole) or _is_two(before, end, k, whole)):
                return row[k][n]
        return None

    def _is_row(self, row: Cells, k: int, whole: Sequence[_Column]) -> bool:
        """Whether the cells of a row but one hold what columns hold, and most stand where they stand."""
        others = [(cell, whole[i + (i > k)]) for i, cell in enumerate(row) if i != k]
        if not all(column.fits(_kind(self._mask(cell))) for cell, column in others):
            return False
        at = [self._edges(cell) for cell, _ in others]
        aligned = [left in c.left or right in c.right for (left, right), (_, c) in zip(at, others, strict=True)]
        return 2 * sum(aligned) > len(others) and self._edges(row[k])[0] in whole[k].left

    def _mask(self, cell: Sequence[int]) -> str:
        return _masked(self._spelt.all(cell))

    def _edges(self, cell: Sequence[int]) -> tuple[int, int]:
        return self._left[cell[0]], self._right[cell[-1]]


def _is_cell(end: str, place: int, whole: Sequence[_Column]) -> bool:
    """Whether the end of a merged cell reads as cells of the column at a place, and not as an end of cells left of it."""
    own, left = whole[place], whole[place - 1]
    if len(end) < _LONG or not own.fits(_kind(end)) or end in left.ends or end in left.texts:
        return False
    if _kind(end) != "0":
        return own.texts[end] >= _ALIKE
    if len(end) >= _DATE and own.texts[end] >= max(_ALIKE, _MOST * own.texts.total()):
        return True
    # a year ends many a label: figures count only where the next column holds none, and no label ends in one
    unlike = place + 1 < len(whole) and whole[place + 1].kind not in {"", "0"}
    return own.kind == "0" and unlike and left.kind == "A"


def _is_two(before: str, end: str, k: int, whole: Sequence[_Column]) -> bool:
    """Whether a cell of letters is followed by one of letters and figures, as it would begin; else the column has none."""
    own, after = whole[k], whole[k + 1]
    kinds = own.kind == _kind(before) == "A" and after.kind == _kind(end) == "A0"
    return kinds and after.firsts[end.partition(" ")[0]] >= _ALIKE


@lru_cache(maxsize=_REMEMBERED)
def _kind(text: str) -> str:
    """Letters alone: A; figures alone: 0; both: A0; neither: nothing."""
    return "A" * any(c.isalpha() for c in text) + "0" * ("0" in text)


@lru_cache(maxsize=_REMEMBERED)
def _code(word: str) -> str:
    """A long word of letters and figures with each figure as 0; "" for any other."""
    mask = _masked(word)
    return mask if len(mask) >= _DATE and mask.isalnum() and _kind(mask) == "A0" else ""


@lru_cache(maxsize=_REMEMBERED)
def _look(word: str) -> str:
    """A word with its numbers as 0 and its letters as A."""
    return _LETTERS.sub("A", _NUMBER.sub("0", word))


@lru_cache(maxsize=_REMEMBERED)
def _masked(text: str) -> str:
    """A text with each figure as 0."""
    return _DIGIT.sub("0", text)


def _is_alike(one: str, other: str) -> bool:
    """Whether words look alike; T2246796 is told from K21549 by its length."""
    look = _look(one)
    return look == _look(other) and ("A" not in look or _masked(one) == _masked(other))
