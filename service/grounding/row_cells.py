"""Tell whether a row leaves a cell blank, so that what is printed there in a row above holds for it, too."""

from __future__ import annotations

import re

from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.wrapped_lines import line_before

_REPEAT = re.compile(r"[\W_]*|(?:do|dto|ditto|desgl|id|idem)\.?", re.IGNORECASE)  # marks for "the same as above"
_CELL = re.compile(r"\S+(?: \S+)*")
_ITEM = re.compile(r"\s*(?:[-–*•◦▪■●○‣\uf0b7\uf0a7]|\(?\d{1,3}[.)])[ \t]")  # how an item of a marked list begins


def is_left_blank(text: str, row: int, place: Place) -> bool:
    r"""Whether the row at an offset leaves out the cell in which a place of another row stands.

    Bars or tabs part cells, else two blanks. A line of one cell is no row: what it says may hold for others, unless both
    are items of a marked list, which leave nothing out.

    >>> text = "4   Harbour   07:10\n    Castle    07:25\n5   Mill      08:00"
    >>> [is_left_blank(text, row, Place(0, 1, "exact")) for row in (20, 40)]
    [True, False]
    """
    own, other = _line(text, row), _line(text, place.start)
    ahead = line_before(text, place.start)
    mark = next((m for m in "|\t" if m in own and m in other), None)
    if mark:
        cells, column = own.split(mark), ahead.count(mark)
        return column >= len(cells) or bool(_REPEAT.fullmatch(cells[column].strip()))
    if _ITEM.match(own) and _ITEM.match(other):
        return False
    few = len(_CELL.findall(own)) < len(_CELL.findall(other)) or len(_CELL.findall(other)) < 2
    under = own[len(ahead) : len(ahead) + place.end - place.start]
    return few or bool(_REPEAT.fullmatch(under.strip()))


def _line(text: str, offset: int) -> str:
    """Return the line at an offset, with tabs for semicolons that part cells."""
    end = text.find("\n", offset)
    return line_before(text, end if end >= 0 else len(text))
