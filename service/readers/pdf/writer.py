"""The flow of a few pages into the columnar arrays of a Document."""

from __future__ import annotations

from array import array
from itertools import chain
from typing import Any

import numpy as np

from schemas.document import NO_CONFIDENCE, BlockKind, DocumentBuilder, Table
from service.readers.pdf.flow import Flow, Lines
from service.readers.pdf.frame import Frame
from service.readers.pdf.library import Floats, Ints
from service.readers.pdf.paragraphs import Span
from service.readers.pdf.words import PageWords

_DTYPES = {"Q": np.uint64, "I": np.uint32, "f": np.float32, "B": np.uint8}
_SEPARATORS = ("\n", " ", "\t", "")  # NEWLINE, SPACE, TAB, NOTHING
_LENGTHS = np.array([len(s) for s in _SEPARATORS])


def write_flow(
    builder: DocumentBuilder, flow: Flow, words: PageWords, spans: tuple[Lines, list[Span]], number: int
) -> tuple[Ints, list[int]]:
    """Append the text of pages from `number` (1-based) on, with its lines, words, tables and Blocks.

    Gives where each line begins, and each Span's Block.
    """
    lines, blocks = spans
    if not len(lines.items):
        return np.zeros(0, np.int64), []
    builder.newline()
    first, last = flow.segments.first[lines.items], flow.segments.last[lines.items]
    source, stop = words.start[first], words.end[last]
    start, end = _place(builder, lines, source, stop, words.text)
    _write_words(builder, words, (first, last), start - source)
    line_start, line_end = start[lines.first[:-1]], end[lines.first[1:] - 1]
    _write_lines(builder, flow, words, lines, (line_start, line_end, number))
    return line_start, _write_blocks(builder, blocks, line_start.tolist(), line_end.tolist())


def begin_pages(builder: DocumentBuilder, frames: list[Frame], places: tuple[Lines, Ints], number: int) -> None:
    """Say where pages from `number` on begin, now that their lines are written; an empty one where the next does."""
    lines, start = places
    at = np.searchsorted(lines.page, np.arange(len(frames))).tolist()
    after = builder.length + bool(builder.length)
    for i, frame in enumerate(frames):
        if len(builder.document.pages) < number + i:
            begin = int(start[at[i]]) if at[i] < len(start) else after
            builder.document.pages.add(begin, frame.width, frame.height)


def _place(builder: DocumentBuilder, lines: Lines, source: Ints, stop: Ints, text: str) -> tuple[Ints, Ints]:
    """Write the text; gives where each item begins and ends."""
    separators = [_SEPARATORS[code] for code in lines.separators.tolist()]
    separators[0] = ""
    slices = [text[a:b] for a, b in zip(source.tolist(), stop.tolist(), strict=True)]
    sizes, between = stop - source, _LENGTHS[lines.separators]
    between[0] = 0
    end = builder.length + np.cumsum(between + sizes)
    builder.write("".join(chain.from_iterable(zip(separators, slices, strict=True))))
    return end - sizes, end


def _write_words(builder: DocumentBuilder, words: PageWords, ranges: tuple[Ints, Ints], shift: Ints) -> None:
    first, last = ranges
    counts = last - first + 1
    skipped = np.repeat(first - np.cumsum(counts) + counts, counts)
    order = skipped + np.arange(len(skipped))
    moved = np.repeat(shift, counts)
    out = builder.document.words
    _extend(out.start, words.start[order] + moved)
    _extend(out.end, words.end[order] + moved)
    _extend(out.x0, words.box[order, 0])
    _extend(out.x1, words.box[order, 2])
    out.confidence.frombytes(bytes([NO_CONFIDENCE]) * len(order))


def _write_lines(
    builder: DocumentBuilder, flow: Flow, words: PageWords, lines: Lines, places: tuple[Ints, Ints, int]
) -> None:
    start, end, number = places
    box = lines.box if words.flat is words.box else _shown(flow, words, lines)
    out = builder.document.lines
    _extend(out.start, start)
    _extend(out.end, end)
    _extend(out.page, lines.page + number)
    _extend(out.box, box)


def _shown(flow: Flow, words: PageWords, lines: Lines) -> Floats:
    """Boxes of the lines as displayed."""
    first, begin = flow.segments.first, lines.first[:-1]
    low = np.minimum.reduceat(words.box[:, :2], first, axis=0)[lines.items]
    high = np.maximum.reduceat(words.box[:, 2:], first, axis=0)[lines.items]
    return np.concatenate((np.minimum.reduceat(low, begin, axis=0), np.maximum.reduceat(high, begin, axis=0)), axis=1)


def _write_blocks(builder: DocumentBuilder, spans: list[Span], start: list[int], end: list[int]) -> list[int]:
    blocks = builder.document.blocks
    written = []
    for span in spans:
        written.append(len(blocks))
        blocks.add(start[span.first], end[span.last - 1], span.kind)
        if span.kind is BlockKind.TABLE:
            table = Table(header_rows=span.part.header_rows)
            for row in span.part.rows:
                table.add_row([(start[line], end[line], column) for column, line in row])
            builder.document.tables.append(table)
    return written


def _extend(target: array[Any], values: Any) -> None:
    target.frombytes(np.ascontiguousarray(values, dtype=_DTYPES[target.typecode]).tobytes())
