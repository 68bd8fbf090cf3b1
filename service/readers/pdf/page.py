"""One page with a text layer: words, layout, Blocks."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from schemas.document import BlockKind
from service.readers.pdf.flow import Flow
from service.readers.pdf.layout import Grid, regions_of
from service.readers.pdf.margins import peel
from service.readers.pdf.paragraphs import Paragraph, Style, paragraphs_of
from service.readers.pdf.rows import Row, cluster, plain_rows, row_of, strips_of
from service.readers.pdf.segments import Segments, segments_of
from service.readers.pdf.words import PageWords


def flow_of(words: PageWords, text_page: Any, height: float, kind: BlockKind | None = None) -> Flow:
    """The page in reading order; all Blocks of one kind where it is given."""
    segments = segments_of(words)
    flow = Flow(segments)
    style = style_of(words, segments, text_page)
    rows = plain_rows(segments)
    if kind is not None:
        for strip_row in cluster(strips_of(segments)):
            flow.add(Paragraph([row_of(strip_row)]), kind)
    elif rows is not None:
        _add_rows(flow, rows, style, height)
    elif len(segments):
        _add_regions(flow, style, height)
    return flow


def style_of(words: PageWords, segments: Segments, text_page: Any) -> Style:
    """What the rules for paragraphs may ask."""
    text, start, end, unit = words.text, words.start, words.end, words.unit
    first, last = segments.first, segments.last

    def content(row: Row) -> str:
        return (
            text[start[first[row.segments[0]]] : end[last[row.segments[0]]]]
            if len(row.segments) == 1
            else " ".join(text[start[first[s]] : end[last[s]]] for s in row.segments)
        )

    def bold(row: Row) -> bool:
        return _is_bold(text_page, int(unit[first[row.segments[0]]])) and _is_bold(
            text_page, int(unit[last[row.segments[-1]]])
        )

    return Style(content, bold, _body(segments))


def _body(segments: Segments) -> float:
    """The font size of most of the text, to a quarter of a point."""
    if not len(segments):
        return 0.0
    box = segments.box
    sizes = np.rint((box[:, 3] - box[:, 1]) * 4).astype(np.int64).clip(0, 400)
    return float(np.bincount(sizes, weights=box[:, 2] - box[:, 0]).argmax()) / 4


_NAME = ctypes.create_string_buffer(128)
_FLAGS = ctypes.c_int()
_BOLD = (b"bold", b"black", b"heavy", b"semibold", b"-bd")


def _is_bold(text_page: Any, unit: int) -> bool:
    size = pdfium.FPDFText_GetFontInfo(text_page, unit, _NAME, len(_NAME), ctypes.byref(_FLAGS))
    name = _NAME.value.lower() if 0 < size <= len(_NAME) else b""
    return any(word in name for word in _BOLD) or bool(_FLAGS.value & 1 << 18)


def _add_rows(flow: Flow, rows: list[Row], style: Style, height: float) -> None:
    top, body, bottom = peel(rows, height)
    for row in top:
        flow.add_margin(row, top=True)
    for paragraph in paragraphs_of(body, style):
        flow.add(paragraph)
    for row in bottom:
        flow.add_margin(row, top=False)


def _add_regions(flow: Flow, style: Style, height: float) -> None:
    strips = strips_of(flow.segments)
    lines = cluster(strips)
    top, body, bottom = peel([row_of(r) for r in lines], height)
    for row in top:
        flow.add_margin(row, top=True)
    counts = dict(enumerate((flow.segments.last - flow.segments.first + 1).tolist()))
    kept = {i for row in body for i in row.segments}
    for region in regions_of([s for s in strips if s.index in kept], counts):
        if isinstance(region, Grid):
            flow.add_grid(region)
        else:
            for paragraph in paragraphs_of(region.rows, style):
                flow.add(paragraph)
    for i in np.flatnonzero(~flow.segments.upright).tolist():
        flow.add(Paragraph([Row([i], *flow.boxes[i])]))
    for row in bottom:
        flow.add_margin(row, top=False)
