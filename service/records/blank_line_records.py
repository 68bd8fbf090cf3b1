"""Find records that only blank lines separate, such as addresses."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from thresher.schemas.document import BlockKind, Document

Line = tuple[int, int, bool]  # start, end, whether it may hold a record

LIST_MIN_GROUPS = 5  # groups that make a list
RECORD_MAX_LINES = 12  # lines that a record may have
SAME_SIZE_SHARE = 0.8  # share of the groups of several lines that must have the most common size


def blank_line_record_starts(document: Document, lines: Sequence[Line]) -> frozenset[int]:
    """Return the numbers of the first lines of such records; empty where their sizes vary, as in prose.

    A record ends at a blank line, or at the edge of a Block of several lines.
    """
    found = [s for s in _groups(lines, _edges(document, lines)) if len(s) > 1]
    sizes = Counter(len(s) for s in found)
    size, count = max(sizes.items(), key=lambda c: c[1], default=(0, 0))
    if count < LIST_MIN_GROUPS or count < SAME_SIZE_SHARE * len(found) or size > RECORD_MAX_LINES:
        return frozenset()
    return frozenset(s[0] for s in found)


def _groups(lines: Sequence[Line], edges: frozenset[int]) -> Iterator[list[int]]:
    """Yield the line numbers of each group of lines."""
    stanza: list[int] = []
    for i, (_, _, body) in enumerate(lines):
        if stanza and (not body or i in edges):
            yield stanza
            stanza = []
        if body:
            stanza.append(i)
    if stanza:
        yield stanza


def _edges(document: Document, lines: Sequence[Line]) -> frozenset[int]:
    """Return the numbers of lines at which a Block of several lines begins, or right after which it ended."""
    starts = [start for start, _, _ in lines]
    found: set[int] = set()
    for start, end, kind, _ in document.blocks:
        if kind in {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM} and "\n" in document.text[start:end]:
            found.add(bisect_left(starts, start))
            found.add(bisect_left(starts, end))
    return frozenset(found)
