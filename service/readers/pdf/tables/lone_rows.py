"""Find rows of tables that are alone, between paragraphs or at a page's edge.

One row shows no columns; the other tables of its page do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from thresher.service.readers.pdf.layout.baseline_rows import Row, SegmentBox, row_of
from thresher.service.readers.pdf.layout.regions import Region, TableRegion, TextRegion
from thresher.service.readers.pdf.tables.table_regions import table_region_of

_MIN_CELLS = 3  # of such a row, and of the rows whose columns it is aligned with
_ALIGNED_MAX_POINTS = 1.5
_ADJACENT_MAX_GAP = 0.8  # in font sizes: between a row and the one right above it
_ALIGNED_MIN_SHARE = 0.7  # of its cells that are aligned with others


_TITLES_MAX_GAP = 3.0  # in font sizes: between titles and their table


@dataclass(frozen=True, slots=True)
class PageParts:
    """The parts of a page, in reading order."""

    top: list[Row]
    body: list[Region]
    bottom: list[Row]


def with_lone_rows(page: PageParts, strips: Iterable[SegmentBox], is_record: Callable[[Row], bool]) -> PageParts:
    """Return the page with each lone row of text that fits the columns of a table as a table.

    Rows at the page's edges are left there unless they are next to the body and `is_record` accepts them.
    """
    lone_rows = _LoneRows(page.body, {strip.index: strip for strip in strips})
    if not lone_rows.any:
        return page
    top, bottom = list(page.top), list(page.bottom)
    above: list[Region] = []
    below: list[Region] = []
    first, last = _edge(page.body[0], 0), _edge(page.body[-1], -1)
    while top and is_record(top[-1]) and (grid := lone_rows.grid(top[-1], first)):
        above.insert(0, grid)
        first = top.pop()
    while bottom and is_record(bottom[0]) and (grid := lone_rows.grid(bottom[0], last)):
        below.append(grid)
        last = bottom.pop(0)
    body = [part for region in page.body for part in lone_rows.parts(region)]
    return PageParts(top, _joined([*above, *body, *below], lone_rows.found), bottom)


def with_titles(page: PageParts, strips: Iterable[SegmentBox], is_record: Callable[[Row], bool]) -> PageParts:
    """Return the page with the row right above its first table as that table's titles.

    The row was taken for a margin so far. It has no figures, and a cell for each column.
    """
    if not (page.top and page.body and isinstance(page.body[0], TableRegion)):
        return page
    known, row, table = {strip.index: strip for strip in strips}, page.top[-1], page.body[0]
    titles = [known[i] for i in row.segments if i in known]
    near = _edge(table, 0).y0 - row.y1 < _TITLES_MAX_GAP * row.size
    if is_record(row) or not near or len(titles) < max(_MIN_CELLS, *(len(cells) for cells in table.rows)):
        return page
    return PageParts(page.top[:-1], [table_region_of([titles, *map(_strips, table.rows)]), *page.body[1:]], page.bottom)


def _joined(regions: list[Region], found: list[TableRegion]) -> list[Region]:
    """Return regions with each lone row merged into the table right above or below it."""
    lone = set(map(id, found))
    joined: list[Region] = []
    for region in regions:
        last = joined[-1] if joined else None
        both = {id(last), id(region)}
        if isinstance(last, TableRegion) and isinstance(region, TableRegion) and both & lone and _is_near(last, region):
            joined[-1] = table_region_of([_strips(row) for row in (*last.rows, *region.rows)])
            lone |= {id(joined[-1])} if both <= lone else set()
        else:
            joined.append(region)
    return joined


def _is_near(above: TableRegion, below: TableRegion) -> bool:
    """Whether a table is right below another."""
    last, first = _edge(above, -1), _edge(below, 0)
    return first.y0 - last.y1 < _ADJACENT_MAX_GAP * first.size


def _strips(row: list[tuple[int, list[SegmentBox]]]) -> list[SegmentBox]:
    """Return the strips of a row of a table."""
    return [strip for _, cell in row for strip in cell]


def _edge(region: Region, place: int) -> Row:
    """Return the first row (`place` 0) or the last row (-1) of a region."""
    if isinstance(region, TextRegion):
        return region.rows[place]
    return row_of(_strips(region.rows[place]))


class _LoneRows:
    """The edges of cells in a page's tables, and its strips."""

    def __init__(self, regions: Sequence[Region], strips: dict[int, SegmentBox]) -> None:
        """Collect the edges of all rows with several cells, and those of wide rows."""
        rows = [row for region in regions if isinstance(region, TableRegion) for row in region.rows if len(row) > 1]
        wide = [row for row in rows if len(row) >= _MIN_CELLS]
        self._edges = _Edges.of(rows)
        self._wide = _Edges.of(wide)
        self.any = bool(wide)
        self.found: list[TableRegion] = []
        self._strips = strips

    def grid(self, row: Row, beside: Row | None = None) -> TableRegion | None:
        """Return the row as a table if it fits the columns, else None.

        A row of two cells must be right above or below `beside`.
        """
        strips = [self._strips[i] for i in row.segments if i in self._strips]
        kept = sum((self._wide if len(strips) >= _MIN_CELLS else self._edges).match(strip) for strip in strips)
        near = beside is not None and max(beside.y0 - row.y1, row.y0 - beside.y1) < _ADJACENT_MAX_GAP * row.size
        if len(strips) < (2 if near else _MIN_CELLS) or kept < (
            _ALIGNED_MIN_SHARE if len(strips) >= _MIN_CELLS else 1
        ) * len(strips):
            return None
        self.found.append(table_region_of([strips]))
        return self.found[-1]

    def parts(self, region: Region) -> Iterator[Region]:
        """Yield the parts of a region, its lone rows as tables."""
        if isinstance(region, TableRegion):
            yield region
            return
        text: list[Row] = []
        for row in region.rows:
            grid = self.grid(row)
            if grid is None:
                text.append(row)
                continue
            yield from [TextRegion(text)] if text else []
            text = []
            yield grid
        yield from [TextRegion(text)] if text else []


@dataclass(frozen=True, slots=True)
class _Edges:
    """The rounded x at which cells begin and end."""

    begins: frozenset[int]
    ends: frozenset[int]

    @classmethod
    def of(cls, rows: Iterable[list[tuple[int, list[SegmentBox]]]]) -> _Edges:
        """Collect the edges of the cells of some rows."""
        cells = [cell for row in rows for _, cell in row]
        return cls(_with_neighbours(cell[0].x0 for cell in cells), _with_neighbours(cell[-1].x1 for cell in cells))

    def match(self, strip: SegmentBox) -> bool:
        """Whether a strip begins or ends where cells do."""
        return (
            round(strip.x0 / _ALIGNED_MAX_POINTS) in self.begins or round(strip.x1 / _ALIGNED_MAX_POINTS) in self.ends
        )


def _with_neighbours(places: Iterable[float]) -> frozenset[int]:
    """Return rounded x positions, with their neighbours on both sides."""
    found = {round(x / _ALIGNED_MAX_POINTS) for x in places}
    return frozenset(place + off for place in found for off in (-1, 0, 1))
