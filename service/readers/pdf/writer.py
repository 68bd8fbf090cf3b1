"""A page's flow into the columnar arrays of a Document."""

from __future__ import annotations

from array import array
from itertools import chain
from typing import Any

import numpy as np

from schemas.document import NO_CONFIDENCE, BlockKind, DocumentBuilder, Table
from service.readers.pdf.flow import Flow, Span
from service.readers.pdf.library import Floats, Ints
from service.readers.pdf.words import PageWords

_DTYPES = {"Q": np.uint64, "I": np.uint32, "f": np.float32, "B": np.uint8}


def write_flow(builder: DocumentBuilder, flow: Flow, words: PageWords, number: int) -> list[tuple[int, Span]]:
    """Append the text of page `number` (1-based) with its lines, words, tables and Blocks.

    Gives each Span with the index of its Block.
    """
    written: list[tuple[int, Span]] = []
    if not flow.items:
        return written
    builder.newline()
    items = np.asarray(flow.items)
    first, last = flow.segments.first[items], flow.segments.last[items]
    source, stop = words.start[first], words.end[last]
    start, end = _place(builder, flow, source.tolist(), stop.tolist(), words.text)
    _write_words(builder, words, (first, last), start - source)
    _write_lines(builder, flow, words, (start, end, number))
    at, to = start.tolist(), end.tolist()
    tables = iter(flow.tables)
    for span in flow.blocks:
        if span.kind is BlockKind.TABLE:
            builder.document.tables.append(_table(next(tables), at, to))
        written.append((len(builder.document.blocks), span))
        builder.document.blocks.add(at[span.first], to[span.last - 1], span.kind)
    return written


def _place(builder: DocumentBuilder, flow: Flow, source: list[int], stop: list[int], text: str) -> tuple[Ints, Ints]:
    """Write the text; gives where each item begins and ends."""
    separators = ["", *flow.separators[1:]]
    slices = [text[a:b] for a, b in zip(source, stop, strict=True)]
    base = builder.length
    builder.write("".join(chain.from_iterable(zip(separators, slices, strict=True))))
    between = np.fromiter(map(len, separators), np.int64, len(slices))
    sizes = np.fromiter(map(len, slices), np.int64, len(slices))
    end = base + np.cumsum(between + sizes)
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


def _write_lines(builder: DocumentBuilder, flow: Flow, words: PageWords, places: tuple[Ints, Ints, int]) -> None:
    start, end, number = places
    a = np.fromiter((line[0] for line in flow.lines), np.int64, len(flow.lines))
    b = np.append(a[1:], len(flow.items)) - 1
    shown = flow.segments.box if words.flat is words.box else _shown(flow, words)
    box = shown[np.asarray(flow.items)]
    low, high = np.minimum.reduceat(box[:, :2], a, axis=0), np.maximum.reduceat(box[:, 2:], a, axis=0)
    out = builder.document.lines
    _extend(out.start, start[a])
    _extend(out.end, end[b])
    _extend(out.page, np.full(len(a), number))
    _extend(out.box, np.concatenate((low, high), axis=1))


def _shown(flow: Flow, words: PageWords) -> Floats:
    """Boxes of the segments as displayed."""
    first = flow.segments.first
    low = np.minimum.reduceat(words.box[:, :2], first, axis=0)
    high = np.maximum.reduceat(words.box[:, 2:], first, axis=0)
    return np.concatenate((low, high), axis=1)


def _table(rows: list[list[tuple[int, int, int]]], at: list[int], to: list[int]) -> Table:
    table = Table()
    for row in rows:
        table.add_row([(at[a], to[b - 1], column) for column, a, b in row])
    return table


def _extend(target: array[Any], values: Any) -> None:
    target.frombytes(np.ascontiguousarray(values, dtype=_DTYPES[target.typecode]).tobytes())
