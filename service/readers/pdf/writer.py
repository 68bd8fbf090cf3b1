"""Write the flow of a few pages into the columnar arrays of a Document."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from thresher.schemas.document import NO_CONFIDENCE, BlockKind, DocumentBuilder, Table
from thresher.service.readers.pdf.layout.page_flow import SEPARATORS, FlowLines, PageFlow
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.layout.paragraphs import BlockSpan
from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.words import PageWords

_DTYPES = {"Q": np.uint64, "I": np.uint32, "f": np.float32, "B": np.uint8}
_SAME_MAX_POINTS = 0.01
_LENGTHS = np.array([len(s) for s in SEPARATORS])


def write_flow(
    builder: DocumentBuilder, flow: PageFlow, words: PageWords, spans: tuple[FlowLines, list[BlockSpan]], number: int
) -> tuple[Ints, list[int]]:
    """Append the text of pages from `number` (1-based) on, with its lines, words, tables and Blocks.

    Returns where each line begins, and the index of each BlockSpan's Block.
    """
    lines, blocks = spans
    if not len(lines.items):
        return np.zeros(0, np.int64), []
    builder.newline()
    first, last = flow.segments.first[lines.items], flow.segments.last[lines.items]
    source, stop = words.start[first], words.end[last]
    start, end = _place(builder, lines, source, stop, words.text)
    order, begin, stop = _write_words(builder, words, (first, last), start - source)
    line_start, line_end = start[lines.first[:-1]], end[lines.first[1:] - 1]
    printed = _Printed(line_start, line_end, lines.page, lines.box)
    if words.flat is not words.box:
        every = _Printed(begin, stop, words.page[order], words.box[order])
        printed = _turned(flow, words, lines, printed, every)
    _write_lines(builder, printed, number)
    return line_start, _write_blocks(builder, blocks, line_start.tolist(), line_end.tolist())


def begin_pages(builder: DocumentBuilder, frames: list[PageFrame], places: tuple[FlowLines, Ints], number: int) -> None:
    """Record where pages from `number` on begin, once their lines are written.

    An empty page begins with the next.
    """
    lines, start = places
    at = np.searchsorted(lines.page, np.arange(len(frames))).tolist()
    after = builder.length + bool(builder.length)
    for i, frame in enumerate(frames):
        if len(builder.document.pages) < number + i:
            begin = _begin(lines, start, at[i]) if at[i] < len(start) else after
            builder.document.pages.add(begin, frame.width, frame.height)


def _begin(lines: FlowLines, start: Ints, line: int) -> int:
    """Return where the row of a line begins: empty cells may come before its words."""
    return int(start[line]) - len(SEPARATORS[lines.separators[lines.first[line]]].removeprefix("\n"))


def _place(builder: DocumentBuilder, lines: FlowLines, source: Ints, stop: Ints, text: str) -> tuple[Ints, Ints]:
    """Write the text; return where each item begins and ends."""
    separators = [SEPARATORS[code] for code in lines.separators.tolist()]
    separators[0] = separators[0].removeprefix("\n")
    slices = [text[a:b] for a, b in zip(source.tolist(), stop.tolist(), strict=True)]
    sizes, between = stop - source, _LENGTHS[lines.separators]
    between[0] = len(separators[0])
    end = builder.length + np.cumsum(between + sizes)
    builder.write("".join(chain.from_iterable(zip(separators, slices, strict=True))))
    return end - sizes, end


def _write_words(
    builder: DocumentBuilder, words: PageWords, ranges: tuple[Ints, Ints], shift: Ints
) -> tuple[Ints, Ints, Ints]:
    """Write the words of items; return their indices, and where each begins and ends."""
    first, last = ranges
    counts = last - first + 1
    skipped = np.repeat(first - np.cumsum(counts) + counts, counts)
    order = skipped + np.arange(len(skipped))
    moved = np.repeat(shift, counts)
    out = builder.document.words
    start, end = words.start[order] + moved, words.end[order] + moved
    _extend(out.start, start)
    _extend(out.end, end)
    _extend(out.x0, words.box[order, 0])
    _extend(out.x1, words.box[order, 2])
    confidence = words.confidence
    out.confidence.frombytes(bytes([NO_CONFIDENCE]) * len(order) if confidence is None else confidence[order].tobytes())
    if words.mended is not None:
        at = words.mended[order]
        builder.document.mended += zip(start[at].tolist(), end[at].tolist(), strict=True)
    return order, start, end


@dataclass(frozen=True, slots=True)
class _Printed:
    """Ranges of text with their boxes: lines, or words."""

    start: Ints
    end: Ints
    page: Ints
    box: Floats  # as displayed


def _write_lines(builder: DocumentBuilder, lines: _Printed, number: int) -> None:
    """Write lines with their boxes; `number` is the 1-based number of the first page."""
    out = builder.document.lines
    _extend(out.start, lines.start)
    _extend(out.end, lines.end)
    _extend(out.page, lines.page + number)
    _extend(out.box, lines.box)


def _turned(flow: PageFlow, words: PageWords, lines: FlowLines, printed: _Printed, every: _Printed) -> _Printed:
    """Return lines as displayed, on pages where some text does not run from left to right.

    Where text runs up or down, each word is a line of its own, because words narrow a line in `x` only.
    """
    first, begin = flow.segments.first, lines.first[:-1]
    low = np.minimum.reduceat(words.box[:, :2], first, axis=0)[lines.items]
    high = np.maximum.reduceat(words.box[:, 2:], first, axis=0)[lines.items]
    box = np.concatenate((np.minimum.reduceat(low, begin, axis=0), np.maximum.reduceat(high, begin, axis=0)), axis=1)
    along = np.abs((words.flat[:, 2] - words.flat[:, 0]) - (words.box[:, 2] - words.box[:, 0])) > _SAME_MAX_POINTS
    vertical = np.unique(words.page[along])
    a, b = ~np.isin(printed.page, vertical), np.isin(every.page, vertical)
    start = np.concatenate((printed.start[a], every.start[b]))
    end, page = np.concatenate((printed.end[a], every.end[b])), np.concatenate((printed.page[a], every.page[b]))
    order = np.argsort(start, kind="stable")
    return _Printed(start[order], end[order], page[order], np.concatenate((box[a], every.box[b]))[order])


def _write_blocks(builder: DocumentBuilder, spans: list[BlockSpan], start: list[int], end: list[int]) -> list[int]:
    """Write Blocks and tables; return the Blocks' indices."""
    blocks = builder.document.blocks
    written = []
    for span in spans:
        written.append(len(blocks))
        rows = [_cells(row, start, end, sparse=span.part.sparse) for row in span.part.rows]
        blocks.add(rows[0][0][0] if rows else start[span.first], end[span.last - 1], span.kind)
        if span.kind is BlockKind.TABLE:
            table = Table(header_rows=span.part.header_rows)
            for row in rows:
                table.add_row(row)
            builder.document.tables.append(table)
    return written


def _cells(
    row: Sequence[tuple[int, int]], start: list[int], end: list[int], *, sparse: bool
) -> list[tuple[int, int, int]]:
    """Return (start, end, column) of the cells of a row.

    In a `sparse` table the empty cells before and between them are included.
    """
    found: list[tuple[int, int, int]] = []
    for column, line in row:
        if sparse:
            known = found[-1][2] + 1 if found else 0
            found += [(start[line] - column + c, start[line] - column + c, c) for c in range(known, column)]
        found.append((start[line], end[line], column))
    return found


def _extend(target: array[Any], values: Any) -> None:
    """Append values to a column of the Document, converted to its type."""
    target.frombytes(np.ascontiguousarray(values, dtype=_DTYPES[target.typecode]).tobytes())
