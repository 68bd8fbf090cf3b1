"""What is done to a table once its columns are known: merged cells parted, header rows found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from service.readers.header_row import names_columns
from service.readers.pdf.layout import Grid
from service.readers.pdf.rows import Strip
from service.readers.pdf.segments import Segments
from service.readers.pdf.words import PageWords

_FEWEST = 3  # cells of a row in which merged ones are looked for, and of a header row
_MOST = 4  # words of cells that were merged
_BELOW = 20  # rows that say what the columns hold


def cuts_of(grid: Grid, segments: Segments, words: PageWords) -> Iterator[int]:
    """Words that begin a cell although they stand close to the cell on their left."""
    for row in grid.rows:
        strips = [strip for _, cell in row for strip in cell]
        if len(strips) < _FEWEST:
            continue
        for strip in strips:
            first, last = int(segments.first[strip.index]), int(segments.last[strip.index])
            crossed = [gap for gap in grid.gaps if strip.x0 < gap[0] and gap[1] < strip.x1]
            if crossed and strip.count == 1 and last - first < _MOST:
                yield from _between(crossed, range(first + 1, last + 1), words)


def _between(gaps: list[tuple[float, float]], chosen: range, words: PageWords) -> Iterator[int]:
    for i in chosen:
        left, right = float(words.flat[i - 1, 2]), float(words.flat[i, 0])
        if any(left < b and right > a for a, b in gaps):
            yield i


def parted(grid: Grid, text: Callable[[Strip], str]) -> list[Grid]:
    """The tables that a grid is: a wider header row within it begins another one."""
    cells = [[(column, " ".join(map(text, strips))) for column, strips in row] for row in grid.rows]
    width = max((column for row in cells for column, _ in row), default=0) + 1
    dense = [_dense(row, width) for row in cells]
    found, begin = [], 0
    for i, row in enumerate(grid.rows):
        wider = len(row) >= _FEWEST and all(len(above) < len(row) for above in grid.rows[begin:i])
        if i > begin + 1 and wider and is_header(dense[i], dense[i + 1 :]):
            found.append(_part(grid, begin, i, dense))
            begin = i
    return [*found, _part(grid, begin, len(grid.rows), dense)]


def _dense(row: list[tuple[int, str]], width: int) -> list[str]:
    texts = dict(row)
    return [texts.get(column, "") for column in range(width)]


def _part(grid: Grid, first: int, last: int, texts: list[list[str]]) -> Grid:
    used = [any(row[column] for row in texts[first:last]) for column in range(len(texts[0]))]
    kept = [[cell for cell, is_used in zip(row, used, strict=True) if is_used] for row in texts[first:last]]
    headers = int(is_header(kept[0], kept[1:]))
    number = {column: sum(used[:column]) for column in range(len(used))}
    rows = [[(number[column], strips) for column, strips in row] for row in grid.rows[first:last]]
    return Grid(rows, grid.gaps, headers)


def is_header(row: list[str], below: list[list[str]]) -> bool:
    """Whether a row names the columns of those below it."""
    return names_columns(row, below[:_BELOW], strict=True)
