"""Refuse amounts that lost the minus with which the text prints them, where other amounts of their column kept it.

By itself a positive number may stand for a printed negative one: a discount of 5 is printed as -5.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from thresher.schemas import json_pointer
from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.record_items import NOT_FOUND, Leaf, Record

_SIGNS = frozenset("-−(")
_BEHIND = re.compile(r" ?[-−](?=\s|\||$)")


def refuse_lost_signs(records: Iterable[Record], text: str) -> None:
    """Take from records the positive numbers that are printed with a minus, if a number of the same field is negative so."""
    columns: dict[str, list[tuple[Record, Leaf]]] = defaultdict(list)
    for record in records:
        for leaf in record.leaves:
            is_number = isinstance(leaf.value, int | float | Decimal) and not isinstance(leaf.value, bool)
            if is_number and leaf.path in record.placed and is_negative(text, record.placed[leaf.path]):
                columns[json_pointer.pattern(leaf.path)].append((record, leaf))
    for column in columns.values():
        lost = [(record, leaf) for record, leaf in column if leaf.value > 0]
        for record, leaf in lost if len(lost) < len(column) else ():
            del record.placed[leaf.path]
            record.refused[leaf.path] = NOT_FOUND


def is_negative(text: str, place: Place) -> bool:
    """Whether the text prints a number with a minus before or behind it, or in brackets.

    >>> [is_negative(t, Place(a, b, "exact")) for t, a, b in (("Rent 320,00 -", 5, 11), ("(45.10)", 0, 7), ("Rent - 320", 7, 10))]
    [True, True, False]
    """
    around = text[max(place.start - 1, 0) : place.start + 1]
    return not _SIGNS.isdisjoint(around) or text[place.end - 1] in "-−" or bool(_BEHIND.match(text, place.end))
