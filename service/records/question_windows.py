"""Windows: how many records one question may be about, learned from answers in document order.

A model that is asked for many records gives some of them and says it is done; where that happens, smaller windows are
asked. What was learned comes from whole waves of answers, never from the one that came first, so that a second run asks
the same questions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.service.records.chunk_parts import Range, again, slice_of
from thresher.service.records.completeness import RecordCount

SHORT = 0.2  # of the records of a window that are missed: more than a careless model leaves out
LEAST = 5  # records of a window: with fewer, instructions cost more than text
MORE = 1.25  # times as many windows that an even last round may take
FEW = 3  # records by which a window tells anything


def windows(document: Document, chunk: Chunk, starts: Sequence[int], most: int) -> list[Chunk]:
    """A Chunk in windows of at most `most` records, where it holds more; what stands before the first goes with it."""
    inside = starts[bisect_left(starts, chunk.start) : bisect_left(starts, chunk.end)]
    if len(inside) <= most:
        return [chunk]
    step = -(-len(inside) // -(-len(inside) // most))
    edges = [chunk.start, *inside[step::step], chunk.end]
    return [slice_of(document, chunk, a, b) for a, b in pairwise(edges)]


def evenly(records: int, most: int, at_once: int) -> int:
    """How many records a window may hold so that the last round of questions is not mostly empty places.

    Only where there are more windows than are asked at once, and only if that takes a quarter more of them at most.

    >>> evenly(20_000, 96, 64), evenly(3_200, 96, 64), evenly(6_500, 96, 64)
    (79, 96, 96)
    """
    count = -(-records // most)
    rounds = -(-count // at_once)
    full = rounds * at_once
    return -(-records // full) if at_once < count and full <= MORE * count else most


def missed(document: Document, chunks: list[Chunk], records: Sequence[tuple[Range, ...]], most: int) -> Iterator[Chunk]:
    """Windows of records that were missed, of their lines alone, each with the context of the Chunk they are in."""
    by_chunk: dict[int, list[tuple[Range, ...]]] = {}
    starts = [c.start for c in chunks]
    for lines in records:
        by_chunk.setdefault(max(bisect_left(starts, lines[0][0] + 1) - 1, 0), []).append(lines)
    for i, own in sorted(by_chunk.items()):
        for at in range(0, len(own), most):
            yield again(document, chunks[i], own[at : at + most])


def is_short(asked: Sequence[Chunk], ledger: RecordCount, starts: Sequence[int]) -> bool:
    """Whether answers about windows fall short of their records: in most windows by more than a few."""
    lost = [lines[0][0] for lines in ledger.unclaimed]
    shares = []
    for chunk in asked:
        ranges = chunk.ranges or ((chunk.start, chunk.end),)
        records = sum(_within(starts, a, b) for a, b in ranges)
        if records >= FEW:
            shares.append(sum(_within(lost, a, b) for a, b in ranges) / records)
    return bool(shares) and median(shares) > SHORT


def smaller(most: int) -> int:
    """The next smaller window."""
    return max(most // 2, LEAST)


def _within(offsets: Sequence[int], start: int, end: int) -> int:
    return bisect_left(offsets, end) - bisect_left(offsets, start)
