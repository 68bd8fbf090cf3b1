"""Choose how many records one question may cover, from the answers so far in document order.

A model that is asked for many records may return some of them and say that it is done; then smaller windows are
asked. Whole rounds of answers decide, never the answer that arrived first, so that a second run asks the same questions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.service.records.chunk_parts import Range, chunk_of_records, slice_of
from thresher.service.records.completeness import RecordCount

MISSED_SHARE = 0.2  # share of missed records in a window that is more than carelessness
WINDOW_MIN_RECORDS = 5  # records of a window; with fewer, the instructions cost more than the text
EVEN_MAX_FACTOR = 1.25  # times as many windows that even rounds may take
COUNTED_MIN_RECORDS = 3  # records from which a window counts


def windows(document: Document, chunk: Chunk, starts: Sequence[int], most: int) -> list[Chunk]:
    """Return a Chunk cut into windows of at most `most` records; text before the first record goes with it."""
    inside = starts[bisect_left(starts, chunk.start) : bisect_left(starts, chunk.end)]
    if len(inside) <= most:
        return [chunk]
    step = -(-len(inside) // -(-len(inside) // most))
    edges = [chunk.start, *inside[step::step], chunk.end]
    return [slice_of(document, chunk, a, b) for a, b in pairwise(edges)]


def even_window_records(records: int, most: int, at_once: int) -> int:
    """Return how many records a window may have so that the last round of parallel questions is nearly full.

    `at_once`: questions asked in parallel. It returns `most` where all windows are asked at once, or where equal
    rounds would take over a quarter more windows.

    >>> even_window_records(20_000, 96, 64), even_window_records(3_200, 96, 64), even_window_records(6_500, 96, 64)
    (79, 96, 96)
    """
    count = -(-records // most)
    rounds = -(-count // at_once)
    full = rounds * at_once
    return -(-records // full) if at_once < count and full <= EVEN_MAX_FACTOR * count else most


def windows_of_missed(
    document: Document, chunks: list[Chunk], records: Sequence[tuple[Range, ...]], most: int
) -> Iterator[Chunk]:
    """Yield windows of up to `most` missed records: their lines alone, with the context of the Chunk they are in."""
    by_chunk: dict[int, list[tuple[Range, ...]]] = {}
    starts = [c.start for c in chunks]
    for lines in records:
        by_chunk.setdefault(max(bisect_left(starts, lines[0][0] + 1) - 1, 0), []).append(lines)
    for i, own in sorted(by_chunk.items()):
        for at in range(0, len(own), most):
            yield chunk_of_records(document, chunks[i], own[at : at + most])


def is_incomplete(asked: Sequence[Chunk], ledger: RecordCount, starts: Sequence[int]) -> bool:
    """Whether answers about windows miss records: in the median window more than a small share of them."""
    lost = [lines[0][0] for lines in ledger.unclaimed]
    shares = []
    for chunk in asked:
        ranges = chunk.ranges or ((chunk.start, chunk.end),)
        records = sum(_within(starts, a, b) for a, b in ranges)
        if records >= COUNTED_MIN_RECORDS:
            shares.append(sum(_within(lost, a, b) for a, b in ranges) / records)
    return bool(shares) and median(shares) > MISSED_SHARE


def smaller_window(most: int) -> int:
    """Return the next smaller window, in records."""
    return max(most // 2, WINDOW_MIN_RECORDS)


def _within(offsets: Sequence[int], start: int, end: int) -> int:
    return bisect_left(offsets, end) - bisect_left(offsets, start)
