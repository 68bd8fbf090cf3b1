"""Cut a Document's text into the pieces that no Chunk should cut: table rows and sentences.

The pieces tile the text: each ends where the next begins, so Chunks of whole pieces lose nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from thresher.schemas.document import BlockKind, Document, Table

# A sentence ends at a full stop, question or exclamation mark (also full-width ones) before white space, or at a line's
# end. An abbreviation only adds a possible place to cut; no character is lost.
SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A range no Chunk should cut, and the Block that begins with it."""

    start: int
    end: int
    block: int | None = None  # kind of the Block that begins here; None inside a Block
    level: int = 0


def pieces(document: Document) -> Iterator[Piece]:
    """Yield pieces in text order, tiling `[0, len(text))`."""
    starts = _block_starts(document)
    for (start, kind, level), (end, _, _) in pairwise([*starts, (len(document.text), None, 0)]):
        for i, (a, b) in enumerate(_inside(document, start, end, kind)):
            yield Piece(a, b, None if i else kind, 0 if i else level)


def _block_starts(document: Document) -> list[tuple[int, int | None, int]]:
    """Return (start, kind, level) of each Block and of each gap before, between and after Blocks, if it has text."""
    starts: list[tuple[int, int | None, int]] = []
    at = 0
    for start, end, kind, level in document.blocks:
        if start > at and (not starts or document.text[at:start].strip()):
            starts.append((at, int(BlockKind.PARAGRAPH), 0))
        starts.append((start, int(kind), level))
        at = end
    if document.text[at:].strip():
        starts.append((at, int(BlockKind.PARAGRAPH), 0))
    return [(0, *starts[0][1:]), *starts[1:]] if starts else []


def _inside(document: Document, start: int, end: int, kind: int | None) -> Iterator[tuple[int, int]]:
    cuts = _rows(document, start, end) if kind == BlockKind.TABLE else _sentences(document.text, start, end)
    at = start
    for cut in cuts:
        if at < cut < end:
            yield at, cut
            at = cut
    yield at, end


def _rows(document: Document, start: int, end: int) -> Iterator[int]:
    """Yield where rows of the tables in a range begin; a table may begin after the white space of its first row."""
    first = max(bisect_right(document.tables, start, key=_table_start) - 1, 0)
    for table in islice(document.tables, first, None):
        if _table_start(table) >= end:
            return
        yield from (at for r in range(len(table)) if start < (at := table.row_range(r)[0]) < end)


def _table_start(table: Table) -> int:
    return table.span()[0]


def _sentences(text: str, start: int, end: int) -> Iterator[int]:
    return (match.end() for match in SENTENCE.finditer(text, start, end))


def split(text: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut an oversize piece into ranges of at most `most` code points, at white space where there is some.

    >>> list(split("one two three", 0, 13, 8))
    [(0, 8), (8, 13)]
    """
    while end - start > most:
        window = text[start : start + most]
        cut = max(window.rfind(" "), window.rfind("\n"), window.rfind("\t")) + 1
        step = cut if cut > most // 2 else most
        yield start, start + step
        start += step
    yield start, end
