"""The order in which a page is read: bands, columns, tables, text."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from service.readers.pdf.rows import Row, Strip, cluster, row_of

_GUTTER = 0.8  # in font sizes: least width of the gap between two columns
_DEEPEST = 3  # columns inside columns
_FAR = 4.0  # in font sizes: rows farther apart are not of one band
_EDGE = 1e6

Gap = tuple[float, float]
Cells = list[list[Strip]]


@dataclass(slots=True)
class Text:
    """Rows of running text."""

    rows: list[Row]


@dataclass(slots=True)
class Grid:
    """Rows of cells: for each row its (column, strips) pairs."""

    rows: list[list[tuple[int, list[Strip]]]]


Region = Text | Grid


@dataclass(slots=True)
class Band:
    """Rows one below the other, and the gaps that run through all of them."""

    rows: Cells
    gutters: list[Gap]


def regions_of(strips: list[Strip], words: dict[int, int], *, depth: int = 0) -> list[Region]:
    """Regions in reading order. `words` counts the words of each strip."""
    regions: list[Region] = []
    for band in _bands(cluster(strips)):
        cut = _column_gap(band, words) if depth < _DEEPEST else None
        if cut is not None:
            for side in _sides(band.rows, cut):
                regions += regions_of(side, words, depth=depth + 1)
        else:
            regions += _table_or_text(band)
    return _merged(regions)


def _merged(regions: list[Region]) -> list[Region]:
    merged: list[Region] = []
    for region in regions:
        if merged and isinstance(region, Text) and isinstance(merged[-1], Text):
            merged[-1].rows += region.rows
        else:
            merged.append(region)
    return merged


def _bands(rows: Cells) -> list[Band]:
    bands: list[Band] = []
    for row in rows:
        gaps = _gaps(row)
        if bands and _near(bands[-1].rows[-1], row):
            kept = _shared(bands[-1], row)
            if kept or (not bands[-1].gutters and not gaps):
                bands[-1].rows.append(row)
                bands[-1].gutters = kept
                continue
        bands.append(Band([row], gaps))
    return bands


def _near(above: list[Strip], below: list[Strip]) -> bool:
    size = max(s.y1 - s.y0 for s in above + below)
    return min(s.y0 for s in below) - max(s.y1 for s in above) < _FAR * size


def _gaps(row: list[Strip]) -> list[Gap]:
    """Gaps inside a row that are wide enough for a gutter."""
    least = _GUTTER * max(s.y1 - s.y0 for s in row)
    return [(a.x1, b.x0) for a, b in zip(row, row[1:], strict=False) if b.x0 - a.x1 >= least]


def _shared(band: Band, row: list[Strip]) -> list[Gap]:
    """What is left of the band's gutters when the row is added."""
    least = _GUTTER * min(s.y1 - s.y0 for s in row)
    free = [(-_EDGE, row[0].x0), *[(a.x1, b.x0) for a, b in zip(row, row[1:], strict=False)], (row[-1].x1, _EDGE)]
    both = [(max(a, c), min(b, d)) for a, b in band.gutters for c, d in free]
    return [(a, b) for a, b in both if b - a >= least]


def _sides(rows: Cells, cut: float) -> tuple[list[Strip], list[Strip]]:
    strips = [s for row in rows for s in row]
    return [s for s in strips if s.x0 + s.x1 < 2 * cut], [s for s in strips if s.x0 + s.x1 >= 2 * cut]


def _column_gap(band: Band, words: dict[int, int]) -> float | None:
    """Where to cut the band into columns of text; None where it is a table or plain text."""
    for a, b in sorted(band.gutters, key=lambda g: g[0] - g[1]):
        cut = (a + b) / 2
        left, right = (cluster(side) for side in _sides(band.rows, cut))
        if min(len(left), len(right)) < 3:
            continue
        if _prose(left, words) and _prose(right, words):
            return cut
        if _unrelated(band.rows, cut, min(len(left), len(right))):
            return cut
    return None


def _prose(rows: Cells, words: dict[int, int]) -> bool:
    """Whether one side of a gutter looks like running text: long lines that fill the column."""
    if len(rows) < 4:
        return False
    x0, x1 = min(r[0].x0 for r in rows), max(r[-1].x1 for r in rows)
    fill = median((r[-1].x1 - r[0].x0) / max(x1 - x0, 1.0) for r in rows)
    size = median(r[0].y1 - r[0].y0 for r in rows)
    count = median(sum(words[s.index] for s in r) for r in rows)
    pieces = median(len(r) for r in rows)
    return fill > 0.6 and count >= 4 and pieces < 2 and x1 - x0 > 8 * size


def _unrelated(rows: Cells, cut: float, fewest: int) -> bool:
    """Whether the two sides rarely stand on the same baselines: blocks side by side, not a table."""
    both = sum(1 for r in rows if r[0].x0 < cut < r[-1].x1)
    return both < 0.35 * fewest


def _table_or_text(band: Band) -> list[Region]:
    rows = band.rows
    wide = [i for i, row in enumerate(rows) if len(row) > 1]
    if not band.gutters or len(wide) < 2:
        return [Text([row_of(r) for r in rows])]
    first, last = wide[0], wide[-1] + 1
    found: list[Region] = [grid_of(rows[first:last])]
    if first:
        found.insert(0, Text([row_of(r) for r in rows[:first]]))
    if last < len(rows):
        found.append(Text([row_of(r) for r in rows[last:]]))
    return found


def grid_of(rows: Cells) -> Grid:
    """Columns from the gaps that most rows share; strips of one row and column make a cell."""
    edges = _edges(rows)
    grid = Grid([])
    for row in rows:
        cells: dict[int, list[Strip]] = {}
        for strip in row:
            column = sum(1 for e in edges if e < (strip.x0 + min(strip.x1, strip.x0 + 4)) / 2)
            column = max(column, _right_aligned(strip, edges)) if len(row) > 1 else column
            cells.setdefault(column, []).append(strip)
        grid.rows.append(sorted(cells.items()))
    return grid


def _right_aligned(strip: Strip, edges: list[float]) -> int:
    """Column by the strip's middle, for a strip that crosses no more than one edge."""
    middle = (strip.x0 + strip.x1) / 2
    crossed = sum(1 for e in edges if strip.x0 < e < strip.x1)
    return sum(1 for e in edges if e < middle) if crossed <= 1 else 0


def _edges(rows: Cells) -> list[float]:
    """Middles of the vertical gaps that at most one strip in ten rows crosses."""
    strips = sorted((s for row in rows if len(row) > 1 for s in row), key=lambda s: s.x0)
    allowed = len(rows) // 10
    steps = sorted([(s.x0, 1) for s in strips] + [(s.x1, -1) for s in strips])
    edges, open_, free, seen = [], 0, None, 0
    for x, step in steps:
        before, open_ = open_, open_ + step
        seen += step < 0
        if before > allowed >= open_:
            free = x
        elif before <= allowed < open_ and free is not None and seen > allowed:
            edges.append((free + x) / 2)
    return edges
