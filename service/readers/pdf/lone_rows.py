"""Rows of tables that stand alone, between paragraphs or at a page's edge: one row shows no columns, its page's tables do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from service.readers.pdf.layout import Grid, Region, Text, grid_of
from service.readers.pdf.rows import Row, Strip

_FEWEST = 3  # pieces of such a row, and of the rows whose columns it keeps to
_ALIGNED = 1.5  # points
_MOST = 0.7  # of its pieces begin where cells do


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a page is made of, in reading order."""

    top: list[Row]
    body: list[Region]
    bottom: list[Row]


def with_lone_rows(page: Sorted, strips: Iterable[Strip], is_record: Callable[[Row], bool]) -> Sorted:
    """The page, with each lone row of text that keeps to the columns of a table there as a table of one row.

    Rows at the page's edges are left there unless they stand next to the body and `is_record` says that they may be of one.
    """
    alone = _Alone(page.body, {strip.index: strip for strip in strips})
    if not alone.begins:
        return page
    top, bottom = list(page.top), list(page.bottom)
    above: list[Region] = []
    below: list[Region] = []
    while top and is_record(top[-1]) and (grid := alone.grid(top[-1])):
        above.insert(0, grid)
        top.pop()
    while bottom and is_record(bottom[0]) and (grid := alone.grid(bottom[0])):
        below.append(grid)
        bottom.pop(0)
    body = [part for region in page.body for part in alone.parts(region)]
    return Sorted(top, above + body + below, bottom)


class _Alone:
    """Where the cells of wide rows begin, and the strips of a page."""

    def __init__(self, regions: Sequence[Region], strips: dict[int, Strip]) -> None:
        grids = [region for region in regions if isinstance(region, Grid)]
        wide = [row for grid in grids for row in grid.rows if len(row) >= _FEWEST]
        at = {round(cell[0].x0 / _ALIGNED) for row in wide for _, cell in row}
        self.begins = {n + off for n in at for off in (-1, 0, 1)}
        self._strips = strips

    def grid(self, row: Row) -> Grid | None:
        """The row as a table, if it keeps to the columns."""
        strips = [self._strips[i] for i in row.segments if i in self._strips]
        kept = sum(round(s.x0 / _ALIGNED) in self.begins for s in strips)
        return grid_of([strips]) if len(strips) >= _FEWEST and kept >= _MOST * len(strips) else None

    def parts(self, region: Region) -> Iterator[Region]:
        """A region, its lone rows apart."""
        if isinstance(region, Grid):
            yield region
            return
        text: list[Row] = []
        for row in region.rows:
            grid = self.grid(row)
            if grid is None:
                text.append(row)
                continue
            yield from [Text(text)] if text else []
            text = []
            yield grid
        yield from [Text(text)] if text else []
