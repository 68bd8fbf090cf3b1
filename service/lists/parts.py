"""Parts of a Chunk that are asked about once more: what a cut answer left, or the lines of records that were missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from schemas.chunk import Chunk
from schemas.document import Document

Range = tuple[int, int]

TAIL = 200  # code points of a line behind an item that hold more items


def rest(document: Document, chunk: Chunk, ends: Sequence[int]) -> Iterator[Chunk]:
    """What a cut answer left: the text behind the last of its complete items, or, where it has none, two halves.

    `ends` are the ends, in the Document, of the values of its items.
    """
    pieces = _pieces(chunk)
    inside = [e for e in ends if chunk.start < e < chunk.end]
    if inside:
        last = max(inside)
        left = [(a, b) for a, b in pieces if a >= last]
        left = [(last, b) for a, b in pieces if a < last < b - TAIL and not chunk.ranges] + left
        yield from [_part(document, chunk, left)] if left else []
    elif len(pieces) > 1:
        yield _part(document, chunk, pieces[: len(pieces) // 2])
        yield _part(document, chunk, pieces[len(pieces) // 2 :])


def again(document: Document, chunk: Chunk, records: Sequence[Sequence[Range]]) -> Chunk:
    """A Chunk of some records of another, each given by its lines, to be asked about with the other's context."""
    ranges = tuple((lines[0][0], lines[-1][1]) for lines in records)
    lines = [line for record in records for line in record]
    text = "\n".join(document.text[a:b] for a, b in lines)
    return replace(
        chunk, start=ranges[0][0], end=ranges[-1][1], text=text, ranges=ranges, lines=tuple(lines), overlap=0
    )


def _pieces(chunk: Chunk) -> list[Range]:
    """The records of a Chunk of some records, the lines of another; of a single line its two halves."""
    if len(chunk.ranges) > 1:
        return list(chunk.ranges)
    breaks = [i + 1 for i, c in enumerate(chunk.text) if c == "\n"] or [len(chunk.text) // 2]
    edges = [0, *breaks, len(chunk.text)]
    return [(chunk.start + a, chunk.start + b) for a, b in pairwise(edges) if chunk.text[a:b].strip()]


def _part(document: Document, chunk: Chunk, pieces: Sequence[Range]) -> Chunk:
    """The Chunk of some neighbouring pieces of another."""
    start, end = pieces[0][0], pieces[-1][1]
    if len(chunk.ranges) > 1:
        return again(document, chunk, [[line for line in chunk.lines if a <= line[0] < b] for a, b in pieces])
    return replace(chunk, start=start, end=end, text=document.text[start:end], ranges=(), lines=(), overlap=0)
