"""Search a text for a string, and describe each place of a value and how it was matched."""

from __future__ import annotations

from typing import NamedTuple

from thresher.schemas.extraction import Match
from thresher.service.grounding.normalised_text import Range, stands_alone

JOINTS = ("-", "/")  # signs that join the parts of a code
MOST_PLACES = 5000  # places of one value; more are of no use


class Place(NamedTuple):
    """A range of the text, in code points, and how the value was matched there."""

    start: int
    end: int
    match: Match = "exact"
    pieces: tuple[Range, ...] = ()  # the parts that are the value, where other text interrupts it

    def moved(self, by: int) -> Place:
        """Return the same place, `by` code points later."""
        pieces = tuple((a + by, b + by) for a, b in self.pieces)
        return Place(self.start + by, self.end + by, self.match, pieces)


def in_code(text: str, place: Place) -> bool:
    """Whether a place is a part of a longer code.

    >>> [in_code("Invoice 4711-1, order 4711", Place(a, a + 4)) for a in (8, 22)]
    [True, False]
    """
    before, after = text[max(place.start - 2, 0) : place.start], text[place.end : place.end + 2]
    return (after[:1] in JOINTS and after[1:].isalnum()) or (before[-1:] in JOINTS and before[:-1].isalnum())


def occurrences(text: str, needle: str, *, bounded: bool = True) -> list[Range]:
    """Return the ranges where a needle stands by itself: no other word or number touches it.

    >>> occurrences("2 pens, 22 inks, 1.2 kg, item 2", "2")
    [(0, 1), (30, 31)]
    """
    size = len(needle)
    return [(a, a + size) for a, _ in all_ranges(text, needle) if not bounded or stands_alone(text, a, a + size)]


def all_ranges(text: str, needle: str) -> list[Range]:
    """Return the ranges of a needle, whatever touches it."""
    found: list[Range] = []
    at = text.find(needle) if needle else -1
    while at >= 0 and len(found) < MOST_PLACES:
        found.append((at, at + len(needle)))
        at = text.find(needle, at + 1)
    return found
