"""Split a text into lines; a line far too long for print is split where it repeats a separator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

LINE_MAX_CHARS = 2_000  # code points; no printed line is longer
MIN_PARTS, PART_MAX_CHARS = 20, 500  # parts that a separator must exceed, and code points that a part may have
SEPARATORS = ("; ", " | ", "\t", ". ", ", ")
_DELIMITED = re.compile(r"^(?=[^;\n]*;[^;\n]*;)(?![^\n]*; )[^\n]*", re.MULTILINE)


def tabbed(text: str) -> str:
    r"""Return the text with tabs for semicolons between cells.

    A line counts as cells with two semicolons or more and none before a blank, as it would be in a sentence.

    >>> tabbed("T1;Rent for;"), tabbed(";;;the flat;12.00"), tabbed("rent; gas; water")
    ('T1\tRent for\t', '\t\t\tthe flat\t12.00', 'rent; gas; water')
    """
    return _DELIMITED.sub(lambda m: m[0].replace(";", "\t"), text) if ";" in text else text


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    r"""Yield (start, end) of each line, without the line break.

    A long line is split at its most plausible separator.

    >>> list(lines_of("ab\ncd")), len(list(lines_of("A1 7.50; " * 300)))
    ([(0, 2), (3, 5)], 300)
    """
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        yield from _parts(text, start, end) if end - start > LINE_MAX_CHARS else ((start, end),)
        start = end + 1


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for separator in SEPARATORS:
        edges = [start, *_ends_of(text, separator, start, end), end]
        edges = edges[:-1] if len(edges) > 2 and edges[-2] == end else edges
        if len(edges) > MIN_PARTS and max(b - a for a, b in pairwise(edges)) <= PART_MAX_CHARS:
            yield from ((a, b - len(separator) if b < end else b) for a, b in pairwise(edges))
            return
    yield start, end


def _ends_of(text: str, separator: str, start: int, end: int) -> Iterator[int]:
    """Yield the offsets right after a separator."""
    at = text.find(separator, start, end)
    while at >= 0:
        yield at + len(separator)
        at = text.find(separator, at + len(separator), end)
