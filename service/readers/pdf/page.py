"""Pages with a text layer into a flow: margins, columns, tables, text."""

from __future__ import annotations

import numpy as np

from schemas.document import BlockKind
from service.readers.pdf.flow import Flow, Part
from service.readers.pdf.layout import Grid, regions_of
from service.readers.pdf.margins import peel
from service.readers.pdf.rows import PlainRows, Row, Strip, cluster, row_of, rows_of, strips_of
from service.readers.pdf.segments import Segments, segments_of
from service.readers.pdf.tables import cuts_of, parted
from service.readers.pdf.words import PageWords


def flow_of(words: PageWords, heights: list[float]) -> Flow:
    """Pages in reading order; `heights` are those of the pages, in points."""
    flow, cuts = _flow_of(words, heights, [])
    return _flow_of(words, heights, cuts)[0] if cuts else flow


def _flow_of(words: PageWords, heights: list[float], cuts: list[int]) -> tuple[Flow, list[int]]:
    """The flow, with a segment begun at each word of `cuts`; and the words at which tables want one begun."""
    segments = segments_of(words, cuts)
    flow, wanted = Flow(segments), []
    rows = rows_of(segments, len(heights))
    for page, height in enumerate(heights):
        a, b = rows.bound[page], rows.bound[page + 1]
        if a == b:
            continue
        if rows.plain[page]:
            _add_plain(flow, page, rows, height)
        else:
            wanted += _add_regions(flow, page, height, words)
    return flow, wanted


def hidden_flow(words: PageWords) -> Flow:
    """One page's hidden words, row by row."""
    flow = Flow(segments_of(words))
    for row in cluster(strips_of(flow.segments, 0)):
        flow.add_text(Part(0, BlockKind.HIDDEN), [row_of(row)])
    return flow


def _add_plain(flow: Flow, page: int, rows: PlainRows, height: float) -> None:
    a, b = rows.bound[page], rows.bound[page + 1]
    first, last = peel(rows.box[a:b, 1].tolist(), rows.box[a:b, 3].tolist(), height)
    for i in range(a, a + first):
        flow.add_plain(Part(page, margin="top"), rows, i, i + 1)
    flow.add_plain(Part(page), rows, a + first, a + last)
    for i in range(a + last, b):
        flow.add_plain(Part(page, margin="bottom"), rows, i, i + 1)


def _add_regions(flow: Flow, page: int, height: float, words: PageWords) -> list[int]:
    segments = flow.segments
    strips = strips_of(segments, page)
    rows = [row_of(r) for r in cluster(strips)]
    first, last = peel([r.y0 for r in rows], [r.y1 for r in rows], height)
    for row in rows[:first]:
        flow.add_text(Part(page, margin="top"), [row])
    counts = {s.index: int(segments.last[s.index] - segments.first[s.index]) + 1 for s in strips}
    kept = {i for row in rows[first:last] for i in row.segments}
    wanted: list[int] = []
    for region in regions_of([s for s in strips if s.index in kept], counts):
        if isinstance(region, Grid):
            wanted += cuts_of(region, segments, words)
            for grid in parted(region, lambda strip: _text(strip, segments, words)):
                flow.add_grid(page, grid)
        else:
            flow.add_text(Part(page), region.rows)
    for i in np.flatnonzero(~segments.upright & (segments.page == page)).tolist():
        flow.add_text(Part(page), [Row([i], *segments.box[i].tolist())])
    for row in rows[last:]:
        flow.add_text(Part(page, margin="bottom"), [row])
    return wanted


def _text(strip: Strip, segments: Segments, words: PageWords) -> str:
    first, last = segments.first[strip.index], segments.last[strip.index + strip.count - 1]
    return words.text[words.start[first] : words.end[last]]
