"""Find sums that a page carries to the next one, by arithmetic, in any language.

The last line of a page and the first of the next print the same single figure. It is the sum of the lines above, or the
balance in the line above. Two rows that only happen to read alike are not such sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from thresher.schemas.document import Document
from thresher.service.records.arithmetic.line_amounts import figures, steps_of

Range = tuple[int, int]

SUM_MIN_DIGITS = 3  # digits that a sum must have
LINE_MAX_CHARS = 60  # code points that such a line may have, blanks not counted


def carried_sum_lines(document: Document, edges: Sequence[int], apart: Sequence[Range]) -> Iterator[Range]:
    """Yield the lines that carry a sum to the next page.

    `edges`: where pages begin; `apart`: page furniture, sorted.
    """
    if len(edges) < 2:
        return
    pages = [_lines(document.text, a, b, apart) for a, b in pairwise([*edges, len(document.text)])]
    total, brought = 0, None  # sum of all amounts so far, and the sum carried to this page
    for page, following in pairwise(pages):
        rows = page if brought is None else page[1:]
        amounts = [_amount(document.text[slice(*row)]) for row in rows]
        above = sum(amounts[:-1])
        known = {abs(total + above), abs((brought or 0) + above)} | _balances(document.text, rows)
        if rows and following and (sums := _shared_readings(document.text, rows[-1], following[0]) & known):
            yield from (rows[-1], following[0])
            total, brought = total + above, max(sums)
        else:
            total, brought = total + sum(amounts), None


def _lines(text: str, start: int, end: int, apart: Sequence[Range]) -> list[Range]:
    """Return the lines of a page that are neither blank nor furniture."""
    edge = {a for a, _ in apart}
    found: list[Range] = []
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if text[start:stop].strip() and start not in edge:
            found.append((start, stop))
        start = stop + 1
    return found


def _shared_readings(text: str, last: Range, first: Range) -> frozenset[int]:
    """Return the readings of the figure that two short lines share, where each has only this figure."""
    lines = [text[slice(*line)] for line in (last, first)]
    is_short = all(len("".join(line.split())) <= LINE_MAX_CHARS for line in lines)
    own, others = map(_sums, lines)
    return own if is_short and own == others else frozenset()


def _sums(line: str) -> frozenset[int]:
    """Return the readings of the only figure of a line; empty where it has several, or a date."""
    found = figures(line)
    is_one = len(found) == 1 and found[0].digits >= SUM_MIN_DIGITS and not found[0].is_percent
    return found[0].readings if is_one and sum(c.isdigit() for c in line) == found[0].size else frozenset()


def _amount(line: str) -> int:
    """Return the amount with which a line ends, with its sign; 0 where it ends with none."""
    return steps_of(line.rsplit(maxsplit=1)[-1]) or 0


def _balances(text: str, rows: Sequence[Range]) -> set[int]:
    """Return the figures of the line above the last one, where it prints several."""
    above = figures(text[slice(*rows[-2])]) if len(rows) > 1 else ()
    return {n for figure in above for n in figure.readings} if len(above) > 1 else set()
