"""Finds a value that is printed over several lines of one column, with other columns in between in the text.

    Advertiser: Mike Bloomberg 2020,    Market: Harrisburg    Total: $12,680.00
                Inc

holds "Mike Bloomberg 2020, Inc", though the text runs from "2020," over the market and the total to "Inc".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from service.letters import Letters, Range, squashed, stands_alone

Below = Callable[[Range, Range], bool]  # whether the second range is printed under the first, in its column

FIRST = 6  # letters that the first piece must have
REACH = 400  # code points within which the next piece must follow
MOST_PIECES = 5
_CELL = re.compile(r"[^\t\n]+")


def wrapped(text: str, letters: Letters, value: str, below: Below) -> tuple[Range, ...]:
    """The pieces of a value, each to the end of its cell and the later ones whole cells; none where it is not there.

    `letters` are those of `text`.
    """
    words = [w for w in map(squashed, value.split()) if w]
    whole = "".join(words)
    for count in range(len(words) - 1, 0, -1):
        first = "".join(words[:count])
        if len(first) < FIRST:
            return ()
        at = letters.text.find(first)
        while at >= 0:
            span = letters.span(at, at + len(first))
            rest = _rest(text, span, whole[len(first) :], below) if stands_alone(text, *span) else ()
            if rest:
                return (span, *rest)
            at = letters.text.find(first, at + 1)
    return ()


def _rest(text: str, first: Range, wanted: str, below: Below) -> tuple[Range, ...]:
    """The cells under the first piece that spell what is wanted, one after the other."""
    tail = re.compile(r"[^\w\t\n]*[\t\n]").match(text, first[1])
    if tail is None:
        return ()
    cell = (max(text.rfind("\n", 0, first[0]), text.rfind("\t", 0, first[0])) + 1, first[1])
    found: list[Range] = []
    end = tail.end()
    for match in _CELL.finditer(text, end, min(end + REACH, len(text))):
        piece = squashed(match.group())
        if piece and wanted.startswith(piece) and below(cell, match.span()):
            found.append(_trimmed(text, match.span()))
            wanted, cell = wanted[len(piece) :], match.span()
        if not wanted:
            return tuple(found)
        if len(found) == MOST_PIECES:
            break
    return ()


def _trimmed(text: str, span: Range) -> Range:
    body = text[slice(*span)]
    return span[0] + len(body) - len(body.lstrip()), span[1] - len(body) + len(body.rstrip())


def column_below(text: str, first: Range, second: Range) -> bool:
    """Whether a cell is in the same column of a later line, by the tabs before it."""
    return text.count("\n", first[0], second[0]) > 0 and _column(text, first[0]) == _column(text, second[0])


def _column(text: str, offset: int) -> int:
    return text.count("\t", text.rfind("\n", 0, offset) + 1, offset)
