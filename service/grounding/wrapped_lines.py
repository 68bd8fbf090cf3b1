"""Find values that are printed over several lines of one column, with other columns between them in the text.

    Advertiser: Mike Bloomberg 2020,    Market: Harrisburg    Total: $12,680.00
                Inc

contains "Mike Bloomberg 2020, Inc", though the text runs from "2020," over the market and the total to "Inc". The pieces
stand on lines one below the other; only blank lines and page furniture may be between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from thresher.service.grounding.normalised_text import Letters, Range, letters_of, stands_alone
from thresher.service.records.text_lines import tabbed

Below = Callable[[Range, Range], bool]  # whether the second range is printed under the first, in its column

FIRST_PIECE_MIN_LETTERS = 6  # letters that the first piece must have at least
MAX_PIECES = 5
EDGE = 8  # lines on each side of a page's edge that may lie between two pieces
LINE_CHARS = 120  # characters that a line usually has at most
_AMOUNT = re.compile(r"\d[\d.,]*[.,]\d\d(?!\d)")
_CELL = re.compile(r"[^\t\n| ](?:[^\t\n|]*?[^\t\n| ])??(?= *(?:[\t\n|]|  |$))")
_END = re.compile(r"[^\w\t\n|]*(?:[\t\n|]|  |$)")
COLUMNS = re.compile(r"[\t|]|\S  ")


@dataclass(frozen=True, slots=True)
class Layout:
    """How lines of a text are found to be in one column.

    `below`: whether a range is printed under another. Between two such ranges there may be `apart` lines of other columns;
    around the beginning of one of the `pages` also sums carried forward, and furniture too rare to be recognised as such.
    """

    below: Below
    apart: int = 0
    pages: Sequence[int] = ()


class WrappedSearch:
    """One text, searched for values that are wrapped within a column."""

    def __init__(self, text: str, letters: Letters, layout: Layout, *, without: Sequence[Range] = ()) -> None:
        """Prepare the search.

        `letters` are those of `text`; `without`: ranges, sorted, that may be between two pieces.
        """
        self._text, self._letters, self._below = tabbed(text), letters, layout.below
        self._without, self._apart, self._pages = without, layout.apart, layout.pages

    def find(self, value: str) -> Iterator[tuple[Range, ...]]:
        """Yield the pieces of a value wherever it is wrapped: each to the end of its cell, and the later ones whole cells."""
        words = [w for w in map(letters_of, value.split()) if w]
        whole = "".join(words)
        for count in range(len(words) - 1, 0, -1):
            first = "".join(words[:count])
            if len(first) < FIRST_PIECE_MIN_LETTERS:
                return
            for span in self._cell_ends(first):
                rest = self._rest(span, whole[len(first) :])
                if rest:
                    yield (span, *rest)

    def _cell_ends(self, first: str) -> Iterator[Range]:
        """Yield the ranges where the letters of the first piece end a cell."""
        letters = self._letters
        at = letters.text.find(first)
        while at >= 0:
            span = letters.span(at, at + len(first))
            if _END.match(self._text, span[1]) and stands_alone(self._text, *span):
                yield span
            at = letters.text.find(first, at + 1)

    def _rest(self, first: Range, wanted: str) -> tuple[Range, ...]:
        """Return the cells under the first piece that together spell the wanted letters; empty where they do not."""
        found: list[Range] = []
        above, apart = self._cell_of(first), self._apart
        is_furniture = self._is_furniture(*first)
        at = self._text.find("\n", first[1])
        while wanted and at >= 0 and len(found) < MAX_PIECES:
            line = at + 1
            at = self._text.find("\n", line)
            end = at if at >= 0 else len(self._text)
            if not self._text[line:end].strip() or (not is_furniture and self._is_furniture(line, end)):
                continue
            cell = next((c for c in self._cells(line, end) if self._continues(above, c, wanted)), None)
            page = self._page_after(above[1])
            if page <= line and apart < self._apart:
                return ()  # other lines of the column stand under the cell on its page
            if cell is None and self._is_edge(line, end, page):
                continue
            if cell is None and (not apart or page <= line):
                return ()
            if cell is None:
                apart -= 1
                continue
            found.append(cell)
            wanted, above, apart = wanted[len(letters_of(self._text[slice(*cell)])) :], cell, self._apart
        return tuple(found) if not wanted else ()

    def _page_after(self, offset: int) -> int:
        """Return where the next page begins; beyond the text's end where none does."""
        i = bisect_right(self._pages, offset)
        return self._pages[i] if i < len(self._pages) else len(self._text) + 1

    def _is_edge(self, line: int, end: int, page: int) -> bool:
        """Whether a line near a page's edge belongs to that edge.

        It is repeated elsewhere with other figures, or its amount also stands on the other side of the edge.
        """
        beside = self._text[max(page - EDGE * LINE_CHARS, 0) : page], self._text[page : page + EDGE * LINE_CHARS]
        if abs(page - line) > EDGE * LINE_CHARS or page > len(self._text):
            return False
        own = self._text[line:end]
        other = beside[0] if line >= page else beside[1]
        return self._alike[_unnumbered(own)] > 1 or any(f in other for f in _AMOUNT.findall(own))

    @cached_property
    def _alike(self) -> Counter[str]:
        """Return how many lines of the text are the same but for figures and punctuation."""
        return Counter(map(_unnumbered, self._text.split("\n")))

    def _is_furniture(self, start: int, end: int) -> bool:
        """Whether a line is, at least in part, page furniture."""
        i = bisect_right(self._without, (end, end)) - 1
        return i >= 0 and self._without[i][1] > start

    def _cells(self, start: int, end: int) -> Iterator[Range]:
        return (m.span() for m in _CELL.finditer(self._text, start, end))

    def _cell_of(self, piece: Range) -> Range:
        """Return the cell that a piece ends, from its beginning."""
        start = self._text.rfind("\n", 0, piece[0]) + 1
        cells = self._cells(start, max(piece[1], start))
        return next(((a, piece[1]) for a, b in cells if a <= piece[0] < b), piece)

    def _continues(self, above: Range, cell: Range, wanted: str) -> bool:
        piece = letters_of(self._text[slice(*cell)])
        return bool(piece) and wanted.startswith(piece) and self._below(above, cell)


def _unnumbered(line: str) -> str:
    return re.sub(r"[\d\W]+", " ", line).strip().casefold()


def column_below(text: str, first: Range, second: Range) -> bool:
    r"""Whether a cell of a later line is in the same column: by bars or tabs before it, else by where it begins.

    >>> column_below("| 1 | Ada |\n|\t| Keane |", (6, 9), (15, 20)), column_below("1\tAda\n\tKeane", (2, 5), (7, 12))
    (True, True)
    """
    above, under = (line_before(text, r[0]) for r in (first, second))
    mark = next((m for m in "|\t" if m in above or m in under), None)
    return above.count(mark) == under.count(mark) if mark else len(above) == len(under)


def line_before(text: str, offset: int) -> str:
    """Return the text before a character in its line, with tabs for semicolons that separate cells."""
    start, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
    return tabbed(text[start : end if end >= 0 else len(text)])[: offset - start]


def has_separator_before(text: str, offset: int) -> bool:
    """Whether bars or semicolons that separate cells are printed before a character in its line."""
    printed = text[text.rfind("\n", 0, offset) + 1 : offset]
    return "|" in printed or (";" in printed and "\t" in line_before(text, offset))
