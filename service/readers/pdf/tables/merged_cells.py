"""Find the end of cells that a file prints as one run of text with the usual space between them.

No gap separates them, and the second one begins wherever the first ends. Other rows of the tables show the end: in a
row that lacks a cell, the last words of one shape like the next column's cells, and unlike the ends of its own
column's cells.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from thresher.service.readers.pdf.layout.regions import TableRegion
from thresher.service.readers.pdf.layout.segments import SegmentTexts
from thresher.service.readers.pdf.text.words import PageWords

_MIN_EXAMPLES = 3  # cells that look like the end of a merged one, and rows with the lacking cell
_WORDS_BEFORE = 2  # before a figure, which must not look like it: 3 May to 9 May is one cell
_END_MIN_CHARS = 4  # of the end of a merged cell: "30," belongs to its month
_MASK_MIN_CHARS = 6  # so long a mask of figures and marks identifies a column that is full of it
_CODE_ENDS_MAX_RATIO = 0.3  # cells that end in a code / cells that are such a code
_KIND_MIN_SHARE = 0.8  # of a column's cells that have its kind
_SIZE_MIN_SHARE = 0.15  # of the rows of the most common size, to count another size
_ROW_MIN_CELLS = 4  # of a complete row
_ALIGNED_MAX_POINTS = 1.5
_CACHE_SIZE = 4096  # words and cells; forms repeat them
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d[\d.,']*")
_LETTERS = re.compile(r"[^\W\d_]+")

Cells = list[list[int]]  # the words of each cell of a row


def complete_row_size(sizes: Counter[int]) -> int:
    """Return the number of cells of a complete row: the largest size that is not rare; 0 for none."""
    seen = {size: n for size, n in sizes.items() if size > 1}
    return max((size for size, n in seen.items() if n >= _SIZE_MIN_SHARE * max(seen.values())), default=0)


def cells_of(grids: Iterable[TableRegion], texts: SegmentTexts) -> Iterator[Cells]:
    """Yield the rows of tables, each cell as its words."""
    for row in (row for grid in grids for row in grid.rows):
        yield [[w for strip in cell for i in strip.indices for w in texts.words(i)] for _, cell in row]


class MergedCells:
    """The ends of merged cells, by the tables of a few pages.

    Pages of one form complete each other's examples.
    """

    def __init__(self, rows: Iterable[Cells], words: PageWords) -> None:
        """Learn from the rows of all tables."""
        every = list(rows)
        spelt = _Spelt(words)
        self._figures = _Figures(every, words, spelt)
        self._columns = _Columns(every, words, spelt)

    def cuts(self, row: Cells) -> Iterator[int]:
        """Yield words inside the cells of a row that begin a cell."""
        found = [c[-1] for c in row if len(c) > 1 and self._figures.ends(c, len(row))]
        lacking = None if found else self._columns.cut(row)
        yield from found if lacking is None else [lacking]


class _Spelt:
    """The text of words."""

    def __init__(self, words: PageWords) -> None:
        """Prepare the arrays of words as lists, which are faster to index."""
        self._text, self._start, self._end = words.text, words.start.tolist(), words.end.tolist()

    def __call__(self, word: int) -> str:
        """Return the text of a word."""
        return self._text[self._start[word] : self._end[word]]

    def all(self, chosen: Iterable[int]) -> str:
        """Return the text of words, with a space between two."""
        return " ".join([self(word) for word in chosen])


class _Figures:
    """The places where cells of one word begin, by the word's shape, and the sizes of their rows."""

    def __init__(self, rows: Iterable[Cells], words: PageWords, spelt: _Spelt) -> None:
        """Count the cells of all rows."""
        self._spelt = spelt
        self._begins: list[int] = np.rint(words.flat[:, 0].astype(np.float64)).astype(int).tolist()
        self._seen: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
        self._codes: dict[str, Counter[int]] = defaultdict(Counter)  # by mask, at any place
        self._ends: Counter[str] = Counter()  # of cells of several words that end in such a code
        for row in rows:
            for cell in row:
                self._add(cell, len(row))

    def _add(self, cell: Sequence[int], cells: int) -> None:
        """Count one cell of a row with `cells` cells."""
        code = _code(self._spelt(cell[-1]))
        if len(cell) == 1:
            self._seen[_shape(self._spelt(cell[0])), self._begin(cell[0])][cells] += 1
            if code:
                self._codes[code][cells] += 1
        elif code:
            self._ends[code] += 1

    def ends(self, chosen: Sequence[int], cells: int) -> bool:
        """Whether the last of some words is a figure unlike the others, and a cell by itself.

        Enough cells like it must begin at its place, in rows with more cells than `cells`, the number in the row of
        these words. A code, of letters and figures, may begin anywhere, if few other cells end in such a code.
        """
        *others, last = chosen
        text = self._spelt(last)
        shape, code = _shape(text), _code(text)
        known = self._seen.get((shape, self._begin(last)), Counter()) if cells > 1 else Counter()
        if code and self._ends[code] <= _CODE_ENDS_MAX_RATIO * self._codes[code].total():
            known = max(known, self._codes[code], key=Counter.total)
        if (
            "0" not in shape
            or len(text) < _END_MIN_CHARS
            or known.total() < _MIN_EXAMPLES
            or cells >= complete_row_size(known)
        ):
            return False
        texts = [self._spelt(other) for other in others]
        return not any(_is_alike(other, text) for other in texts[-_WORDS_BEFORE:]) and any(
            "A" in _shape(one) for one in texts
        )

    def _begin(self, word: int) -> int:
        """Return where a word begins, to a point."""
        return self._begins[word]


@dataclass(slots=True)
class _Column:
    """The contents of one column's cells, in rows with one number of cells."""

    kinds: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)  # of their cells, as masks with each digit as 0
    firsts: Counter[str] = field(default_factory=Counter)  # the masks' first words
    ends: set[str] = field(default_factory=set)  # of each mask, the last words
    left: set[int] = field(default_factory=set)  # in steps of 1.5 points
    right: set[int] = field(default_factory=set)
    kind: str = ""  # of most cells; "" where they differ

    def settle(self) -> None:
        """Set the kind, when all cells are known."""
        kind, count = self.kinds.most_common(1)[0]
        self.kind = kind if count >= _KIND_MIN_SHARE * self.kinds.total() else ""

    def fits(self, kind: str) -> bool:
        """Whether a cell of a kind may belong to the column."""
        return not self.kind or self.kind == kind


class _Columns:
    """The columns of complete rows, by the number of cells."""

    def __init__(self, rows: Iterable[Cells], words: PageWords, spelt: _Spelt) -> None:
        """Collect the columns of all rows with enough cells."""
        self._spelt = spelt
        self._left, self._right = (
            np.rint(words.flat[:, side] / np.float64(_ALIGNED_MAX_POINTS)).astype(int).tolist() for side in (0, 2)
        )
        self._whole: dict[int, list[_Column]] = {}
        for row in rows:
            if len(row) >= _ROW_MIN_CELLS:
                if len(row) not in self._whole:
                    self._whole[len(row)] = [_Column() for _ in row]
                for column, cell in zip(self._whole[len(row)], row, strict=True):
                    self._add(column, cell)
        for column in (column for columns in self._whole.values() for column in columns):
            column.settle()

    def _add(self, column: _Column, cell: Sequence[int]) -> None:
        """Add one cell to its column."""
        text = self._mask(cell)
        column.kinds[_kind(text)] += 1
        column.texts[text] += 1
        column.firsts[text.partition(" ")[0]] += 1
        column.ends |= {text.split(" ", n)[-1] for n in range(1, text.count(" ") + 1)}
        left, right = self._edges(cell)
        column.left.add(left)
        column.right.add(right)

    def cut(self, row: Cells) -> int | None:
        """Return the word at which the lacking cell of a row begins; None where it is not certain."""
        whole = self._whole.get(len(row) + 1)
        if whole is None or whole[0].kinds.total() < _MIN_EXAMPLES:
            return None
        if all(len(cell) == 1 for cell in row):
            return None
        cells = [(_kind(self._mask(cell)), *self._edges(cell)) for cell in row]
        found = [
            word
            for k, cell in enumerate(row)
            if len(cell) > 1 and _is_row(cells, k, whole) and (word := self._within(cell, k, whole)) is not None
        ]
        return found[0] if len(found) == 1 else None

    def _within(self, cell: Sequence[int], k: int, whole: Sequence[_Column]) -> int | None:
        """Return the word of cell `k` of a row at which the next column's cell begins."""
        for n in range(1, len(cell)):
            before, end = self._mask(cell[:n]), self._mask(cell[n:])
            if whole[k].fits(_kind(before)) and (_is_cell(end, k + 1, whole) or _is_two(before, end, k, whole)):
                return cell[n]
        return None

    def _mask(self, cell: Sequence[int]) -> str:
        """Return the mask of a cell."""
        return _masked(self._spelt.all(cell))

    def _edges(self, cell: Sequence[int]) -> tuple[int, int]:
        """Return the rounded left and right of a cell."""
        return self._left[cell[0]], self._right[cell[-1]]


def _is_row(cells: Sequence[tuple[str, int, int]], k: int, whole: Sequence[_Column]) -> bool:
    """Whether the cells of a row but `k` have their columns' kinds, and most are aligned with them.

    `cells` is the kind, the left and the right edge of each.
    """
    others = [(cell, whole[i + (i > k)]) for i, cell in enumerate(cells) if i != k]
    if not all(column.fits(kind) for (kind, _, _), column in others):
        return False
    aligned = sum(left in column.left or right in column.right for (_, left, right), column in others)
    return 2 * aligned > len(others) and cells[k][1] in whole[k].left


def _is_cell(end: str, place: int, whole: Sequence[_Column]) -> bool:
    """Whether the end of a merged cell looks like the column at `place`, and not like cells left of it."""
    own, left = whole[place], whole[place - 1]
    if len(end) < _END_MIN_CHARS or not own.fits(_kind(end)) or end in left.ends or end in left.texts:
        return False
    if _kind(end) != "0":
        return own.texts[end] >= _MIN_EXAMPLES
    if len(end) >= _MASK_MIN_CHARS and own.texts[end] >= max(_MIN_EXAMPLES, _KIND_MIN_SHARE * own.texts.total()):
        return True
    # many labels end in a year: figures count only where the next column has none, and no label ends in one
    unlike = place + 1 < len(whole) and whole[place + 1].kind not in {"", "0"}
    return own.kind == "0" and unlike and left.kind == "A"


def _is_two(before: str, end: str, k: int, whole: Sequence[_Column]) -> bool:
    """Whether a cell of letters is followed by one of letters and figures, as the next column has."""
    own, after = whole[k], whole[k + 1]
    kinds = own.kind == _kind(before) == "A" and after.kind == _kind(end) == "A0"
    return kinds and after.firsts[end.partition(" ")[0]] >= _MIN_EXAMPLES


@lru_cache(maxsize=_CACHE_SIZE)
def _kind(text: str) -> str:
    """Return "A" for letters alone, "0" for figures alone, "A0" for both, "" for neither."""
    return "A" * any(c.isalpha() for c in text) + "0" * ("0" in text)


@lru_cache(maxsize=_CACHE_SIZE)
def _code(word: str) -> str:
    """Return the mask of a long word of letters and figures; "" for any other."""
    mask = _masked(word)
    return mask if len(mask) >= _MASK_MIN_CHARS and mask.isalnum() and _kind(mask) == "A0" else ""


@lru_cache(maxsize=_CACHE_SIZE)
def _shape(word: str) -> str:
    """Return a word's shape: its numbers as 0 and its letters as A."""
    return _LETTERS.sub("A", _NUMBER.sub("0", word))


@lru_cache(maxsize=_CACHE_SIZE)
def _masked(text: str) -> str:
    """Return a text with each digit as 0."""
    return _DIGIT.sub("0", text)


def _is_alike(one: str, other: str) -> bool:
    """Whether words have the same shape; words with letters need the same mask, too."""
    shape = _shape(one)
    return shape == _shape(other) and ("A" not in shape or _masked(one) == _masked(other))
