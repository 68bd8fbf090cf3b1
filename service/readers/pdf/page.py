"""Lay out pages with a text layer as a flow: margins, columns, tables, text."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from thresher.schemas.document import BlockKind
from thresher.service.readers.pdf.layout.baseline_rows import (
    PageRows,
    Row,
    SegmentBox,
    clustered_rows,
    row_of,
    rows_of,
    segment_boxes_of,
)
from thresher.service.readers.pdf.layout.page_flow import FlowPart, PageFlow
from thresher.service.readers.pdf.layout.reading_order import regions_in_reading_order
from thresher.service.readers.pdf.layout.regions import TableRegion, TextRegion
from thresher.service.readers.pdf.layout.repeated_margins import body_range
from thresher.service.readers.pdf.layout.segments import Segments, SegmentTexts, segments_of
from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.tables.lone_rows import PageParts, with_lone_rows, with_titles
from thresher.service.readers.pdf.tables.merged_cells import MergedCells, cells_of
from thresher.service.readers.pdf.tables.row_labels import joined_rules, with_repeated_labels
from thresher.service.readers.pdf.tables.side_by_side import tables_side_by_side
from thresher.service.readers.pdf.tables.table_cells import cell_starts_of, split_tables
from thresher.service.readers.pdf.text.characters import character_table
from thresher.service.readers.pdf.text.words import PageWords

RulesByPage = dict[int, Floats]  # by the index of the page: boxes of lines that run across it
_BAR = character_table("|¦│")


def flow_of(words: PageWords, heights: list[float], rules: RulesByPage | None = None) -> PageFlow:
    """Return pages in reading order; `heights` are those of the pages, in points."""
    segments = segments_of(words)
    rows = rows_of(segments, len(heights))
    rough: dict[int, _Rough] = {}
    cuts: dict[int, list[int]] = {}
    if rows.rough():
        texts = SegmentTexts(segments, words)
        rough = {page: _rough(page, heights[page], segments, words, texts) for page in rows.rough()}
        cuts = _cuts(rough, segments, words, texts)
    if cuts:
        segments = segments_of(words, [cut for some in cuts.values() for cut in some])
        rows = rows_of(segments, len(heights))
        texts = SegmentTexts(segments, words)
        rough |= {
            page: _rough(page, heights[page], segments, words, texts, set(cuts[page]))
            for page in rows.rough()
            if page in cuts
        }
    flow = PageFlow(segments)
    for page, height in enumerate(heights):
        if rows.plain[page]:
            _add_plain(flow, page, rows, height)
        elif page in rough:
            _add_rough(flow, page, rough[page], (rules or {}).get(page), words)
    return flow


def _cuts(rough: dict[int, _Rough], segments: Segments, words: PageWords, texts: SegmentTexts) -> dict[int, list[int]]:
    """Return by page the words that begin a segment because they begin a table cell."""
    merged = MergedCells(cells_of((grid for one in rough.values() for grid in one.grids), texts), words)
    found = {page: list(cell_starts_of(one.grids, merged, segments, words, texts)) for page, one in rough.items()}
    return {page: cuts for page, cuts in found.items() if cuts}


def hidden_flow(words: PageWords) -> PageFlow:
    """Return one page's hidden words, row by row."""
    flow = PageFlow(segments_of(words))
    for row in clustered_rows(segment_boxes_of(flow.segments, 0)):
        flow.add_text(FlowPart(0, BlockKind.HIDDEN), [row_of(row)])
    return flow


def _add_plain(flow: PageFlow, page: int, rows: PageRows, height: float) -> None:
    """Append a page of one column, its rows at the edges apart."""
    a, b = rows.bound[page], rows.bound[page + 1]
    first, last = body_range(rows.box[a:b, 1].tolist(), rows.box[a:b, 3].tolist(), height)
    for i in range(a, a + first):
        flow.add_plain(FlowPart(page, margin="top"), rows, i, i + 1)
    flow.add_plain(FlowPart(page), rows, a + first, a + last)
    for i in range(a + last, b):
        flow.add_plain(FlowPart(page, margin="bottom"), rows, i, i + 1)


@dataclass(frozen=True, slots=True)
class _Rough:
    """A page with columns or tables, its parts in reading order."""

    base: int  # its first segment; indices within the parts count on from it
    top: list[Row]
    body: list[TextRegion | TableRegion]
    bottom: list[Row]
    grids: list[TableRegion]  # its tables, before they were split


def _rough(
    page: int,
    height: float,
    segments: Segments,
    words: PageWords,
    texts: SegmentTexts,
    known: AbstractSet[int] = frozenset(),
) -> _Rough:
    """Lay out a page with columns or tables.

    `known` are words that begin a cell, where an earlier layout found any.
    """
    strips = segment_boxes_of(segments, page)
    for strip in strips if known else []:
        strip.apart = int(segments.first[strip.index]) in known
    rows = [row_of(r) for r in clustered_rows(strips)]
    first, last = body_range([r.y0 for r in rows], [r.y1 for r in rows], height)
    counts = _words_in(strips, segments, words)
    kept = {i for row in rows[first:last] for i in row.segments}
    found = regions_in_reading_order([s for s in strips if s.index in kept], counts)
    is_record = _Figured(texts)
    page_parts = with_titles(PageParts(rows[:first], found, rows[last:]), strips, is_record)
    page_parts = with_lone_rows(page_parts, strips, is_record)
    body: list[TextRegion | TableRegion] = []
    for region in page_parts.body:
        body += (
            split_tables(region, lambda s: texts.of(s.index, s.index + s.count - 1))
            if isinstance(region, TableRegion)
            else [region]
        )
    for i in np.flatnonzero(~segments.upright & (segments.page == page)).tolist():
        body.append(TextRegion([Row([i], *segments.box[i].tolist())]))
    grids = [region for region in page_parts.body if isinstance(region, TableRegion)]
    return _Rough(segments.base(page), page_parts.top, body, page_parts.bottom, grids)


@dataclass(frozen=True, slots=True)
class _Figured:
    """A test for rows that contain figures, as records do and titles of columns do not."""

    texts: SegmentTexts

    def __call__(self, row: Row) -> bool:
        """Whether a row contains a digit."""
        return any(map(str.isdigit, self.texts.of(row.segments[0], row.segments[-1])))


def _words_in(strips: list[SegmentBox], segments: Segments, words: PageWords) -> dict[int, int]:
    """Return by strip the number of words in its first segment; bars between cells do not count."""
    if not strips:
        return {}
    chosen = [strip.index for strip in strips]
    first, end = segments.first[chosen], segments.last[chosen] + 1
    base, stop = int(first.min()), int(end.max())
    bar = _BAR[words.head[base:stop]] & (words.end[base:stop] - words.start[base:stop] == 1)
    before = np.concatenate(([0], np.cumsum(~bar)))
    return dict(zip(chosen, (before[end - base] - before[first - base]).tolist(), strict=True))


def _add_rough(flow: PageFlow, page: int, rough: _Rough, rules: Floats | None, words: PageWords) -> None:
    """Append a page with columns or tables.

    Its segments' indices are corrected for segments added before it.
    """
    moved = flow.segments.base(page) - rough.base
    rules = None if rules is None else joined_rules(rules)

    texts = SegmentTexts(flow.segments, words)

    def text(strip: SegmentBox) -> str:
        return texts.of(strip.index + moved, strip.index + moved + strip.count - 1)

    for row in rough.top:
        flow.add_text(FlowPart(page, margin="top", spaced=bool(rough.grids)), [row], moved)
    for region in rough.body:
        if isinstance(region, TableRegion):
            for grid in [region] if rules is None else tables_side_by_side(region, rules, text):
                flow.add_grid(page, grid if rules is None else with_repeated_labels(grid, rules), moved)
        else:
            flow.add_text(FlowPart(page), region.rows, moved)
    for row in rough.bottom:
        flow.add_text(FlowPart(page, margin="bottom", spaced=bool(rough.grids)), [row], moved)
