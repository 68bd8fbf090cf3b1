"""Cut the parts of a Chunk that are asked again: the rest after a cut answer, or the lines of missed records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from thresher.chunkers.table_heads import TableHeads, context_of
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.service.records.headers_footers import head_of

Range = tuple[int, int]

LINES_SHOWN_IF_FEW = 2  # lines shown on either side of missed records, where these are few
FEW_RECORDS = 8  # missed records up to which they are few
HEAD_LINES = 2  # lines shown from the top of a stretch of records
TAIL_MIN_CHARS = 200  # code points after the last item from which the line may contain more items


def unanswered_parts(document: Document, chunk: Chunk, ends: Sequence[int]) -> Iterator[Chunk]:
    """Yield what a cut answer left: the text after its last complete item, or two halves where it has none.

    `ends` are the ends, in the Document, of the values of its items.
    """
    pieces = _pieces(chunk)
    inside = [e for e in ends if chunk.start < e < chunk.end]
    if inside:
        last = max(inside)
        left = [(a, b) for a, b in pieces if a >= last]
        left = [(last, b) for a, b in pieces if a < last < b - TAIL_MIN_CHARS and not chunk.ranges] + left
        yield from [_part(document, chunk, left)] if left else []
    elif len(pieces) > 1:
        yield _part(document, chunk, pieces[: len(pieces) // 2])
        yield _part(document, chunk, pieces[len(pieces) // 2 :])


def chunk_of_records(document: Document, chunk: Chunk, records: Sequence[Sequence[Range]]) -> Chunk:
    """Return a Chunk of only some records of another, each given by its lines, with the context of the other.

    Lines around them are added, because they may apply to these records, too: a date that is printed once.
    """
    ranges = tuple((lines[0][0], lines[-1][1]) for lines in records)
    lines = [line for record in records for line in record]
    around = _lines_around(document, lines, LINES_SHOWN_IF_FEW if len(records) <= FEW_RECORDS else 1)
    return replace(
        chunk,
        start=ranges[0][0],
        end=ranges[-1][1],
        text="\n".join(document.text[a:b] for a, b in lines),
        ranges=ranges,
        lines=tuple(lines),
        around=around,
        context_ranges=(*chunk.context_ranges, *around),
        overlap=0,
    )


def _lines_around(document: Document, lines: Sequence[Range], most: int) -> tuple[Range, ...]:
    """Return up to `most` lines with text on either side of each given line, and the head of its table.

    Where no line is in a table, the head is the first line of the text that heads columns.
    """
    text, tables = document.text, document.once(TableHeads)
    in_table = any(document.table_at(start) for start, _ in lines)
    head = None if in_table else document.once(_first_head)
    found = {head} if head and head[1] <= lines[0][0] else set()
    found.update(line for start, _ in lines for line in tables.at(start))
    for start, end in lines:
        found.update(islice(_lines_above(text, start), most))
        found.update(islice(_lines_below(text, end), most))
    return tuple(sorted(line for line in found if not any(a < line[1] and line[0] < b for a, b in lines)))


def _first_head(document: Document) -> Range | None:
    """Return the first line of a text that heads columns."""
    return head_of(document.text)


def heads_above(text: str, lines: Iterable[Range], own: Collection[int]) -> set[Range]:
    """Return the lines on top of the stretches that the given lines are in.

    `own`: where lines of the stretch begin.
    """
    found: set[Range] = set()
    for start, _ in lines:
        above = (line for line in _lines_above(text, start) if line[0] not in own)
        found.update(islice(above, HEAD_LINES))
    return found


def _lines_above(text: str, start: int) -> Iterator[Range]:
    while start > 0:
        end = start - 1
        start = text.rfind("\n", 0, end) + 1
        if text[start:end].strip():
            yield start, end


def _lines_below(text: str, end: int) -> Iterator[Range]:
    while 0 <= end < len(text):
        start = end + 1
        end = text.find("\n", start)
        stop = len(text) if end < 0 else end
        if text[start:stop].strip():
            yield start, stop


def _pieces(chunk: Chunk) -> list[Range]:
    """Return the records of a Chunk made of records, else its lines; a single line as two halves."""
    if len(chunk.ranges) > 1:
        return list(chunk.ranges)
    breaks = [i + 1 for i, c in enumerate(chunk.text) if c == "\n"] or [len(chunk.text) // 2]
    edges = [0, *breaks, len(chunk.text)]
    return [(chunk.start + a, chunk.start + b) for a, b in pairwise(edges) if chunk.text[a:b].strip()]


def _part(document: Document, chunk: Chunk, pieces: Sequence[Range]) -> Chunk:
    """Return the Chunk of some neighbouring pieces of another."""
    start, end = pieces[0][0], pieces[-1][1]
    if len(chunk.ranges) > 1:
        return chunk_of_records(
            document, chunk, [[line for line in chunk.lines if a <= line[0] < b] for a, b in pieces]
        )
    if chunk.ranges:
        return chunk_of_records(document, chunk, [pieces])
    return slice_of(document, chunk, start, end)


def slice_of(document: Document, chunk: Chunk, start: int, end: int) -> Chunk:
    """Return the part of a Chunk between two offsets, with the heads of the table that it begins in."""
    heads = context_of(document, chunk.context_ranges, start) if start > chunk.start else []
    told = [chunk.context] if chunk.context else []
    return replace(
        chunk,
        start=start,
        end=end,
        text=document.text[start:end],
        context="\n".join([*told, *(document.text[a:b] for a, b in heads)]),
        context_ranges=(*chunk.context_ranges, *heads),
        ranges=(),
        lines=(),
        overlap=0 if start > chunk.start else chunk.overlap,
    )
